/* A stream's insides, for what makes streams. */
#ifndef EDDYI_IO_STREAM_H
#define EDDYI_IO_STREAM_H

#include <eddy/stream.h>

/* Bits of a stream's state. */
enum {
    EDDYI_READABLE = 1,
    EDDYI_WRITABLE = 2,
    EDDYI_ENDING = 4,    /* the peer is done sending, or there is an error: readable for good */
    EDDYI_OUT_ARMED = 8, /* epoll tells of room to send */
    EDDYI_SHUT = 16,     /* this side is done sending */
    EDDYI_CONNECTING = 32,
    EDDYI_UNPOLLED = 64, /* no event yet: whether it is readable is not known */
    EDDYI_CLOSED = 128,
};

void eddyi_stream_set_up(struct eddy_stream *stream, struct eddy_loop *loop, int fd, uint32_t state);

/* Add the descriptor to the poller. */
int eddyi_stream_register(struct eddy_stream *stream);

/* Close the descriptor of a stream that nobody waits for. */
void eddyi_stream_close_descriptor(struct eddy_stream *stream);

#endif
