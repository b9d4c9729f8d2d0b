/* eddy/event.h - a latch: wait until something has happened, however many wait.
 *
 *     EDDY_AWAIT(eddy_event_wait(&ready, me));           somewhere
 *     eddy_event_set(&ready);                            elsewhere
 */
#ifndef EDDY_EVENT_H
#define EDDY_EVENT_H

#include <eddy/waitq.h>

EDDY_BEGIN_DECLS

/* The caller owns the memory. */
struct eddy_event {
    /* private */
    struct eddy_waitq waiters;
    /* read-only */
    bool is_set;
    uint64_t sets; /* how often it was set, when it was not */
};

/* An event that has not happened. */
EDDY_API void eddy_event_init(struct eddy_event *event);

/* -EBUSY: somebody waits. */
EDDY_API int eddy_event_fini(struct eddy_event *event);

/* Set it, and wake who waits now. Again: no effect. */
EDDY_API void eddy_event_set(struct eddy_event *event);

/* Make later waits wait. Who was woken stays woken. */
EDDY_API void eddy_event_reset(struct eddy_event *event);

/* Wait until it is set. 0; -ECHILD. */
EDDY_API int eddy_event_wait(struct eddy_event *event, struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* The same without waiting. -EAGAIN: it is not set. */
EDDY_API int eddy_event_try(const struct eddy_event *event) EDDY_CHECK_RESULT;

/* How many wait. */
EDDY_API size_t eddy_event_waiting(const struct eddy_event *event);

EDDY_END_DECLS

#endif
