/* eddy/transport.h - anything that carries bytes, behind one small interface.
 *
 *     my->peer = eddy_stream_transport(&my->stream);
 *     EDDY_AWAIT(my->n, eddy_transport_read(my->peer, my->buffer, sizeof my->buffer, me));
 *
 * A transport is a pointer to functions and to what they work on; copy it as you like. Sockets, streams in memory,
 * pipes, buffered readers and two halves stapled together are transports, and what is written against one runs on all.
 * To make another, TLS for one, fill in an eddy_transport_kind.
 */
#ifndef EDDY_TRANSPORT_H
#define EDDY_TRANSPORT_H

#include <eddy/memory.h>
#include <eddy/stream.h>
#include <eddy/wait.h>
#include <errno.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

EDDY_BEGIN_DECLS

/* How a transport works; constant, and shared by all of its kind. Each function does what the function of that name in
 * eddy/stream.h does, with its results. What others rely on:
 *  - One may read and one may write at a time: else -EBUSY.
 *  - A read that is cancelled, times out or is withdrawn has taken no byte.
 *  - A parked read fills its buffer in its waiter's own turn, right before the wake, and not before: so many may be
 *    parked with one buffer. A read that follows a try_read which said -EAGAIN, with nothing in between, parks.
 *  - Only an operation that was given a waiter parks, and nothing calls back but a wake. */
struct eddy_transport_kind {
    const char *name; /* for dumps: "stream" */
    ssize_t (*read)(void *subject, void *buffer, size_t size, struct eddy_waiter *waiter);
    ssize_t (*try_read)(void *subject, void *buffer, size_t size);
    ssize_t (*write)(void *subject, const void *data, size_t size, struct eddy_waiter *waiter);
    /* Or NULL: then parts are written one after another by whoever gathers. */
    ssize_t (*writev)(void *subject, const struct iovec *parts, size_t count, struct eddy_waiter *waiter);
    ssize_t (*try_write)(void *subject, const void *data, size_t size);
    size_t (*sent)(const void *subject);
    int (*shutdown)(void *subject);
    void (*close)(void *subject);
    /* Or NULL. After a try_read that said -EAGAIN: wait until another may find something, or fail. >= 0; may be woken
     * for nothing; takes no byte; stands in the place of a read. What reads can so wait without holding a buffer. */
    ssize_t (*wait)(void *subject, struct eddy_waiter *waiter);
    /* Or NULL. The socket beneath, if its bytes are the transport's bytes as they stand and none is kept above it: what
     * sendfile and splice may be used on. */
    struct eddy_stream *(*stream)(void *subject);
};

struct eddy_transport {
    const struct eddy_transport_kind *kind;
    void *subject;
};

/* As eddy_stream_read(), and so on. A half that a transport does not have gives -EOPNOTSUPP. */
static inline EDDY_CHECK_RESULT ssize_t eddy_transport_read(struct eddy_transport transport, void *buffer, size_t size,
                                                            struct eddy_waiter *waiter)
{
    return transport.kind->read(transport.subject, buffer, size, waiter);
}

static inline EDDY_CHECK_RESULT ssize_t eddy_transport_try_read(struct eddy_transport transport, void *buffer,
                                                                size_t size)
{
    return transport.kind->try_read(transport.subject, buffer, size);
}

static inline EDDY_CHECK_RESULT ssize_t eddy_transport_write(struct eddy_transport transport, const void *data,
                                                             size_t size, struct eddy_waiter *waiter)
{
    return transport.kind->write(transport.subject, data, size, waiter);
}

static inline EDDY_CHECK_RESULT ssize_t eddy_transport_try_write(struct eddy_transport transport, const void *data,
                                                                 size_t size)
{
    return transport.kind->try_write(transport.subject, data, size);
}

/* As `wait` above. -EOPNOTSUPP: the transport has none. */
static inline EDDY_CHECK_RESULT ssize_t eddy_transport_wait(struct eddy_transport transport, struct eddy_waiter *waiter)
{
    return transport.kind->wait != NULL ? transport.kind->wait(transport.subject, waiter) : -EOPNOTSUPP;
}

static inline size_t eddy_transport_sent(struct eddy_transport transport)
{
    return transport.kind->sent(transport.subject);
}

static inline int eddy_transport_shutdown(struct eddy_transport transport)
{
    return transport.kind->shutdown(transport.subject);
}

static inline void eddy_transport_close(struct eddy_transport transport)
{
    transport.kind->close(transport.subject);
}

/* The socket whose bytes these are, for sendfile and splice; NULL: there is none. */
static inline struct eddy_stream *eddy_transport_stream(struct eddy_transport transport)
{
    return transport.kind->stream != NULL ? transport.kind->stream(transport.subject) : NULL;
}

/* A socket as a transport, which is valid as long as the stream's memory. */
EDDY_API struct eddy_transport eddy_stream_transport(struct eddy_stream *stream);

/* One end of a stream in memory as a transport. */
EDDY_API struct eddy_transport eddy_memory_transport(struct eddy_memory *memory);

/* Two halves as one transport: it reads from `in`, writes to `out`; shutdown shuts `out`, or closes what cannot be shut,
 * a pipe for one; close closes both. For a child's stdout and stdin, or two pipes. Zeroed memory is closed. */
struct eddy_staple {
    /* private */
    struct eddy_transport in;
    struct eddy_transport out;
};

/* Staple them; the record must stay where it is while the transport is used. */
EDDY_API struct eddy_transport eddy_staple(struct eddy_staple *staple, struct eddy_transport in,
                                           struct eddy_transport out);

EDDY_END_DECLS

#endif
