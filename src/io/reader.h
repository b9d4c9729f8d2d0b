/* What the operations of a reader are made of. */
#ifndef EDDYI_IO_READER_H
#define EDDYI_IO_READER_H

#include <eddy/reader.h>

#include "io/inner.h"
#include "loop/loop.h"

#include <errno.h>

/* Looks at what is buffered: the result, or EDDY_PENDING, which it is only before the end (`at_end`); then `wanted`
 * says how much would be worth another look, up to the limit. */
typedef ssize_t eddyi_reader_step(struct eddy_reader *reader);

/* The operation after a step that wanted more, or could not be taken yet. */
ssize_t eddyi_reader_go_on(struct eddy_reader *reader, eddyi_reader_step *step, const struct eddy_wait_kind *kind,
                           struct eddy_waiter *waiter);

/* Wait for the transport, with nothing buffered. */
ssize_t eddyi_reader_wait(struct eddy_reader *reader, const struct eddy_wait_kind *kind, struct eddy_waiter *waiter);

/* Bring what came early into the buffer. 0; -ENOMEM. */
int eddyi_reader_settle_arrived(struct eddy_reader *reader);

/* The `unpark` of the kinds. */
void eddyi_reader_unpark(struct eddy_waiter *waiter);

/* First in an operation: 0, or why there can be none. */
static inline int eddyi_reader_begin(const struct eddy_reader *reader)
{
    if (__builtin_expect(reader->loop == NULL, 0)) {
        return -ESHUTDOWN;
    }
    if (!eddyi_loop_is_usable(reader->loop)) {
        return -ECHILD;
    }
    return __builtin_expect(reader->waiter != NULL, 0) ? -EBUSY : 0;
}

/* Do it. Its own arguments stand in the reader. */
static inline ssize_t eddyi_reader_do(struct eddy_reader *reader, eddyi_reader_step *step,
                                      const struct eddy_wait_kind *kind, struct eddy_waiter *waiter)
{
    reader->scanned = 0;
    reader->at_end = false;
    if (__builtin_expect(reader->arrived == 0, 1)) {
        ssize_t result = step(reader);
        if (__builtin_expect(result != EDDY_PENDING, 1)) {
            return result < 0 ? result : eddyi_inner_settle(waiter, result);
        }
    }
    return eddyi_reader_go_on(reader, step, kind, waiter);
}

static inline char *eddyi_reader_data(const struct eddy_reader *reader)
{
    return reader->block != NULL ? reader->block + reader->start : NULL;
}

static inline size_t eddyi_reader_size(const struct eddy_reader *reader)
{
    return reader->end - reader->start;
}

#endif
