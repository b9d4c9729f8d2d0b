/* Epoll's edges are kept as bits: readable until a receive comes up short, writable until a send
 * finds no room. An edge that said the peer is done, or dead, comes only once, so from then on
 * the stream stays readable: what is left is read, then the end or the error.
 *
 * A parked transfer moves its bytes in its waiter's own turn, right before the wake. */
#define _GNU_SOURCE
#include "io/transfer.h"

#include "base/wait.h"
#include "loop/poller.h"
#include "os/linux.h"

#include <eddy/watch.h>

#define likely(condition) __builtin_expect(condition, 1)
#define unlikely(condition) __builtin_expect(condition, 0)
#define APART __attribute__((noinline)) /* keeps the short way short */
#define COLD __attribute__((noinline, cold))

/* ---- Reading --------------------------------------------------------------------------- */

/* A receive that brought no bytes: nothing there, the end, an error, or an interruption. */
static COLD ssize_t receive_slowly(struct eddy_stream *stream, void *buffer, size_t size, ssize_t count)
{
    while (count == -EINTR) {
        count = eddyi_os_recv(stream->loop->os, stream->fd, buffer, size, MSG_DONTWAIT);
    }
    if (count == -EAGAIN) {
        stream->state &= ~(uint32_t)(EDDYI_CAN_READ | EDDYI_FINISHED | EDDYI_UNPOLLED);
    } else if (count == 0) {
        stream->state |= EDDYI_CAN_READ | EDDYI_FINISHED;
    }
    return count;
}

static inline ssize_t receive(struct eddy_stream *stream, void *buffer, size_t size)
{
    ssize_t count = eddyi_os_recv(stream->loop->os, stream->fd, buffer, size, MSG_DONTWAIT);
    if (unlikely(count <= 0)) {
        count = receive_slowly(stream, buffer, size, count);
    }
    if (count > 0 && (size_t)count < size && (stream->state & EDDYI_FINISHED) == 0) {
        stream->state &= ~(uint32_t)EDDYI_CAN_READ;
    }
    return count;
}

/* A wait ends: note whether because its stream's own timeout has come. */
static void note_late(struct eddy_stream *stream, const struct eddy_waiter *waiter)
{
    if ((waiter->expired & EDDYI_DEFAULTED) != 0 && !eddy_timer_is_armed(&waiter->timer)) {
        stream->state |= EDDYI_LATE;
    }
}

void eddyi_transfer_unpark_reader(struct eddy_waiter *waiter)
{
    struct eddy_stream *stream = waiter->transfer.subject;
    note_late(stream, waiter);
    stream->reader = NULL;
}

/* It needs no `complete`: a parked reader's turn is the event itself. */
static const struct eddy_wait_kind read_kind = {
    .name = "read", .unpark = eddyi_transfer_unpark_reader, .external = true, .expiry = -ETIMEDOUT};

COLD ssize_t eddyi_transfer_refuse_read(const struct eddy_stream *stream, size_t size)
{
    int why = eddyi_stream_refusal(stream, size, EDDYI_READ_OBSTACLES);
    return stream->reader != NULL && why != -ECHILD ? -EBUSY : why;
}

static inline int park_reader(struct eddy_stream *stream, void *buffer, size_t size, struct eddy_waiter *waiter)
{
    waiter->transfer.subject = stream;
    waiter->transfer.data = buffer;
    waiter->size = (uint32_t)size;
    stream->reader = waiter;
    eddyi_wait_check_memory(waiter, buffer);
    return eddyi_wait_park(waiter, &read_kind);
}

/* What may be received now is, and a stream with a limit sets it. */
static APART ssize_t read_now(struct eddy_stream *stream, void *buffer, size_t size, struct eddy_waiter *waiter)
{
    if ((stream->state & EDDYI_CAN_READ) != 0) {
        ssize_t count = receive(stream, buffer, size);
        if (count != -EAGAIN) {
            return eddyi_transfer_settle(stream, count, waiter);
        }
    }
    park_reader(stream, buffer, size, waiter);
    if ((stream->state & EDDYI_IDLE_LIMITED) != 0) {
        eddyi_transfer_limit(waiter, stream->idle_ms);
    }
    return EDDY_PENDING;
}

ssize_t eddy_stream_read(struct eddy_stream *stream, void *buffer, size_t size, struct eddy_waiter *waiter)
{
    if (unlikely(stream->reader != NULL || !eddyi_stream_is_usable(stream, size, EDDYI_READ_OBSTACLES))) {
        return eddyi_transfer_refuse_read(stream, size);
    }
    if ((stream->state & (EDDYI_CAN_READ | EDDYI_IDLE_LIMITED)) != 0) {
        return read_now(stream, buffer, size, waiter);
    }
    return park_reader(stream, buffer, size, waiter);
}

ssize_t eddy_stream_try_read(struct eddy_stream *stream, void *buffer, size_t size)
{
    if (stream->reader != NULL || !eddyi_stream_is_usable(stream, size, EDDYI_READ_OBSTACLES)) {
        return eddyi_transfer_refuse_read(stream, size);
    }
    return (stream->state & (EDDYI_CAN_READ | EDDYI_UNPOLLED)) != 0 ? receive(stream, buffer, size) : -EAGAIN;
}

/* ---- Writing --------------------------------------------------------------------------- */

static inline ssize_t send_some(struct eddy_stream *stream, const char *data, size_t size)
{
    ssize_t count = eddyi_os_send(stream->loop->os, stream->fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (unlikely(count == -EAGAIN)) {
        stream->state &= ~(uint32_t)EDDYI_CAN_WRITE;
    }
    return count;
}

/* Send until all is sent or there is no room: the bytes that went out, or the error. */
static ssize_t transmit(struct eddy_stream *stream, const char *data, size_t size)
{
    size_t sent = 0;
    while (sent < size) {
        ssize_t count = send_some(stream, data + sent, size - sent);
        if (count >= 0) {
            sent += (size_t)count;
            stream->sent += (uint32_t)count;
        } else if (count == -EAGAIN) {
            break;
        } else if (count != -EINTR) {
            return count;
        }
    }
    return (ssize_t)sent;
}

int eddyi_transfer_arm_out(struct eddy_stream *stream)
{
    if ((stream->state & EDDYI_OUT_ARMED) != 0) {
        return 0;
    }
    int error = eddyi_poller_modify(&stream->loop->poller, stream->slot, stream->fd, EDDYI_STREAM_EVENTS | EPOLLOUT);
    if (error == 0) {
        stream->state |= EDDYI_OUT_ARMED;
    }
    return error;
}

void eddyi_transfer_unpark_writer(struct eddy_waiter *waiter)
{
    struct eddy_stream *stream = waiter->transfer.subject;
    note_late(stream, waiter);
    stream->writer = NULL;
}

int eddyi_transfer_park_writer(struct eddy_stream *stream, const void *data, size_t size, struct eddy_waiter *waiter,
                               const struct eddy_wait_kind *kind)
{
    waiter->transfer.subject = stream;
    waiter->transfer.data = (char *)(uintptr_t)data; /* only ever read */
    waiter->size = (uint32_t)size;
    stream->writer = waiter;
    eddyi_wait_check_memory(waiter, data);
    eddyi_wait_park(waiter, kind);
    if (stream->stall_ms != 0) {
        eddyi_transfer_limit(waiter, stream->stall_ms);
    }
    return EDDY_PENDING;
}

ssize_t eddyi_transfer_completed(struct eddy_waiter *waiter, ssize_t count)
{
    struct eddy_stream *stream = waiter->transfer.subject;
    if (count >= 0 && (size_t)count < waiter->size) {
        waiter->size -= (uint32_t)count;
        if (count > 0 && (waiter->expired & EDDYI_DEFAULTED) != 0) {
            eddyi_transfer_limit(waiter, stream->stall_ms);
        }
        return EDDY_PENDING;
    }
    stream->writer = NULL;
    return count < 0 ? count : (ssize_t)stream->sent;
}

static ssize_t complete_write(struct eddy_waiter *waiter)
{
    ssize_t count = transmit(waiter->transfer.subject, waiter->transfer.data, waiter->size);
    waiter->transfer.data += count > 0 ? count : 0;
    return eddyi_transfer_completed(waiter, count);
}

static const struct eddy_wait_kind write_kind = {.name = "write",
                                                 .unpark = eddyi_transfer_unpark_writer,
                                                 .complete = complete_write,
                                                 .external = true,
                                                 .expiry = -ETIMEDOUT};

COLD ssize_t eddyi_transfer_refuse_write(struct eddy_stream *stream, size_t size)
{
    int why = eddyi_stream_refusal(stream, size, EDDYI_WRITE_OBSTACLES);
    if (stream->writer != NULL && (stream->state & EDDYI_CONNECTING) == 0 && why != -ECHILD) {
        return -EBUSY;
    }
    stream->sent = 0;
    return why;
}

/* After a first send that did not take all, or none at all: send what can be sent, and park with the rest. */
static APART ssize_t write_on(struct eddy_stream *stream, const char *data, size_t size, struct eddy_waiter *waiter)
{
    if ((stream->state & EDDYI_CAN_WRITE) != 0) {
        ssize_t count = transmit(stream, data + stream->sent, size - stream->sent);
        if (count < 0 || stream->sent == size) {
            return eddyi_transfer_settle(stream, count < 0 ? count : (ssize_t)size, waiter);
        }
    }
    int error = eddyi_transfer_arm_out(stream);
    if (error < 0) {
        return error;
    }
    return eddyi_transfer_park_writer(stream, data + stream->sent, size - stream->sent, waiter, &write_kind);
}

ssize_t eddy_stream_write(struct eddy_stream *stream, const void *data, size_t size, struct eddy_waiter *waiter)
{
    if (unlikely(stream->writer != NULL || !eddyi_stream_is_usable(stream, size, EDDYI_WRITE_OBSTACLES))) {
        return eddyi_transfer_refuse_write(stream, size);
    }
    ssize_t count = likely((stream->state & EDDYI_CAN_WRITE) != 0) ? send_some(stream, data, size) : 0;
    if (likely(count == (ssize_t)size)) {
        stream->sent = (uint32_t)count;
        return eddyi_transfer_settle(stream, count, waiter);
    }
    stream->sent = count > 0 ? (uint32_t)count : 0;
    if (count < 0 && count != -EAGAIN && count != -EINTR) {
        return eddyi_transfer_settle(stream, count, waiter);
    }
    return write_on(stream, data, size, waiter);
}

/* The same without a waiter; the first send brought `count`. */
static APART ssize_t try_write_on(struct eddy_stream *stream, const char *data, size_t size, ssize_t count)
{
    if (count != -EAGAIN && (count >= 0 || count == -EINTR)) {
        stream->sent = count > 0 ? (uint32_t)count : 0;
        count = transmit(stream, data + stream->sent, size - stream->sent);
    }
    if (count < 0 && count != -EAGAIN) {
        return count;
    }
    count = (ssize_t)stream->sent;
    if ((size_t)count < size) { /* or its room would never be told of */
        int error = eddyi_transfer_arm_out(stream);
        if (error < 0) {
            stream->state |= EDDYI_CAN_WRITE; /* so that the next call asks again */
            return count > 0 ? count : error;
        }
    }
    return count == 0 ? -EAGAIN : count;
}

ssize_t eddy_stream_try_write(struct eddy_stream *stream, const void *data, size_t size)
{
    if (stream->writer != NULL || !eddyi_stream_is_usable(stream, size, EDDYI_WRITE_OBSTACLES)) {
        return eddyi_transfer_refuse_write(stream, size);
    }
    stream->sent = 0;
    if ((stream->state & EDDYI_CAN_WRITE) == 0) {
        return -EAGAIN;
    }
    ssize_t count = send_some(stream, data, size);
    if (likely(count == (ssize_t)size)) {
        stream->sent = (uint32_t)count;
        return count;
    }
    return try_write_on(stream, data, size, count);
}

/* ---- Events ---------------------------------------------------------------------------- */

static void note_events(struct eddy_stream *stream, uint32_t events)
{
    stream->state &= ~(uint32_t)EDDYI_UNPOLLED;
    if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
        stream->state |= EDDYI_CAN_READ | EDDYI_FINISHED;
    }
    if ((events & EPOLLIN) != 0) {
        stream->state |= EDDYI_CAN_READ;
    }
    if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) {
        stream->state |= EDDYI_CAN_WRITE;
        if (stream->writer != NULL) {
            eddyi_wait_retry(stream->writer); /* in a later step: the reader's wake may close the stream */
        }
    }
}

/* Any event: note it, and let the reader run. `count` is what a receive brought, -EINTR: none was tried. */
static APART void on_events_slowly(struct eddy_stream *stream, uint32_t events, ssize_t count)
{
    if (eddyi_is_forked(&stream->loop->scheduler)) {
        return;
    }
    struct eddy_waiter *reader = stream->reader;
    if (likely(events == EPOLLIN && reader != NULL && reader->size == 0)) { /* it waits for the event itself */
        stream->state = (stream->state & ~(uint32_t)EDDYI_UNPOLLED) | EDDYI_CAN_READ;
        stream->reader = NULL;
        eddyi_wait_finish(reader, &eddyi_ready_to_read_kind, EDDY_READABLE);
        return;
    }
    note_events(stream, events);
    if (reader == NULL || (stream->state & EDDYI_CAN_READ) == 0) {
        return;
    }
    if (reader->size == 0) {
        stream->reader = NULL;
        eddyi_wait_finish(reader, &eddyi_ready_to_read_kind, EDDY_READABLE);
        return;
    }
    count = count == -EINTR ? receive(stream, reader->transfer.data, reader->size)
                            : receive_slowly(stream, reader->transfer.data, reader->size, count);
    if (count != -EAGAIN) {
        stream->reader = NULL;
        eddyi_wait_finish(reader, &read_kind, count);
    }
}

/* What a receive of `count` of `size` bytes tells of the state. */
static COLD void note_received(struct eddy_stream *stream, size_t count, size_t size)
{
    bool drained = count < size && (stream->state & EDDYI_FINISHED) == 0;
    stream->state &= ~(uint32_t)(EDDYI_UNPOLLED | EDDYI_CAN_READ);
    stream->state |= drained ? 0u : (uint32_t)EDDYI_CAN_READ;
}

/* Nearly every event is bytes for a parked reader, fewer than there is room for: he receives them and is woken,
 * and the state stays as it is. The stream may be gone when this returns. */
void eddyi_stream_on_events(void *source, uint32_t events)
{
    struct eddy_stream *stream = source;
    struct eddy_waiter *reader = stream->reader;
#ifdef EDDY_DEBUG
    eddyi_stream_verify(stream);
#endif
    if (unlikely(events != EPOLLIN || reader == NULL || reader->size == 0 ||
                 eddyi_is_forked(&stream->loop->scheduler))) {
        on_events_slowly(stream, events, -EINTR);
        return;
    }
    ssize_t count = eddyi_os_recv(stream->loop->os, stream->fd, reader->transfer.data, reader->size, MSG_DONTWAIT);
    if (unlikely(count <= 0)) {
        on_events_slowly(stream, EPOLLIN, count);
        return;
    }
    if (unlikely(count >= (ssize_t)reader->size ||
                 (stream->state & (EDDYI_FINISHED | EDDYI_UNPOLLED | EDDYI_CAN_READ)) != 0)) {
        note_received(stream, (size_t)count, reader->size);
    }
    stream->reader = NULL;
    eddyi_wait_finish(reader, &read_kind, count);
}
