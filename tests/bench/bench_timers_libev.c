/* libev's timers at their best: ev_timer_start with the loop's cached time, and ev_timer_again, which
 * moves a timer in the heap without taking it out. */
#include "bench_timers.h"

#include <ev.h>
#include <stdlib.h>

static struct ev_loop *loop;
static ev_timer *timers;
static ev_tstamp *timeouts[TIMERS_SETS];
static size_t count;
static size_t fired;

static void on_timer(struct ev_loop *of, ev_timer *timer, int events)
{
    (void)of;
    (void)timer;
    (void)events;
    fired++;
}

void timers_open(size_t wanted)
{
    count = wanted;
    loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
    timers = calloc(count, sizeof *timers);
    for (size_t i = 0; i < count; i++) {
        ev_init(&timers[i], on_timer);
    }
}

void timers_prepare(enum timers_set set, const uint32_t *timeouts_us)
{
    timeouts[set] = malloc(count * sizeof *timeouts[set]);
    for (size_t i = 0; i < count; i++) {
        timeouts[set][i] = (ev_tstamp)timeouts_us[i] * 1e-6;
    }
}

void timers_inside(void (*batch)(void *argument), void *argument)
{
    batch(argument);
}

void timers_update(void)
{
    ev_now_update(loop);
}

void timers_arm(enum timers_set set)
{
    const ev_tstamp *given = timeouts[set];
    for (size_t i = 0; i < count; i++) {
        ev_timer_set(&timers[i], given[i], 0.);
        ev_timer_start(loop, &timers[i]);
    }
}

void timers_rearm(enum timers_set set, const uint32_t *order)
{
    const ev_tstamp *given = timeouts[set];
    for (size_t i = 0; i < count; i++) {
        ev_timer *timer = &timers[order[i]];
        timer->repeat = given[i];
        ev_timer_again(loop, timer);
    }
}

void timers_idle(const uint32_t *order)
{
    for (size_t i = 0; i < count; i++) {
        ev_timer *timer = &timers[order[i]];
        if (i % TIMERS_PER_TURN == 0) {
            ev_now_update(loop);
        }
        timer->repeat = TIMERS_IDLE_SECONDS;
        ev_timer_again(loop, timer);
    }
}

void timers_cancel(const uint32_t *order)
{
    for (size_t i = 0; i < count; i++) {
        ev_timer_stop(loop, &timers[order[i]]);
    }
}

size_t timers_fire(void)
{
    fired = 0;
    while (fired < count && ev_run(loop, EVRUN_NOWAIT)) {
    }
    return fired;
}
