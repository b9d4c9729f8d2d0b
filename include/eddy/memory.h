/* eddy/memory.h - a stream between two ends in one program: what a test, or another task, has instead of a socket.
 *
 *     struct eddy_memory client, server;
 *     eddy_memory_open(&client, to_client, sizeof to_client, &server, to_server, sizeof to_server);
 *     EDDY_AWAIT(my->n, eddy_memory_write(&client, "hello", 5, me));                         here
 *     EDDY_AWAIT(my->n, eddy_memory_read(&server, my->buffer, sizeof my->buffer, me));    there
 *
 * It behaves as eddy/stream.h: one may read and one write at a time at each end, a write waits until all of it has
 * found room, and no byte is lost by a cancel. No descriptor, no kernel: only order and time.
 */
#ifndef EDDY_MEMORY_H
#define EDDY_MEMORY_H

#include <eddy/wait.h>

EDDY_BEGIN_DECLS

/* One end. The caller owns the memory; it must not move until it is closed. */
struct eddy_memory {
    /* private */
    struct eddy_memory *peer; /* NULL: it is closed */
    struct eddy_waiter *reader;
    struct eddy_waiter *writer;
    char *buffer; /* of what comes in: a ring */
    size_t size;
    size_t head;
    size_t length;
    size_t held; /* of them, the last: not arrived yet */
    size_t sent;
    bool is_open;
    bool is_held;
    bool is_shut; /* this end has finished sending */
    bool at_end;  /* and the other one has */
};

/* Connect two ends. What is on its way to `one` stands in one_buffer (at least 1 byte), likewise for the other. */
EDDY_API void eddy_memory_open(struct eddy_memory *one, void *one_buffer, size_t one_size, struct eddy_memory *other,
                               void *other_buffer, size_t other_size);

/* Receive 1 to `size` bytes. 0: the other end has finished sending or is closed (or size is 0). -EBUSY: somebody reads already;
 * -ESHUTDOWN: closed on this side; -EINVAL: over INT32_MAX bytes; -ECHILD. */
EDDY_API ssize_t eddy_memory_read(struct eddy_memory *memory, void *buffer, size_t size,
                                  struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* Send all `size` bytes: the result is `size`. -EBUSY: somebody writes already; -ESHUTDOWN: closed or shut down on
 * this side; -EPIPE: the other end is closed; -EINVAL: over INT32_MAX bytes; -ECHILD. After any error
 * eddy_memory_sent() tells how many bytes went out. */
EDDY_API ssize_t eddy_memory_write(struct eddy_memory *memory, const void *data, size_t size,
                                   struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* The same without waiting: what is there, or what there is room for. -EAGAIN: nothing is, or none. Never -ECHILD. */
EDDY_API ssize_t eddy_memory_try_read(struct eddy_memory *memory, void *buffer, size_t size) EDDY_CHECK_RESULT;
EDDY_API ssize_t eddy_memory_try_write(struct eddy_memory *memory, const void *data, size_t size) EDDY_CHECK_RESULT;

/* Have what the other end sends from now on arrive here only when it is pumped (true), or at once (false, as it is from
 * the start; then what was held arrives, too). Held bytes stand in the buffer, so a writer may wait for them to be read.
 * The end of the stream comes after the last byte. For tests of what reads: one byte at a time, a cut in the middle. */
EDDY_API void eddy_memory_hold(struct eddy_memory *memory, bool is_held);

/* Let up to `size` bytes that are held arrive at this end. Returns how many did: fewer if no more are in the buffer. */
EDDY_API size_t eddy_memory_pump(struct eddy_memory *memory, size_t size);

/* The bytes that the last write has handed over. */
EDDY_API size_t eddy_memory_sent(const struct eddy_memory *memory);

/* Finish sending; reading goes on. A parked write is woken with -ESHUTDOWN. 0; -ESHUTDOWN: done before, or closed. */
EDDY_API int eddy_memory_shutdown(struct eddy_memory *memory);

/* Close: who waits at this end is woken with -ESHUTDOWN; at the other, a writer with -EPIPE, a reader gets what
 * is left, then 0. Allowed twice. */
EDDY_API void eddy_memory_close(struct eddy_memory *memory);

EDDY_END_DECLS

#endif
