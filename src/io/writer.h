/* A writer's insides, for what puts. */
#ifndef EDDYI_IO_WRITER_H
#define EDDYI_IO_WRITER_H

#include <eddy/writer.h>

#include <stdint.h>

/* Part of what is unsent: [start, end). Behind it there is room. */
struct eddyi_writer_block {
    struct eddyi_writer_block *next;
    uint32_t size; /* of data */
    uint32_t start;
    uint32_t end;
    uint32_t unused;
    char data[];
};

/* Whether `size` bytes may be put: 0 or an error. */
int eddyi_writer_admit(struct eddy_writer *writer, size_t size);

/* Have room for `size` bytes behind the last one, in one piece or (pieces) in several. 0; -ENOMEM, changing nothing. */
int eddyi_writer_make_room(struct eddy_writer *writer, size_t size, bool pieces);

/* The room in the last block. */
static inline size_t eddyi_writer_room(const struct eddy_writer *writer)
{
    return writer->last != NULL ? writer->last->size - writer->last->end : 0;
}

/* `size` bytes now stand in the blocks: have them sent. */
void eddyi_writer_note_put(struct eddy_writer *writer, size_t size);

#endif
