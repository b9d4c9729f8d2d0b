/* One who sleeps on a condition owns another lock, for which the owner of the condition's lock waits. When the sleeper
 * is cancelled the two wait for each other. Whoever else comes must be able to wait for either lock, and a cancel
 * must resolve it. */
#include "model/probe.h"

#include <errno.h>
#include <unistd.h>

static void who_comes_to_two_that_wait_for_each_other_waits(void **state)
{
    struct coro *c = *state;
    struct eddy_lock first, second;
    struct eddy_condition changed;
    struct probe a, b, d;
    eddy_lock_init(&first);
    eddy_lock_init(&second);
    eddy_condition_init(&changed, &first);
    probe_init(&a, c, "a");
    probe_init(&b, c, "b");
    probe_init(&d, c, "d");
    assert_int_equal(eddy_lock_acquire(&second, &a.waiter), 0);
    assert_int_equal(eddy_lock_acquire(&first, &a.waiter), 0);
    PARKS(eddy_condition_wait(&changed, &a.waiter));
    assert_int_equal(eddy_lock_acquire(&first, &b.waiter), 0);
    PARKS(eddy_lock_acquire(&second, &b.waiter));
    assert_true(eddy_wait_cancel(&a.waiter));
    alarm(5);
    PARKS(eddy_lock_acquire(&first, &d.waiter));
    alarm(0);
    assert_true(eddy_wait_cancel(&d.waiter));
    assert_true(eddy_wait_cancel(&b.waiter));
    assert_int_equal(eddy_lock_release(&first), 0);
    coro_settle(c);
    coro_expect("d:-125 b:-125 a:-125");
    assert_ptr_equal(first.owner, &a.waiter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(who_comes_to_two_that_wait_for_each_other_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
