/* eddy/latest.h - the latest value of something, for any number of followers: a configuration, a state. (Elsewhere known
 * as a watch channel.)
 *
 *     eddy_latest_set(&config, new_config, NULL);                        who changes it
 *
 *     eddy_follower_open(&my->follower, &config);                        each who follows it
 *     EDDY_AWAIT(my->error, eddy_follower_changed(&my->follower, me));
 *     use(eddy_follower_value(&my->follower));
 *
 * Followers see the last value, not each that there was.
 */
#ifndef EDDY_LATEST_H
#define EDDY_LATEST_H

#include <eddy/waitq.h>

EDDY_BEGIN_DECLS

/* The caller owns the memory. */
struct eddy_latest {
    /* private */
    struct eddy_waitq waiters;
    /* read-only */
    void *value;
    uint64_t version; /* how often it was set */
    bool is_closed;
};

struct eddy_follower {
    /* private */
    struct eddy_latest *latest;
    uint64_t seen;
};

/* Something whose value is now `value`. */
EDDY_API void eddy_latest_init(struct eddy_latest *latest, void *value);

/* -EBUSY: somebody waits. */
EDDY_API int eddy_latest_fini(struct eddy_latest *latest);

/* Change the value, and wake who waits for that. The value before is returned in *old, if old is not NULL: no follower gets it
 * any more. 0; -ESHUTDOWN: closed. */
EDDY_API int eddy_latest_set(struct eddy_latest *latest, void *value, void **old);

/* It will not change any more. The value stays readable. */
EDDY_API void eddy_latest_close(struct eddy_latest *latest);

/* A follower who has seen the present value. */
EDDY_API void eddy_follower_open(struct eddy_follower *follower, struct eddy_latest *latest);

/* Wait until the value is another than the one seen last; from now on it counts as seen. 0; -ENODATA: closed, and
 * the last value was seen; -ECHILD. */
EDDY_API int eddy_follower_changed(struct eddy_follower *follower, struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* The same without waiting. -EAGAIN: it is the one seen last. */
EDDY_API int eddy_follower_try(struct eddy_follower *follower) EDDY_CHECK_RESULT;

/* The present value, which counts as seen. */
EDDY_API void *eddy_follower_value(struct eddy_follower *follower);

EDDY_END_DECLS

#endif
