/* eddy/timer.h - a deadline that can be armed: the node in a queue of deadlines.
 *
 * It stands in what waits: every struct eddy_waiter has one. The queue is eddy/timers.h.
 */
#ifndef EDDY_TIMER_H
#define EDDY_TIMER_H

#include <eddy/time.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct eddy_timer {
    /* read-only */
    eddy_ns deadline;
    /* private */
    uint64_t order;            /* of arming: settles ties; odd: not the timer of a waiter */
    struct eddy_timer **place; /* the pointer that points here; NULL: not armed */
    struct eddy_timer *next;
    struct eddy_timer *child;
};

/* Make `timer` one that is not armed. */
static inline void eddy_timer_init(struct eddy_timer *timer)
{
    timer->order = 0;
    timer->place = NULL;
    timer->child = NULL;
}

static inline bool eddy_timer_is_armed(const struct eddy_timer *timer)
{
    return timer->place != NULL;
}

#endif
