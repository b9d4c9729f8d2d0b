#include <eddy/latest.h>

#include "base/wait.h"

#include <errno.h>

static const struct eddy_wait_kind change_kind = {.name = "change", .unpark = eddy_waitq_unpark, .expiry = -ETIMEDOUT};

void eddy_latest_init(struct eddy_latest *latest, void *value)
{
    *latest = (struct eddy_latest){.value = value};
    eddy_waitq_init(&latest->waiters);
}

int eddy_latest_fini(struct eddy_latest *latest)
{
    return eddy_waitq_is_empty(&latest->waiters) ? 0 : -EBUSY;
}

int eddy_latest_set(struct eddy_latest *latest, void *value, void **old)
{
    if (latest->is_closed) {
        return -ESHUTDOWN;
    }
    if (old != NULL) {
        *old = latest->value;
    }
    latest->value = value;
    latest->version++;
    struct eddy_waiter *waiter;
    while ((waiter = eddy_waitq_first(&latest->waiters)) != NULL) {
        ((struct eddy_reader *)waiter->queue)->seen = latest->version;
        eddy_waitq_wake(waiter, 0);
    }
    return 0;
}

void eddy_latest_close(struct eddy_latest *latest)
{
    latest->is_closed = true;
    eddy_waitq_wake_all(&latest->waiters, -ENODATA);
}

void eddy_reader_open(struct eddy_reader *reader, struct eddy_latest *latest)
{
    reader->latest = latest;
    reader->seen = latest->version;
}

int eddy_reader_try(struct eddy_reader *reader)
{
    struct eddy_latest *latest = reader->latest;
    if (reader->seen == latest->version) {
        return latest->is_closed ? -ENODATA : -EAGAIN;
    }
    reader->seen = latest->version;
    return 0;
}

int eddy_reader_changed(struct eddy_reader *reader, struct eddy_waiter *waiter)
{
    if (eddyi_is_forked(waiter->scheduler)) {
        return -ECHILD;
    }
    int result = eddy_reader_try(reader);
    if (result == -EAGAIN) {
        return eddy_waitq_park(&reader->latest->waiters, waiter, &change_kind, reader);
    }
    return result == 0 ? (int)eddyi_wait_settle(waiter, 0) : result;
}

void *eddy_reader_value(struct eddy_reader *reader)
{
    reader->seen = reader->latest->version;
    return reader->latest->value;
}
