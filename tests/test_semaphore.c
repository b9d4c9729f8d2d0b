/* Permits: how many, for whom, and never in parts. */
#include "model/probe.h"

#include <errno.h>

static struct eddy_semaphore semaphore;
static struct probe a, b, d;

static int setup(void **state)
{
    int error = coro_setup(state);
    eddy_semaphore_init(&semaphore, 2, 5);
    probe_init(&a, *state, "a");
    probe_init(&b, *state, "b");
    probe_init(&d, *state, "d");
    return error;
}

#define semaphore_test(name) cmocka_unit_test_setup_teardown(name, setup, coro_teardown)

static void permits_that_are_there_are_taken_at_once(void **state)
{
    (void)state;
    assert_int_equal(eddy_semaphore_acquire(&semaphore, 2, &a.waiter), 0);
    assert_int_equal(semaphore.available, 0);
    assert_int_equal(eddy_semaphore_try(&semaphore, 1), -EAGAIN);
    assert_int_equal(eddy_semaphore_release(&semaphore, 5), 0); /* more than were there, but not more than max */
    assert_int_equal(eddy_semaphore_try(&semaphore, 5), 0);
    assert_int_equal(semaphore.acquired, 7);
}

static void who_asks_for_much_holds_up_the_others_and_gets_no_part(void **state)
{
    struct coro *c = *state;
    PARKS(eddy_semaphore_acquire(&semaphore, 4, &a.waiter));
    assert_int_equal(semaphore.available, 2);
    PARKS(eddy_semaphore_acquire(&semaphore, 1, &b.waiter));
    assert_int_equal(eddy_semaphore_try(&semaphore, 1), -EAGAIN);
    assert_int_equal(eddy_semaphore_release(&semaphore, 1), 0);
    coro_settle(c);
    coro_expect("");
    assert_int_equal(semaphore.available, 3);
    assert_int_equal(eddy_semaphore_waiting(&semaphore), 2);
    assert_int_equal(eddy_semaphore_release(&semaphore, 2), 0);
    assert_int_equal(semaphore.available, 0);
    coro_settle(c);
    coro_expect("a:0 b:0");
}

static void who_leaves_lets_go_those_it_held_up(void **state)
{
    struct coro *c = *state;
    PARKS(eddy_semaphore_acquire(&semaphore, 3, &a.waiter));
    PARKS(eddy_semaphore_acquire(&semaphore, 1, &b.waiter));
    PARKS(eddy_semaphore_acquire(&semaphore, 1, &d.waiter));
    assert_true(eddy_wait_cancel(&a.waiter));
    assert_int_equal(semaphore.available, 0);
    coro_settle(c);
    coro_expect("b:0 d:0 a:-125");

    assert_int_equal(eddy_semaphore_release(&semaphore, 2), 0);
    PARKS(eddy_semaphore_acquire(&semaphore, 3, &a.waiter));
    PARKS(eddy_semaphore_acquire(&semaphore, 2, &b.waiter));
    eddy_wait_until(&a.waiter, c->os.now + EDDY_SEC(1));
    coro_advance(c, EDDY_SEC(2));
    coro_expect("b:0 a:-110");

    assert_int_equal(eddy_semaphore_release(&semaphore, 2), 0);
    PARKS(eddy_semaphore_acquire(&semaphore, 3, &a.waiter));
    PARKS(eddy_semaphore_acquire(&semaphore, 1, &b.waiter));
    assert_int_equal(eddy_wait_withdraw(&a.waiter), EDDY_PENDING);
    coro_settle(c);
    coro_expect("b:0");
}

static void a_cancel_after_the_grant_keeps_the_permits(void **state)
{
    PARKS(eddy_semaphore_acquire(&semaphore, 3, &a.waiter));
    assert_int_equal(eddy_semaphore_release(&semaphore, 1), 0);
    assert_false(eddy_wait_cancel(&a.waiter));
    assert_int_equal(semaphore.available, 0);
    assert_int_equal(eddy_semaphore_try(&semaphore, 1), -EAGAIN);
    coro_settle(*state);
    coro_expect("a:0");
}

static void there_are_never_more_than_max(void **state)
{
    (void)state;
    assert_int_equal(eddy_semaphore_release(&semaphore, 4), -EINVAL);
    assert_int_equal(eddy_semaphore_release(&semaphore, UINT32_MAX), -EINVAL);
    assert_int_equal(semaphore.available, 2);
    assert_int_equal(eddy_semaphore_release(&semaphore, 3), 0);
    assert_int_equal(eddy_semaphore_try(&semaphore, 0), -EINVAL);
    assert_int_equal(eddy_semaphore_acquire(&semaphore, 0, &a.waiter), -EINVAL);
    assert_int_equal(eddy_semaphore_acquire(&semaphore, 6, &a.waiter), -EINVAL);
    eddy_semaphore_init(&semaphore, EDDY_SEMAPHORE_MAX, EDDY_SEMAPHORE_MAX);
    assert_int_equal(eddy_semaphore_release(&semaphore, 1), -EINVAL);
    assert_int_equal(eddy_semaphore_try(&semaphore, EDDY_SEMAPHORE_MAX), 0);
    assert_int_equal(eddy_semaphore_release(&semaphore, EDDY_SEMAPHORE_MAX), 0);
}

static void a_closed_one_stays_closed(void **state)
{
    PARKS(eddy_semaphore_acquire(&semaphore, 3, &a.waiter));
    PARKS(eddy_semaphore_acquire(&semaphore, 1, &b.waiter));
    assert_int_equal(eddy_semaphore_fini(&semaphore), -EBUSY);
    eddy_semaphore_close(&semaphore);
    eddy_semaphore_close(&semaphore);
    coro_settle(*state);
    coro_expect("a:-108 b:-108");
    assert_int_equal(semaphore.available, 2);
    assert_int_equal(eddy_semaphore_release(&semaphore, 3), 0);
    assert_int_equal(eddy_semaphore_try(&semaphore, 1), -ESHUTDOWN);
    assert_int_equal(eddy_semaphore_acquire(&semaphore, 1, &a.waiter), -ESHUTDOWN);
    assert_int_equal(eddy_semaphore_fini(&semaphore), 0);
}

/* ---- In coroutines --------------------------------------------------------------------- */

struct visitor {
    EDDY_FRAME;
    struct eddy_guard guard;
    int *inside;
};

EDDY_CORO(visitor)
{
    EDDY_BEGIN(visitor) {
        EDDY_PERMIT(&my->guard, &semaphore) {
            assert_true(++*my->inside <= 2);
            EDDY_AWAIT(eddy_sleep(EDDY_SEC(1), me));
            --*my->inside;
        }
    }
}

static void so_many_at_once_are_inside(void **state)
{
    struct coro *c = *state;
    int inside = 0;
    for (int i = 0; i < 10; i++) {
        assert_int_equal(EDDY_SPAWN(eddy_loop_detached(&c->loop), visitor, .inside = &inside), 0);
    }
    coro_finish(c);
    assert_int_equal(coro_elapsed(c), EDDY_SEC(5));
    assert_int_equal(semaphore.available, 2);
}

struct greedy {
    EDDY_FRAME;
    int yields;
    int i;
};

EDDY_CORO(greedy)
{
    EDDY_BEGIN(greedy) {
        for (; my->i < 300; my->i++) {
            EDDY_AWAIT(eddy_semaphore_acquire(&semaphore, 1, me));
            assert_int_equal(eddy_semaphore_release(&semaphore, 1), 0);
        }
    }
}

static void many_free_permits_do_not_keep_others_from_running(void **state)
{
    struct coro *c = *state;
    uint64_t before = c->loop.scheduler.steps;
    assert_int_equal(CORO_RUN(c, greedy), 0);
    assert_in_range(c->loop.scheduler.steps - before, 3, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        semaphore_test(permits_that_are_there_are_taken_at_once),
        semaphore_test(who_asks_for_much_holds_up_the_others_and_gets_no_part),
        semaphore_test(who_leaves_lets_go_those_it_held_up),
        semaphore_test(a_cancel_after_the_grant_keeps_the_permits),
        semaphore_test(there_are_never_more_than_max),
        semaphore_test(a_closed_one_stays_closed),
        semaphore_test(so_many_at_once_are_inside),
        semaphore_test(many_free_permits_do_not_keep_others_from_running),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
