/* The barrier: it opens for so many, and for those who arrived. */
#include "model/probe.h"

#include <errno.h>

static struct eddy_barrier barrier;
static struct probe a, b, d;

static int setup(void **state)
{
    int error = coro_setup(state);
    eddy_barrier_init(&barrier, 3);
    probe_init(&a, *state, "a");
    probe_init(&b, *state, "b");
    probe_init(&d, *state, "d");
    return error;
}

#define barrier_test(name) cmocka_unit_test_setup_teardown(name, setup, coro_teardown)

static void it_opens_when_all_have_arrived(void **state)
{
    PARKS(eddy_barrier_wait(&barrier, &a.waiter));
    PARKS(eddy_barrier_wait(&barrier, &b.waiter));
    assert_int_equal(eddy_barrier_fini(&barrier), -EBUSY);
    assert_int_equal(eddy_barrier_wait(&barrier, &d.waiter), 2);
    assert_int_equal(barrier.generation, 1);
    assert_int_equal(barrier.arrived, 0);
    assert_false(eddy_wait_cancel(&a.waiter));     /* it has opened */
    PARKS(eddy_barrier_wait(&barrier, &d.waiter)); /* the next generation */
    coro_settle(*state);
    coro_expect("a:0 b:1");
    assert_int_equal(barrier.arrived, 1);
    assert_int_equal(eddy_wait_withdraw(&d.waiter), EDDY_PENDING);
    assert_int_equal(eddy_barrier_fini(&barrier), 0);
}

static void who_leaves_before_has_not_arrived(void **state)
{
    struct coro *c = *state;
    PARKS(eddy_barrier_wait(&barrier, &a.waiter));
    PARKS(eddy_barrier_wait(&barrier, &b.waiter));
    assert_true(eddy_wait_cancel(&a.waiter));
    assert_int_equal(barrier.arrived, 1);
    PARKS(eddy_barrier_wait(&barrier, &d.waiter));
    eddy_wait_until(&b.waiter, c->os.now + EDDY_SEC(1));
    coro_advance(c, EDDY_SEC(2));
    coro_expect("a:-125 b:-110");
    PARKS(eddy_barrier_wait(&barrier, &b.waiter));
    assert_int_equal(eddy_barrier_wait(&barrier, &a.waiter), 2);
    coro_settle(c);
    coro_expect("d:0 b:1");
    assert_false(barrier.broken);
}

static void a_reset_sends_who_waits_away(void **state)
{
    PARKS(eddy_barrier_wait(&barrier, &a.waiter));
    eddy_barrier_reset(&barrier);
    PARKS(eddy_barrier_wait(&barrier, &b.waiter));
    coro_settle(*state);
    coro_expect("a:-32");
    assert_int_equal(barrier.arrived, 1);
    assert_int_equal(barrier.generation, 0);
    eddy_barrier_abort(&barrier);
    coro_settle(*state);
    coro_expect("b:-32");
    assert_int_equal(eddy_barrier_wait(&barrier, &a.waiter), -EPIPE);
    assert_int_equal(eddy_barrier_wait(&barrier, &a.waiter), -EPIPE);
    eddy_barrier_reset(&barrier);
    PARKS(eddy_barrier_wait(&barrier, &a.waiter));
    assert_int_equal(eddy_wait_withdraw(&a.waiter), EDDY_PENDING);
}

static void one_for_one_never_waits(void **state)
{
    (void)state;
    eddy_barrier_init(&barrier, 1);
    assert_int_equal(eddy_barrier_wait(&barrier, &a.waiter), 0);
    assert_int_equal(eddy_barrier_wait(&barrier, &a.waiter), 0);
    assert_int_equal(barrier.generation, 2);
}

static void two_arms_of_a_select_leave_together(void **state)
{
    struct eddy_select select;
    struct eddy_arm arms[2];
    eddy_select_begin(&select, &a.waiter);
    EDDY_ARM(&select, &arms[0], eddy_barrier_wait(&barrier, &arms[0].waiter));
    EDDY_ARM(&select, &arms[1], eddy_barrier_wait(&barrier, &arms[1].waiter));
    PARKS(eddy_select_wait(&select, &a.waiter));
    assert_int_equal(eddy_barrier_wait(&barrier, &b.waiter) >= 0, 1);
    coro_settle(*state);
    coro_expect("a:0");
    assert_int_equal(barrier.arrived, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        barrier_test(it_opens_when_all_have_arrived),      barrier_test(who_leaves_before_has_not_arrived),
        barrier_test(a_reset_sends_who_waits_away),        barrier_test(one_for_one_never_waits),
        barrier_test(two_arms_of_a_select_leave_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
