/* eddy/once.h - do something once, while whoever else wants it waits.
 *
 *     EDDY_ONCE(&my->guard, &connected) {
 *         EDDY_TRY(my->error, eddy_stream_connect(&connection, loop, &address, me));
 *         eddy_once_done(&connected);
 *     }
 *     // it is done, here, for everybody
 *
 * A body that is left before eddy_once_done(), by failure, cancel or return, has not done it: the next who waits tries.
 */
#ifndef EDDY_ONCE_H
#define EDDY_ONCE_H

#include <eddy/scope.h>
#include <eddy/waitq.h>

EDDY_BEGIN_DECLS

/* The caller owns the memory. */
struct eddy_once {
    /* private */
    struct eddyi_held held;
    struct eddy_waitq waiters;
    /* read-only */
    struct eddy_waiter *runner; /* who is at it; NULL: nobody */
    bool done;
    unsigned attempts; /* how often somebody began */
};

/* Something that is yet to be done. */
EDDY_API void eddy_once_init(struct eddy_once *once);

/* -EBUSY: somebody waits, or is at it. */
EDDY_API int eddy_once_fini(struct eddy_once *once);

/* 0: it is done; 1: it is for you to do: then call eddy_once_done() or eddy_once_give_up(). Waits while another is at it.
 * -EDEADLK: `waiter` is at it itself; -ECHILD. */
EDDY_API int eddy_once_begin(struct eddy_once *once, struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* The same without waiting. -EAGAIN: somebody is at it. */
EDDY_API int eddy_once_try(struct eddy_once *once, struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* It is done. 0; -EINVAL: nobody is at it, or it was done before. */
EDDY_API int eddy_once_done(struct eddy_once *once);

/* It could not be done: the next who waits is to try. 0; -EINVAL. */
EDDY_API int eddy_once_give_up(struct eddy_once *once);

EDDY_API void eddyi_once_leave(void *once);

static inline bool eddyi_once_is_mine(const struct eddy_once *once, const struct eddy_waiter *me)
{
    return once->runner == me;
}

EDDY_END_DECLS

#ifndef __cplusplus

/* EDDY_ONCE(&my->guard, &once) { }: the block runs unless it is done already; while another is at it, it waits. The block calls
 * eddy_once_done(); if it is left before, whoever waits has a try. With an error of eddy_once_begin() the task fails. */
#define EDDY_ONCE(guard, once)                                                                                      \
    EDDYI_WITH(__COUNTER__, "EDDY_ONCE(" #guard ", " #once ")", guard, eddy_once_begin(once, me), eddyi_once_leave, \
               once)                                                                                                \
    if (eddyi_once_is_mine(once, me))

#endif

#endif
