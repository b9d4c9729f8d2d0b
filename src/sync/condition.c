/* A notified waiter is moved to the lock's queue and stays there: a notification is never lost with a cancel. */
#include <eddy/condition.h>

#include "base/wait.h"
#include "sync/lock.h"

#include <errno.h>

/* Take `waiter` out of the condition's queue. */
static void leave_condition(struct eddy_condition *condition, struct eddy_waiter *waiter)
{
    eddy_list_remove(&waiter->link);
    if (eddy_waitq_is_empty(&condition->waits.waiters)) {
        eddy_list_remove(&condition->waits.link);
    }
}

static void unpark_condition(struct eddy_waiter *waiter)
{
    leave_condition(waiter->queue, waiter);
}

static void abort_condition(struct eddy_waiter *waiter, ssize_t result)
{
    struct eddy_condition *condition = waiter->queue;
    leave_condition(condition, waiter);
    eddyi_lock_regain(condition->lock, waiter, (int)result);
}

static const struct eddy_wait_kind condition_kind = {
    .name = "condition", .unpark = unpark_condition, .abort = abort_condition, .expiry = -ETIMEDOUT};

void eddy_condition_init(struct eddy_condition *condition, struct eddy_lock *lock)
{
    eddy_waitq_init(&condition->waits.waiters);
    eddy_list_init(&condition->waits.link);
    condition->lock = lock;
    condition->notified = 0;
}

int eddy_condition_fini(struct eddy_condition *condition)
{
    return eddy_waitq_is_empty(&condition->waits.waiters) ? 0 : -EBUSY;
}

int eddy_condition_wait(struct eddy_condition *condition, struct eddy_waiter *waiter)
{
    if (eddyi_is_forked(waiter->scheduler)) {
        return -ECHILD;
    }
    if (waiter->arm) {
        return -EINVAL;
    }
    if (condition->lock->owner != waiter) {
        return -EPERM;
    }
    if (eddy_waitq_is_empty(&condition->waits.waiters)) {
        eddy_list_append(&condition->lock->conditions, &condition->waits.link);
    }
    eddyi_lock_hand_over(condition->lock);
    return eddy_waitq_park(&condition->waits.waiters, waiter, &condition_kind, condition);
}

static bool may_notify(const struct eddy_condition *condition)
{
    const struct eddy_waiter *owner = condition->lock->owner;
    return owner != NULL && (owner->scheduler->running == NULL || owner->scheduler->running == owner);
}

ssize_t eddy_condition_notify(struct eddy_condition *condition, size_t count)
{
    if (!may_notify(condition)) {
        return -EPERM;
    }
    size_t notified = 0;
    struct eddy_waiter *waiter;
    for (; notified < count && (waiter = eddy_waitq_first(&condition->waits.waiters)) != NULL; notified++) {
        leave_condition(condition, waiter);
        eddyi_lock_regain(condition->lock, waiter, 0);
    }
    condition->notified += notified;
    return (ssize_t)notified;
}

ssize_t eddy_condition_notify_all(struct eddy_condition *condition)
{
    return eddy_condition_notify(condition, SIZE_MAX);
}

size_t eddy_condition_waiting(const struct eddy_condition *condition)
{
    return eddy_waitq_length(&condition->waits.waiters);
}
