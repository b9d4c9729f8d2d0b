/* The ready queue is singly linked; a pass takes all of it, and who is ready meanwhile starts a new one. Whoever
 * ends a wait puts the waiter on the queue and is done: no wake is called inside a user's call. Only
 * the poller's events may take a shorter way, eddyi_wait_finish(). */
#include "base/wait.h"

#include "base/timers.h"

#include <errno.h>

#define EXPIRE_MAX 128

/* Take a parked waiter out of what it waits for. */
static inline void unpark(struct eddy_waiter *waiter)
{
    if (waiter->kind->unpark != NULL) {
        waiter->kind->unpark(waiter);
    }
}

/* End a wait before what it waits for has come. */
static void end_early(struct eddy_waiter *waiter, ssize_t result)
{
    if (waiter->kind->abort != NULL) {
        waiter->kind->abort(waiter, result);
    } else {
        unpark(waiter);
        eddy_wait_wake(waiter, result);
    }
}

/* Take `waiter` out of this list. Whether it was there. */
static bool remove_from(struct eddy_scheduler *scheduler, struct eddy_waiter **place, struct eddy_waiter *waiter)
{
    while (*place != NULL && *place != waiter) {
        place = &(*place)->ready_next;
    }
    if (*place == NULL) {
        return false;
    }
    *place = waiter->ready_next;
    if (scheduler->ready_end == &waiter->ready_next) {
        scheduler->ready_end = place;
    }
    if (scheduler->observed == &waiter->ready_next) {
        scheduler->observed = place;
    }
    return true;
}

/* Take `waiter`, which is ready, out of the queue, wherever it stands. */
static void remove_ready(struct eddy_waiter *waiter)
{
    struct eddy_scheduler *scheduler = waiter->scheduler;
    bool found =
        remove_from(scheduler, &scheduler->pass, waiter) || remove_from(scheduler, &scheduler->ready_first, waiter);
    assert(found && "a ready waiter stands in the ready queue");
    (void)found;
}

/* ---- The waiter ------------------------------------------------------------------------ */

void eddy_waiter_init(struct eddy_waiter *waiter, struct eddy_loop *loop, eddy_wake_fn *wake)
{
    assert(loop != NULL && wake != NULL && "a waiter has a loop and a wake");
    waiter->wake = wake;
    waiter->result = 0;
    waiter->scheduler = (struct eddy_scheduler *)(void *)loop; /* a loop begins with its scheduler */
    waiter->state = EDDYI_IDLE;
    waiter->expired = 0;
    waiter->arm = 0;
    waiter->queued = 0;
    eddy_timer_init(&waiter->timer);
}

bool eddy_waiter_is_waiting(const struct eddy_waiter *waiter)
{
    return waiter->state != EDDYI_IDLE;
}

void eddy_wait_until(struct eddy_waiter *waiter, eddy_ns deadline)
{
    if ((waiter->state == EDDYI_PARKED || waiter->state == EDDYI_RETRY) && !waiter->kind->uncancellable) {
        waiter->expired = 0;
        struct eddy_timers *timers = &waiter->scheduler->timers;
        if (!eddyi_timers_put_off(timers, &waiter->timer, deadline)) {
            eddy_timers_arm(timers, &waiter->timer, deadline);
        }
    }
}

bool eddy_wait_cancel(struct eddy_waiter *waiter)
{
    if ((waiter->state != EDDYI_PARKED && waiter->state != EDDYI_RETRY) || waiter->kind->uncancellable) {
        return false;
    }
    end_early(waiter, -ECANCELED);
    return true;
}

ssize_t eddy_wait_withdraw(struct eddy_waiter *waiter)
{
    unsigned state = waiter->state;
    if (state == EDDYI_IDLE) {
        return 0;
    }
    if (state != EDDYI_PARKED) {
        remove_ready(waiter);
    }
    ssize_t result = waiter->result;
    if (state != EDDYI_READY) {
        unpark(waiter);
        eddyi_wait_leave(waiter, waiter->kind);
        result = EDDY_PENDING;
    }
    waiter->state = EDDYI_IDLE;
    return result;
}

/* ---- For operations -------------------------------------------------------------------- */

int eddy_wait_park(struct eddy_waiter *waiter, const struct eddy_wait_kind *kind)
{
    return eddyi_wait_park(waiter, kind);
}

void eddy_wait_wake(struct eddy_waiter *waiter, ssize_t result)
{
    eddyi_wait_wake(waiter, result);
}

void eddyi_wait_wake_arm(struct eddy_waiter *waiter)
{
    if (waiter->state == EDDYI_RETRY) {
        remove_ready(waiter);
    }
    waiter->state = EDDYI_IDLE;
    waiter->wake(waiter);
}

void eddy_wait_retry(struct eddy_waiter *waiter)
{
    eddyi_wait_retry(waiter);
}

ssize_t eddyi_wait_overspent(struct eddy_waiter *waiter, ssize_t result)
{
    struct eddy_scheduler *scheduler = waiter->scheduler;
    if (scheduler->running == NULL || waiter->arm) {
        scheduler->budget = 0;
        return result;
    }
    return eddyi_wait_queue(waiter, result);
}

ssize_t eddy_wait_settle(struct eddy_waiter *waiter, ssize_t result)
{
    return eddyi_wait_settle(waiter, result);
}

/* ---- The scheduler --------------------------------------------------------------------- */

void eddyi_scheduler_init(struct eddy_scheduler *scheduler, eddy_ns (*clock)(void *context), void *clock_context,
                          const unsigned char *alive, int budget, const struct eddy_allocator *allocator)
{
    scheduler->running = NULL;
    scheduler->external = 0;
    scheduler->internal = 0;
    scheduler->steps = 0;
    scheduler->pass = NULL;
    scheduler->ready_first = NULL;
    scheduler->ready_end = &scheduler->ready_first;
    scheduler->budget_max = budget;
    scheduler->budget = budget;
    scheduler->stopping = false;
    scheduler->alive = alive;
    scheduler->stack = NULL;
    scheduler->awaits = 0;
    scheduler->clock = clock;
    scheduler->clock_context = clock_context;
    scheduler->now = clock(clock_context);
    scheduler->now_is_old = false;
    scheduler->stamp = eddyi_stamp(scheduler->now);
    scheduler->log = (struct eddy_log){NULL, NULL};
    scheduler->choose = NULL;
    scheduler->choose_context = NULL;
    scheduler->observers = NULL;
    scheduler->observed = NULL;
    scheduler->observed_steps = 0;
    scheduler->spawned = 0;
    scheduler->ended = 0;
    scheduler->numbered = 0;
    scheduler->fired = 0;
    scheduler->background = 0;
    scheduler->daemons = 0;
    scheduler->arms = 0;
    scheduler->cleanup_timeout = EDDY_SEC(5);
    scheduler->expire = NULL;
    scheduler->roots = NULL;
    eddy_pool_init(&scheduler->pool, allocator, EDDY_POOL_UNBOUNDED);
    eddy_timers_init(&scheduler->timers, scheduler->now);
}

/* Try the operation of a waiter on retry again. Whether it is over. */
static __attribute__((noinline)) bool complete_retry(struct eddy_waiter *waiter)
{
    const struct eddy_wait_kind *kind = waiter->kind;
    waiter->state = EDDYI_PARKED;
    ssize_t result = kind->complete(waiter);
    if (__builtin_expect(result == EDDY_PENDING, 0)) {
        if ((waiter->expired & EDDYI_EXPIRED) == 0) {
            return false;
        }
        unpark(waiter);
        result = kind->expiry;
    }
    eddyi_wait_leave(waiter, kind);
    waiter->result = result;
    return true;
}

/* Move the one of this pass whom the test chooses to its head, and return it; NULL: nobody is left. */
static struct eddy_waiter *choose_next(struct eddy_scheduler *scheduler)
{
    if (scheduler->pass == NULL) {
        return NULL;
    }
    size_t count = 0;
    for (const struct eddy_waiter *at = scheduler->pass; at != NULL; at = at->ready_next) {
        count++;
    }
    size_t chosen = scheduler->choose(scheduler->choose_context, count);
    struct eddy_waiter **place = &scheduler->pass;
    for (size_t i = 0; i < chosen && *place != NULL; i++) {
        place = &(*place)->ready_next;
    }
    struct eddy_waiter *waiter = *place;
    if (waiter != NULL) {
        *place = waiter->ready_next;
        waiter->ready_next = scheduler->pass;
        scheduler->pass = waiter;
    }
    return scheduler->pass;
}

/* Who is next where a test chooses, or somebody looks on. */
static __attribute__((noinline)) struct eddy_waiter *next_specially(struct eddy_scheduler *scheduler)
{
    struct eddy_waiter *next = scheduler->choose != NULL ? choose_next(scheduler) : scheduler->pass;
    if (eddyi_is_observed(scheduler)) {
        eddyi_observe(scheduler, next);
    }
    return next;
}

void eddyi_scheduler_pass(struct eddy_scheduler *scheduler, uint64_t steps_end)
{
    bool is_special = scheduler->choose != NULL || scheduler->observers != NULL;
    do {
        scheduler->pass = scheduler->ready_first;
        scheduler->ready_first = NULL;
        scheduler->ready_end = &scheduler->ready_first;
        struct eddy_waiter *waiter;
        while ((waiter = is_special ? next_specially(scheduler) : scheduler->pass) != NULL) {
            scheduler->pass = waiter->ready_next;
            __builtin_prefetch(waiter->ready_next);
            if (__builtin_expect(waiter->state == EDDYI_RETRY, 0) && !complete_retry(waiter)) {
                continue;
            }
            eddyi_wait_call_by(scheduler, waiter);
            if (eddyi_is_forked(scheduler)) {
                return; /* the wake forked, and this is the child: the rest is the parent's */
            }
        }
    } while (scheduler->ready_first != NULL && scheduler->steps < steps_end && !scheduler->stopping);
    scheduler->running = NULL;
}

void eddyi_scheduler_expire(struct eddy_scheduler *scheduler)
{
    eddy_ns now = eddyi_scheduler_now(scheduler);
    struct eddy_timer *timer;
    /* So many that they are still in the cache when they are woken. */
    for (int i = 0; i < EXPIRE_MAX && (timer = eddy_timers_pop(&scheduler->timers, now)) != NULL; i++) {
        scheduler->fired++;
        if ((timer->order & 1) != 0) {
            scheduler->expire(timer);
            continue;
        }
        struct eddy_waiter *waiter = EDDY_CONTAINER(timer, struct eddy_waiter, timer);
        if (waiter->state == EDDYI_RETRY) {
            waiter->expired |= EDDYI_EXPIRED; /* what is there already comes before the deadline */
            continue;
        }
        const struct eddy_wait_kind *kind = waiter->kind;
        if (kind->expiry == EDDY_PENDING) {
            eddyi_wait_retry(waiter);
            continue;
        }
        if (__builtin_expect(waiter->arm || kind->abort != NULL, 0)) {
            end_early(waiter, kind->expiry);
            continue;
        }
        unpark(waiter);
        eddyi_wait_leave(waiter, kind);
        waiter->result = kind->expiry;
        waiter->state = EDDYI_READY;
        eddyi_wait_push_ready(waiter);
    }
}

/* ---- Who looks on ---------------------------------------------------------------------- */

/* The wake or post that was observed is over, if it ever came. Returns the time after that: what the observers take is
 * nobody's. */
static eddy_ns observe_end(struct eddy_scheduler *scheduler)
{
    eddy_ns now = scheduler->clock(scheduler->clock_context);
    if (scheduler->observed != NULL && scheduler->steps != scheduler->observed_steps) {
        for (struct eddyi_observer *at = scheduler->observers; at != NULL; at = at->next) {
            at->end(at, now);
        }
        now = scheduler->clock(scheduler->clock_context);
    }
    scheduler->observed = NULL;
    return now;
}

static void observe_begin(struct eddy_scheduler *scheduler, struct eddy_waiter *waiter, void (*code)(void), eddy_ns now)
{
    scheduler->observed = scheduler->ready_end;
    for (struct eddyi_observer *at = scheduler->observers; at != NULL; at = at->next) {
        at->begin(at, waiter, code, now);
    }
}

void eddyi_observe(struct eddy_scheduler *scheduler, struct eddy_waiter *next)
{
    if (eddyi_is_forked(scheduler)) {
        return;
    }
    eddy_ns now = observe_end(scheduler);
    if (next != NULL) {
        scheduler->observed_steps = scheduler->steps;
        observe_begin(scheduler, next, (void (*)(void))next->wake, now);
        return;
    }
    for (struct eddyi_observer *at = scheduler->observers; at != NULL; at = at->next) {
        at->pause(at, now);
    }
}

void eddyi_observe_post(struct eddy_scheduler *scheduler, void (*code)(void))
{
    eddy_ns now = observe_end(scheduler);
    scheduler->observed_steps = scheduler->steps - 1; /* it surely comes, and is not counted */
    observe_begin(scheduler, NULL, code, now);
}

void eddyi_observe_end(struct eddy_scheduler *scheduler, struct eddy_task *task, int outcome)
{
    for (struct eddyi_observer *at = scheduler->observers; at != NULL; at = at->next) {
        if (at->ends != NULL) {
            at->ends(at, task, outcome);
        }
    }
}

void eddyi_observer_add(struct eddy_scheduler *scheduler, struct eddyi_observer *observer)
{
    observer->next = scheduler->observers;
    scheduler->observers = observer;
}

void eddyi_observer_remove(struct eddy_scheduler *scheduler, struct eddyi_observer *observer)
{
    struct eddyi_observer **place = &scheduler->observers;
    while (*place != NULL && *place != observer) {
        place = &(*place)->next;
    }
    if (*place != NULL) {
        *place = observer->next;
    }
    if (scheduler->observers == NULL) {
        scheduler->observed = NULL;
    }
}

void eddyi_scheduler_verify(const struct eddy_scheduler *scheduler)
{
    struct eddy_waiter *const *end = &scheduler->ready_first;
    for (const struct eddy_waiter *at = scheduler->ready_first; at != NULL; at = at->ready_next) {
        assert((at->state == EDDYI_RETRY || at->state == EDDYI_READY) && "who stands in the ready queue is ready");
        assert((at->state == EDDYI_RETRY || at->timer.place == NULL) && "an outcome has no deadline");
        end = &at->ready_next;
    }
    assert(scheduler->ready_end == end && "the ready queue ends at its end");
    (void)end;
}
