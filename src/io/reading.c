#include "io/reader.h"

#include <errno.h>
#include <string.h>

static size_t smaller_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t move_out(struct eddy_reader *reader, void *buffer, size_t size)
{
    size = smaller_size(size, eddyi_reader_size(reader));
    if (size > 0) {
        memcpy(buffer, eddyi_reader_data(reader), size);
        reader->start += size;
    }
    return size;
}

static ssize_t step_read(struct eddy_reader *reader)
{
    if (eddyi_reader_size(reader) > 0 || reader->at_end) {
        return (ssize_t)move_out(reader, reader->buffer, reader->size);
    }
    reader->wanted = 0;
    ssize_t count = eddy_transport_try_read(reader->transport, reader->buffer, reader->size);
    return count != -EAGAIN ? count : EDDY_PENDING;
}

ssize_t eddy_reader_read(struct eddy_reader *reader, void *buffer, size_t size, struct eddy_waiter *waiter)
{
    static const struct eddy_wait_kind kind = {.name = "read", .unpark = eddyi_reader_unpark, .expiry = -ETIMEDOUT};
    int error = eddyi_reader_begin(reader);
    if (error < 0 || size - 1 >= EDDY_IO_MAX) {
        return error < 0 || size == 0 ? error : -EINVAL;
    }
    reader->buffer = buffer;
    reader->size = size;
    reader->slice = NULL;
    return eddyi_reader_do(reader, step_read, &kind, waiter);
}

static ssize_t step_read_exactly(struct eddy_reader *reader)
{
    reader->wanted = reader->size;
    if (eddyi_reader_size(reader) < reader->size && !reader->at_end) {
        return EDDY_PENDING;
    }
    return (ssize_t)move_out(reader, reader->buffer, reader->size);
}

ssize_t eddy_reader_read_exactly(struct eddy_reader *reader, void *buffer, size_t size, struct eddy_waiter *waiter)
{
    static const struct eddy_wait_kind kind = {
        .name = "read exactly", .unpark = eddyi_reader_unpark, .expiry = -ETIMEDOUT};
    int error = eddyi_reader_begin(reader);
    if (error < 0 || size > reader->limit) {
        return error < 0 ? error : -EMSGSIZE;
    }
    reader->buffer = buffer;
    reader->size = size;
    reader->slice = NULL;
    return eddyi_reader_do(reader, step_read_exactly, &kind, waiter);
}

static ssize_t step_peek(struct eddy_reader *reader)
{
    reader->wanted = reader->size;
    size_t size = eddyi_reader_size(reader);
    if (size < reader->size && !reader->at_end) {
        return EDDY_PENDING;
    }
    *reader->slice = (struct eddy_slice){eddyi_reader_data(reader), size};
    return (ssize_t)size;
}

ssize_t eddy_reader_peek(struct eddy_reader *reader, size_t size, struct eddy_slice *slice, struct eddy_waiter *waiter)
{
    static const struct eddy_wait_kind kind = {.name = "peek", .unpark = eddyi_reader_unpark, .expiry = -ETIMEDOUT};
    int error = eddyi_reader_begin(reader);
    if (error < 0 || size > reader->limit) {
        return error < 0 ? error : -EMSGSIZE;
    }
    reader->buffer = NULL;
    reader->size = size;
    reader->slice = slice;
    return eddyi_reader_do(reader, step_peek, &kind, waiter);
}

void eddy_reader_consume(struct eddy_reader *reader, size_t size)
{
    if (reader->arrived > 0) { /* then nothing else is buffered */
        size_t early = smaller_size(size, reader->arrived);
        memmove(reader->early, reader->early + early, reader->arrived - early);
        reader->arrived = (uint8_t)(reader->arrived - early);
    }
    reader->start += smaller_size(size, eddyi_reader_size(reader));
    reader->scanned = 0; /* of a read that may be parked */
}

size_t eddy_reader_buffered(const struct eddy_reader *reader)
{
    return eddyi_reader_size(reader) + reader->arrived;
}

/* ---- As a transport -------------------------------------------------------------------- */

static ssize_t reader_read(void *subject, void *buffer, size_t size, struct eddy_waiter *waiter)
{
    return eddy_reader_read(subject, buffer, size, waiter);
}

static ssize_t reader_try_read(void *subject, void *buffer, size_t size)
{
    struct eddy_reader *reader = subject;
    int error = eddyi_reader_begin(reader);
    if (error == 0) {
        error = eddyi_reader_settle_arrived(reader);
    }
    if (error < 0 || size == 0) {
        return error;
    }
    return eddyi_reader_size(reader) > 0 ? (ssize_t)move_out(reader, buffer, size)
                                         : eddy_transport_try_read(reader->transport, buffer, size);
}

static ssize_t reader_write(void *subject, const void *data, size_t size, struct eddy_waiter *waiter)
{
    const struct eddy_reader *reader = subject;
    return eddy_transport_write(reader->transport, data, size, waiter);
}

static ssize_t reader_writev(void *subject, const struct iovec *parts, size_t count, struct eddy_waiter *waiter)
{
    const struct eddy_reader *reader = subject;
    return reader->transport.kind->writev(reader->transport.subject, parts, count, waiter);
}

static ssize_t reader_try_write(void *subject, const void *data, size_t size)
{
    const struct eddy_reader *reader = subject;
    return eddy_transport_try_write(reader->transport, data, size);
}

static size_t reader_sent(const void *subject)
{
    const struct eddy_reader *reader = subject;
    return eddy_transport_sent(reader->transport);
}

static int reader_shutdown(void *subject)
{
    const struct eddy_reader *reader = subject;
    return eddy_transport_shutdown(reader->transport);
}

static void reader_close(void *subject)
{
    struct eddy_reader *reader = subject;
    if (reader->transport.kind != NULL) {
        eddy_reader_fini(reader);
        eddy_transport_close(reader->transport);
    }
}

static ssize_t reader_wait(void *subject, struct eddy_waiter *waiter)
{
    static const struct eddy_wait_kind kind = {.name = "readable", .unpark = eddyi_reader_unpark, .expiry = -ETIMEDOUT};
    struct eddy_reader *reader = subject;
    int error = eddyi_reader_begin(reader);
    if (error < 0 || eddy_reader_buffered(reader) > 0) {
        return error < 0 ? error : eddyi_wait_settle(waiter, 1);
    }
    return eddyi_reader_wait(reader, &kind, waiter);
}

static struct eddy_stream *reader_stream(void *subject)
{
    const struct eddy_reader *reader = subject;
    return eddy_reader_buffered(reader) == 0 ? eddy_transport_stream(reader->transport) : NULL;
}

struct eddy_transport eddy_reader_transport(struct eddy_reader *reader)
{
    static const struct eddy_transport_kind kind = {
        .name = "reader",
        .read = reader_read,
        .try_read = reader_try_read,
        .write = reader_write,
        .try_write = reader_try_write,
        .sent = reader_sent,
        .shutdown = reader_shutdown,
        .close = reader_close,
        .wait = reader_wait,
        .stream = reader_stream,
    };
    static const struct eddy_transport_kind gathering = {
        .name = "reader",
        .read = reader_read,
        .try_read = reader_try_read,
        .write = reader_write,
        .writev = reader_writev,
        .try_write = reader_try_write,
        .sent = reader_sent,
        .shutdown = reader_shutdown,
        .close = reader_close,
        .wait = reader_wait,
        .stream = reader_stream,
    };
    bool gathers = reader->transport.kind->writev != NULL;
    return (struct eddy_transport){gathers ? &gathering : &kind, reader};
}
