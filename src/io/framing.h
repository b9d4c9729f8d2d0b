/* The lengths that stand before frames. */
#ifndef EDDYI_IO_FRAMING_H
#define EDDYI_IO_FRAMING_H

#include <eddy/reader.h>

#define EDDYI_PREFIX_MAX 8

/* The bytes of such a prefix; 0: there is none of that name. */
size_t eddyi_prefix_size(enum eddy_prefix prefix);

/* Write `length` in it. Its size; -EINVAL: no such prefix; -EMSGSIZE: it cannot say so much. */
int eddyi_prefix_write(enum eddy_prefix prefix, uint64_t length, unsigned char bytes[EDDYI_PREFIX_MAX]);

#endif
