/* A file's bytes over a socket. What a waiter has no room for stands in a record of its own. */
#define _GNU_SOURCE
#include "io/transfer.h"

#include "base/pool.h"
#include "base/wait.h"
#include "io/splice.h"

#define TURN_MAX (1u << 20) /* so many bytes, then others have a turn: a receiver may be as fast as we are */

struct sending {
    off_t *offset;
    int fd;
};

/* Send up to `size` bytes until the file ends or there is no room: how many went out, or the error. */
static ssize_t transmit_file(struct eddy_stream *stream, const struct sending *file, size_t size, bool *ended)
{
    const struct eddy_os *os = stream->loop->os;
    size_t done = 0;
    while (done < size && !*ended) {
        off_t offset = *file->offset;
        ssize_t count = os->sendfile(os->context, stream->fd, file->fd, &offset, size - done);
        if (count >= 0) {
            *ended = count == 0;
            *file->offset += count;
            done += (size_t)count;
            stream->sent += (uint32_t)count;
        } else if (count == -EAGAIN) {
            stream->state &= ~(uint32_t)EDDYI_CAN_WRITE;
            break;
        } else if (count != -EINTR) {
            return count;
        }
    }
    return (ssize_t)done;
}

static size_t share_of_turn(size_t size)
{
    return size < TURN_MAX ? size : TURN_MAX;
}

/* What could go on at once does so in a later turn. */
static void take_turns(struct eddy_stream *stream, struct eddy_waiter *waiter)
{
    if ((stream->state & EDDYI_CAN_WRITE) != 0 && (waiter->expired & EDDYI_EXPIRED) == 0) {
        eddyi_wait_retry(waiter);
    }
}

static void give_sending(struct eddy_waiter *waiter)
{
    eddyi_pool_give(&waiter->scheduler->pool, waiter->transfer.data, sizeof(struct sending));
}

static void unpark_sendfile(struct eddy_waiter *waiter)
{
    give_sending(waiter);
    eddyi_transfer_unpark_writer(waiter);
}

static ssize_t complete_sendfile(struct eddy_waiter *waiter)
{
    struct eddy_stream *stream = waiter->transfer.subject;
    bool ended = false;
    ssize_t count =
        transmit_file(stream, (struct sending *)(void *)waiter->transfer.data, share_of_turn(waiter->size), &ended);
    if (ended) {
        waiter->size = (uint32_t)count; /* there is no more */
    }
    ssize_t result = eddyi_transfer_completed(waiter, count);
    if (result == EDDY_PENDING) {
        take_turns(stream, waiter);
    } else {
        give_sending(waiter);
    }
    return result;
}

static const struct eddy_wait_kind sendfile_kind = {.name = "sendfile",
                                                    .unpark = unpark_sendfile,
                                                    .complete = complete_sendfile,
                                                    .external = true,
                                                    .expiry = -ETIMEDOUT};

static ssize_t park_sendfile(struct eddy_stream *stream, struct sending file, size_t size, struct eddy_waiter *waiter)
{
    struct sending *record = eddyi_pool_take(&waiter->scheduler->pool, sizeof *record);
    if (record == NULL) {
        return -ENOMEM;
    }
    int error = eddyi_transfer_arm_out(stream);
    if (error < 0) {
        eddyi_pool_give(&waiter->scheduler->pool, record, sizeof *record);
        return error;
    }
    *record = file;
    eddyi_wait_check_memory(waiter, file.offset);
    eddyi_transfer_park_writer(stream, record, size, waiter, &sendfile_kind);
    take_turns(stream, waiter);
    return EDDY_PENDING;
}

ssize_t eddy_stream_sendfile(struct eddy_stream *stream, int fd, off_t *offset, size_t size, struct eddy_waiter *waiter)
{
    size = size < EDDY_IO_MAX ? size : EDDY_IO_MAX;
    if (stream->writer != NULL || !eddyi_stream_is_usable(stream, size, EDDYI_WRITE_OBSTACLES)) {
        return eddyi_transfer_refuse_write(stream, size);
    }
    stream->sent = 0;
    int error = eddyi_stream_never_block(stream);
    if (error < 0) {
        return error;
    }
    struct sending file = {offset, fd};
    if ((stream->state & EDDYI_CAN_WRITE) != 0) {
        bool ended = false;
        ssize_t count = transmit_file(stream, &file, share_of_turn(size), &ended);
        if (count < 0 || (size_t)count == size || ended) {
            return eddyi_transfer_settle(stream, count, waiter);
        }
    }
    return park_sendfile(stream, file, size - stream->sent, waiter);
}
