/* Notifications: one for one, at most one is kept, none is lost. */
#include "model/probe.h"

#include <errno.h>

static struct eddy_notify notify;
static struct probe a, b, d;

static int setup(void **state)
{
    int error = coro_setup(state);
    eddy_notify_init(&notify);
    probe_init(&a, *state, "a");
    probe_init(&b, *state, "b");
    probe_init(&d, *state, "d");
    return error;
}

#define notify_test(name) cmocka_unit_test_setup_teardown(name, setup, coro_teardown)

static void wait_all(void)
{
    PARKS(eddy_notify_wait(&notify, &a.waiter));
    PARKS(eddy_notify_wait(&notify, &b.waiter));
    PARKS(eddy_notify_wait(&notify, &d.waiter));
    assert_int_equal(eddy_notify_waiting(&notify), 3);
}

static void only_one_is_kept(void **state)
{
    (void)state;
    assert_int_equal(eddy_notify_try(&notify), -EAGAIN);
    eddy_notify_one(&notify);
    eddy_notify_last(&notify);
    assert_int_equal(eddy_notify_wait(&notify, &a.waiter), 0);
    PARKS(eddy_notify_wait(&notify, &a.waiter));
    assert_int_equal(eddy_notify_fini(&notify), -EBUSY);
    assert_int_equal(eddy_wait_withdraw(&a.waiter), EDDY_PENDING);
    assert_int_equal(eddy_notify_fini(&notify), 0);
}

static void the_oldest_or_the_newest_hears_of_it(void **state)
{
    struct coro *c = *state;
    wait_all();
    eddy_notify_last(&notify);
    eddy_notify_one(&notify);
    coro_settle(c);
    coro_expect("d:0 a:0");
    assert_false(notify.permit);
    eddy_notify_one(&notify);
    eddy_notify_one(&notify);
    coro_settle(c);
    coro_expect("b:0");
    assert_true(notify.permit);
    assert_int_equal(notify.notified, 3);
}

static void wait_again(struct probe *probe)
{
    probe->then = NULL;
    PARKS(eddy_notify_wait(&notify, &probe->waiter));
}

static void all_is_who_waits_now(void **state)
{
    wait_all();
    a.then = wait_again;
    assert_int_equal(eddy_notify_all(&notify), 3);
    assert_false(notify.permit);
    coro_settle(*state);
    coro_expect("a:0 b:0 d:0");
    assert_int_equal(eddy_notify_all(&notify), 1);
    coro_settle(*state);
    coro_expect("a:0");
    assert_int_equal(eddy_notify_all(&notify), 0);
    eddy_notify_one(&notify);
    assert_int_equal(eddy_notify_all(&notify), 0);
    assert_true(notify.permit); /* it leaves what is kept */
}

static void a_cancel_after_it_does_not_lose_it(void **state)
{
    struct coro *c = *state;
    wait_all();
    eddy_notify_one(&notify);
    assert_false(eddy_wait_cancel(&a.waiter)); /* a has it */
    assert_true(eddy_wait_cancel(&b.waiter));
    eddy_notify_one(&notify); /* so this is d's */
    coro_settle(c);
    coro_expect("a:0 b:-125 d:0");
    PARKS(eddy_notify_wait(&notify, &a.waiter));
    eddy_wait_until(&a.waiter, c->os.now + EDDY_SEC(1));
    coro_advance(c, EDDY_SEC(2));
    coro_expect("a:-110");
    eddy_notify_one(&notify);
    assert_true(notify.permit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        notify_test(only_one_is_kept),
        notify_test(the_oldest_or_the_newest_hears_of_it),
        notify_test(all_is_who_waits_now),
        notify_test(a_cancel_after_it_does_not_lose_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
