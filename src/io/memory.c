/* Bytes go from a writer through the reader's ring. A parked reader takes them in its own turn, right before its wake. A
 * writer is parked only while the ring is full. The last `held` bytes of the ring have not arrived yet. */
#include <eddy/memory.h>

#include "base/wait.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

void eddy_memory_open(struct eddy_memory *one, void *one_buffer, size_t one_size, struct eddy_memory *other,
                      void *other_buffer, size_t other_size)
{
    assert(one_size > 0 && other_size > 0 && "a stream has room for a byte");
    *one = (struct eddy_memory){.peer = other, .buffer = one_buffer, .size = one_size, .is_open = true};
    *other = (struct eddy_memory){.peer = one, .buffer = other_buffer, .size = other_size, .is_open = true};
}

/* ---- The ring -------------------------------------------------------------------------- */

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t take_bytes(struct eddy_memory *memory, char *buffer, size_t size)
{
    size_t count = smaller(size, memory->length - memory->held);
    size_t first = smaller(count, memory->size - memory->head);
    memcpy(buffer, memory->buffer + memory->head, first);
    memcpy(buffer + first, memory->buffer, count - first);
    memory->head = (memory->head + count) % memory->size;
    memory->length -= count;
    return count;
}

static size_t put_bytes(struct eddy_memory *memory, const char *data, size_t size)
{
    size_t count = smaller(size, memory->size - memory->length);
    size_t tail = (memory->head + memory->length) % memory->size;
    size_t first = smaller(count, memory->size - tail);
    memcpy(memory->buffer + tail, data, first);
    memcpy(memory->buffer, data + first, count - first);
    memory->length += count;
    return count;
}

static void wake_reader(struct eddy_memory *memory, ssize_t result)
{
    struct eddy_waiter *waiter = memory->reader;
    if (waiter != NULL) {
        memory->reader = NULL;
        eddy_wait_wake(waiter, result);
    }
}

static void wake_writer(struct eddy_memory *memory, ssize_t result)
{
    struct eddy_waiter *waiter = memory->writer;
    if (waiter != NULL) {
        memory->writer = NULL;
        eddy_wait_wake(waiter, result);
    }
}

/* The bytes that have arrived. */
static size_t arrived(const struct eddy_memory *memory)
{
    return memory->length - memory->held;
}

static bool has_ended(const struct eddy_memory *memory)
{
    return memory->at_end && memory->length == 0;
}

/* The reader has something to look at, in its own turn. */
static void tell_reader(struct eddy_memory *memory)
{
    if (memory->reader != NULL && (arrived(memory) > 0 || has_ended(memory))) {
        eddy_wait_retry(memory->reader);
    }
}

/* Send as much as there is room for. */
static size_t pass_on(struct eddy_memory *from, const char *data, size_t size)
{
    struct eddy_memory *to = from->peer;
    size_t count = put_bytes(to, data, size);
    to->held += to->is_held ? count : 0;
    from->sent += count;
    tell_reader(to);
    return count;
}

/* There is room again: let the parked writer of the other end go on. */
static void pull(struct eddy_memory *memory)
{
    struct eddy_memory *from = memory->peer;
    if (from != NULL && from->writer != NULL) {
        struct eddy_waiter *waiter = from->writer;
        size_t count = pass_on(from, waiter->transfer.data, waiter->size);
        waiter->transfer.data += count;
        waiter->size -= (uint32_t)count;
        if (waiter->size == 0) {
            wake_writer(from, (ssize_t)from->sent);
        }
    }
}

/* Receive up to `size` bytes, also more than the ring has: what a writer waits with follows. */
static size_t receive_bytes(struct eddy_memory *memory, char *buffer, size_t size)
{
    size_t count = 0, more;
    while ((more = take_bytes(memory, buffer + count, size - count)) > 0) {
        count += more;
        pull(memory);
    }
    return count;
}

/* ---- Reading and writing --------------------------------------------------------------- */

static void unpark_memory_reader(struct eddy_waiter *waiter)
{
    ((struct eddy_memory *)waiter->transfer.subject)->reader = NULL;
}

static void unpark_memory_writer(struct eddy_waiter *waiter)
{
    ((struct eddy_memory *)waiter->transfer.subject)->writer = NULL;
}

static ssize_t complete_memory_read(struct eddy_waiter *waiter)
{
    struct eddy_memory *memory = waiter->transfer.subject;
    memory->reader = NULL; /* or what is pulled would tell it */
    size_t count = receive_bytes(memory, waiter->transfer.data, waiter->size);
    if (count == 0 && !has_ended(memory)) {
        memory->reader = waiter;
        return EDDY_PENDING;
    }
    return (ssize_t)count;
}

static const struct eddy_wait_kind memory_read_kind = {
    .name = "read", .unpark = unpark_memory_reader, .complete = complete_memory_read, .expiry = -ETIMEDOUT};
static const struct eddy_wait_kind memory_write_kind = {
    .name = "write", .unpark = unpark_memory_writer, .expiry = -ETIMEDOUT};

static int refuse(const struct eddy_memory *memory, size_t size)
{
    return !memory->is_open ? -ESHUTDOWN : size > INT32_MAX ? -EINVAL : 0;
}

static int park_transfer(struct eddy_memory *memory, void *data, size_t size, struct eddy_waiter *waiter,
                         const struct eddy_wait_kind *kind)
{
    eddyi_wait_check_memory(waiter, data);
    waiter->transfer.subject = memory;
    waiter->transfer.data = data;
    waiter->size = (uint32_t)size;
    return eddyi_wait_park(waiter, kind);
}

ssize_t eddy_memory_try_read(struct eddy_memory *memory, void *buffer, size_t size)
{
    int error = refuse(memory, size);
    if (error < 0 || memory->reader != NULL) {
        return error < 0 ? error : -EBUSY;
    }
    size_t count = size > 0 ? receive_bytes(memory, buffer, size) : 0; /* no buffer is needed for nothing */
    return count > 0 || size == 0 || has_ended(memory) ? (ssize_t)count : -EAGAIN;
}

ssize_t eddy_memory_read(struct eddy_memory *memory, void *buffer, size_t size, struct eddy_waiter *waiter)
{
    if (eddyi_is_forked(waiter->scheduler)) {
        return -ECHILD;
    }
    ssize_t result = eddy_memory_try_read(memory, buffer, size);
    if (result != -EAGAIN) {
        return result < 0 ? result : eddyi_wait_settle(waiter, result);
    }
    memory->reader = waiter;
    return park_transfer(memory, buffer, size, waiter, &memory_read_kind);
}

ssize_t eddy_memory_try_write(struct eddy_memory *memory, const void *data, size_t size)
{
    int error = refuse(memory, size);
    if (memory->writer != NULL) {
        return error < 0 ? error : -EBUSY;
    }
    memory->sent = 0;
    if (error < 0) {
        return error;
    }
    if (memory->is_shut || memory->peer == NULL) {
        return memory->is_shut ? -ESHUTDOWN : -EPIPE;
    }
    size_t count = size > 0 ? pass_on(memory, data, size) : 0;
    return count > 0 || size == 0 ? (ssize_t)count : -EAGAIN;
}

ssize_t eddy_memory_write(struct eddy_memory *memory, const void *data, size_t size, struct eddy_waiter *waiter)
{
    if (eddyi_is_forked(waiter->scheduler)) {
        return -ECHILD;
    }
    ssize_t result = eddy_memory_try_write(memory, data, size);
    if (result == (ssize_t)size || (result < 0 && result != -EAGAIN)) {
        return result < 0 ? result : eddyi_wait_settle(waiter, result);
    }
    size_t count = result > 0 ? (size_t)result : 0;
    memory->writer = waiter;
    char *rest = (char *)(uintptr_t)data + count; /* only ever read */
    return park_transfer(memory, rest, size - count, waiter, &memory_write_kind);
}

size_t eddy_memory_sent(const struct eddy_memory *memory)
{
    return memory->sent;
}

/* ---- Late bytes ------------------------------------------------------------------------ */

size_t eddy_memory_pump(struct eddy_memory *memory, size_t size)
{
    size_t count = smaller(size, memory->held);
    memory->held -= count;
    tell_reader(memory);
    return count;
}

void eddy_memory_hold(struct eddy_memory *memory, bool is_held)
{
    memory->is_held = is_held;
    if (!is_held) {
        eddy_memory_pump(memory, memory->held);
    }
}

/* ---- The end --------------------------------------------------------------------------- */

int eddy_memory_shutdown(struct eddy_memory *memory)
{
    if (!memory->is_open || memory->is_shut) {
        return -ESHUTDOWN;
    }
    memory->is_shut = true;
    wake_writer(memory, -ESHUTDOWN);
    if (memory->peer != NULL) {
        memory->peer->at_end = true;
        tell_reader(memory->peer);
    }
    return 0;
}

void eddy_memory_close(struct eddy_memory *memory)
{
    if (!memory->is_open) {
        return;
    }
    struct eddy_memory *peer = memory->peer;
    memory->is_open = false;
    memory->peer = NULL;
    memory->length = 0;
    memory->held = 0;
    wake_reader(memory, -ESHUTDOWN);
    wake_writer(memory, -ESHUTDOWN);
    if (peer != NULL) {
        peer->peer = NULL;
        peer->at_end = true;
        tell_reader(peer);
        wake_writer(peer, -EPIPE);
    }
}
