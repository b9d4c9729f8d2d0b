/* eddy/condition.h - wait, with a lock, until what it guards has changed.
 *
 *     EDDY_LOCK(&my->guard, &lock) {
 *         while (!ready) EDDY_AWAIT(eddy_condition_wait(&changed, me));
 *         ...
 *     }
 *
 * Look at eddy/notify.h, eddy/event.h and eddy/channel.h first: they are simpler to use well.
 */
#ifndef EDDY_CONDITION_H
#define EDDY_CONDITION_H

#include <eddy/lock.h>
#include <eddy/waitq.h>

EDDY_BEGIN_DECLS

/* The caller owns the memory. */
struct eddy_condition {
    /* private */
    struct eddyi_condition_waits waits;
    struct eddy_lock *lock;
    /* read-only */
    uint64_t notified; /* waits that a notification ended */
};

/* A condition of what `lock` guards; it may have several. */
EDDY_API void eddy_condition_init(struct eddy_condition *condition, struct eddy_lock *lock);

/* -EBUSY: somebody waits. */
EDDY_API int eddy_condition_fini(struct eddy_condition *condition);

/* Release the lock, wait for a notification, and own the lock again. 0. However it ends (but with -EOWNERDEAD, and by
 * eddy_wait_withdraw(), which may use up a notification), the lock is owned: when it is
 * cancelled or its deadline comes (-ETIMEDOUT) before a notification, it first waits for the lock, which nothing
 * ends. Once notified it returns 0 in any case. -EPERM: `waiter` does not own the lock; -EINVAL: it is an
 * arm of a select; -EOWNERDEAD: a task ended that
 * owned the lock, which is then not owned; -ECHILD. */
EDDY_API int eddy_condition_wait(struct eddy_condition *condition, struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* Have the first `count` that wait go on, one after the other, as they get the lock. Returns how many there were; -EPERM: who
 * runs does not own the lock. */
EDDY_API ssize_t eddy_condition_notify(struct eddy_condition *condition, size_t count);
EDDY_API ssize_t eddy_condition_notify_all(struct eddy_condition *condition);

/* How many wait. */
EDDY_API size_t eddy_condition_waiting(const struct eddy_condition *condition);

EDDY_END_DECLS

#endif
