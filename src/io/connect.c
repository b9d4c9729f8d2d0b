/* A stream that connects: until it is decided the waiter is its writer. */
#define _GNU_SOURCE
#include "io/stream.h"
#include "loop/loop.h"

#include <errno.h>
#include <netinet/tcp.h>

static void unpark_connect(struct eddy_waiter *waiter)
{
    struct eddy_stream *stream = waiter->transfer.subject;
    stream->writer = NULL;
    eddyi_stream_close_descriptor(stream);
}

/* A TCP port that is free can meet itself: both ends are then this socket. */
static bool is_self_connected(const struct eddy_address *local, const struct eddy_address *peer)
{
    if (local->any.sa_family == AF_INET) {
        return local->in.sin_port == peer->in.sin_port && local->in.sin_addr.s_addr == peer->in.sin_addr.s_addr;
    }
    return local->any.sa_family == AF_INET6 && local->in6.sin6_port == peer->in6.sin6_port &&
           IN6_ARE_ADDR_EQUAL(&local->in6.sin6_addr, &peer->in6.sin6_addr);
}

/* 0: connected; -EAGAIN: not yet; else why it failed. */
static int connect_outcome(struct eddy_stream *stream)
{
    const struct eddy_os *os = stream->loop->os;
    int pending = 0;
    socklen_t size = sizeof pending;
    int error = os->getsockopt(os->context, stream->fd, SOL_SOCKET, SO_ERROR, &pending, &size);
    if (error < 0 || pending != 0) {
        return error < 0 ? error : -pending;
    }
    struct eddy_address local, peer;
    error = eddy_stream_peer(stream, &peer);
    if (error == -ENOTCONN) {
        return -EAGAIN;
    }
    if (error == 0) {
        error = eddy_stream_local(stream, &local);
    }
    return error == 0 && is_self_connected(&local, &peer) ? -EADDRINUSE : error;
}

static ssize_t complete_connect(struct eddy_waiter *waiter)
{
    struct eddy_stream *stream = waiter->transfer.subject;
    int error = connect_outcome(stream);
    if (error == -EAGAIN) {
        return EDDY_PENDING;
    }
    stream->writer = NULL;
    stream->state &= ~(uint32_t)EDDYI_CONNECTING;
    if (error < 0) {
        eddyi_stream_close_descriptor(stream);
    }
    return error;
}

static const struct eddy_wait_kind connect_kind = {
    .name = "connect", .unpark = unpark_connect, .complete = complete_connect, .external = true, .expiry = -ETIMEDOUT};

static int open_socket(struct eddy_loop *loop, int family)
{
    const struct eddy_os *os = loop->os;
    int fd = os->socket(os->context, family, SOCK_STREAM, 0);
    if (fd >= 0 && family != AF_UNIX) {
        int on = 1;
        int error = os->setsockopt(os->context, fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (error < 0) {
            os->close(os->context, fd);
            return error;
        }
    }
    return fd;
}

int eddy_stream_connect(struct eddy_stream *stream, struct eddy_loop *loop, const struct eddy_address *address,
                        struct eddy_waiter *waiter)
{
    eddyi_stream_set_up(stream, loop, -1, EDDYI_DOWN);
    if (!eddyi_loop_is_usable(loop)) {
        return -ECHILD;
    }
    const struct eddy_os *os = loop->os;
    int fd = open_socket(loop, address->any.sa_family);
    if (fd < 0) {
        return fd;
    }
    int error = os->connect(os->context, fd, &address->any, address->size);
    bool waits = error == -EINPROGRESS || error == -EINTR; /* interrupted, it goes on all the same */
    if (error == 0 || waits) {
        /* Only now: an unconnected socket would be told of at once, as hung up. */
        eddyi_stream_set_up(stream, loop, fd,
                            EDDYI_NO_BLOCK |
                                (waits ? EDDYI_CONNECTING | EDDYI_OUT_ARMED : EDDYI_CAN_WRITE | EDDYI_UNPOLLED));
        error = eddyi_stream_register(stream);
    }
    if (error < 0) {
        eddyi_stream_set_up(stream, loop, -1, EDDYI_DOWN);
        os->close(os->context, fd);
        return error;
    }
    if (!waits) {
        return (int)eddy_wait_settle(waiter, 0);
    }
    eddy_wait_park(waiter, &connect_kind);
    waiter->transfer.subject = stream;
    stream->writer = waiter;
    return EDDY_PENDING;
}
