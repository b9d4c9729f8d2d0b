/* The scheduler as the loop drives it, and what operations share. */
#ifndef EDDYI_BASE_WAIT_H
#define EDDYI_BASE_WAIT_H

#include <eddy/wait.h>

#include <assert.h>

/* Where a waiter is. */
enum {
    EDDYI_IDLE,   /* the user's */
    EDDYI_PARKED, /* in a wait */
    EDDYI_RETRY,  /* in a wait and on the ready queue: its kind's complete() will decide */
    EDDYI_READY,  /* on the ready queue with its result */
};

/* What `expired` says of a parked waiter's deadline. */
enum {
    EDDYI_EXPIRED = 1,  /* it has passed, and complete() is to be asked first */
    EDDYI_DEFAULTED = 2 /* it is the operation's own: eddy_wait_until() has not replaced it */
};

void eddyi_scheduler_init(struct eddy_scheduler *scheduler, eddy_ns (*clock)(void *context), void *clock_context,
                          const unsigned char *alive, int budget, const struct eddy_allocator *allocator);

/* Wake everybody who is ready now, in order; who gets ready meanwhile waits for the next pass. More passes follow until
 * nobody is ready, `steps_end` wakes are reached, or a stop. */
void eddyi_scheduler_pass(struct eddy_scheduler *scheduler, uint64_t steps_end);

/* End the waits whose deadline has come; not all in one turn if they are many. */
void eddyi_scheduler_expire(struct eddy_scheduler *scheduler);

static inline void eddyi_wait_push_ready(struct eddy_waiter *waiter)
{
    struct eddy_scheduler *scheduler = waiter->scheduler;
    waiter->ready_next = NULL;
    *scheduler->ready_end = waiter;
    scheduler->ready_end = &waiter->ready_next;
}

/* Put an idle waiter on the ready queue, to be woken with `result`. EDDY_PENDING. */
static inline int eddyi_wait_queue(struct eddy_waiter *waiter, ssize_t result)
{
    assert(waiter->state == EDDYI_IDLE && "a waiter waits for one thing at a time");
    waiter->state = EDDYI_READY;
    waiter->result = result;
    eddyi_wait_push_ready(waiter);
    return EDDY_PENDING;
}

/* eddy_wait_park(), eddy_wait_retry() and eddy_wait_settle(), for the ways that every byte goes. */
static inline int eddyi_wait_park(struct eddy_waiter *waiter, const struct eddy_wait_kind *kind)
{
    assert(waiter->state == EDDYI_IDLE && "a waiter waits for one thing at a time");
    struct eddy_scheduler *scheduler = waiter->scheduler;
    waiter->kind = kind;
    waiter->state = EDDYI_PARKED;
    waiter->expired = 0;
    if (kind->external) {
        scheduler->external++;
    } else {
        scheduler->internal++;
    }
    return EDDY_PENDING;
}

static inline void eddyi_wait_retry(struct eddy_waiter *waiter)
{
    if (waiter->state == EDDYI_PARKED) {
        waiter->state = EDDYI_RETRY;
        eddyi_wait_push_ready(waiter);
    }
}

/* The budget is spent. */
ssize_t eddyi_wait_overspent(struct eddy_waiter *waiter, ssize_t result);

static inline ssize_t eddyi_wait_settle(struct eddy_waiter *waiter, ssize_t result)
{
    struct eddy_scheduler *scheduler = waiter->scheduler;
    if (--scheduler->budget >= 0) {
        return result;
    }
    return eddyi_wait_overspent(waiter, result);
}

/* The wait of `waiter`, which was of this kind, is over. */
static inline void eddyi_wait_leave(struct eddy_waiter *waiter, const struct eddy_wait_kind *kind)
{
    struct eddy_scheduler *scheduler = waiter->scheduler;
    if (kind->external) {
        scheduler->external--;
    } else {
        scheduler->internal--;
    }
    if (__builtin_expect(waiter->timer.place != NULL, 0)) {
        eddy_timers_disarm(&scheduler->timers, &waiter->timer);
    }
}

/* An arm of a select has its result. */
void eddyi_wait_wake_arm(struct eddy_waiter *waiter);

/* eddy_wait_wake() */
static inline void eddyi_wait_wake(struct eddy_waiter *waiter, ssize_t result)
{
    assert((waiter->state == EDDYI_PARKED || waiter->state == EDDYI_RETRY) && "only who is parked is woken");
    eddyi_wait_leave(waiter, waiter->kind);
    waiter->result = result;
    if (__builtin_expect(waiter->arm, 0)) {
        eddyi_wait_wake_arm(waiter);
        return;
    }
    if (__builtin_expect(waiter->state == EDDYI_PARKED, 1)) {
        eddyi_wait_push_ready(waiter);
    }
    waiter->state = EDDYI_READY;
}

/* Call the user: the one place where a wake is called, and only the loop comes here. */
static inline void eddyi_wait_call_by(struct eddy_scheduler *scheduler, struct eddy_waiter *waiter)
{
    waiter->state = EDDYI_IDLE;
    scheduler->running = waiter;
    scheduler->budget = scheduler->budget_max;
    scheduler->steps++;
#ifdef EDDY_DEBUG
    scheduler->stack = __builtin_frame_address(0);
#endif
    waiter->wake(waiter);
}

/* In debug builds: stop at memory of the C stack that the present wake hands to an operation which parks: it is
 * gone when the operation uses it. What a coroutine hands over stands in its frame. */
static inline void eddyi_wait_check_memory(const struct eddy_waiter *waiter, const void *memory)
{
#ifdef EDDY_DEBUG
    const struct eddy_scheduler *scheduler = waiter->scheduler;
    uintptr_t at = (uintptr_t)memory;
    assert((scheduler->running == NULL || at > (uintptr_t)scheduler->stack ||
            at < (uintptr_t)__builtin_frame_address(0)) &&
           "what an operation waits with is not on the C stack: put the buffer in the frame");
#else
    (void)waiter;
    (void)memory;
#endif
}

static inline void eddyi_wait_call(struct eddy_waiter *waiter)
{
    eddyi_wait_call_by(waiter->scheduler, waiter);
}

/* For the poller's events, the short way for what eddy_wait_retry() does in a later step: the
 * parked waiter's operation, of this kind, is over, and this is its turn. Where a test chooses it is asked before each
 * wake, so there all take the long way. */
static inline void eddyi_wait_finish(struct eddy_waiter *waiter, const struct eddy_wait_kind *kind, ssize_t result)
{
    if (__builtin_expect(waiter->scheduler->choose != NULL, 0)) {
        eddyi_wait_wake(waiter, result);
        return;
    }
    eddyi_wait_leave(waiter, kind);
    waiter->result = result;
    eddyi_wait_call(waiter);
}

/* Tell who looks on: the wake before, if there was one, is over, and that of `next` is about to come; NULL: none is. */
void eddyi_observe(struct eddy_scheduler *scheduler, struct eddy_waiter *next);

/* The same before a post is run by `code`. */
void eddyi_observe_post(struct eddy_scheduler *scheduler, void (*code)(void));

/* `task` is about to end with this outcome. */
void eddyi_observe_end(struct eddy_scheduler *scheduler, struct eddy_task *task, int outcome);

/* From now on `observer` looks on, and no longer. */
void eddyi_observer_add(struct eddy_scheduler *scheduler, struct eddyi_observer *observer);
void eddyi_observer_remove(struct eddy_scheduler *scheduler, struct eddyi_observer *observer);

static inline bool eddyi_is_observed(const struct eddy_scheduler *scheduler)
{
    return __builtin_expect(scheduler->observers != NULL, 0);
}

/* Check the invariants; for debug builds. */
void eddyi_scheduler_verify(const struct eddy_scheduler *scheduler);

/* An instant in the units of `stamp`, which wrap around after 52 days. */
static inline uint32_t eddyi_stamp(eddy_ns instant)
{
    return (uint32_t)((uint64_t)instant >> 20);
}

/* The clock in this turn. */
static inline eddy_ns eddyi_scheduler_now(struct eddy_scheduler *scheduler)
{
    if (scheduler->now_is_old) {
        scheduler->now = scheduler->clock(scheduler->clock_context);
        scheduler->now_is_old = false;
        scheduler->stamp = eddyi_stamp(scheduler->now);
    }
    return scheduler->now;
}

static inline bool eddyi_is_forked(const struct eddy_scheduler *scheduler)
{
    return __builtin_expect(*scheduler->alive == 0, 0);
}

#endif
