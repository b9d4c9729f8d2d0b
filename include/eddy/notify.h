/* eddy/notify.h - wake one who waits, or the next who will: "there is something to do".
 *
 *     for (;;) {
 *         while (work_is_there()) do_it();
 *         EDDY_AWAIT(eddy_notify_wait(&work, me));
 *     }
 *
 * A notification that finds nobody waiting is kept, but only one; so it is never lost between the look and the wait.
 */
#ifndef EDDY_NOTIFY_H
#define EDDY_NOTIFY_H

#include <eddy/waitq.h>

EDDY_BEGIN_DECLS

/* The caller owns the memory. */
struct eddy_notify {
    /* private */
    struct eddy_waitq waiters;
    /* read-only */
    bool permit;       /* a notification is kept */
    uint64_t notified; /* waits that a notification ended */
};

/* No notification is stored, and nobody waits. */
EDDY_API void eddy_notify_init(struct eddy_notify *notify);

/* -EBUSY: somebody waits. */
EDDY_API int eddy_notify_fini(struct eddy_notify *notify);

/* Wake who has waited longest; with nobody there, keep it for the next. */
EDDY_API void eddy_notify_one(struct eddy_notify *notify);

/* Wake who came last; with nobody there, keep it for the next. */
EDDY_API void eddy_notify_last(struct eddy_notify *notify);

/* Wake all who wait now; keep nothing, and leave what is kept. Returns how many. */
EDDY_API size_t eddy_notify_all(struct eddy_notify *notify);

/* Wait for a notification, or take the one that is kept. 0; -ECHILD. */
EDDY_API int eddy_notify_wait(struct eddy_notify *notify, struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* The same without waiting. -EAGAIN: none is kept. */
EDDY_API int eddy_notify_try(struct eddy_notify *notify) EDDY_CHECK_RESULT;

/* How many wait. */
EDDY_API size_t eddy_notify_waiting(const struct eddy_notify *notify);

EDDY_END_DECLS

#endif
