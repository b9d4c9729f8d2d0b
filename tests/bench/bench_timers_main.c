/* One library's timers, measured: bench_timers_NAME COUNT [QUICK] prints a line "ROW NS" per row.
 *
 * arm: COUNT timers, random timeouts of 1 to 60 s. rearm: all of them, in random order, to another random
 * timeout. idle: all of them, in another random order, to 30 s from now. cancel: all of them, in random
 * order. These four are repeated until each has been measured for long enough.
 *
 * fire: COUNT timers are armed with random timeouts over a span of COUNT / 4 us in the near future, so that none
 * is due yet when the last is armed; then the program spins until all of them are due; what is measured is
 * the run of the loop that calls all COUNT callbacks. No virtual clock: the same for every library.
 *
 * The clock is the process CPU clock; its own cost, measured first, is subtracted.
 */
#include "bench.h"
#include "bench_timers.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ARM, REARM, IDLE, CANCEL, OPERATIONS };

static const char *const operation_names[OPERATIONS] = {"arm", "rearm", "idle", "cancel"};

static size_t count;
static uint32_t *orders[3];
static int64_t spent[OPERATIONS];
static int64_t clock_cost;
static uint32_t near_delay_us;
static uint32_t near_span_us;

static int64_t cpu(void)
{
    return bench_clock(CLOCK_PROCESS_CPUTIME_ID);
}

static void measure_clock(void)
{
    clock_cost = INT64_MAX;
    for (int i = 0; i < 1000; i++) {
        int64_t start = cpu();
        int64_t cost = cpu() - start;
        clock_cost = cost < clock_cost ? cost : clock_cost;
    }
}

static uint32_t *random_order(uint64_t *state)
{
    uint32_t *order = malloc(count * sizeof *order);
    for (size_t i = 0; i < count; i++) {
        size_t other = (size_t)(bench_random(state) % (i + 1));
        order[i] = order[other];
        order[other] = (uint32_t)i;
    }
    return order;
}

static void prepare(void)
{
    uint64_t state = 88172645463325252u;
    uint32_t *timeouts = malloc(count * sizeof *timeouts);
    for (int i = 0; i < 3; i++) {
        orders[i] = random_order(&state);
    }
    for (enum timers_set set = TIMERS_FIRST; set <= TIMERS_SECOND; set++) {
        for (size_t i = 0; i < count; i++) {
            timeouts[i] = (uint32_t)(1000000 + bench_random(&state) % 59000000);
        }
        timers_prepare(set, timeouts);
    }
    for (size_t i = 0; i < count; i++) {
        timeouts[i] = (uint32_t)(near_delay_us + 1 + bench_random(&state) % near_span_us);
    }
    timers_prepare(TIMERS_NEAR, timeouts);
    free(timeouts);
}

static void four_operations(void *argument)
{
    int64_t times[OPERATIONS + 1];
    (void)argument;
    timers_update();
    times[ARM] = cpu();
    timers_arm(TIMERS_FIRST);
    times[REARM] = cpu();
    timers_rearm(TIMERS_SECOND, orders[0]);
    times[IDLE] = cpu();
    timers_idle(orders[1]);
    times[CANCEL] = cpu();
    timers_cancel(orders[2]);
    times[OPERATIONS] = cpu();
    for (int i = 0; i < OPERATIONS; i++) {
        spent[i] += times[i + 1] - times[i] - clock_cost;
    }
}

/* The library has grown its arrays and touched its memory. */
static void warm_up(void *argument)
{
    (void)argument;
    timers_update();
    timers_arm(TIMERS_FIRST);
    timers_cancel(orders[2]);
}

static void measure_operations(int64_t enough, int64_t limit)
{
    int64_t end = bench_clock(CLOCK_MONOTONIC) + limit;
    timers_inside(warm_up, NULL);
    int rounds = 0;
    int64_t least;
    do {
        timers_inside(four_operations, NULL);
        rounds++;
        least = INT64_MAX;
        for (int i = 0; i < OPERATIONS; i++) {
            least = spent[i] < least ? spent[i] : least;
        }
    } while (least < enough && bench_clock(CLOCK_MONOTONIC) < end);
    for (int i = 0; i < OPERATIONS; i++) {
        printf("%s %.3f\n", operation_names[i], (double)spent[i] / ((double)rounds * (double)count));
    }
}

static void arm_near(void *argument)
{
    (void)argument;
    timers_update();
    timers_arm(TIMERS_NEAR);
}

static void measure_fire(int64_t enough, int64_t limit)
{
    int64_t end = bench_clock(CLOCK_MONOTONIC) + limit;
    int64_t total = 0;
    int rounds = 0;
    do {
        timers_inside(arm_near, NULL);
        /* Two ms on top: libuv rounds to one, and its clock may be the coarse one. */
        int64_t due = bench_clock(CLOCK_MONOTONIC) + ((int64_t)near_delay_us + near_span_us) * 1000 + 2000000;
        while (bench_clock(CLOCK_MONOTONIC) < due) {
        }
        int64_t start = cpu();
        size_t fired = timers_fire();
        total += cpu() - start - clock_cost;
        if (fired != count) {
            bench_die("%zu of %zu timers fired", fired, count);
        }
        rounds++;
    } while (total < enough && bench_clock(CLOCK_MONOTONIC) < end);
    printf("fire %.3f\n", (double)total / ((double)rounds * (double)count));
}

int main(int argc, char **argv)
{
    if (argc < 2 || atoi(argv[1]) <= 0) {
        bench_die("usage: %s COUNT [quick]", argv[0]);
    }
    count = (size_t)atoi(argv[1]);
    int part = argc > 2 ? 3 : 1;
    /* Long enough for the slowest library to arm all before the first is due. */
    near_delay_us = (uint32_t)(count / 5 + 100);
    near_span_us = (uint32_t)(count / 4 + 1);
    measure_clock();
    timers_open(count);
    prepare();
    measure_operations(50000000 / part, 400000000 / part);
    measure_fire(20000000 / part, 200000000 / part);
    return 0;
}
