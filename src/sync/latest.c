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
        ((struct eddy_follower *)waiter->queue)->seen = latest->version;
        eddy_waitq_wake(waiter, 0);
    }
    return 0;
}

void eddy_latest_close(struct eddy_latest *latest)
{
    latest->is_closed = true;
    eddy_waitq_wake_all(&latest->waiters, -ENODATA);
}

void eddy_follower_open(struct eddy_follower *follower, struct eddy_latest *latest)
{
    follower->latest = latest;
    follower->seen = latest->version;
}

int eddy_follower_try(struct eddy_follower *follower)
{
    struct eddy_latest *latest = follower->latest;
    if (follower->seen == latest->version) {
        return latest->is_closed ? -ENODATA : -EAGAIN;
    }
    follower->seen = latest->version;
    return 0;
}

int eddy_follower_changed(struct eddy_follower *follower, struct eddy_waiter *waiter)
{
    if (eddyi_is_forked(waiter->scheduler)) {
        return -ECHILD;
    }
    int result = eddy_follower_try(follower);
    if (result == -EAGAIN) {
        return eddy_waitq_park(&follower->latest->waiters, waiter, &change_kind, follower);
    }
    return result == 0 ? (int)eddyi_wait_settle(waiter, 0) : result;
}

void *eddy_follower_value(struct eddy_follower *follower)
{
    follower->seen = follower->latest->version;
    return follower->latest->value;
}
