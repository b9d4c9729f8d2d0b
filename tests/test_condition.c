/* Conditions: a notification is never lost, and the lock is owned however a wait ends. */
#include "model/probe.h"

#include <errno.h>

static struct eddy_lock lock;
static struct eddy_condition changed;
static struct probe a, b, d;

static int setup(void **state)
{
    int error = coro_setup(state);
    eddy_lock_init(&lock);
    eddy_condition_init(&changed, &lock);
    probe_init(&a, *state, "a");
    probe_init(&b, *state, "b");
    probe_init(&d, *state, "d");
    return error;
}

static int teardown(void **state)
{
    (void)eddy_wait_withdraw(&a.waiter);
    (void)eddy_wait_withdraw(&b.waiter);
    return coro_teardown(state);
}

#define condition_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static void sleep_on_it(struct probe *probe)
{
    assert_int_equal(eddy_lock_acquire(&lock, &probe->waiter), 0);
    PARKS(eddy_condition_wait(&changed, &probe->waiter));
    assert_null(lock.owner);
}

/* a and b sleep, d owns the lock. */
static void get_ready(void)
{
    sleep_on_it(&a);
    sleep_on_it(&b);
    assert_int_equal(eddy_condition_waiting(&changed), 2);
    assert_int_equal(eddy_condition_fini(&changed), -EBUSY);
    assert_int_equal(eddy_lock_acquire(&lock, &d.waiter), 0);
}

static void release(struct coro *c)
{
    assert_int_equal(eddy_lock_release(&lock), 0);
    coro_settle(c);
}

static void who_is_notified_gets_the_lock_in_order(void **state)
{
    struct coro *c = *state;
    get_ready();
    assert_int_equal(eddy_condition_notify_all(&changed), 2);
    assert_int_equal(eddy_condition_notify_all(&changed), 0);
    assert_int_equal(eddy_lock_waiting(&lock), 2);
    coro_settle(c);
    coro_expect("");
    release(c);
    coro_expect("a:0");
    assert_ptr_equal(lock.owner, &a.waiter);
    release(c);
    coro_expect("b:0");
    release(c);
    assert_int_equal(changed.notified, 2);
    assert_int_equal(eddy_condition_fini(&changed), 0);
}

static void so_many_are_notified_and_no_more(void **state)
{
    struct coro *c = *state;
    get_ready();
    assert_int_equal(eddy_condition_notify(&changed, 0), 0);
    assert_int_equal(eddy_condition_notify(&changed, 1), 1);
    assert_int_equal(eddy_condition_waiting(&changed), 1);
    release(c);
    release(c);
    coro_expect("a:0");
    assert_true(eddy_wait_cancel(&b.waiter));
    coro_settle(c);
    coro_expect("b:-125");
    assert_ptr_equal(lock.owner, &b.waiter);
}

static void a_cancel_after_the_notification_changes_nothing(void **state)
{
    struct coro *c = *state;
    get_ready();
    assert_int_equal(eddy_condition_notify(&changed, 1), 1);
    assert_false(eddy_wait_cancel(&a.waiter));
    release(c);
    coro_expect("a:0");
    assert_ptr_equal(lock.owner, &a.waiter);
}

static void a_deadline_after_the_notification_changes_nothing(void **state)
{
    struct coro *c = *state;
    get_ready();
    eddy_wait_until(&a.waiter, c->os.now + EDDY_SEC(1));
    assert_int_equal(eddy_condition_notify(&changed, 1), 1);
    coro_advance(c, EDDY_SEC(2));
    eddy_wait_until(&a.waiter, c->os.now + EDDY_SEC(1));
    coro_advance(c, EDDY_SEC(2));
    coro_expect("");
    release(c);
    coro_expect("a:0");
    assert_ptr_equal(lock.owner, &a.waiter);
}

static void who_is_cancelled_waits_for_the_lock(void **state)
{
    struct coro *c = *state;
    get_ready();
    assert_true(eddy_wait_cancel(&a.waiter));
    assert_false(eddy_wait_cancel(&a.waiter));
    eddy_wait_until(&b.waiter, c->os.now + EDDY_SEC(1));
    coro_advance(c, EDDY_SEC(2));
    coro_expect("");
    assert_ptr_equal(lock.owner, &d.waiter);
    assert_int_equal(eddy_condition_notify_all(&changed), 0); /* nobody sleeps */
    release(c);
    coro_expect("a:-125");
    assert_ptr_equal(lock.owner, &a.waiter);
    release(c);
    coro_expect("b:-110");
    assert_ptr_equal(lock.owner, &b.waiter);
}

static void nobody_else_may_notify(struct probe *probe)
{
    (void)probe;
    assert_int_equal(eddy_condition_notify(&changed, 1), -EPERM);
    assert_int_equal(eddy_condition_wait(&changed, &b.waiter), -EPERM);
}

static void only_the_owner_may(void **state)
{
    assert_int_equal(eddy_condition_notify_all(&changed), -EPERM);
    assert_int_equal(eddy_condition_wait(&changed, &a.waiter), -EPERM);
    assert_int_equal(eddy_lock_acquire(&lock, &a.waiter), 0);
    probe_run(&b, *state, nobody_else_may_notify);
}

static void an_arm_of_a_select_is_refused(void **state)
{
    (void)state;
    struct eddy_select select;
    struct eddy_arm arm;
    assert_int_equal(eddy_lock_acquire(&lock, &a.waiter), 0);
    eddy_select_begin(&select, &a.waiter);
    EDDY_ARM(&select, &arm, eddy_condition_wait(&changed, &arm.waiter));
    assert_int_equal(eddy_select_wait(&select, &a.waiter), 0);
    assert_int_equal(arm.result, -EINVAL);
    assert_ptr_equal(lock.owner, &a.waiter);
}

/* ---- In coroutines --------------------------------------------------------------------- */

struct sleeper {
    EDDY_FRAME;
    eddy_ns span;
    struct eddy_scope limit;
    struct eddy_guard guard;
    int result;
};

EDDY_CORO(sleeper)
{
    EDDY_BEGIN(sleeper) {
        my->result = 1;
        EDDY_LOCK(&my->guard, &lock) {
            EDDY_TIMEOUT(&my->limit, my->span) {
                EDDY_AWAIT(my->result, eddy_condition_wait(&changed, me));
                coro_say("%d", my->result);
                EDDY_AWAIT(eddy_yield(me));
            }
            coro_say(my->limit.expired ? "late" : "in time");
            assert_ptr_equal(lock.owner, me);
        }
    }
    EDDY_FINALLY
    {
        assert_ptr_not_equal(lock.owner, me);
        coro_say(".");
    }
}

static void a_block_that_timed_out_still_owns_the_lock(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, sleeper, .span = EDDY_SEC(1)), 0);
    coro_expect("late .");
    assert_int_equal(eddy_lock_fini(&lock), 0);
}

static void a_wait_in_a_scope_that_is_over_does_not_give_the_lock_away(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, sleeper, .span = 0), 0);
    coro_expect("late .");
    assert_int_equal(lock.acquired, 1); /* and not once more after a wait */
}

static void a_task_that_is_cancelled_unwinds_when_it_has_the_lock(void **state)
{
    struct coro *c = *state;
    struct eddy_task *task = CORO_START(c, sleeper, .span = EDDY_FOREVER);
    coro_settle(c);
    assert_int_equal(eddy_lock_acquire(&lock, &d.waiter), 0);
    eddy_task_cancel(task, -ECANCELED);
    coro_settle(c);
    coro_expect("");
    assert_false(eddy_task_is_done(task));
    assert_int_equal(eddy_lock_release(&lock), 0);
    assert_int_equal(coro_end(c, task), -ECANCELED);
    coro_expect(".");
    assert_int_equal(eddy_lock_fini(&lock), 0);
}

static void a_task_that_is_notified_and_then_cancelled_was_notified(void **state)
{
    struct coro *c = *state;
    struct eddy_task *task = CORO_START(c, sleeper, .span = EDDY_FOREVER);
    coro_settle(c);
    assert_int_equal(eddy_lock_acquire(&lock, &d.waiter), 0);
    assert_int_equal(eddy_condition_notify(&changed, 1), 1);
    eddy_task_cancel(task, -ECANCELED);
    assert_int_equal(eddy_lock_release(&lock), 0);
    assert_int_equal(coro_end(c, task), -ECANCELED);
    coro_expect("0 .");
    assert_int_equal(eddy_lock_fini(&lock), 0);
}

struct careless {
    EDDY_FRAME;
};

EDDY_CORO(careless)
{
    EDDY_BEGIN(careless) {
        EDDY_AWAIT(eddy_lock_acquire(&lock, me));
        assert_int_equal(eddy_condition_notify(&changed, 1), 1);
    }
}

static void a_lock_whose_owner_has_ended_is_not_owned_again(void **state)
{
    struct coro *c = *state;
    sleep_on_it(&a);
    sleep_on_it(&b);
    struct eddy_task *task = CORO_START(c, careless);
    coro_settle(c);
    coro_expect("a:-130 b:-130"); /* a was notified; nobody could notify b any more */
    assert_int_equal(coro_end(c, task), 0);
    assert_null(lock.owner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        condition_test(who_is_notified_gets_the_lock_in_order),
        condition_test(so_many_are_notified_and_no_more),
        condition_test(a_cancel_after_the_notification_changes_nothing),
        condition_test(a_deadline_after_the_notification_changes_nothing),
        condition_test(who_is_cancelled_waits_for_the_lock),
        condition_test(only_the_owner_may),
        condition_test(an_arm_of_a_select_is_refused),
        condition_test(a_block_that_timed_out_still_owns_the_lock),
        condition_test(a_wait_in_a_scope_that_is_over_does_not_give_the_lock_away),
        condition_test(a_task_that_is_cancelled_unwinds_when_it_has_the_lock),
        condition_test(a_task_that_is_notified_and_then_cancelled_was_notified),
        condition_test(a_lock_whose_owner_has_ended_is_not_owned_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
