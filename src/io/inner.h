/* A waiter of the library's own that waits in the place of a user's: both are parked, and count as one wait. The
 * user's is parked in a wait that is internal, so that whether there is hope depends on the inner one. */
#ifndef EDDYI_IO_INNER_H
#define EDDYI_IO_INNER_H

#include "base/wait.h"

/* The answer of the operation that was given `inner`. */
static inline ssize_t eddyi_inner_begun(struct eddy_waiter *inner, ssize_t answer)
{
    inner->scheduler->arms += answer == EDDY_PENDING;
    return answer;
}

/* Its wake has come: first thing in it. Returns the result. */
static inline ssize_t eddyi_inner_woken(struct eddy_waiter *inner)
{
    inner->scheduler->arms--;
    return inner->result;
}

/* eddy_wait_withdraw(), and as there 0 if it is not waiting. */
static inline ssize_t eddyi_inner_withdraw(struct eddy_waiter *inner)
{
    if (inner->scheduler != NULL && inner->state != EDDYI_IDLE) {
        inner->scheduler->arms--;
        return eddy_wait_withdraw(inner);
    }
    return 0;
}

/* Last thing in it: the wait of the user's waiter is over, and this is its turn. It may free what the inner one is
 * in. */
static inline void eddyi_inner_finish(struct eddy_waiter *waiter, ssize_t result)
{
    if (__builtin_expect(waiter->arm || eddyi_is_observed(waiter->scheduler), 0)) {
        eddyi_wait_wake(waiter, result);
    } else {
        eddyi_wait_finish(waiter, waiter->kind, result);
    }
}

/* eddy_wait_settle() for `result` bytes: many cost more. */
static inline ssize_t eddyi_inner_settle(struct eddy_waiter *waiter, ssize_t result)
{
    waiter->scheduler->budget -= result > 0 ? (int)(result >> 14) : 0;
    return eddyi_wait_settle(waiter, result);
}

#endif
