#include "support/source.h"

#include <errno.h>
#include <string.h>

static ssize_t take_from_source(struct source *source, void *buffer, size_t size)
{
    if (source->waiter != NULL) {
        return -EBUSY;
    }
    if (source->error < 0) {
        return source->error;
    }
    size_t count = source->arrived - source->at;
    count = count < size ? count : size;
    count = source->most > 0 && count > source->most ? source->most : count;
    if (count == 0 && !(source->has_end && source->at == source->size)) {
        return -EAGAIN;
    }
    memcpy(buffer, source->data + source->at, count);
    source->at += count;
    source->reads++;
    return (ssize_t)count;
}

static ssize_t source_try_read(void *subject, void *buffer, size_t size)
{
    struct source *source = subject;
    return source->is_shy ? -EAGAIN : take_from_source(source, buffer, size);
}

static void unpark_source(struct eddy_waiter *waiter)
{
    ((struct source *)waiter->transfer.subject)->waiter = NULL;
}

static ssize_t complete_source(struct eddy_waiter *waiter)
{
    struct source *source = waiter->transfer.subject;
    source->waiter = NULL;
    if (waiter->transfer.data == NULL) {
        return 1;
    }
    ssize_t count = take_from_source(source, waiter->transfer.data, waiter->size);
    if (count == -EAGAIN) {
        source->waiter = waiter;
        return EDDY_PENDING;
    }
    return count;
}

static ssize_t park(struct source *source, void *buffer, size_t size, struct eddy_waiter *waiter)
{
    static const struct eddy_wait_kind kind = {
        .name = "source", .unpark = unpark_source, .complete = complete_source, .expiry = -ETIMEDOUT};
    if (source->waiter != NULL) {
        return -EBUSY;
    }
    waiter->transfer.subject = source;
    waiter->transfer.data = buffer;
    waiter->size = (uint32_t)size;
    source->waiter = waiter;
    return eddy_wait_park(waiter, &kind);
}

static ssize_t source_read(void *subject, void *buffer, size_t size, struct eddy_waiter *waiter)
{
    ssize_t count = take_from_source(subject, buffer, size);
    return count != -EAGAIN ? eddy_wait_settle(waiter, count) : park(subject, buffer, size, waiter);
}

static ssize_t source_wait(void *subject, struct eddy_waiter *waiter)
{
    return park(subject, NULL, 0, waiter);
}

struct eddy_transport source_transport(struct source *source)
{
    static const struct eddy_transport_kind waiting = {
        .name = "source", .read = source_read, .try_read = source_try_read, .wait = source_wait};
    static const struct eddy_transport_kind reading = {
        .name = "source", .read = source_read, .try_read = source_try_read};
    return (struct eddy_transport){source->waits ? &waiting : &reading, source};
}

void source_feed(struct source *source, size_t size)
{
    size_t left = source->size - source->arrived;
    source->arrived += size < left ? size : left;
    if (source->waiter != NULL) {
        eddy_wait_retry(source->waiter);
    }
}

void source_fail(struct source *source, int error)
{
    source->error = error;
    if (source->waiter != NULL) {
        eddy_wait_retry(source->waiter);
    }
}
