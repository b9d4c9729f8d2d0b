/* eddy/future.h - a value that is not there yet: one promises it, any number wait for it.
 *
 *     struct eddy_future answer;  struct eddy_promise promise;
 *     eddy_future_init(&answer, &promise, loop);
 *
 *     eddy_promise_set(&promise, value);                     who has it
 *     EDDY_TRY(my->error, eddy_future_wait(&answer, me));    who wants it
 *     use(eddy_future_value(&answer));
 *
 * Who waits and is cancelled leaves the future as it is. A promise that is dropped is broken: who waits gets -EPIPE.
 * To wait for any of several futures, select over eddy_future_wait(); for all, wait for one after the other.
 */
#ifndef EDDY_FUTURE_H
#define EDDY_FUTURE_H

#include <eddy/waitq.h>

EDDY_BEGIN_DECLS

struct eddy_promise;

/* The end of those who read. The caller owns the memory. */
struct eddy_future {
    /* private */
    struct eddy_waitq waiters;
    struct eddy_scheduler *scheduler;
    struct eddy_promise *promise; /* NULL: it was set, or dropped */
    void *value;
    const char *file;
    int line;
    bool is_done;
    bool was_read;
    /* read-only */
    int error; /* with which it failed */
};

/* The end of who sets it. The caller owns the memory; before it goes the promise is set or dropped, or the future has ended. */
struct eddy_promise {
    /* private */
    struct eddy_future *future; /* NULL: it was set or dropped, or the future has ended */
    bool was_set;
};

/* Both ends of a new future. */
#define eddy_future_init(future, promise, loop) eddyi_future_init(future, promise, loop, __FILE__, __LINE__)

/* End it. An error in it that nobody has read is told to the log, with the place of eddy_future_init(). -EBUSY, changing
 * nothing: somebody waits. */
EDDY_API int eddy_future_fini(struct eddy_future *future);

/* Keep the promise: the future has this value, or failed with `error` < 0. 0; -EINVAL: it was set before; -EPIPE: the
 * future has ended, and nobody will know. */
EDDY_API int eddy_promise_set(struct eddy_promise *promise, void *value);
EDDY_API int eddy_promise_fail(struct eddy_promise *promise, int error);

/* Give the promise up: unless it was set, the future has failed with -EPIPE. Allowed at any time. */
EDDY_API void eddy_promise_drop(struct eddy_promise *promise);

/* Wait until it is there. 0; the error it failed with; -ECHILD. */
EDDY_API int eddy_future_wait(struct eddy_future *future, struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* The same, but the waiter is always parked: its wake is called from the loop even if the value is there already. For
 * callbacks: each is a waiter, called in the order of these calls; eddy_wait_withdraw() takes one back. */
EDDY_API int eddy_future_then(struct eddy_future *future, struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* Whether it has its value, or failed. */
static inline bool eddy_future_is_done(const struct eddy_future *future)
{
    return future->is_done;
}

/* The value; NULL until it is there, and when it failed. */
EDDY_API void *eddy_future_value(struct eddy_future *future);

EDDY_API void eddyi_future_init(struct eddy_future *future, struct eddy_promise *promise, struct eddy_loop *loop,
                                const char *file, int line);

EDDY_END_DECLS

#endif
