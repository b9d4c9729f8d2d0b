/* How the loop waits: which call, how long, and what becomes of events. The system below is Linux with its waits
 * written down; none of them really waits. */
#define _GNU_SOURCE
#include "support/check.h"

#include <eddy/sleep.h>
#include <eddy/watch.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct wait_call {
    bool precise;
    int timeout_ms;
    eddy_ns span;
    int count;
};

static struct wait_call calls[256];
static size_t calls_count;
static int pwait2_error; /* what it answers instead */
static eddy_ns now;
static struct eddy_loop loop;
static struct eddy_os os;

static void note(struct wait_call call)
{
    if (calls_count < sizeof calls / sizeof calls[0]) {
        calls[calls_count++] = call;
    }
}

static eddy_ns fake_clock(void *context)
{
    (void)context;
    return now;
}

static int noted_wait(void *context, int epfd, struct epoll_event *events, int count, int timeout_ms)
{
    note((struct wait_call){.timeout_ms = timeout_ms, .count = count});
    int ready = eddy_os_linux.epoll_wait(context, epfd, events, count, 0);
    now += ready == 0 && timeout_ms > 0 ? EDDY_MS(timeout_ms) : 0;
    return ready;
}

static int noted_pwait2(void *context, int epfd, struct epoll_event *events, int count, eddy_ns span)
{
    note((struct wait_call){.precise = true, .span = span, .count = count});
    int error = pwait2_error;
    pwait2_error = error == -EINTR ? 0 : error; /* interrupted once */
    if (error < 0) {
        return error;
    }
    int ready = eddy_os_linux.epoll_wait(context, epfd, events, count, 0);
    now += ready == 0 ? span : 0;
    return ready;
}

static int setup(void **state)
{
    (void)state;
    os = eddy_os_linux;
    os.clock = fake_clock;
    os.epoll_wait = noted_wait;
    os.epoll_pwait2 = noted_pwait2;
    now = EDDY_SEC(5000);
    pwait2_error = 0;
    struct eddy_loop_options options = {.os = &os};
    int error = eddy_loop_init(&loop, &options);
    calls_count = 0;
    return error;
}

static int teardown(void **state)
{
    (void)state;
    return eddy_loop_fini(&loop);
}

/* Sleep in the loop, and look at the clock when it is over. */
static eddy_ns sleep_and_measure(eddy_ns span)
{
    struct probe probe;
    eddy_ns began = now;
    calls_count = 0;
    probe_init(&probe, &loop);
    assert_int_equal(eddy_sleep(span, &probe.waiter), EDDY_PENDING);
    assert_int_equal(eddy_loop_run(&loop), 0);
    assert_int_equal(probe.wakes, 1);
    return now - began;
}

static void near_deadlines_are_waited_for_to_the_nanosecond(void **state)
{
    (void)state;
    static const eddy_ns spans[] = {1, 1234567, EDDY_MS(9) + 999999};
    for (size_t i = 0; i < 3; i++) {
        assert_true(sleep_and_measure(spans[i]) == spans[i]);
        assert_int_equal(calls_count, 1);
        assert_true(calls[0].precise && calls[0].span == spans[i]);
    }
}

static void far_deadlines_are_waited_for_in_milliseconds_and_then_precisely(void **state)
{
    (void)state;
    eddy_ns span = EDDY_SEC(3) + EDDY_MS(14) + 77;
    assert_true(sleep_and_measure(span) == span);
    assert_int_equal(calls_count, 2);
    assert_false(calls[0].precise);
    assert_int_equal(calls[0].timeout_ms, 3014);
    assert_true(calls[1].precise && calls[1].span == 77);
}

static void huge_timeouts_are_cut_and_waited_again(void **state)
{
    (void)state;
    eddy_ns span = EDDY_SEC(86400) * 365 * 2;
    assert_true(sleep_and_measure(span) == span);
    assert_in_range(calls_count, 2, 255);
    for (size_t i = 0; i < calls_count; i++) {
        assert_true(calls[i].precise || calls[i].timeout_ms > 0);
    }
    assert_int_equal(calls[0].timeout_ms, INT_MAX);
}

static void without_pwait2_waits_are_rounded_up_and_it_is_not_tried_again(void **state)
{
    (void)state;
    static const int errors[] = {-ENOSYS, -EPERM};
    for (size_t i = 0; i < 2; i++) {
        if (i > 0) { /* a loop learns it once */
            assert_int_equal(eddy_loop_fini(&loop), 0);
            assert_int_equal(setup(state), 0);
        }
        pwait2_error = errors[i];
        assert_true(sleep_and_measure(EDDY_US(1)) == EDDY_MS(1));
        assert_int_equal(calls_count, 2);
        assert_true(calls[0].precise);
        assert_int_equal(calls[1].timeout_ms, 1);
        for (int k = 0; k < 3; k++) {
            assert_true(sleep_and_measure(EDDY_MS(2) + 1) == EDDY_MS(3)); /* late, never early */
            assert_int_equal(calls_count, 1);
            assert_int_equal(calls[0].timeout_ms, 3);
        }
    }
}

static void another_error_of_pwait2_is_an_error(void **state)
{
    (void)state;
    struct probe probe;
    pwait2_error = -EINVAL;
    probe_init(&probe, &loop);
    assert_int_equal(eddy_sleep(5, &probe.waiter), EDDY_PENDING);
    assert_int_equal(eddy_loop_run(&loop), -EINVAL);
    pwait2_error = 0;
    assert_int_equal(eddy_loop_run(&loop), 0);
    assert_int_equal(probe.wakes, 1);
}

static void an_interrupted_wait_is_no_error(void **state)
{
    (void)state;
    pwait2_error = -EINTR;
    assert_true(sleep_and_measure(5) == 5);
    assert_int_equal(calls_count, 2);
}

static void a_loop_without_deadlines_waits_without_a_timeout(void **state)
{
    (void)state;
    int ends[2];
    struct probe probe;
    struct eddy_watch watch;
    probe_init(&probe, &loop);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "x", 1), 1);
    eddy_watch_init(&watch, &loop, ends[0]);
    assert_int_equal(eddy_watch_wait(&watch, EDDY_READABLE, &probe.waiter), EDDY_PENDING);
    assert_int_equal(eddy_loop_run(&loop), 0);
    assert_int_equal(probe.wakes, 1);
    assert_int_equal(calls[0].timeout_ms, -1);
    eddy_watch_close(&watch);
    close(ends[0]);
    close(ends[1]);
}

static void a_loop_with_somebody_ready_does_not_wait(void **state)
{
    (void)state;
    struct probe probe;
    probe_init(&probe, &loop);
    assert_int_equal(eddy_yield(&probe.waiter), EDDY_PENDING);
    assert_int_equal(eddy_loop_run(&loop), 0);
    assert_int_equal(calls_count, 1);
    assert_int_equal(calls[0].timeout_ms, 0);
}

/* ---- Many descriptors ------------------------------------------------------------------ */

#define MANY 400

static int pipes[MANY][2];
static struct eddy_watch watches[MANY];
static struct probe probes[MANY];

static void open_many(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(pipe2(pipes[i], O_NONBLOCK | O_CLOEXEC), 0);
        probe_init(&probes[i], &loop);
        eddy_watch_init(&watches[i], &loop, pipes[i][0]);
        assert_int_equal(eddy_watch_wait(&watches[i], EDDY_READABLE, &probes[i].waiter), EDDY_PENDING);
    }
}

static void close_many(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        eddy_watch_close(&watches[i]);
        close(pipes[i][0]);
        close(pipes[i][1]);
    }
    run_until_quiet(&loop);
}

static void the_counters_tell_what_is_open_and_what_came(void **state)
{
    (void)state;
    open_many(3);
    assert_int_equal(loop.poller.open, 3);
    assert_int_equal(write(pipes[1][1], "x", 1), 1);
    uint64_t waits = loop.poller.waits;
    assert_int_equal(eddy_loop_step(&loop), 0);
    assert_int_equal(loop.poller.waits, waits + 1);
    assert_int_equal(loop.poller.events_seen, 1);
    assert_int_equal(loop.poller.stale_seen, 0);
    assert_int_equal(probes[1].wakes, 1);
    close_many(3);
    assert_int_equal(loop.poller.open, 0);
}

static void a_burst_larger_than_a_batch_is_served_and_makes_the_batch_grow(void **state)
{
    (void)state;
    open_many(MANY);
    for (int round = 1; round <= 3; round++) {
        for (size_t i = 0; i < MANY; i++) {
            assert_int_equal(write(pipes[i][1], "x", 1), 1);
        }
        run_until_quiet(&loop);
        for (size_t i = 0; i < MANY; i++) {
            char byte;
            assert_int_equal(read(pipes[i][0], &byte, 1), 1);
            assert_int_equal(probes[i].wakes, round);
            assert_int_equal(eddy_watch_wait(&watches[i], EDDY_READABLE, &probes[i].waiter), EDDY_PENDING);
        }
    }
    assert_true(calls[calls_count - 1].count > calls[0].count);
    close_many(MANY);
}

static void slots_are_used_again(void **state)
{
    (void)state;
    open_many(10);
    uint32_t size = loop.poller.slots_size;
    for (int i = 0; i < 100; i++) {
        close_many(10);
        open_many(10);
    }
    assert_int_equal(loop.poller.slots_size, size);
    assert_int_equal(write(pipes[7][1], "x", 1), 1);
    run_until_quiet(&loop);
    assert_int_equal(probes[7].wakes, 1);
    close_many(10);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(near_deadlines_are_waited_for_to_the_nanosecond),
        T(far_deadlines_are_waited_for_in_milliseconds_and_then_precisely),
        T(huge_timeouts_are_cut_and_waited_again),
        T(without_pwait2_waits_are_rounded_up_and_it_is_not_tried_again),
        T(another_error_of_pwait2_is_an_error),
        T(an_interrupted_wait_is_no_error),
        T(a_loop_without_deadlines_waits_without_a_timeout),
        T(a_loop_with_somebody_ready_does_not_wait),
        T(the_counters_tell_what_is_open_and_what_came),
        T(a_burst_larger_than_a_batch_is_served_and_makes_the_batch_grow),
        T(slots_are_used_again),
    };
    return cmocka_run_group_tests_name("poller", tests, NULL, NULL);
}
