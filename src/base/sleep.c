#include <eddy/sleep.h>

#include "base/wait.h"

#include <errno.h>

/* All there is to a sleep is its deadline. */
static const struct eddy_wait_kind sleep_kind = {.name = "sleep", .unpark = NULL, .expiry = 0};

int eddy_sleep_until(eddy_ns deadline, struct eddy_waiter *waiter)
{
    if (eddyi_is_forked(waiter->scheduler)) {
        return -ECHILD;
    }
    eddyi_wait_park(waiter, &sleep_kind);
    eddy_timers_arm(&waiter->scheduler->timers, &waiter->timer, deadline);
    return EDDY_PENDING;
}

int eddy_sleep(eddy_ns span, struct eddy_waiter *waiter)
{
    struct eddy_scheduler *scheduler = waiter->scheduler;
    if (span <= 0) {
        return eddy_sleep_until(scheduler->now, waiter); /* past: due in the next turn */
    }
    /* Not from the turn's clock: the step may have been at work for a while. */
    return eddy_sleep_until(eddy_ns_add(scheduler->clock(scheduler->clock_context), span), waiter);
}

int eddy_yield(struct eddy_waiter *waiter)
{
    if (eddyi_is_forked(waiter->scheduler)) {
        return -ECHILD;
    }
    return eddyi_wait_queue(waiter, 0);
}

int eddy_checkpoint(struct eddy_waiter *waiter)
{
    if (eddyi_is_forked(waiter->scheduler)) {
        return -ECHILD;
    }
    return (int)eddyi_wait_settle(waiter, 0);
}
