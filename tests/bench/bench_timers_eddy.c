/* eddy's timers as programs use them: a waiter that sleeps, is moved by eddy_wait_until and stopped by
 * eddy_wait_withdraw. Deadlines are instants, counted from a clock read once per turn. */
#include "bench.h"
#include "bench_timers.h"

#include <eddy/loop.h>
#include <eddy/sleep.h>
#include <stdlib.h>

static struct eddy_loop loop;
static struct eddy_waiter *waiters;
static eddy_ns *timeouts[TIMERS_SETS];
static eddy_ns now;
static size_t count;
static size_t fired;

static void on_timer(struct eddy_waiter *waiter)
{
    (void)waiter;
    fired++;
}

void timers_open(size_t wanted)
{
    count = wanted;
    if (eddy_loop_init(&loop, NULL) < 0) {
        bench_die("no loop");
    }
    waiters = calloc(count, sizeof *waiters);
    for (size_t i = 0; i < count; i++) {
        eddy_waiter_init(&waiters[i], &loop, on_timer);
    }
}

void timers_prepare(enum timers_set set, const uint32_t *timeouts_us)
{
    timeouts[set] = malloc(count * sizeof *timeouts[set]);
    for (size_t i = 0; i < count; i++) {
        timeouts[set][i] = EDDY_US(timeouts_us[i]);
    }
}

void timers_inside(void (*batch)(void *argument), void *argument)
{
    batch(argument);
}

void timers_update(void)
{
    now = eddy_os_linux.clock(eddy_os_linux.context);
}

void timers_arm(enum timers_set set)
{
    const eddy_ns *given = timeouts[set];
    for (size_t i = 0; i < count; i++) {
        if (eddy_sleep_until(now + given[i], &waiters[i]) != EDDY_PENDING) {
            bench_die("a sleep did not start");
        }
    }
}

void timers_rearm(enum timers_set set, const uint32_t *order)
{
    const eddy_ns *given = timeouts[set];
    for (size_t i = 0; i < count; i++) {
        eddy_wait_until(&waiters[order[i]], now + given[i]);
    }
}

void timers_idle(const uint32_t *order)
{
    for (size_t i = 0; i < count; i++) {
        if (i % TIMERS_PER_TURN == 0) {
            timers_update();
        }
        eddy_wait_until(&waiters[order[i]], now + EDDY_SEC(TIMERS_IDLE_SECONDS));
    }
}

void timers_cancel(const uint32_t *order)
{
    for (size_t i = 0; i < count; i++) {
        if (eddy_wait_withdraw(&waiters[order[i]]) != EDDY_PENDING) {
            bench_die("a sleep was not there to stop");
        }
    }
}

size_t timers_fire(void)
{
    fired = 0;
    while (fired < count && eddy_loop_step(&loop) >= 0) {
    }
    return fired;
}
