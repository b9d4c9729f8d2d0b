#include <eddy/event.h>

#include "base/wait.h"

#include <errno.h>

static const struct eddy_wait_kind event_kind = {.name = "event", .unpark = eddy_waitq_unpark, .expiry = -ETIMEDOUT};

void eddy_event_init(struct eddy_event *event)
{
    eddy_waitq_init(&event->waiters);
    event->is_set = false;
    event->sets = 0;
}

int eddy_event_fini(struct eddy_event *event)
{
    return eddy_waitq_is_empty(&event->waiters) ? 0 : -EBUSY;
}

void eddy_event_set(struct eddy_event *event)
{
    event->sets += !event->is_set;
    event->is_set = true;
    eddy_waitq_wake_all(&event->waiters, 0);
}

void eddy_event_reset(struct eddy_event *event)
{
    event->is_set = false;
}

int eddy_event_wait(struct eddy_event *event, struct eddy_waiter *waiter)
{
    if (eddyi_is_forked(waiter->scheduler)) {
        return -ECHILD;
    }
    if (event->is_set) {
        return (int)eddyi_wait_settle(waiter, 0);
    }
    return eddy_waitq_park(&event->waiters, waiter, &event_kind, event);
}

int eddy_event_try(const struct eddy_event *event)
{
    return event->is_set ? 0 : -EAGAIN;
}

size_t eddy_event_waiting(const struct eddy_event *event)
{
    return eddy_waitq_length(&event->waiters);
}
