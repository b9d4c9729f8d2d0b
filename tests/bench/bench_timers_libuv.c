/* libuv's timers: uv_timer_start with the loop's cached time, which also moves an armed timer. Its
 * timeouts are whole milliseconds. */
#include "bench_timers.h"

#include <stdlib.h>
#include <uv.h>

static uv_loop_t loop;
static uv_timer_t *timers;
static uint64_t *timeouts[TIMERS_SETS];
static size_t count;
static size_t fired;

static void on_timer(uv_timer_t *timer)
{
    (void)timer;
    fired++;
}

void timers_open(size_t wanted)
{
    count = wanted;
    uv_loop_init(&loop);
    timers = calloc(count, sizeof *timers);
    for (size_t i = 0; i < count; i++) {
        uv_timer_init(&loop, &timers[i]);
    }
}

void timers_prepare(enum timers_set set, const uint32_t *timeouts_us)
{
    timeouts[set] = malloc(count * sizeof *timeouts[set]);
    for (size_t i = 0; i < count; i++) {
        timeouts[set][i] = (timeouts_us[i] + 999) / 1000;
    }
}

void timers_inside(void (*batch)(void *argument), void *argument)
{
    batch(argument);
}

void timers_update(void)
{
    uv_update_time(&loop);
}

void timers_arm(enum timers_set set)
{
    const uint64_t *given = timeouts[set];
    for (size_t i = 0; i < count; i++) {
        uv_timer_start(&timers[i], on_timer, given[i], 0);
    }
}

void timers_rearm(enum timers_set set, const uint32_t *order)
{
    const uint64_t *given = timeouts[set];
    for (size_t i = 0; i < count; i++) {
        uv_timer_start(&timers[order[i]], on_timer, given[i], 0);
    }
}

void timers_idle(const uint32_t *order)
{
    for (size_t i = 0; i < count; i++) {
        if (i % TIMERS_PER_TURN == 0) {
            uv_update_time(&loop);
        }
        uv_timer_start(&timers[order[i]], on_timer, TIMERS_IDLE_SECONDS * 1000, 0);
    }
}

void timers_cancel(const uint32_t *order)
{
    for (size_t i = 0; i < count; i++) {
        uv_timer_stop(&timers[order[i]]);
    }
}

size_t timers_fire(void)
{
    fired = 0;
    while (fired < count && uv_run(&loop, UV_RUN_NOWAIT)) {
    }
    return fired;
}
