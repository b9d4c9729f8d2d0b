#define _GNU_SOURCE
#include "io/splice.h"

#include "io/transfer.h"

#include <fcntl.h>

int eddyi_stream_never_block(struct eddy_stream *stream)
{
    if ((stream->state & EDDYI_NO_BLOCK) != 0) {
        return 0;
    }
    const struct eddy_os *os = stream->loop->os;
    int flags = os->fcntl(os->context, stream->fd, F_GETFL, 0);
    if (flags >= 0 && (flags & O_NONBLOCK) == 0) {
        flags = os->fcntl(os->context, stream->fd, F_SETFL, flags | O_NONBLOCK);
    }
    if (flags < 0) {
        return flags;
    }
    stream->state |= EDDYI_NO_BLOCK;
    return 0;
}

static ssize_t splice_once(struct eddy_stream *stream, int in, int out, size_t size)
{
    const struct eddy_os *os = stream->loop->os;
    int error = eddyi_stream_never_block(stream);
    if (error < 0) {
        return error;
    }
    ssize_t count;
    do {
        count = os->splice(os->context, in, out, size, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
    } while (count == -EINTR);
    return count;
}

ssize_t eddyi_stream_splice_from(struct eddy_stream *stream, int pipe, size_t size)
{
    if (stream->reader != NULL || !eddyi_stream_is_usable(stream, size, EDDYI_READ_OBSTACLES)) {
        return eddyi_transfer_refuse_read(stream, size);
    }
    if ((stream->state & (EDDYI_CAN_READ | EDDYI_UNPOLLED)) == 0) {
        return -EAGAIN;
    }
    ssize_t count = splice_once(stream, stream->fd, pipe, size);
    if (count == -EAGAIN) {
        stream->state &= ~(uint32_t)(EDDYI_CAN_READ | EDDYI_FINISHED | EDDYI_UNPOLLED);
    }
    return count;
}

ssize_t eddyi_stream_splice_to(struct eddy_stream *stream, int pipe, size_t size)
{
    if (stream->writer != NULL || !eddyi_stream_is_usable(stream, size, EDDYI_WRITE_OBSTACLES)) {
        return eddyi_transfer_refuse_write(stream, size);
    }
    if ((stream->state & EDDYI_CAN_WRITE) == 0) {
        return -EAGAIN;
    }
    ssize_t count = splice_once(stream, pipe, stream->fd, size);
    stream->sent = count > 0 ? (uint32_t)count : 0;
    if (count == -EAGAIN) {
        stream->state &= ~(uint32_t)EDDYI_CAN_WRITE;
    }
    return count;
}
