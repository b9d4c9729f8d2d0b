/* What the rest of the library asks of a loop. */
#ifndef EDDYI_LOOP_LOOP_H
#define EDDYI_LOOP_LOOP_H

#include <eddy/loop.h>

#include "base/wait.h"

#include <assert.h>

/* First thing in every call that concerns a loop: false in a child of fork. Calls from another
 * thread cannot be answered at all. */
static inline bool eddyi_loop_is_usable(const struct eddy_loop *loop)
{
    if (eddyi_is_forked(&loop->scheduler)) {
        return false;
    }
    assert(eddy_loop_current() == loop && "a loop is for the thread that started it; others use eddy_post()");
    return true;
}

/* Have the prelude run once, before the loop next looks for events or its run ends. */
static inline void eddyi_loop_before_poll(struct eddy_loop *loop, struct eddyi_prelude *prelude)
{
    if (eddy_list_is_empty(&prelude->link)) {
        eddy_list_append(&loop->preludes, &prelude->link);
    }
}

/* Debug builds begin with a watchdog. It knows tasks, and is in look/watchdog.c: the one call upward. */
void eddyi_watchdog_begin(struct eddy_loop *loop);

/* This thread may start another loop, though this one could not end: it is leaked. */
void eddyi_loop_abandon(struct eddy_loop *loop);

#endif
