/* What moves bytes, or waits to: what the operations on a stream share. */
#ifndef EDDYI_IO_TRANSFER_H
#define EDDYI_IO_TRANSFER_H

#include "io/stream.h"

#define EDDYI_BYTES_PER_OPERATION_BITS 14 /* a transfer costs the budget one more for every 16 KiB */

/* eddy_wait_settle() for a transfer: large ones cost more. */
static inline ssize_t eddyi_transfer_settle(struct eddy_stream *stream, ssize_t result, struct eddy_waiter *waiter)
{
    struct eddy_scheduler *scheduler = &stream->loop->scheduler;
    scheduler->budget -= 1 + (result > 0 ? (int)(result >> EDDYI_BYTES_PER_OPERATION_BITS) : 0);
    return __builtin_expect(scheduler->budget >= 0, 1) ? result : eddyi_wait_overspent(waiter, result);
}

/* Give who has just parked, or has made progress, the stream's own deadline. */
static inline void eddyi_transfer_limit(struct eddy_waiter *waiter, uint32_t limit_ms)
{
    struct eddy_scheduler *scheduler = waiter->scheduler;
    waiter->expired = EDDYI_DEFAULTED;
    eddy_timers_arm(&scheduler->timers, &waiter->timer, eddy_ns_add(eddyi_scheduler_now(scheduler), EDDY_MS(limit_ms)));
}

/* Why nobody may read, or write, `size` bytes now; -EBUSY comes first. 0: there are none to move. */
ssize_t eddyi_transfer_refuse_read(const struct eddy_stream *stream, size_t size);
ssize_t eddyi_transfer_refuse_write(struct eddy_stream *stream, size_t size);

/* Have epoll tell of room. */
int eddyi_transfer_arm_out(struct eddy_stream *stream);

/* Park a writer, which has `size` bytes left. EDDY_PENDING. */
int eddyi_transfer_park_writer(struct eddy_stream *stream, const void *data, size_t size, struct eddy_waiter *waiter,
                               const struct eddy_wait_kind *kind);

/* A parked writer has sent `count` bytes of what is left, or failed: what its kind's complete() answers. */
ssize_t eddyi_transfer_completed(struct eddy_waiter *waiter, ssize_t count);

void eddyi_transfer_unpark_reader(struct eddy_waiter *waiter);
void eddyi_transfer_unpark_writer(struct eddy_waiter *waiter);

/* A reader that waits for the event itself: its size is 0. */
extern const struct eddy_wait_kind eddyi_ready_to_read_kind;

#endif
