/* eddy/writer.h - a buffered writer: put without waiting, sent together before the loop sleeps.
 *
 *     EDDY_TRY(my->error, eddy_writer_init(&my->writer, loop, eddy_stream_transport(&my->stream), NULL));
 *     EDDY_TRY(my->error, eddy_writer_printf(&my->writer, "%s joined\n", my->name));
 *     EDDY_AWAIT(my->error, eddy_writer_drain(&my->writer, me));
 *
 * What is put in one turn of the loop leaves in one call, when the loop is about to look for events. It is opt-in, and
 * bounded: over the cap a put fails. Who puts much must drain, which waits while the peer is slow. One task that just
 * answers needs none of this: eddy_stream_write() and eddy_stream_writev() wait, and copy nothing.
 *
 * Any number of tasks may put and drain. Nobody else may write to the transport meanwhile. An empty writer holds no
 * memory.
 *
 * Unsent bytes keep eddy_loop_run() going, as a write that waits does: what is put right before the last task ends is
 * still sent. Before a run returns, stopped too, all is sent that the transport takes at once. End a writer before its
 * transport, and before the loop.
 */
#ifndef EDDY_WRITER_H
#define EDDY_WRITER_H

#include <eddy/loop.h>
#include <eddy/reader.h>
#include <eddy/transport.h>
#include <stdarg.h>
#include <stddef.h>

EDDY_BEGIN_DECLS

/* In bytes; zero stands for the default in every field. */
struct eddy_writer_options {
    size_t cap;  /* the most that may be unsent: 1 MiB; up to INT32_MAX */
    size_t high; /* eddy_writer_drain() waits once more than this is unsent: 64 KiB, or the cap if that is less */
    size_t low;  /* and until no more than this is: 16 KiB, or the high mark if that is less */
};

struct eddyi_writer_block;

/* The caller owns the memory; it must not move until it is ended. */
struct eddy_writer {
    /* read-only */
    size_t unsent;  /* bytes put, and not yet taken by the transport; after an error, those that are lost */
    size_t peak;    /* the most that ever were */
    uint64_t put;   /* bytes, in all */
    uint64_t sends; /* calls of the transport */
    int error;      /* the first that the transport gave, or 0; from then on every call gives it */
    bool is_open;
    /* private */
    struct eddy_transport transport;
    struct eddy_loop *loop;
    struct eddy_waiter own;       /* waits for the transport */
    struct eddyi_prelude sending; /* what was put is sent before the loop sleeps */
    struct eddy_list draining;
    struct eddy_list flushing; /* who waits until what was put before is sent */
    struct eddyi_writer_block *first;
    struct eddyi_writer_block *last;
    struct iovec *parts; /* of the call in progress, if it gathers */
    size_t in_flight;    /* bytes of the call in progress */
    struct eddy_writer_options options;
};

/* Start to write to `transport`, which stays yours. Allocates nothing. 0; -EINVAL: not low <= high <= cap <=
 * INT32_MAX. */
EDDY_API int eddy_writer_init(struct eddy_writer *writer, struct eddy_loop *loop, struct eddy_transport transport,
                              const struct eddy_writer_options *options) EDDY_CHECK_RESULT;

/* Stop at once: what is unsent is dropped (flush first), perhaps in the middle of what was put; who waits is woken with
 * -ESHUTDOWN. The transport stays open. Allowed twice, and on zeroed memory. */
EDDY_API void eddy_writer_fini(struct eddy_writer *writer);

/* Put all `size` bytes, which are copied, or none. 0; -ENOBUFS: over the cap, though what the transport takes was sent
 * before; -ENOMEM; the transport's error, if it has failed: -EPIPE, -ECONNRESET, ...; -ESHUTDOWN: ended; -ECHILD. Never
 * parks. */
EDDY_API int eddy_writer_put(struct eddy_writer *writer, const void *data, size_t size) EDDY_CHECK_RESULT;

/* Put several parts, all or none. */
EDDY_API int eddy_writer_putv(struct eddy_writer *writer, const struct iovec *parts, size_t count) EDDY_CHECK_RESULT;

/* Put what printf would print. Also -EINVAL, -EILSEQ, -EOVERFLOW: what vsnprintf refuses. */
EDDY_API int eddy_writer_printf(struct eddy_writer *writer, const char *format, ...) EDDY_CHECK_RESULT
    __attribute__((format(printf, 2, 3)));
EDDY_API int eddy_writer_vprintf(struct eddy_writer *writer, const char *format, va_list values) EDDY_CHECK_RESULT
    __attribute__((format(printf, 2, 0)));

/* Put a frame: the length of `size` bytes as `prefix` says, and the bytes. Also -EMSGSIZE: the prefix cannot say it;
 * -EINVAL: no such prefix. */
EDDY_API int eddy_writer_frame(struct eddy_writer *writer, enum eddy_prefix prefix, const void *data,
                               size_t size) EDDY_CHECK_RESULT;

/* Room for `size` bytes to write in place, up to EDDY_WRITER_RESERVE; NULL: what eddy_writer_put() would fail with is
 * in *error, or -EINVAL: over that. What eddy_writer_commit() is told of it, at once and before any other call on the
 * writer, is put; 0: nothing. */
#define EDDY_WRITER_RESERVE 4096
EDDY_API char *eddy_writer_reserve(struct eddy_writer *writer, size_t size, int *error) EDDY_CHECK_RESULT;
EDDY_API void eddy_writer_commit(struct eddy_writer *writer, size_t size);

/* If more than `high` bytes are unsent, send now, and wait until no more than `low` are. 0, at once below the high
 * mark; the transport's error; -ESHUTDOWN: ended; -ECHILD; parked: -ECANCELED, -ETIMEDOUT, which leave what is unsent
 * as it is. Who waits is woken in the order in which they came. */
EDDY_API int eddy_writer_drain(struct eddy_writer *writer, struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* Send now, and wait until all that was put before is sent; not for what others put meanwhile. As
 * eddy_writer_drain(). */
EDDY_API int eddy_writer_flush(struct eddy_writer *writer, struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

EDDY_END_DECLS

#endif
