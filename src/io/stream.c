#define _GNU_SOURCE
#include "io/stream.h"

#include "loop/poller.h"

static int stream_registration(const void *source, uint32_t *events)
{
    const struct eddy_stream *stream = source;
    *events = EDDYI_STREAM_EVENTS | ((stream->state & EDDYI_OUT_ARMED) != 0 ? EPOLLOUT : 0u);
    return stream->fd;
}

static struct eddy_waiter *stream_runs(const void *source)
{
    return ((const struct eddy_stream *)source)->reader;
}

static const struct eddyi_source_kind stream_source = {EDDYI_SOURCE_STREAM, eddyi_stream_on_events, stream_registration,
                                                       stream_runs};

/* ---- Life ------------------------------------------------------------------------------ */

void eddyi_stream_set_up(struct eddy_stream *stream, struct eddy_loop *loop, int fd, uint32_t state)
{
    stream->loop = loop;
    stream->reader = NULL;
    stream->writer = NULL;
    stream->fd = fd;
    stream->slot = 0;
    stream->state = state;
    stream->sent = 0;
    stream->idle_ms = 0;
    stream->stall_ms = 0;
}

int eddyi_stream_register(struct eddy_stream *stream)
{
    uint32_t events;
    int fd = stream_registration(stream, &events);
    return eddyi_poller_add(&stream->loop->poller, &stream_source, stream, fd, events, &stream->slot);
}

int eddyi_stream_ask_anew(struct eddy_stream *stream)
{
    uint32_t events;
    int fd = stream_registration(stream, &events);
    return eddyi_poller_modify(&stream->loop->poller, stream->slot, fd, events);
}

int eddy_stream_open(struct eddy_stream *stream, struct eddy_loop *loop, int fd)
{
    eddyi_stream_set_up(stream, loop, -1, EDDYI_DOWN);
    if (!eddyi_loop_is_usable(loop)) {
        return -ECHILD;
    }
    eddyi_stream_set_up(stream, loop, fd, EDDYI_CAN_WRITE | EDDYI_UNPOLLED);
    int error = eddyi_stream_register(stream);
    if (error < 0) {
        eddyi_stream_set_up(stream, loop, -1, EDDYI_DOWN);
    }
    return error;
}

/* The kernel may still tell of a descriptor that lives on elsewhere; its slot is stale then. */
void eddyi_stream_close_descriptor(struct eddy_stream *stream)
{
    eddyi_poller_forget(&stream->loop->poller, stream->slot);
    stream->loop->os->close(stream->loop->os->context, stream->fd);
    stream->fd = -1;
    stream->state |= EDDYI_DOWN;
}

/* Wake who writes, or connects, with -ESHUTDOWN. */
static void end_writer(struct eddy_stream *stream)
{
    struct eddy_waiter *writer = stream->writer;
    if (writer != NULL) {
        if ((stream->state & EDDYI_CONNECTING) == 0) {
            writer->kind->unpark(writer);
        }
        stream->writer = NULL;
        eddy_wait_wake(writer, -ESHUTDOWN);
    }
}

void eddy_stream_close(struct eddy_stream *stream)
{
    if (stream->fd < 0 || stream->loop == NULL || !eddyi_loop_is_usable(stream->loop)) {
        return;
    }
    struct eddy_waiter *waiter = stream->reader;
    if (waiter != NULL) {
        stream->reader = NULL;
        eddy_wait_wake(waiter, -ESHUTDOWN);
    }
    end_writer(stream); /* looked at only now: the reader's wake may have withdrawn it */
    eddyi_stream_close_descriptor(stream);
}

int eddy_stream_move(struct eddy_stream *to, struct eddy_stream *from)
{
    if ((from->state & EDDYI_DOWN) != 0 || from->loop == NULL) {
        return -ESHUTDOWN;
    }
    if (!eddyi_loop_is_usable(from->loop)) {
        return -ECHILD;
    }
    if (from->reader != NULL || from->writer != NULL) {
        return -EBUSY;
    }
    *to = *from;
    to->loop->poller.slots[to->slot].source = to;
    eddyi_stream_set_up(from, from->loop, -1, EDDYI_DOWN);
    return 0;
}

int eddy_stream_shutdown(struct eddy_stream *stream)
{
    if (!eddyi_stream_is_usable(stream, 1, EDDYI_WRITE_OBSTACLES)) {
        return eddyi_stream_refusal(stream, 1, EDDYI_WRITE_OBSTACLES);
    }
    int error = stream->loop->os->shutdown(stream->loop->os->context, stream->fd, SHUT_WR);
    if (error < 0) {
        return error;
    }
    stream->state |= EDDYI_SHUT;
    end_writer(stream);
    return 0;
}

void eddy_stream_end_reading(struct eddy_stream *stream)
{
    if (stream->fd < 0 || stream->loop == NULL || !eddyi_loop_is_usable(stream->loop)) {
        return;
    }
    stream->state |= EDDYI_READ_ENDED;
    struct eddy_waiter *reader = stream->reader;
    stream->reader = NULL;
    if (reader != NULL) {
        eddy_wait_wake(reader, 0);
    }
}

/* In whole ms, rounded up; 0: none. */
static uint32_t limit_ms(eddy_ns span)
{
    if (span == EDDY_FOREVER) {
        return 0;
    }
    eddy_ns ms = span <= 0 ? 1 : span / EDDY_MS(1) + (span % EDDY_MS(1) != 0);
    return ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
}

void eddy_stream_set_timeouts(struct eddy_stream *stream, eddy_ns idle, eddy_ns stall)
{
    stream->idle_ms = limit_ms(idle);
    stream->stall_ms = limit_ms(stall);
    stream->state &= ~(uint32_t)EDDYI_IDLE_LIMITED;
    stream->state |= stream->idle_ms != 0 ? (uint32_t)EDDYI_IDLE_LIMITED : 0;
}

/* ---- Facts ----------------------------------------------------------------------------- */

int eddy_stream_fd(const struct eddy_stream *stream)
{
    return stream->fd;
}

size_t eddy_stream_sent(const struct eddy_stream *stream)
{
    return stream->sent;
}

static int facts_are_known(const struct eddy_stream *stream)
{
    return stream->fd < 0 ? -EBADF : eddyi_loop_is_usable(stream->loop) ? 0 : -ECHILD;
}

int eddy_stream_local(const struct eddy_stream *stream, struct eddy_address *address)
{
    int error = facts_are_known(stream);
    const struct eddy_os *os = stream->loop->os;
    address->size = sizeof address->un;
    return error < 0 ? error : os->getsockname(os->context, stream->fd, &address->any, &address->size);
}

int eddy_stream_peer(const struct eddy_stream *stream, struct eddy_address *address)
{
    int error = facts_are_known(stream);
    const struct eddy_os *os = stream->loop->os;
    address->size = sizeof address->un;
    return error < 0 ? error : os->getpeername(os->context, stream->fd, &address->any, &address->size);
}

/* ---- For operations -------------------------------------------------------------------- */

int eddyi_stream_refusal(const struct eddy_stream *stream, size_t size, uint32_t obstacles)
{
    if ((stream->state & EDDYI_DOWN) != 0) {
        return -ESHUTDOWN;
    }
    if (!eddyi_loop_is_usable(stream->loop)) {
        return -ECHILD;
    }
    if ((stream->state & EDDYI_CONNECTING) != 0) {
        return -ENOTCONN;
    }
    if ((stream->state & obstacles & EDDYI_SHUT) != 0) {
        return -ESHUTDOWN;
    }
    return size == 0 || (stream->state & obstacles & EDDYI_READ_ENDED) != 0 ? 0 : -EINVAL;
}

void eddyi_stream_verify(const struct eddy_stream *stream)
{
    (void)stream;
#ifdef EDDY_DEBUG
    bool closed = (stream->state & EDDYI_DOWN) != 0;
    assert(closed == (stream->fd < 0) && "a closed stream has no descriptor");
    assert((!closed || (stream->reader == NULL && stream->writer == NULL)) && "nobody waits for a closed stream");
    const struct eddy_waiter *waiters[] = {stream->reader, stream->writer};
    for (int i = 0; i < 2; i++) {
        const struct eddy_waiter *waiter = waiters[i];
        if (waiter != NULL) {
            assert(waiter->transfer.subject == stream && "who waits for a stream knows it");
            assert((waiter->state == EDDYI_PARKED || waiter->state == EDDYI_RETRY) && "and is parked");
        }
    }
    assert((stream->writer == NULL || (stream->state & EDDYI_OUT_ARMED) != 0) &&
           "epoll tells of room to who waits for it");
    assert((stream->reader == NULL || (stream->state & EDDYI_CAN_READ) == 0 || stream->reader->state == EDDYI_RETRY) &&
           "nobody waits for what is there");
#endif
}
