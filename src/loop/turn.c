/* A turn: poll; ready whom the events concern; end the waits whose deadline has come; run the
 * posts; wake who is ready. Data that is there at the moment of its deadline comes first. */
#include "base/post.h"
#include "loop/interest.h"
#include "loop/loop.h"

#include <errno.h>

/* Passes go on without a poll between them until so many wakes or so much time are over. */
#define STEPS_PER_POLL 64
#define STEPS_PER_CLOCK 16
#define TIME_PER_POLL EDDY_MS(1)

/* ---- The turn -------------------------------------------------------------------------- */

static bool has_work(const struct eddy_loop *loop)
{
    return loop->scheduler.ready_first != NULL || eddyi_posts_waiting(&loop->posts);
}

/* How long the poll may wait. Reads the clock only for a deadline. */
static eddy_ns sleep_span(struct eddy_loop *loop)
{
    struct eddy_scheduler *scheduler = &loop->scheduler;
    if (has_work(loop)) {
        return 0;
    }
    eddy_ns next = eddy_timers_next(&scheduler->timers);
    if (next == EDDY_FOREVER) {
        return EDDY_FOREVER;
    }
    eddy_ns now = scheduler->clock(scheduler->clock_context);
    return next > now ? eddy_ns_add(next, -now) : 0;
}

static void run_passes(struct eddy_loop *loop)
{
    struct eddy_scheduler *scheduler = &loop->scheduler;
    uint64_t steps_end = scheduler->steps + STEPS_PER_POLL;
    uint64_t steps_clock = scheduler->steps + STEPS_PER_CLOCK;
    eddy_ns began = 0;
    eddyi_scheduler_pass(scheduler, steps_clock);
    while (scheduler->ready_first != NULL && scheduler->steps < steps_end && !scheduler->stopping &&
           !eddyi_is_forked(scheduler)) {
        if (scheduler->steps >= steps_clock) {
            eddy_ns now = scheduler->clock(scheduler->clock_context);
            began = began == 0 ? now : began;
            if (now - began >= TIME_PER_POLL) {
                return;
            }
            bool brisk = now > began && now - began < TIME_PER_POLL / 8;
            steps_clock = brisk ? steps_end : scheduler->steps + STEPS_PER_CLOCK;
        }
        eddyi_scheduler_pass(scheduler, steps_clock);
    }
}

static void before_post(void *context, const struct eddy_post *post)
{
    eddyi_observe_post(context, (void (*)(void))post->run);
}

static __attribute__((noinline)) void run_posts(struct eddy_loop *loop)
{
    bool is_observed = eddyi_is_observed(&loop->scheduler);
    size_t count = eddyi_posts_run(&loop->posts, loop->alive, is_observed ? before_post : NULL, &loop->scheduler);
    loop->posted += count;
    if (is_observed && count > 0) {
        eddyi_observe(&loop->scheduler, NULL);
    }
}

static void dispatch(struct eddy_loop *loop, int count)
{
    if (eddyi_is_observed(&loop->scheduler)) {
        eddyi_poller_dispatch_observed(&loop->poller, count, &loop->scheduler);
    } else {
        eddyi_poller_dispatch(&loop->poller, count);
    }
}

static int turn(struct eddy_loop *loop, bool may_sleep)
{
    struct eddy_scheduler *scheduler = &loop->scheduler;
    eddyi_interest_flush(&loop->poller);
    eddyi_poller_rebuild(&loop->poller, loop->wake_fd);
    eddy_ns span = may_sleep ? sleep_span(loop) : 0;
    if (span > 0 && !eddyi_posts_doze(&loop->posts)) {
        span = 0;
    }
    int count = eddyi_poller_wait(&loop->poller, span);
    scheduler->now_is_old = true;
    if (may_sleep && loop->os->clock_coarse != NULL) {
        scheduler->stamp = eddyi_stamp(loop->os->clock_coarse(loop->os->context));
    }
    eddyi_posts_rise(&loop->posts);
    if (count < 0) {
        return count;
    }
    dispatch(loop, count);
    scheduler->running = NULL;
    if (eddyi_is_forked(scheduler)) {
        return -ECHILD;
    }
    if (scheduler->timers.armed > 0) {
        eddyi_scheduler_expire(scheduler);
    }
    if (eddyi_posts_waiting(&loop->posts)) {
        run_posts(loop);
    }
    if (eddyi_is_forked(scheduler)) { /* who is ready is the parent's */
        return -ECHILD;
    }
    run_passes(loop);
    scheduler->now_is_old = true; /* for who asks between turns */
#ifdef EDDY_DEBUG
    eddyi_scheduler_verify(scheduler);
#endif
    return 0;
}

/* No user's code runs in a prelude: it readies whom it concerns. */
static void run_preludes(struct eddy_loop *loop)
{
    struct eddy_list *link;
    while ((link = eddy_list_first(&loop->preludes)) != NULL) {
        eddy_list_remove(link);
        struct eddyi_prelude *prelude = EDDY_CONTAINER(link, struct eddyi_prelude, link);
        prelude->run(prelude);
    }
}

/* Somebody forked, and this is the child coming home. */
static int come_home(struct eddy_loop *loop)
{
    loop->entered = false;
    if (loop->wake_fd < 0) {
        (void)eddy_loop_fini(loop); /* the child ended it on the way: now its memory can go */
    }
    return -ECHILD;
}

/* 1: go on; 0: nothing waits; -EDEADLK: what waits can never be woken. */
static int prospects(const struct eddy_loop *loop)
{
    const struct eddy_scheduler *scheduler = &loop->scheduler;
    if (has_work(loop) || loop->holds > 0) {
        return 1;
    }
    if (scheduler->external + scheduler->internal - scheduler->arms == scheduler->background + scheduler->daemons) {
        return 0;
    }
    return scheduler->external > scheduler->background || scheduler->timers.armed > 0 ? 1 : -EDEADLK;
}

int eddy_loop_run(struct eddy_loop *loop)
{
    if (!eddyi_loop_is_usable(loop)) {
        return -ECHILD;
    }
    if (loop->entered) {
        return -EBUSY;
    }
    loop->entered = true;
    int result = 0;
    while (result == 0 && !loop->scheduler.stopping) {
        run_preludes(loop);
        result = prospects(loop);
        if (result <= 0) {
            break;
        }
        result = turn(loop, true);
        if (eddyi_is_forked(&loop->scheduler)) {
            return come_home(loop);
        }
    }
    run_preludes(loop); /* of a pass that was the last */
    loop->scheduler.stopping = false;
    loop->entered = false;
    return result;
}

/* ---- Inside a foreign loop ------------------------------------------------------------- */

int eddy_loop_fd(struct eddy_loop *loop)
{
    if (!eddyi_loop_is_usable(loop)) {
        return -ECHILD;
    }
    eddyi_posts_doze(&loop->posts);
    return eddyi_poller_outer_fd(&loop->poller);
}

eddy_ns eddy_loop_timeout(struct eddy_loop *loop)
{
    if (!eddyi_loop_is_usable(loop)) {
        return EDDY_FOREVER;
    }
    run_preludes(loop);
    eddyi_interest_flush(&loop->poller);
    return eddyi_posts_doze(&loop->posts) ? sleep_span(loop) : 0;
}

int eddy_loop_step(struct eddy_loop *loop)
{
    if (!eddyi_loop_is_usable(loop)) {
        return -ECHILD;
    }
    if (loop->entered) {
        return -EBUSY;
    }
    loop->entered = true;
    run_preludes(loop);
    int error = turn(loop, false);
    if (eddyi_is_forked(&loop->scheduler)) {
        return come_home(loop);
    }
    loop->entered = false;
    eddyi_posts_doze(&loop->posts); /* from here on a post must be seen by the foreign loop */
    return error < 0 ? error : has_work(loop);
}
