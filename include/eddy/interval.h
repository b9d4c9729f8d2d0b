/* eddy/interval.h - wait for one tick after another.
 *
 *     eddy_interval_init(&my->every, EDDY_SEC(1), EDDY_SKIP, me);
 *     for (;;) {
 *         EDDY_AWAIT(my->missed, eddy_interval_next(&my->every, me));
 *         ...
 *     }
 */
#ifndef EDDY_INTERVAL_H
#define EDDY_INTERVAL_H

#include <eddy/wait.h>

EDDY_BEGIN_DECLS

/* What happens when the work between two ticks took longer than the span. */
enum eddy_interval_policy {
    EDDY_BURST, /* each tick that was missed comes, one at once after the other */
    EDDY_DELAY, /* the next tick is a span after this one was taken */
    EDDY_SKIP,  /* the missed ticks are left out; the next is where it would have been anyway */
};

/* The caller owns the memory; there is no fini. */
struct eddy_interval {
    /* read-only */
    eddy_ns next; /* when the next tick is due */
    eddy_ns span;
    enum eddy_interval_policy policy;
};

/* Ticks every `span` > 0 (less counts as 1 ns), the first a span from this moment. */
EDDY_API void eddy_interval_init(struct eddy_interval *interval, eddy_ns span, enum eddy_interval_policy policy,
                                 const struct eddy_waiter *waiter);

/* Wait until the next tick. Returns how many ticks were missed before it: only EDDY_SKIP ever leaves any out, else 0.
 * At most INT_MAX. Cancelled it has taken no tick. eddy_wait_until() moves the tick, as it does a sleep: limit the wait by
 * EDDY_TIMEOUT. -ECHILD. */
EDDY_API int eddy_interval_next(struct eddy_interval *interval, struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

EDDY_END_DECLS

#endif
