/* eddy/timers.h - a queue of deadlines: exact to the ns, ties first come first served.
 *
 *     eddy_timers_arm(&timers, &t, deadline);
 *     while ((due = eddy_timers_pop(&timers, now)) != NULL) { ... }
 *
 * Pure data, and nothing here allocates or fails: the node stands in what waits.
 * Programs use eddy_sleep() and eddy_wait_until(); this is what they stand on.
 *
 * Far deadlines lie in a hierarchical wheel (G. Varghese and A. Lauck, 1987). A slot is sorted
 * when its time is next; what is armed later for before that lies in a pairing heap (M. Fredman
 * and others, 1986). So arm and disarm are O(1) but for few, order and next deadline exact. A later
 * deadline for a timer that is in the wheel is only stored: it is filed again when its old slot
 * comes up.
 */
#ifndef EDDY_TIMERS_H
#define EDDY_TIMERS_H

#include <eddy/api.h>
#include <eddy/time.h>
#include <eddy/timer.h>
#include <stddef.h>

EDDY_BEGIN_DECLS

#define EDDY_TIMERS_LEVELS 6
#define EDDY_TIMERS_SLOTS 256

struct eddy_timers {
    /* read-only */
    size_t armed;
    /* private */
    uint64_t order;
    uint64_t horizon;        /* in ticks: the wheel holds what is due after, list and heap the rest */
    eddy_ns horizon_ns;      /* the same in ns */
    struct eddy_timer *list; /* sorted */
    struct eddy_timer *near; /* the heap's root */
    uint64_t filled[EDDY_TIMERS_LEVELS][EDDY_TIMERS_SLOTS / 64];
    struct eddy_timer *slots[EDDY_TIMERS_LEVELS][EDDY_TIMERS_SLOTS];
};

/* Start an empty queue whose time begins at `now`. */
EDDY_API void eddy_timers_init(struct eddy_timers *timers, eddy_ns now);

/* Arm `timer`, or move it when it is armed. EDDY_FOREVER disarms it. */
EDDY_API void eddy_timers_arm(struct eddy_timers *timers, struct eddy_timer *timer, eddy_ns deadline);

/* Take `timer` out at once; does nothing when it is not armed. */
EDDY_API void eddy_timers_disarm(struct eddy_timers *timers, struct eddy_timer *timer);

/* The earliest deadline, exactly; EDDY_FOREVER when nothing is armed. */
EDDY_API eddy_ns eddy_timers_next(struct eddy_timers *timers);

/* Take out and return the earliest timer with deadline <= now; NULL: none is due. */
EDDY_API struct eddy_timer *eddy_timers_pop(struct eddy_timers *timers, eddy_ns now);

EDDY_END_DECLS

#endif
