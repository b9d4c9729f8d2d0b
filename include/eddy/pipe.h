/* eddy/pipe.h - standard input and output, pipes, terminals and files as streams.
 *
 *     EDDY_TRY(my->error, eddy_pipe_open(&my->in, loop, STDIN_FILENO, EDDY_PIPE_KEEP));
 *     eddy_reader_init(&my->lines, loop, eddy_pipe_transport(&my->in), 0);
 *
 * Whatever the descriptor is, reading and writing work alike and do not block the loop. A file, which is always ready,
 * is read and written at once, so a slow disk is waited for.
 *
 * The flags of the descriptor are left alone, since O_NONBLOCK would hold for every process that shares it, a shell for
 * one: pipes and terminals are opened once more, through /proc, for this stream alone. Where that is not allowed, and
 * with other devices, only what cannot block is asked of the descriptor; if another process reads or writes the same
 * one, a call may then block after all.
 *
 * A write to a pipe that nobody reads gives -EPIPE; with EDDY_KEEP_SIGPIPE it may raise SIGPIPE, too.
 */
#ifndef EDDY_PIPE_H
#define EDDY_PIPE_H

#include <eddy/transport.h>
#include <eddy/watch.h>

EDDY_BEGIN_DECLS

/* eddy_pipe_close() leaves the descriptor open. */
#define EDDY_PIPE_KEEP 1u

/* The caller owns the memory; it must not move until it is closed. */
struct eddy_pipe {
    /* private */
    struct eddy_loop *loop;
    struct eddy_watch watch;
    struct eddy_waiter *waiters[2]; /* who reads, and who writes */
    struct eddy_waiter ready[2];    /* wait for the descriptor in their place */
    int fd;
    int given; /* the descriptor that was opened once more; else fd itself */
    uint32_t state;
    size_t sent;
};

/* Make a stream of `fd`, which is its own from then on, but for EDDY_PIPE_KEEP; after an error it is still yours. 0;
 * -EBADF; -EINVAL: bad flags, or a directory; -EMFILE, -ENFILE, -ENOMEM: it cannot be opened once more now; -ECHILD. */
EDDY_API int eddy_pipe_open(struct eddy_pipe *pipe, struct eddy_loop *loop, int fd, unsigned flags) EDDY_CHECK_RESULT;

/* As in eddy/stream.h; one may read and one may write at a time. Also -EBADF: not open for that; -EIO: a terminal whose
 * other side is gone; -ENOSPC, -EFBIG and what else read and write report; and, when it has to wait, -EEXIST: this loop
 * has the descriptor, -ENOMEM, -ENOSPC: the system's limit of watches. Reading a terminal gives what its mode gives: a
 * line. The transport's shutdown is for sockets, else -EOPNOTSUPP: a pipe's other end sees the end when this one is
 * closed. */
EDDY_API ssize_t eddy_pipe_read(struct eddy_pipe *pipe, void *buffer, size_t size,
                                struct eddy_waiter *waiter) EDDY_CHECK_RESULT;
EDDY_API ssize_t eddy_pipe_try_read(struct eddy_pipe *pipe, void *buffer, size_t size) EDDY_CHECK_RESULT;
EDDY_API ssize_t eddy_pipe_write(struct eddy_pipe *pipe, const void *data, size_t size,
                                 struct eddy_waiter *waiter) EDDY_CHECK_RESULT;
EDDY_API ssize_t eddy_pipe_try_write(struct eddy_pipe *pipe, const void *data, size_t size) EDDY_CHECK_RESULT;
EDDY_API size_t eddy_pipe_sent(const struct eddy_pipe *pipe);

/* Close now, as eddy_stream_close(). */
EDDY_API void eddy_pipe_close(struct eddy_pipe *pipe);

/* The pipe as a transport (eddy/transport.h). */
EDDY_API struct eddy_transport eddy_pipe_transport(struct eddy_pipe *pipe);

EDDY_END_DECLS

#endif
