/* What a pipe's descriptor is. */
#ifndef EDDYI_IO_PIPE_H
#define EDDYI_IO_PIPE_H

#include <eddy/pipe.h>

#include <stdint.h>

/* Bits of a pipe's state. */
enum {
    EDDYI_PIPE_READS = 1, /* it is open for that */
    EDDYI_PIPE_WRITES = 2,
    EDDYI_PIPE_READY_TO_READ = 4, /* asking once will not block */
    EDDYI_PIPE_READY_TO_WRITE = 8,
    EDDYI_PIPE_BLOCKS = 16,
    EDDYI_PIPE_IS_SOCKET = 32,
    EDDYI_PIPE_IS_FIFO = 64,
    EDDYI_PIPE_KEEPS = 128,
    EDDYI_PIPE_IS_SHUT = 256,
};

/* Find out what pipe->given is, and note it in the state. The descriptor to use: the same, or its file opened once
 * more, not to block; or an error. */
int eddyi_pipe_examine(struct eddy_pipe *pipe);

#endif
