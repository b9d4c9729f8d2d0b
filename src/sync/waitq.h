/* eddy_waitq_wake(), for the ways that every item goes. */
#ifndef EDDYI_SYNC_WAITQ_H
#define EDDYI_SYNC_WAITQ_H

#include <eddy/waitq.h>

#include "base/wait.h"

static inline void eddyi_waitq_wake(struct eddy_waiter *waiter, ssize_t result)
{
    eddy_list_remove(&waiter->link);
    eddyi_wait_wake(waiter, result);
}

#endif
