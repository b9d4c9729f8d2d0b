/* Bytes between a socket and a pipe, by the kernel alone. */
#ifndef EDDYI_IO_SPLICE_H
#define EDDYI_IO_SPLICE_H

#include "io/stream.h"

/* sendfile and splice have no flag for a socket that must not wait: the descriptor has to say so. 0, or -errno. */
int eddyi_stream_never_block(struct eddy_stream *stream);

/* From the socket into `pipe`, which is empty, so -EAGAIN means that nothing is there to receive; 0: the end. To the socket from
 * `pipe`, which is not empty: -EAGAIN: no room. -EINVAL: these two cannot be spliced. Else as eddy_stream_try_read() and
 * eddy_stream_try_write(); they raise SIGPIPE where it is not ignored. */
ssize_t eddyi_stream_splice_from(struct eddy_stream *stream, int pipe, size_t size);
ssize_t eddyi_stream_splice_to(struct eddy_stream *stream, int pipe, size_t size);

#endif
