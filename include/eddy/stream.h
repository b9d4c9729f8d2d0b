/* eddy/stream.h - bytes over a connected TCP or Unix socket: try first, park last.
 *
 *     ssize_t n = eddy_stream_read(&peer->stream, buffer, sizeof buffer, &peer->waiter);
 *     if (n == EDDY_PENDING) return;             on_read comes, with waiter.result
 *     n = eddy_stream_write(&peer->stream, buffer, (size_t)n, &peer->waiter);
 *
 * One may read and one may write at a time. A parked read receives in the reader's own turn,
 * right before its wake: no byte is taken early, none is lost by a cancel, and any number of
 * idle connections can park with one buffer, if each wake is done with it when it returns.
 *
 * Edge-triggered: one epoll_ctl for the life of a stream, a second only once a write had
 * to wait. A read shorter than its buffer is known to have emptied the socket and is not
 * followed by another that finds nothing.
 */
#ifndef EDDY_STREAM_H
#define EDDY_STREAM_H

#include <eddy/address.h>
#include <eddy/wait.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

EDDY_BEGIN_DECLS

/* The most that one read or write may ask for. */
#define EDDY_IO_MAX 0x7ffff000u

/* The caller owns the memory; it must not move until it is closed. */
struct eddy_stream {
    /* private */
    struct eddy_loop *loop;
    struct eddy_waiter *reader;
    struct eddy_waiter *writer;
    int fd;
    uint32_t slot;
    uint32_t state;
    uint32_t sent;
    uint32_t idle_ms; /* 0: none */
    uint32_t stall_ms;
};

/* Make a stream of `fd`, a connected stream socket, close-on-exec. On success
 * the stream owns `fd`; on error it is still yours.
 * 0; -EBADF; -EPERM: a file, which epoll does not take; -EEXIST: this loop has it; -ENOMEM, -ENOSPC; -ECHILD. */
EDDY_API int eddy_stream_open(struct eddy_stream *stream, struct eddy_loop *loop, int fd) EDDY_CHECK_RESULT;

/* Make a stream by connecting to `address`, parking while that takes time. 0: connected.
 * After any error, also -ECANCELED and -ETIMEDOUT, there is no stream and no descriptor:
 * -ECONNREFUSED, -EHOSTUNREACH, -ENETUNREACH, -EADDRNOTAVAIL, -EACCES, -EPERM, -ENOENT,
 * -EAGAIN (a Unix socket whose backlog is full), -ECONNRESET, -EAFNOSUPPORT, -EPROTOTYPE, -EINVAL,
 * -ENETDOWN, -EHOSTDOWN, -EINTR, -EMFILE, -ENFILE, -ENOBUFS, -ENOMEM, -ENOSPC, -ECHILD; -ESHUTDOWN:
 * closed meanwhile; -EADDRINUSE also where TCP connected to itself. */
EDDY_API int eddy_stream_connect(struct eddy_stream *stream, struct eddy_loop *loop, const struct eddy_address *address,
                                 struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* Receive 1 to `size` bytes. 0: the other end has finished sending (or size is 0).
 * -EBUSY: somebody reads already; -ESHUTDOWN: closed on this side; -ENOTCONN: still connecting;
 * -EINVAL: over EDDY_IO_MAX;
 * -ECONNRESET, -ETIMEDOUT, -EHOSTUNREACH, -ENOMEM and what else recv reports; -ECHILD.
 * Cancelled or timed out it has taken no byte. `buffer` is used until the result is there. */
EDDY_API ssize_t eddy_stream_read(struct eddy_stream *stream, void *buffer, size_t size,
                                  struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* Send all `size` bytes: the result is `size`, or an error: -EBUSY: somebody writes already;
 * -ESHUTDOWN: closed or shut down on this side; -EPIPE, -ECONNRESET: the other end is gone;
 * -ENOTCONN: still connecting; -EINVAL: over EDDY_IO_MAX; -ENOBUFS, -ENOMEM and what else send reports; -ECHILD.
 * After an error, -ECANCELED and -ETIMEDOUT too, eddy_stream_sent() tells how many bytes went
 * out. `data` is yours to reuse once the result is there. */
EDDY_API ssize_t eddy_stream_write(struct eddy_stream *stream, const void *data, size_t size,
                                   struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* Send all bytes of `count` parts, in few calls however many they are. As eddy_stream_write(); together they may
 * have EDDY_IO_MAX bytes. `parts` and what they point to are used until the result is there. */
EDDY_API ssize_t eddy_stream_writev(struct eddy_stream *stream, const struct iovec *parts, size_t count,
                                    struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* Send up to `size` bytes, EDDY_IO_MAX at the most, of the file `fd` from `*offset`, without copying them through the
 * program; `*offset` moves on with what is sent, and stands right after it whatever the result. The result is how many:
 * fewer only if the file ends. As eddy_stream_write(); also -EBADF, -EINVAL: not a file that can be mapped; -ESPIPE,
 * -EOVERFLOW, -EIO. A slow disk is waited for. `fd` and `offset` are used until the result is there. The socket's
 * descriptor becomes a non-blocking one. To who is gone it raises SIGPIPE, under EDDY_KEEP_SIGPIPE. */
EDDY_API ssize_t eddy_stream_sendfile(struct eddy_stream *stream, int fd, off_t *offset, size_t size,
                                      struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* Wait for the socket after a call of your own on eddy_stream_fd(), recvmsg, splice or the like, has said EAGAIN:
 * EDDY_READABLE or EDDY_WRITABLE (eddy/watch.h), one of them. The result is that event; an end or an error counts as
 * both; 0: eddy_stream_end_reading(). It takes no byte, and what is left of an event is there for a read or write.
 * As eddy_stream_read() or eddy_stream_write(), in whose place it stands; -EINVAL: another event. Who asks for what is
 * there already costs an epoll_ctl. */
EDDY_API ssize_t eddy_stream_wait(struct eddy_stream *stream, int event, struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* The same without waiting: what can be received or sent now. -EAGAIN: nothing can. */
EDDY_API ssize_t eddy_stream_try_read(struct eddy_stream *stream, void *buffer, size_t size) EDDY_CHECK_RESULT;
EDDY_API ssize_t eddy_stream_try_write(struct eddy_stream *stream, const void *data, size_t size) EDDY_CHECK_RESULT;

/* The bytes that the last write of any kind handed to the kernel. */
EDDY_API size_t eddy_stream_sent(const struct eddy_stream *stream);

/* End with -ETIMEDOUT a parked read that gets no byte for `idle`, and a parked write that makes no progress for
 * `stall`; EDDY_FOREVER: never, as it is from the start. In whole ms, rounded up, 49 days at the most. For what parks from
 * now on, eddy_stream_wait() too. A deadline set by eddy_wait_until() replaces them for that wait. */
EDDY_API void eddy_stream_set_timeouts(struct eddy_stream *stream, eddy_ns idle, eddy_ns stall);

/* From now on reads give 0, as if the other end had finished; one that is parked is woken with it. Writing goes on. For
 * a server that stops: who reads its next request finds none. */
EDDY_API void eddy_stream_end_reading(struct eddy_stream *stream);

/* Make `to` the stream that `from` was; `from` is then closed, and its memory free. What `to` was before is not looked at:
 * it must not be open. No system call. 0; -EBUSY: somebody waits; -ESHUTDOWN: `from` is closed; -ECHILD. After an
 * error nothing has changed. */
EDDY_API int eddy_stream_move(struct eddy_stream *to, struct eddy_stream *from);

/* Finish sending; reading goes on. A write that is parked is woken with -ESHUTDOWN.
 * 0; -ESHUTDOWN: done before; -ENOTCONN: the other end is gone; -ENOBUFS, -ECHILD. */
EDDY_API int eddy_stream_shutdown(struct eddy_stream *stream);

/* Close now: who waits is woken with -ESHUTDOWN, and the memory and the descriptor's number are
 * free when this returns. Allowed twice, after a failed open or connect, and on zeroed memory. */
EDDY_API void eddy_stream_close(struct eddy_stream *stream);

/* The descriptor, for setsockopt and the like; -1 when closed. */
EDDY_API int eddy_stream_fd(const struct eddy_stream *stream);

/* The address of this end, and of the other. 0; -ENOTCONN, -ENOBUFS, -EBADF; -ECHILD. */
EDDY_API int eddy_stream_local(const struct eddy_stream *stream, struct eddy_address *address);
EDDY_API int eddy_stream_peer(const struct eddy_stream *stream, struct eddy_address *address);

EDDY_END_DECLS

#endif
