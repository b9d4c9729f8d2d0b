#include "io/transport.h"

#include <eddy/watch.h>

/* ---- A socket -------------------------------------------------------------------------- */

static ssize_t socket_read(void *subject, void *buffer, size_t size, struct eddy_waiter *waiter)
{
    return eddy_stream_read(subject, buffer, size, waiter);
}

static ssize_t socket_try_read(void *subject, void *buffer, size_t size)
{
    return eddy_stream_try_read(subject, buffer, size);
}

static ssize_t socket_write(void *subject, const void *data, size_t size, struct eddy_waiter *waiter)
{
    return eddy_stream_write(subject, data, size, waiter);
}

static ssize_t socket_writev(void *subject, const struct iovec *parts, size_t count, struct eddy_waiter *waiter)
{
    return eddy_stream_writev(subject, parts, count, waiter);
}

static ssize_t socket_try_write(void *subject, const void *data, size_t size)
{
    return eddy_stream_try_write(subject, data, size);
}

static size_t socket_sent(const void *subject)
{
    return eddy_stream_sent(subject);
}

static int socket_shutdown(void *subject)
{
    return eddy_stream_shutdown(subject);
}

static void socket_close(void *subject)
{
    eddy_stream_close(subject);
}

static ssize_t socket_wait(void *subject, struct eddy_waiter *waiter)
{
    return eddy_stream_wait(subject, EDDY_READABLE, waiter);
}

static struct eddy_stream *socket_stream(void *subject)
{
    return subject;
}

const struct eddy_transport_kind eddyi_stream_transport_kind = {
    .name = "stream",
    .read = socket_read,
    .try_read = socket_try_read,
    .write = socket_write,
    .writev = socket_writev,
    .try_write = socket_try_write,
    .sent = socket_sent,
    .shutdown = socket_shutdown,
    .close = socket_close,
    .wait = socket_wait,
    .stream = socket_stream,
};

struct eddy_transport eddy_stream_transport(struct eddy_stream *stream)
{
    return (struct eddy_transport){&eddyi_stream_transport_kind, stream};
}

/* ---- Memory ---------------------------------------------------------------------------- */

static ssize_t memory_read(void *subject, void *buffer, size_t size, struct eddy_waiter *waiter)
{
    return eddy_memory_read(subject, buffer, size, waiter);
}

static ssize_t memory_try_read(void *subject, void *buffer, size_t size)
{
    return eddy_memory_try_read(subject, buffer, size);
}

static ssize_t memory_write(void *subject, const void *data, size_t size, struct eddy_waiter *waiter)
{
    return eddy_memory_write(subject, data, size, waiter);
}

static ssize_t memory_try_write(void *subject, const void *data, size_t size)
{
    return eddy_memory_try_write(subject, data, size);
}

static size_t memory_sent(const void *subject)
{
    return eddy_memory_sent(subject);
}

static int memory_shutdown(void *subject)
{
    return eddy_memory_shutdown(subject);
}

static void memory_close(void *subject)
{
    eddy_memory_close(subject);
}

struct eddy_transport eddy_memory_transport(struct eddy_memory *memory)
{
    static const struct eddy_transport_kind kind = {
        .name = "memory",
        .read = memory_read,
        .try_read = memory_try_read,
        .write = memory_write,
        .try_write = memory_try_write,
        .sent = memory_sent,
        .shutdown = memory_shutdown,
        .close = memory_close,
    };
    return (struct eddy_transport){&kind, memory};
}

/* ---- Two halves ------------------------------------------------------------------------ */

static ssize_t staple_read(void *subject, void *buffer, size_t size, struct eddy_waiter *waiter)
{
    struct eddy_staple *staple = subject;
    return eddy_transport_read(staple->in, buffer, size, waiter);
}

static ssize_t staple_try_read(void *subject, void *buffer, size_t size)
{
    struct eddy_staple *staple = subject;
    return eddy_transport_try_read(staple->in, buffer, size);
}

static ssize_t staple_write(void *subject, const void *data, size_t size, struct eddy_waiter *waiter)
{
    struct eddy_staple *staple = subject;
    return eddy_transport_write(staple->out, data, size, waiter);
}

static ssize_t staple_try_write(void *subject, const void *data, size_t size)
{
    struct eddy_staple *staple = subject;
    return eddy_transport_try_write(staple->out, data, size);
}

static size_t staple_sent(const void *subject)
{
    const struct eddy_staple *staple = subject;
    return eddy_transport_sent(staple->out);
}

static int staple_shutdown(void *subject)
{
    struct eddy_staple *staple = subject;
    int error = eddy_transport_shutdown(staple->out);
    if (error != -EOPNOTSUPP) {
        return error;
    }
    eddy_transport_close(staple->out); /* all that it did is done: a pipe's other end sees the end by this */
    return 0;
}

static void staple_close(void *subject)
{
    struct eddy_staple *staple = subject;
    if (staple->in.kind != NULL) {
        eddy_transport_close(staple->in);
        eddy_transport_close(staple->out);
    }
}

static ssize_t staple_wait(void *subject, struct eddy_waiter *waiter)
{
    struct eddy_staple *staple = subject;
    return eddy_transport_wait(staple->in, waiter);
}

struct eddy_transport eddy_staple(struct eddy_staple *staple, struct eddy_transport in, struct eddy_transport out)
{
    static const struct eddy_transport_kind kind = {
        .name = "staple",
        .read = staple_read,
        .try_read = staple_try_read,
        .write = staple_write,
        .try_write = staple_try_write,
        .sent = staple_sent,
        .shutdown = staple_shutdown,
        .close = staple_close,
        .wait = staple_wait,
    };
    staple->in = in;
    staple->out = out;
    return (struct eddy_transport){&kind, staple};
}
