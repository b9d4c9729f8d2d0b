/* eddy/semaphore.h - a number of permits.
 *
 *     eddy_semaphore_init(&slots, 10, 10);
 *     EDDY_PERMIT(&my->guard, &slots) { ... at most ten at once are here ... }
 *
 * First come, first served, whatever each asks for: one that asks for more than there is holds up those behind it, so
 * that it is served in the end. Nothing is handed out in parts.
 */
#ifndef EDDY_SEMAPHORE_H
#define EDDY_SEMAPHORE_H

#include <eddy/scope.h>
#include <eddy/waitq.h>

EDDY_BEGIN_DECLS

#define EDDY_SEMAPHORE_MAX UINT32_MAX

/* The caller owns the memory. */
struct eddy_semaphore {
    /* private */
    struct eddy_waitq waiters;
    /* read-only */
    uint32_t available;
    uint32_t max;
    bool closed;
    uint64_t acquired; /* permits, all in all */
};

/* `available` permits now, and never more than `max` (at least 1). */
EDDY_API void eddy_semaphore_init(struct eddy_semaphore *semaphore, uint32_t available, uint32_t max);

/* -EBUSY: somebody waits. */
EDDY_API int eddy_semaphore_fini(struct eddy_semaphore *semaphore);

/* Take `count` permits together. 0; -EINVAL: 0, or more than max; -ESHUTDOWN: closed, before or while
 * waiting; -ECHILD. */
EDDY_API int eddy_semaphore_acquire(struct eddy_semaphore *semaphore, uint32_t count,
                                    struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* The same without waiting. -EAGAIN: they are not there, or others wait. */
EDDY_API int eddy_semaphore_try(struct eddy_semaphore *semaphore, uint32_t count) EDDY_CHECK_RESULT;

/* Give permits back, or add some. No checkpoint. -EINVAL, changing nothing: there would be more than max. */
EDDY_API int eddy_semaphore_release(struct eddy_semaphore *semaphore, uint32_t count);

/* Nobody acquires any more: who waits is woken with -ESHUTDOWN. It stays closed; permits can still be given back. */
EDDY_API void eddy_semaphore_close(struct eddy_semaphore *semaphore);

/* How many wait. */
EDDY_API size_t eddy_semaphore_waiting(const struct eddy_semaphore *semaphore);

EDDY_API void eddyi_semaphore_give_back(void *semaphore);

EDDY_END_DECLS

#ifndef __cplusplus

/* EDDY_PERMIT(&my->guard, &semaphore) { }: hold one permit in the block. */
#define EDDY_PERMIT(guard, semaphore)                                         \
    EDDYI_WITH(__COUNTER__, "EDDY_PERMIT(" #guard ", " #semaphore ")", guard, \
               eddy_semaphore_acquire(semaphore, 1, me), eddyi_semaphore_give_back, semaphore)

#endif

#endif
