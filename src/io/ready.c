/* Waiting for a socket that somebody else reads or writes, by calls of his own. What he has left there we do not know, so a
 * readiness of before is forgotten, and epoll is asked whether it still holds. */
#define _GNU_SOURCE
#include "io/transfer.h"

#include "base/wait.h"

#include <eddy/watch.h>

const struct eddy_wait_kind eddyi_ready_to_read_kind = {
    .name = "readable", .unpark = eddyi_transfer_unpark_reader, .external = true, .expiry = -ETIMEDOUT};

static ssize_t complete_ready_to_write(struct eddy_waiter *waiter)
{
    ((struct eddy_stream *)waiter->transfer.subject)->writer = NULL;
    return EDDY_WRITABLE;
}

static const struct eddy_wait_kind ready_to_write_kind = {.name = "writable",
                                                          .unpark = eddyi_transfer_unpark_writer,
                                                          .complete = complete_ready_to_write,
                                                          .external = true,
                                                          .expiry = -ETIMEDOUT};

static int forget_readiness(struct eddy_stream *stream, uint32_t readiness)
{
    if ((stream->state & readiness) == 0) {
        return 0; /* it is known to be news when it comes */
    }
    int error = eddyi_stream_ask_anew(stream);
    if (error == 0) {
        stream->state &= ~readiness;
    }
    return error;
}

static ssize_t wait_to_read(struct eddy_stream *stream, struct eddy_waiter *waiter)
{
    if (stream->reader != NULL || !eddyi_stream_is_usable(stream, 1, EDDYI_READ_OBSTACLES)) {
        return eddyi_transfer_refuse_read(stream, 1);
    }
    int error = forget_readiness(stream, EDDYI_CAN_READ | EDDYI_FINISHED); /* an error may be gone, too */
    if (error < 0) {
        return error;
    }
    waiter->transfer.subject = stream;
    waiter->transfer.data = NULL;
    waiter->size = 0;
    stream->reader = waiter;
    eddyi_wait_park(waiter, &eddyi_ready_to_read_kind);
    if (stream->idle_ms != 0) {
        eddyi_transfer_limit(waiter, stream->idle_ms);
    }
    return EDDY_PENDING;
}

static ssize_t wait_to_write(struct eddy_stream *stream, struct eddy_waiter *waiter)
{
    if (stream->writer != NULL || !eddyi_stream_is_usable(stream, 1, EDDYI_WRITE_OBSTACLES)) {
        return eddyi_transfer_refuse_write(stream, 1);
    }
    bool is_armed = (stream->state & EDDYI_OUT_ARMED) != 0; /* or arming it asks */
    int error = is_armed ? forget_readiness(stream, EDDYI_CAN_WRITE) : eddyi_transfer_arm_out(stream);
    if (error < 0) {
        return error;
    }
    stream->state &= ~(uint32_t)EDDYI_CAN_WRITE;
    return eddyi_transfer_park_writer(stream, NULL, 0, waiter, &ready_to_write_kind);
}

ssize_t eddy_stream_wait(struct eddy_stream *stream, int event, struct eddy_waiter *waiter)
{
    switch (event) {
    case EDDY_READABLE:
        return wait_to_read(stream, waiter);
    case EDDY_WRITABLE:
        return wait_to_write(stream, waiter);
    default:
        return -EINVAL;
    }
}
