/* Order among timers. */
#ifndef EDDYI_BASE_TIMER_H
#define EDDYI_BASE_TIMER_H

#include <eddy/timer.h>

/* The wheel's unit of time: 2^20 ns, some 1.05 ms. */
#define EDDYI_TICK_BITS 20

static inline bool eddyi_timer_is_before(const struct eddy_timer *a, const struct eddy_timer *b)
{
    return a->deadline < b->deadline || (a->deadline == b->deadline && a->order < b->order);
}

/* Sort a list, linked by `next` alone, of `count` timers of one tick; equal deadlines by order of arming. */
struct eddy_timer *eddyi_timers_sort(struct eddy_timer *timers, size_t count);

bool eddyi_timers_are_sorted(const struct eddy_timer *timer);

#endif
