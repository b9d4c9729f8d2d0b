/* eddy/listener.h - a socket that accepts connections.
 *
 *     int error = eddy_listener_open(&listener, loop, &address, NULL);
 *     error = eddy_listener_accept(&listener, &peer->stream, &server->waiter);
 *
 * When the process or the system is out of descriptors or buffers, the listener pauses and
 * tries again after 10 to 100 ms; clients wait in the backlog meanwhile and nothing spins. It
 * holds one spare descriptor: the last that it can give to a connection, and then, by
 * getting it back, the sign that descriptors are there again.
 */
#ifndef EDDY_LISTENER_H
#define EDDY_LISTENER_H

#include <eddy/address.h>
#include <eddy/poller.h>
#include <eddy/stream.h>
#include <eddy/wait.h>
#include <stdint.h>
#include <sys/types.h>

EDDY_BEGIN_DECLS

/* Zero stands for the default in every field. */
struct eddy_listener_options {
    int backlog;     /* connections that may wait: 4096 (the system caps it) */
    bool reuse_port; /* SO_REUSEPORT: several listeners share the address */
    bool delay;      /* leave TCP_NODELAY off */
    mode_t mode;     /* of a Unix socket in the file system: 0600 */
};

/* The caller owns the memory; it must not move until it is closed. */
struct eddy_listener {
    /* read-only */
    uint64_t accepted;
    uint64_t pauses;
    int last_error; /* the -errno that caused the last pause, or 0 */
    /* private */
    struct eddy_loop *loop;
    struct eddy_waiter *acceptor;
    struct eddy_waiter pause;
    struct eddy_interest interest;
    eddy_ns pause_span;
    int spare;
    uint32_t burst;       /* accepts that one event is tried for */
    uint32_t burst_left;  /* of them, for the last event */
    uint64_t burst_waits; /* the poll that brought the last event */
    struct eddy_socket_file file;
    struct eddy_address address;
};

/* Bind and listen; port 0 picks one. A Unix socket left behind by a program that died (a socket
 * that refuses connections) is replaced; anything else in its place is left alone. Its mode is made by
 * umask(2), which for the moment of the bind holds for every thread.
 * 0; -EADDRINUSE; -EADDRNOTAVAIL, -EACCES, -EINVAL, -EAFNOSUPPORT, -ENOENT, -ENOTDIR, -EROFS,
 * -ENAMETOOLONG, -ELOOP, -EMFILE, -ENFILE, -ENOBUFS, -ENOMEM, -ENOSPC, -ENOPROTOOPT, -ECHILD. */
EDDY_API int eddy_listener_open(struct eddy_listener *listener, struct eddy_loop *loop,
                                const struct eddy_address *address,
                                const struct eddy_listener_options *options) EDDY_CHECK_RESULT;

/* Listen with `fd`, a listening stream socket that somebody else has made. It is made non-blocking and close-on-exec,
 * and TCP gets TCP_NODELAY. On success it is the listener's, which never removes its file; after an error it is still
 * yours. 0; -EINVAL: not a listening stream socket; -EBADF; -EMFILE, -ENFILE, -ENOBUFS, -ENOMEM; -ECHILD. */
EDDY_API int eddy_listener_adopt(struct eddy_listener *listener, struct eddy_loop *loop, int fd) EDDY_CHECK_RESULT;

/* How many descriptors a service manager has passed to this process (sd_listen_fds(3): LISTEN_PID, LISTEN_FDS):
 * `*first` and those that follow it, yours to adopt or close. They are made close-on-exec; the environment stays as it
 * is. 0: none, or they are another process's; -EINVAL: LISTEN_PID or LISTEN_FDS is not a number; -EBADF: so many are
 * not open; -ECHILD. */
EDDY_API int eddy_listener_inherited(struct eddy_loop *loop, int *first) EDDY_CHECK_RESULT;

/* Accept a connection into `stream`. 0: it is open. -EBUSY: somebody accepts already;
 * -ESHUTDOWN: closed; -ENOMEM, -ENOSPC: the listener could not be registered, or a connection that
 * came, which is then closed; -EINVAL, -EOPNOTSUPP and the like: no longer a listening socket; -ECHILD. Connections
 * that died in the backlog are passed over. */
EDDY_API int eddy_listener_accept(struct eddy_listener *listener, struct eddy_stream *stream,
                                  struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* The address it listens on, with the port that was picked. */
EDDY_API const struct eddy_address *eddy_listener_address(const struct eddy_listener *listener);

/* Close now: who waits is woken with -ESHUTDOWN, the memory is yours again, and the Unix socket's
 * file is removed if it is still this one's. Allowed twice, and after a failed open. */
EDDY_API void eddy_listener_close(struct eddy_listener *listener);

EDDY_END_DECLS

#endif
