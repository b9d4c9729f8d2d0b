/* eddy/barrier.h - wait until so many have arrived.
 *
 *     EDDY_AWAIT(my->position, eddy_barrier_wait(&all_loaded, me));
 *     if (my->position == 0) ...             one of them does what is to be done once
 */
#ifndef EDDY_BARRIER_H
#define EDDY_BARRIER_H

#include <eddy/waitq.h>

EDDY_BEGIN_DECLS

/* The caller owns the memory. */
struct eddy_barrier {
    /* private */
    struct eddy_waitq waiters;
    /* read-only */
    unsigned parties;
    unsigned arrived;
    uint64_t generation; /* how often it has opened */
    bool broken;
};

/* Opens each time `parties` (at least 1) have arrived. */
EDDY_API void eddy_barrier_init(struct eddy_barrier *barrier, unsigned parties);

/* -EBUSY: somebody waits. */
EDDY_API int eddy_barrier_fini(struct eddy_barrier *barrier);

/* Wait for the others. The order of arrival, from 0 to parties - 1; the last to arrive opens it and does not wait. Who
 * is cancelled before has not arrived. -EPIPE: it was reset, or is broken; -ECHILD. */
EDDY_API int eddy_barrier_wait(struct eddy_barrier *barrier, struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* Send who waits away with -EPIPE, and begin anew. */
EDDY_API void eddy_barrier_reset(struct eddy_barrier *barrier);

/* The same, and everybody who comes is sent away, until eddy_barrier_reset(). */
EDDY_API void eddy_barrier_abort(struct eddy_barrier *barrier);

EDDY_END_DECLS

#endif
