/* A select whose arms wait at semaphores: exactly one of them gets its permits, whatever those that lose let go. */
#include "model/probe.h"

#include <errno.h>

static struct eddy_semaphore door, left, right;
static struct eddy_select select_a, select_b;
static struct eddy_arm arms_a[3], arms_b[2];
static struct probe a, b;

static int setup(void **state)
{
    int error = coro_setup(state);
    eddy_semaphore_init(&door, 0, 5);
    eddy_semaphore_init(&left, 1, 5);
    eddy_semaphore_init(&right, 2, 5);
    probe_init(&a, *state, "a");
    probe_init(&b, *state, "b");
    return error;
}

#define select_test(name) cmocka_unit_test_setup_teardown(name, setup, coro_teardown)

static void a_loser_that_held_others_up_lets_them_go(void **state)
{
    eddy_select_begin(&select_a, &a.waiter);
    EDDY_ARM(&select_a, &arms_a[0], eddy_semaphore_acquire(&door, 1, &arms_a[0].waiter));
    EDDY_ARM(&select_a, &arms_a[1], eddy_semaphore_acquire(&left, 2, &arms_a[1].waiter));
    PARKS(eddy_select_wait(&select_a, &a.waiter));
    PARKS(eddy_semaphore_acquire(&left, 1, &b.waiter));
    assert_int_equal(eddy_semaphore_release(&door, 1), 0);
    assert_int_equal(eddy_semaphore_waiting(&left), 0);
    coro_settle(*state);
    coro_expect("b:0 a:0");
    assert_int_equal(arms_a[0].result, 0);
    eddy_select_end(&select_a);
}

/* a's second arm held up b at the left; b's second arm held up a's third at the right. */
static void a_loser_gets_nothing_by_the_leaving_of_another(void **state)
{
    eddy_select_begin(&select_a, &a.waiter);
    EDDY_ARM(&select_a, &arms_a[0], eddy_semaphore_acquire(&door, 1, &arms_a[0].waiter));
    EDDY_ARM(&select_a, &arms_a[1], eddy_semaphore_acquire(&left, 2, &arms_a[1].waiter));
    eddy_select_begin(&select_b, &b.waiter);
    EDDY_ARM(&select_b, &arms_b[0], eddy_semaphore_acquire(&left, 1, &arms_b[0].waiter));
    EDDY_ARM(&select_b, &arms_b[1], eddy_semaphore_acquire(&right, 3, &arms_b[1].waiter));
    EDDY_ARM(&select_a, &arms_a[2], eddy_semaphore_acquire(&right, 1, &arms_a[2].waiter));
    PARKS(eddy_select_wait(&select_a, &a.waiter));
    PARKS(eddy_select_wait(&select_b, &b.waiter));
    assert_int_equal(eddy_semaphore_release(&door, 1), 0);
    coro_settle(*state);
    coro_expect("b:0 a:0");
    assert_int_equal(door.available, 0);
    assert_int_equal(left.available, 0);
    assert_int_equal(right.available, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        select_test(a_loser_that_held_others_up_lets_them_go),
        select_test(a_loser_gets_nothing_by_the_leaving_of_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
