/* Writing from many places at once. The caller's array is only read: where a send ended within a part, the rest of that one
 * and what follows go through a few places of our own. A parked one finds its place again by the bytes that went out. */
#define _GNU_SOURCE
#include "io/transfer.h"

#include "base/wait.h"

#include <limits.h>

#define OWN_PARTS 16
#define PARTS_MAX 1024 /* IOV_MAX, which is 1024 on every Linux */

struct place {
    const struct iovec *part;
    size_t offset; /* in it */
};

/* Where byte number `sent` stands; there is one. */
static struct place find_place(const struct iovec *part, size_t sent)
{
    while (sent >= part->iov_len) {
        sent -= part->iov_len;
        part++;
    }
    return (struct place){part, sent};
}

/* How many parts from here on have `size` bytes, up to `max`. */
static size_t count_parts(struct place place, size_t size, size_t max)
{
    size_t count = 0;
    size += place.offset;
    while (size > 0 && count < max) {
        size_t length = place.part[count++].iov_len;
        size -= length < size ? length : size;
    }
    return count;
}

static ssize_t send_parts(struct eddy_stream *stream, struct place place, size_t size)
{
    const struct eddy_os *os = stream->loop->os;
    struct iovec own[OWN_PARTS];
    struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)place.part}; /* only ever read */
    size_t count = count_parts(place, size, place.offset > 0 ? OWN_PARTS : PARTS_MAX);
    message.msg_iovlen = (__typeof__(message.msg_iovlen))count; /* musl's is an int */
    if (place.offset > 0) {
        for (size_t i = 0; i < count; i++) {
            own[i] = place.part[i];
        }
        own[0].iov_base = (char *)own[0].iov_base + place.offset;
        own[0].iov_len -= place.offset;
        message.msg_iov = own;
    }
    return os->sendmsg(os->context, stream->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Send until all `size` bytes that are left are sent or there is no room: the bytes that went out, or the error. */
static ssize_t transmit_parts(struct eddy_stream *stream, const struct iovec *parts, size_t size)
{
    size_t done = 0;
    struct place place = find_place(parts, stream->sent);
    while (done < size) {
        ssize_t count = send_parts(stream, place, size - done);
        if (count >= 0) {
            done += (size_t)count;
            stream->sent += (uint32_t)count;
            if (done < size) {
                place = find_place(place.part, place.offset + (size_t)count);
            }
        } else if (count == -EAGAIN) {
            stream->state &= ~(uint32_t)EDDYI_CAN_WRITE;
            break;
        } else if (count != -EINTR) {
            return count;
        }
    }
    return (ssize_t)done;
}

static ssize_t complete_gather(struct eddy_waiter *waiter)
{
    const struct iovec *parts = (const struct iovec *)(void *)waiter->transfer.data;
    return eddyi_transfer_completed(waiter, transmit_parts(waiter->transfer.subject, parts, waiter->size));
}

static const struct eddy_wait_kind gather_kind = {.name = "write",
                                                  .unpark = eddyi_transfer_unpark_writer,
                                                  .complete = complete_gather,
                                                  .external = true,
                                                  .expiry = -ETIMEDOUT};

/* The bytes of all parts, or some number over EDDY_IO_MAX. */
static size_t sum_parts(const struct iovec *parts, size_t count)
{
    size_t sum = 0;
    for (size_t i = 0; i < count && sum <= EDDY_IO_MAX; i++) {
        sum = parts[i].iov_len <= EDDY_IO_MAX ? sum + parts[i].iov_len : (size_t)EDDY_IO_MAX + 1;
    }
    return sum;
}

ssize_t eddy_stream_writev(struct eddy_stream *stream, const struct iovec *parts, size_t count,
                           struct eddy_waiter *waiter)
{
    size_t size = sum_parts(parts, count);
    if (stream->writer != NULL || !eddyi_stream_is_usable(stream, size, EDDYI_WRITE_OBSTACLES)) {
        return eddyi_transfer_refuse_write(stream, size);
    }
    stream->sent = 0;
    if ((stream->state & EDDYI_CAN_WRITE) != 0) {
        ssize_t sent = transmit_parts(stream, parts, size);
        if (sent < 0 || (size_t)sent == size) {
            return eddyi_transfer_settle(stream, sent, waiter);
        }
    }
    int error = eddyi_transfer_arm_out(stream);
    if (error < 0) {
        return error;
    }
    for (size_t i = 0; i < count; i++) {
        eddyi_wait_check_memory(waiter, parts[i].iov_base);
    }
    return eddyi_transfer_park_writer(stream, parts, size - stream->sent, waiter, &gather_kind);
}
