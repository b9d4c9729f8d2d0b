#include <eddy/notify.h>

#include "base/wait.h"

#include <errno.h>

static const struct eddy_wait_kind notify_kind = {
    .name = "notification", .unpark = eddy_waitq_unpark, .expiry = -ETIMEDOUT};

void eddy_notify_init(struct eddy_notify *notify)
{
    eddy_waitq_init(&notify->waiters);
    notify->permit = false;
    notify->notified = 0;
}

int eddy_notify_fini(struct eddy_notify *notify)
{
    return eddy_waitq_is_empty(&notify->waiters) ? 0 : -EBUSY;
}

static void notify_whom(struct eddy_notify *notify, struct eddy_waiter *waiter)
{
    if (waiter != NULL) {
        notify->notified++;
        eddy_waitq_wake(waiter, 0);
    } else {
        notify->permit = true;
    }
}

void eddy_notify_one(struct eddy_notify *notify)
{
    notify_whom(notify, eddy_waitq_first(&notify->waiters));
}

void eddy_notify_last(struct eddy_notify *notify)
{
    notify_whom(notify, eddy_waitq_last(&notify->waiters));
}

size_t eddy_notify_all(struct eddy_notify *notify)
{
    size_t count = eddy_waitq_wake_all(&notify->waiters, 0);
    notify->notified += count;
    return count;
}

int eddy_notify_try(struct eddy_notify *notify)
{
    if (!notify->permit) {
        return -EAGAIN;
    }
    notify->permit = false;
    notify->notified++;
    return 0;
}

int eddy_notify_wait(struct eddy_notify *notify, struct eddy_waiter *waiter)
{
    if (eddyi_is_forked(waiter->scheduler)) {
        return -ECHILD;
    }
    if (eddy_notify_try(notify) == 0) {
        return (int)eddyi_wait_settle(waiter, 0);
    }
    return eddy_waitq_park(&notify->waiters, waiter, &notify_kind, notify);
}

size_t eddy_notify_waiting(const struct eddy_notify *notify)
{
    return eddy_waitq_length(&notify->waiters);
}
