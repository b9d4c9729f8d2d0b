#include <eddy/barrier.h>

#include "base/wait.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>

static void unpark_barrier(struct eddy_waiter *waiter)
{
    eddy_list_remove(&waiter->link);
    ((struct eddy_barrier *)waiter->queue)->arrived--;
}

static const struct eddy_wait_kind barrier_kind = {.name = "barrier", .unpark = unpark_barrier, .expiry = -ETIMEDOUT};

void eddy_barrier_init(struct eddy_barrier *barrier, unsigned parties)
{
    assert(parties > 0 && parties <= INT_MAX && "somebody comes to a barrier");
    *barrier = (struct eddy_barrier){.parties = parties};
    eddy_waitq_init(&barrier->waiters);
}

int eddy_barrier_fini(struct eddy_barrier *barrier)
{
    return eddy_waitq_is_empty(&barrier->waiters) ? 0 : -EBUSY;
}

int eddy_barrier_wait(struct eddy_barrier *barrier, struct eddy_waiter *waiter)
{
    if (eddyi_is_forked(waiter->scheduler)) {
        return -ECHILD;
    }
    if (barrier->broken) {
        return -EPIPE;
    }
    if (barrier->arrived + 1 < barrier->parties) {
        barrier->arrived++;
        return eddy_waitq_park(&barrier->waiters, waiter, &barrier_kind, barrier);
    }
    barrier->generation++;
    ssize_t position = 0;
    struct eddy_waiter *first;
    for (; (first = eddy_waitq_first(&barrier->waiters)) != NULL; position++) {
        barrier->arrived--;
        eddy_waitq_wake(first, position);
    }
    return (int)eddyi_wait_settle(waiter, position);
}

static void send_away(struct eddy_barrier *barrier)
{
    struct eddy_waiter *first;
    while ((first = eddy_waitq_first(&barrier->waiters)) != NULL) {
        barrier->arrived--;
        eddy_waitq_wake(first, -EPIPE);
    }
}

void eddy_barrier_reset(struct eddy_barrier *barrier)
{
    barrier->broken = false;
    send_away(barrier);
}

void eddy_barrier_abort(struct eddy_barrier *barrier)
{
    barrier->broken = true;
    send_away(barrier);
}
