/* A stream's insides, for what makes streams. */
#ifndef EDDYI_IO_STREAM_H
#define EDDYI_IO_STREAM_H

#include <eddy/stream.h>

#include "loop/loop.h"

#include <errno.h>

/* Bits of a stream's state. */
enum {
    EDDYI_CAN_READ = 1,
    EDDYI_CAN_WRITE = 2,
    EDDYI_FINISHED = 4,  /* the peer is done sending, or there is an error: readable for good */
    EDDYI_OUT_ARMED = 8, /* epoll tells of room to send */
    EDDYI_SHUT = 16,     /* this side is done sending */
    EDDYI_CONNECTING = 32,
    EDDYI_UNPOLLED = 64, /* no event yet: whether it is readable is not known */
    EDDYI_DOWN = 128,
    EDDYI_READ_ENDED = 256,   /* by eddy_stream_end_reading() */
    EDDYI_IDLE_LIMITED = 512, /* idle_ms is set */
    EDDYI_NO_BLOCK = 1024,    /* the descriptor is known to be non-blocking */
    EDDYI_LATE = 2048,        /* a read or a write has come to its timeout */
};

/* What keeps a stream from being read, and from being written. */
#define EDDYI_READ_OBSTACLES (EDDYI_DOWN | EDDYI_CONNECTING | EDDYI_READ_ENDED)
#define EDDYI_WRITE_OBSTACLES (EDDYI_DOWN | EDDYI_CONNECTING | EDDYI_SHUT)

/* What epoll tells of every stream. */
#define EDDYI_STREAM_EVENTS (EPOLLIN | EPOLLRDHUP | EPOLLET)

void eddyi_stream_set_up(struct eddy_stream *stream, struct eddy_loop *loop, int fd, uint32_t state);

/* Add the descriptor to the poller. */
int eddyi_stream_register(struct eddy_stream *stream);

/* Have epoll tell anew of what is there already. */
int eddyi_stream_ask_anew(struct eddy_stream *stream);

/* Close the descriptor of a stream that nobody waits for. */
void eddyi_stream_close_descriptor(struct eddy_stream *stream);

/* Act on what epoll says of a stream. */
void eddyi_stream_on_events(void *source, uint32_t events);

/* Check the invariants, in debug builds: before every operation and event, so after every one. */
void eddyi_stream_verify(const struct eddy_stream *stream);

/* Why an operation on `size` bytes must not look at the socket: 0 for no bytes, or an error. */
int eddyi_stream_refusal(const struct eddy_stream *stream, size_t size, uint32_t obstacles);

/* Whether it may. */
static inline bool eddyi_stream_is_usable(const struct eddy_stream *stream, size_t size, uint32_t obstacles)
{
#ifdef EDDY_DEBUG
    eddyi_stream_verify(stream);
#endif
    return (stream->state & obstacles) == 0 && size - 1 < EDDY_IO_MAX && eddyi_loop_is_usable(stream->loop);
}

/* Whether all that had come is received: until the next event a receive would find nothing. */
static inline bool eddyi_stream_is_drained(const struct eddy_stream *stream)
{
    return (stream->state & (EDDYI_CAN_READ | EDDYI_UNPOLLED | EDDYI_READ_OBSTACLES)) == 0;
}

#endif
