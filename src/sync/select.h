/* For whom a waiter waits. */
#ifndef EDDYI_SYNC_SELECT_H
#define EDDYI_SYNC_SELECT_H

#include <eddy/select.h>

static inline struct eddy_waiter *eddyi_principal(struct eddy_waiter *waiter)
{
    while (waiter->arm) { /* a select may be an arm of another */
        waiter = EDDY_CONTAINER(waiter, struct eddy_arm, waiter)->select->principal;
    }
    return waiter;
}

#endif
