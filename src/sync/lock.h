/* What a condition does with its lock. */
#ifndef EDDYI_SYNC_LOCK_H
#define EDDYI_SYNC_LOCK_H

#include <eddy/lock.h>

/* Give the lock away though its owner, `waiter`, is not the one that runs. */
void eddyi_lock_hand_over(struct eddy_lock *lock);

/* A parked waiter, in no queue, is to own the lock before it is woken with `result`: at once, or in its turn, which no
 * cancel and no deadline prevents. */
void eddyi_lock_regain(struct eddy_lock *lock, struct eddy_waiter *waiter, int result);

#endif
