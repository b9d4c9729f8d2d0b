#include <eddy/once.h>

#include "base/wait.h"
#include "sync/held.h"
#include "sync/select.h"

#include <errno.h>

static const struct eddy_wait_kind once_kind = {.name = "once", .unpark = eddy_waitq_unpark, .expiry = -ETIMEDOUT};

void eddy_once_init(struct eddy_once *once)
{
    *once = (struct eddy_once){.runner = NULL};
    eddy_waitq_init(&once->waiters);
}

int eddy_once_fini(struct eddy_once *once)
{
    return once->runner != NULL || !eddy_waitq_is_empty(&once->waiters) ? -EBUSY : 0;
}

static void abandon_once(struct eddyi_held *held);

static void begin_attempt(struct eddy_once *once, struct eddy_waiter *waiter)
{
    once->runner = eddyi_principal(waiter);
    once->attempts++;
    eddyi_held_take(&once->held, once->runner, abandon_once);
}

int eddy_once_try(struct eddy_once *once, struct eddy_waiter *waiter)
{
    if (eddyi_is_forked(waiter->scheduler)) {
        return -ECHILD;
    }
    if (once->done) {
        return 0;
    }
    if (once->runner != NULL) {
        return once->runner == eddyi_principal(waiter) ? -EDEADLK : -EAGAIN;
    }
    begin_attempt(once, waiter);
    return 1;
}

int eddy_once_begin(struct eddy_once *once, struct eddy_waiter *waiter)
{
    int result = eddy_once_try(once, waiter);
    if (result == -EAGAIN) {
        return eddy_waitq_park(&once->waiters, waiter, &once_kind, once);
    }
    return result >= 0 ? (int)eddyi_wait_settle(waiter, result) : result;
}

int eddy_once_done(struct eddy_once *once)
{
    if (once->runner == NULL) {
        return -EINVAL;
    }
    eddyi_held_give(&once->held);
    once->runner = NULL;
    once->done = true;
    eddy_waitq_wake_all(&once->waiters, 0);
    return 0;
}

int eddy_once_give_up(struct eddy_once *once)
{
    if (once->runner == NULL) {
        return -EINVAL;
    }
    struct eddy_waiter *next = eddy_waitq_first(&once->waiters);
    eddyi_held_give(&once->held);
    once->runner = NULL;
    if (next != NULL) {
        begin_attempt(once, next);
        eddy_waitq_wake(next, 1);
    }
    return 0;
}

/* A task has ended without getting it done. */
static void abandon_once(struct eddyi_held *held)
{
    (void)eddy_once_give_up(EDDY_CONTAINER(held, struct eddy_once, held));
}

/* At the end of an EDDY_ONCE: who runs is still at it only if it did not get done. */
void eddyi_once_leave(void *subject)
{
    struct eddy_once *once = subject;
    if (once->runner != NULL && once->runner->scheduler->running == once->runner) {
        (void)eddy_once_give_up(once);
    }
}
