#include <eddy/interval.h>

#include "base/wait.h"

#include <errno.h>

void eddy_interval_init(struct eddy_interval *interval, eddy_ns span, enum eddy_interval_policy policy,
                        const struct eddy_waiter *waiter)
{
    const struct eddy_scheduler *scheduler = waiter->scheduler;
    interval->span = span > 0 ? span : 1;
    interval->policy = policy;
    interval->next = eddy_ns_add(scheduler->clock(scheduler->clock_context), interval->span);
}

/* Take the tick that is due at `now`. The ticks left out. */
static int take_tick(struct eddy_interval *interval, eddy_ns now)
{
    eddy_ns missed = 0;
    switch (interval->policy) {
    case EDDY_BURST:
        interval->next = eddy_ns_add(interval->next, interval->span);
        break;
    case EDDY_DELAY:
        interval->next = eddy_ns_add(now, interval->span);
        break;
    case EDDY_SKIP:
        missed = (now - interval->next) / interval->span;
        interval->next = eddy_ns_add(interval->next + missed * interval->span, interval->span);
        break;
    }
    return missed < INT_MAX ? (int)missed : INT_MAX;
}

static ssize_t complete_tick(struct eddy_waiter *waiter)
{
    struct eddy_interval *interval = waiter->transfer.subject;
    eddy_ns now = eddyi_scheduler_now(waiter->scheduler);
    if (now < interval->next) { /* another who waits has taken it */
        eddy_timers_arm(&waiter->scheduler->timers, &waiter->timer, interval->next);
        return EDDY_PENDING;
    }
    return take_tick(interval, now);
}

static const struct eddy_wait_kind interval_kind = {
    .name = "interval", .complete = complete_tick, .expiry = EDDY_PENDING};

int eddy_interval_next(struct eddy_interval *interval, struct eddy_waiter *waiter)
{
    struct eddy_scheduler *scheduler = waiter->scheduler;
    if (eddyi_is_forked(scheduler)) {
        return -ECHILD;
    }
    eddy_ns now = scheduler->clock(scheduler->clock_context);
    if (now >= interval->next) {
        return (int)eddy_wait_settle(waiter, take_tick(interval, now));
    }
    waiter->transfer.subject = interval;
    eddyi_wait_park(waiter, &interval_kind);
    eddy_timers_arm(&scheduler->timers, &waiter->timer, interval->next);
    return EDDY_PENDING;
}
