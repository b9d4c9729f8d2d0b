/* The lock: whose turn it is, who may release it, and what becomes of those who no longer wait. */
#include "model/probe.h"

#include <errno.h>

static struct eddy_lock lock;
static struct probe a, b, d;

static int setup(void **state)
{
    int error = coro_setup(state);
    eddy_lock_init(&lock);
    probe_init(&a, *state, "a");
    probe_init(&b, *state, "b");
    probe_init(&d, *state, "d");
    return error;
}

#define lock_test(name) cmocka_unit_test_setup_teardown(name, setup, coro_teardown)

/* a owns it, b and d wait. */
static void line_up(void)
{
    assert_int_equal(eddy_lock_acquire(&lock, &a.waiter), 0);
    PARKS(eddy_lock_acquire(&lock, &b.waiter));
    PARKS(eddy_lock_acquire(&lock, &d.waiter));
    assert_int_equal(eddy_lock_waiting(&lock), 2);
}

static void a_free_lock_is_owned_at_once(void **state)
{
    (void)state;
    assert_int_equal(eddy_lock_acquire(&lock, &a.waiter), 0);
    assert_ptr_equal(lock.owner, &a.waiter);
    assert_int_equal(eddy_lock_fini(&lock), -EBUSY);
    assert_int_equal(eddy_lock_release(&lock), 0);
    assert_null(lock.owner);
    assert_int_equal(lock.acquired, 1);
    assert_int_equal(lock.contended, 0);
    assert_int_equal(eddy_lock_fini(&lock), 0);
}

static void who_waits_owns_it_in_order_and_before_it_runs(void **state)
{
    line_up();
    assert_int_equal(eddy_lock_release(&lock), 0);
    assert_ptr_equal(lock.owner, &b.waiter);
    assert_int_equal(eddy_lock_release(&lock), 0);
    assert_ptr_equal(lock.owner, &d.waiter);
    assert_int_equal(eddy_lock_release(&lock), 0);
    assert_int_equal(eddy_lock_fini(&lock), 0);
    assert_int_equal(lock.contended, 2);
    coro_settle(*state);
    coro_expect("b:0 d:0");
}

static void nobody_overtakes_who_was_granted_it(void **state)
{
    assert_int_equal(eddy_lock_acquire(&lock, &a.waiter), 0);
    PARKS(eddy_lock_acquire(&lock, &b.waiter));
    assert_int_equal(eddy_lock_release(&lock), 0); /* b has not run yet */
    assert_int_equal(eddy_lock_try(&lock, &d.waiter), -EAGAIN);
    assert_int_equal(eddy_lock_try(&lock, &a.waiter), -EAGAIN);
    PARKS(eddy_lock_acquire(&lock, &a.waiter));
    coro_settle(*state);
    assert_int_equal(eddy_lock_release(&lock), 0);
    coro_settle(*state);
    coro_expect("b:0 a:0");
}

static void who_is_cancelled_leaves_the_line(void **state)
{
    line_up();
    assert_true(eddy_wait_cancel(&b.waiter));
    assert_int_equal(eddy_lock_waiting(&lock), 1);
    assert_int_equal(eddy_lock_release(&lock), 0);
    assert_ptr_equal(lock.owner, &d.waiter);
    coro_settle(*state);
    coro_expect("b:-125 d:0");
}

static void a_cancel_after_the_grant_changes_nothing(void **state)
{
    line_up();
    assert_int_equal(eddy_lock_release(&lock), 0);
    assert_false(eddy_wait_cancel(&b.waiter));
    assert_ptr_equal(lock.owner, &b.waiter);
    assert_int_equal(eddy_wait_withdraw(&b.waiter), 0); /* the result that was on the way */
    assert_ptr_equal(lock.owner, &b.waiter);
    assert_int_equal(eddy_lock_release(&lock), 0);
    coro_settle(*state);
    coro_expect("d:0");
}

static void a_deadline_ends_the_wait_unless_the_lock_came_first(void **state)
{
    struct coro *c = *state;
    line_up();
    eddy_wait_until(&b.waiter, c->os.now + EDDY_SEC(1));
    eddy_wait_until(&d.waiter, c->os.now + EDDY_SEC(2));
    coro_advance(c, EDDY_MS(1500));
    coro_expect("b:-110");
    assert_int_equal(eddy_lock_release(&lock), 0);
    coro_advance(c, EDDY_SEC(2));
    coro_expect("d:0");
    assert_ptr_equal(lock.owner, &d.waiter);
}

static void nobody_else_releases_it(struct probe *probe)
{
    assert_ptr_not_equal(lock.owner, &probe->waiter);
    assert_int_equal(eddy_lock_release(&lock), -EPERM);
}

static void only_its_owner_releases_it(void **state)
{
    assert_int_equal(eddy_lock_release(&lock), -EPERM); /* nobody owns it */
    assert_int_equal(eddy_lock_acquire(&lock, &a.waiter), 0);
    probe_run(&b, *state, nobody_else_releases_it);
    assert_ptr_equal(lock.owner, &a.waiter);
    assert_int_equal(eddy_lock_release(&lock), 0); /* outside of wakes anybody may */
}

static void to_own_it_twice_is_a_deadlock(void **state)
{
    struct coro *c = *state;
    assert_int_equal(eddy_lock_acquire(&lock, &a.waiter), 0);
    assert_int_equal(eddy_lock_acquire(&lock, &a.waiter), -EDEADLK);
    assert_int_equal(eddy_lock_try(&lock, &a.waiter), -EDEADLK);
    assert_int_equal(lock.acquired, 1);
    assert_int_equal(c->log_count, 0); /* one place, which the result tells */
}

/* ---- The budget ------------------------------------------------------------------------ */

struct greedy {
    EDDY_FRAME;
    int *turns;
    int i;
};

EDDY_CORO(greedy)
{
    EDDY_BEGIN(greedy) {
        for (; my->i < 300; my->i++) {
            EDDY_AWAIT(eddy_lock_acquire(&lock, me));
            assert_ptr_equal(lock.owner, me);
            assert_int_equal(eddy_lock_release(&lock), 0);
        }
        assert_in_range(*my->turns, 2, 10);
        *my->turns = -1;
    }
}

struct modest {
    EDDY_FRAME;
    int turns;
};

EDDY_CORO(modest)
{
    EDDY_BEGIN(modest) {
        assert_int_equal(EDDY_SPAWN(eddy_loop_detached(eddy_loop_current()), greedy, .turns = &my->turns), 0);
        while (my->turns >= 0) {
            my->turns++;
            EDDY_AWAIT(eddy_yield(me));
        }
    }
}

static void a_free_lock_is_no_way_to_keep_others_from_running(void **state)
{
    assert_int_equal(CORO_RUN((struct coro *)*state, modest), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        lock_test(a_free_lock_is_owned_at_once),
        lock_test(who_waits_owns_it_in_order_and_before_it_runs),
        lock_test(nobody_overtakes_who_was_granted_it),
        lock_test(who_is_cancelled_leaves_the_line),
        lock_test(a_cancel_after_the_grant_changes_nothing),
        lock_test(a_deadline_ends_the_wait_unless_the_lock_came_first),
        lock_test(only_its_owner_releases_it),
        lock_test(to_own_it_twice_is_a_deadlock),
        lock_test(a_free_lock_is_no_way_to_keep_others_from_running),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
