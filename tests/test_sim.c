/* The system of the test kit: a clock that is the test's, an alarm, and counts of what is taken. */
#include "support/coro.h"

#include <eddy/sim.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static struct eddy_sim sim;
static struct eddy_loop loop;

static void begin(void)
{
    eddy_sim_init(&sim);
    struct eddy_loop_options options = {.os = &sim.os, .allocator = sim.allocator};
    assert_int_equal(eddy_loop_init(&loop, &options), 0);
}

static void end(void)
{
    assert_int_equal(eddy_loop_fini(&loop), 0);
    assert_int_equal(sim.descriptors, 0);
    assert_int_equal(sim.blocks, 0);
    assert_int_equal(sim.bytes, 0);
}

static int woken;

static void on_wake(struct eddy_waiter *waiter)
{
    (void)waiter;
    woken++;
}

static void sleep_until(struct eddy_waiter *waiter, eddy_ns deadline)
{
    eddy_waiter_init(waiter, &loop, on_wake);
    assert_int_equal(eddy_sleep_until(deadline, waiter), EDDY_PENDING);
}

/* ---- Time ------------------------------------------------------------------------------ */

static void time_passes_when_everybody_waits(void **state)
{
    (void)state;
    begin();
    assert_int_equal(sim.now, EDDY_SEC(1000));
    struct eddy_waiter hour, day;
    woken = 0;
    sleep_until(&hour, sim.now + EDDY_SEC(3600));
    sleep_until(&day, sim.now + EDDY_SEC(86400) + 1);
    assert_int_equal(eddy_loop_step(&loop), 0); /* a step does not wait */
    assert_int_equal(sim.now, EDDY_SEC(1000));
    assert_int_equal(eddy_loop_run(&loop), 0);
    assert_int_equal(woken, 2);
    assert_int_equal(sim.now, EDDY_SEC(1000 + 86400) + 1); /* to the nanosecond */
    end();
}

static void the_test_may_let_time_pass(void **state)
{
    (void)state;
    begin();
    static struct eddy_waiter waiter;
    woken = 0;
    sleep_until(&waiter, sim.now + 10);
    eddy_sim_advance(&sim, 9);
    assert_int_equal(eddy_loop_step(&loop), 0);
    assert_int_equal(woken, 0);
    eddy_sim_advance(&sim, 0);
    eddy_sim_advance(&sim, 1);
    assert_true(eddy_loop_step(&loop) >= 0);
    assert_int_equal(woken, 1);
    eddy_sim_advance(&sim, EDDY_FOREVER); /* the sum saturates */
    assert_int_equal(sim.now, EDDY_FOREVER);
    end();
}

/* ---- The alarm ------------------------------------------------------------------------- */

static eddy_ns rang[4];
static int rang_count;
static eddy_ns moved[8];
static int moved_count;

static void on_alarm(void *context)
{
    assert_ptr_equal(context, &loop);
    rang[rang_count++] = sim.now;
}

static void on_time(void *context, eddy_ns now)
{
    assert_ptr_equal(context, &loop);
    assert_int_equal(now, sim.now);
    moved[moved_count++] = now - EDDY_SEC(1000);
}

static void begin_alarm(eddy_ns alarm)
{
    begin();
    rang_count = 0;
    moved_count = 0;
    woken = 0;
    sim.context = &loop;
    sim.alarm = alarm;
    sim.on_alarm = on_alarm;
    sim.on_time = on_time;
}

static void the_alarm_rings_once_and_on_its_time(void **state)
{
    (void)state;
    begin_alarm(EDDY_SEC(1000) + 15);
    struct eddy_waiter one, two;
    sleep_until(&one, sim.now + 10);
    sleep_until(&two, sim.now + 20);
    assert_int_equal(eddy_loop_run(&loop), 0);
    assert_int_equal(rang_count, 1);
    assert_int_equal(rang[0], EDDY_SEC(1000) + 15);
    assert_int_equal(moved_count, 3);
    assert_int_equal(moved[0], 10);
    assert_int_equal(moved[1], 15);
    assert_int_equal(moved[2], 20);
    end();
}

static void an_alarm_at_a_deadline_rings_before_it_ends_a_wait(void **state)
{
    (void)state;
    begin_alarm(EDDY_SEC(1000) + 10);
    struct eddy_waiter one;
    sleep_until(&one, sim.now + 10);
    assert_int_equal(eddy_loop_run(&loop), 0);
    assert_int_equal(rang_count, 1);
    assert_int_equal(woken, 1);
    assert_int_equal(moved_count, 1);
    end();
}

static struct eddy_waiter parked;

static void on_alarm_cancel(void *context)
{
    on_alarm(context);
    assert_true(eddy_wait_cancel(&parked));
}

static void an_alarm_comes_though_nothing_else_has_a_deadline(void **state)
{
    (void)state;
    begin_alarm(EDDY_SEC(2000));
    sim.on_alarm = on_alarm_cancel;
    sleep_until(&parked, EDDY_FOREVER);
    eddy_loop_hold(&loop);
    eddy_loop_release(&loop);
    int error = eddy_loop_run(&loop);
    if (error == -EDEADLK) { /* the loop knows that nobody could ever be woken, and does not wait */
        assert_int_equal(rang_count, 0);
        assert_int_equal(eddy_wait_withdraw(&parked), EDDY_PENDING);
    } else {
        assert_int_equal(rang_count, 1);
        assert_int_equal(parked.result, -ECANCELED);
    }
    end();
}

static void advance_stops_at_the_alarm_and_goes_on(void **state)
{
    (void)state;
    begin_alarm(EDDY_SEC(1001));
    eddy_sim_advance(&sim, EDDY_SEC(5));
    assert_int_equal(rang_count, 1);
    assert_int_equal(rang[0], EDDY_SEC(1001));
    assert_int_equal(sim.now, EDDY_SEC(1005));
    assert_int_equal(moved_count, 2);
    end();
}

/* ---- Counts ---------------------------------------------------------------------------- */

static void descriptors_that_the_loop_opens_are_counted_and_those_it_is_given_are_not(void **state)
{
    (void)state;
    begin();
    long own = sim.descriptors;
    assert_true(own >= 1);
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    struct eddy_stream stream;
    assert_int_equal(eddy_stream_open(&stream, &loop, fds[0]), 0);
    assert_int_equal(sim.descriptors, own);
    eddy_stream_close(&stream);
    close(fds[1]);
    assert_int_equal(sim.descriptors, own);
    end();
}

static void memory_is_counted(void **state)
{
    (void)state;
    eddy_sim_init(&sim);
    struct eddy_allocator *allocator = &sim.allocator;
    void *block = allocator->resize(allocator->context, NULL, 0, 100);
    assert_non_null(block);
    assert_int_equal(sim.blocks, 1);
    assert_int_equal(sim.bytes, 100);
    block = allocator->resize(allocator->context, block, 100, 150);
    assert_int_equal(sim.blocks, 1);
    assert_int_equal(sim.bytes, 150);
    allocator->resize(allocator->context, block, 150, 0);
    assert_int_equal(sim.blocks, 0);
    assert_int_equal(sim.bytes, 0);
}

/* ---- Stuck ----------------------------------------------------------------------------- */

static void a_loop_that_only_the_kernel_could_wake_is_stuck_after_two_seconds(void **state)
{
    (void)state;
    begin();
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    struct eddy_stream stream;
    assert_int_equal(eddy_stream_open(&stream, &loop, fds[0]), 0);
    struct eddy_waiter waiter;
    eddy_waiter_init(&waiter, &loop, on_wake);
    static char byte;
    assert_int_equal(eddy_stream_read(&stream, &byte, 1, &waiter), EDDY_PENDING);
    assert_true(eddy_loop_run(&loop) < 0);
    assert_true(sim.stuck);
    assert_int_equal(sim.now, EDDY_SEC(1000)); /* those seconds were real */
    assert_int_equal(write(fds[1], "x", 1), 1);
    assert_int_equal(eddy_loop_run(&loop), 0); /* and it can go on */
    assert_int_equal(waiter.result, 1);
    eddy_stream_close(&stream);
    close(fds[1]);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_passes_when_everybody_waits),
        cmocka_unit_test(the_test_may_let_time_pass),
        cmocka_unit_test(the_alarm_rings_once_and_on_its_time),
        cmocka_unit_test(an_alarm_at_a_deadline_rings_before_it_ends_a_wait),
        cmocka_unit_test(an_alarm_comes_though_nothing_else_has_a_deadline),
        cmocka_unit_test(advance_stops_at_the_alarm_and_goes_on),
        cmocka_unit_test(descriptors_that_the_loop_opens_are_counted_and_those_it_is_given_are_not),
        cmocka_unit_test(memory_is_counted),
        cmocka_unit_test(a_loop_that_only_the_kernel_could_wake_is_stuck_after_two_seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
