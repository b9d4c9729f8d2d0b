#ifndef EDDYI_BASE_TIMERS_H
#define EDDYI_BASE_TIMERS_H

#include <eddy/timers.h>

/* What is most often wanted of an armed timer: in the wheel a later deadline is only stored, for its slot
 * comes up no later than that. False: it must be filed. */
static inline bool eddyi_timers_put_off(struct eddy_timers *timers, struct eddy_timer *timer, eddy_ns deadline)
{
    if (timer->place == NULL || deadline < timer->deadline || deadline == EDDY_FOREVER ||
        timer->deadline < timers->horizon_ns) {
        return false;
    }
    timer->deadline = deadline;
    timer->order = (timers->order += 2) | (timer->order & 1);
    return true;
}

#endif
