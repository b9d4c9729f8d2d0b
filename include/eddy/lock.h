/* eddy/lock.h - a fair lock that knows its owner.
 *
 *     EDDY_LOCK(&my->guard, &my->account->lock) {
 *         ...                                        awaits may stand here
 *     }
 *
 * A lock is needed only where awaits stand between what must not be seen half done: without an await nobody else
 * runs. Waiters are served in the order they came, and nobody overtakes them; a release hands the lock to the first,
 * before that one runs. The owner is who waits (a task's `me`), or who selects.
 */
#ifndef EDDY_LOCK_H
#define EDDY_LOCK_H

#include <eddy/scope.h>
#include <eddy/waitq.h>

EDDY_BEGIN_DECLS

/* Those who wait for a condition of a lock. */
struct eddyi_condition_waits {
    struct eddy_list link; /* in the lock's list, while somebody waits */
    struct eddy_waitq waiters;
};

/* The caller owns the memory. */
struct eddy_lock {
    /* private */
    struct eddyi_held held;
    struct eddy_waitq waiters;
    struct eddy_list conditions;
    /* read-only */
    struct eddy_waiter *owner; /* NULL: free */
    uint64_t acquired;         /* how often */
    uint64_t contended;        /* of them, after waiting */
    char dead_owner[32];       /* the name of the task that ended while it owned the lock; "": none has */
};

/* A lock that is free. */
EDDY_API void eddy_lock_init(struct eddy_lock *lock);

/* -EBUSY: somebody owns it or waits; it is unchanged. */
EDDY_API int eddy_lock_fini(struct eddy_lock *lock);

/* Own the lock. 0. -EDEADLK: `waiter` owns it already, or its owner waits, perhaps through others, for a lock that
 * `waiter` owns: the log is told who waits where; -EOWNERDEAD: a task ended without releasing it, so what it guards
 * may be half done: it is so for everybody until eddy_lock_init(); -ECHILD. */
EDDY_API int eddy_lock_acquire(struct eddy_lock *lock, struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* The same without waiting. -EAGAIN: it is owned. */
EDDY_API int eddy_lock_try(struct eddy_lock *lock, struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* Hand the lock to the first that waits, or make it free. No checkpoint. 0; -EPERM: who runs is not the owner. (Outside
 * of wakes, as in main(), anybody may.) */
EDDY_API int eddy_lock_release(struct eddy_lock *lock);

/* How many wait. */
EDDY_API size_t eddy_lock_waiting(const struct eddy_lock *lock);

/* For EDDY_LOCK. */
EDDY_API void eddyi_lock_give_back(void *lock);

EDDY_END_DECLS

#ifndef __cplusplus

/* EDDY_LOCK(&my->guard, &lock) { }: own the lock in the block, with a struct eddy_guard. When it cannot be acquired the task
 * fails with the error of eddy_lock_acquire(). */
#define EDDY_LOCK(guard, lock)                                                                      \
    EDDYI_WITH(__COUNTER__, "EDDY_LOCK(" #guard ", " #lock ")", guard, eddy_lock_acquire(lock, me), \
               eddyi_lock_give_back, lock)

#endif

#endif
