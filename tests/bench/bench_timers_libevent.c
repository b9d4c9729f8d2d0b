/* libevent's timers at their best: evtimer_assign'ed structures, called from inside a callback, where
 * event_add takes the loop's cached time. The precise clock, since the coarse one would see the fire row's
 * deadlines up to 4 ms late; cached, it costs the same. */
#include "bench_timers.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>

static struct event_base *base;
static struct event *timers;
static struct timeval *timeouts[TIMERS_SETS];
static size_t count;
static size_t fired;
static struct event inside;
static void (*inside_batch)(void *argument);

static void on_timer(evutil_socket_t fd, short events, void *argument)
{
    (void)fd;
    (void)events;
    (void)argument;
    fired++;
}

static void on_inside(evutil_socket_t fd, short events, void *argument)
{
    (void)fd;
    (void)events;
    inside_batch(argument);
}

void timers_open(size_t wanted)
{
    struct event_config *config = event_config_new();
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_IGNORE_ENV | EVENT_BASE_FLAG_PRECISE_TIMER);
    base = event_base_new_with_config(config);
    count = wanted;
    timers = calloc(count, sizeof *timers);
    for (size_t i = 0; i < count; i++) {
        evtimer_assign(&timers[i], base, on_timer, NULL);
    }
}

void timers_prepare(enum timers_set set, const uint32_t *timeouts_us)
{
    timeouts[set] = malloc(count * sizeof *timeouts[set]);
    for (size_t i = 0; i < count; i++) {
        timeouts[set][i].tv_sec = (time_t)(timeouts_us[i] / 1000000);
        timeouts[set][i].tv_usec = (suseconds_t)(timeouts_us[i] % 1000000);
    }
}

void timers_inside(void (*batch)(void *argument), void *argument)
{
    inside_batch = batch;
    event_assign(&inside, base, -1, 0, on_inside, argument);
    event_active(&inside, EV_TIMEOUT, 0);
    /* Once: otherwise it looks again, and may fire what the batch has armed. */
    event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

void timers_update(void)
{
    event_base_update_cache_time(base);
}

void timers_arm(enum timers_set set)
{
    const struct timeval *given = timeouts[set];
    for (size_t i = 0; i < count; i++) {
        evtimer_add(&timers[i], &given[i]);
    }
}

void timers_rearm(enum timers_set set, const uint32_t *order)
{
    const struct timeval *given = timeouts[set];
    for (size_t i = 0; i < count; i++) {
        evtimer_add(&timers[order[i]], &given[i]);
    }
}

void timers_idle(const uint32_t *order)
{
    static const struct timeval idle = {.tv_sec = TIMERS_IDLE_SECONDS};
    for (size_t i = 0; i < count; i++) {
        if (i % TIMERS_PER_TURN == 0) {
            event_base_update_cache_time(base);
        }
        evtimer_add(&timers[order[i]], &idle);
    }
}

void timers_cancel(const uint32_t *order)
{
    for (size_t i = 0; i < count; i++) {
        evtimer_del(&timers[order[i]]);
    }
}

size_t timers_fire(void)
{
    fired = 0;
    while (fired < count && event_base_loop(base, EVLOOP_NONBLOCK) == 0) {
    }
    return fired;
}
