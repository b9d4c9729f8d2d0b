/* The latch. */
#include "model/probe.h"

#include <errno.h>

static struct eddy_event event;
static struct probe a, b;

static int setup(void **state)
{
    int error = coro_setup(state);
    eddy_event_init(&event);
    probe_init(&a, *state, "a");
    probe_init(&b, *state, "b");
    return error;
}

#define event_test(name) cmocka_unit_test_setup_teardown(name, setup, coro_teardown)

static void a_set_wakes_all_in_order_and_whoever_comes_later(void **state)
{
    PARKS(eddy_event_wait(&event, &a.waiter));
    PARKS(eddy_event_wait(&event, &b.waiter));
    assert_int_equal(eddy_event_waiting(&event), 2);
    assert_int_equal(eddy_event_fini(&event), -EBUSY);
    eddy_event_set(&event);
    assert_int_equal(eddy_event_waiting(&event), 0);
    eddy_event_set(&event);
    assert_int_equal(event.sets, 1);
    coro_settle(*state);
    coro_expect("a:0 b:0");
    assert_int_equal(eddy_event_wait(&event, &a.waiter), 0);
    assert_int_equal(eddy_event_try(&event), 0);
    assert_int_equal(eddy_event_fini(&event), 0);
}

static void who_was_woken_stays_woken(void **state)
{
    PARKS(eddy_event_wait(&event, &a.waiter));
    eddy_event_set(&event);
    eddy_event_reset(&event);
    assert_int_equal(eddy_event_try(&event), -EAGAIN);
    assert_false(eddy_wait_cancel(&a.waiter));
    PARKS(eddy_event_wait(&event, &b.waiter));
    coro_settle(*state);
    coro_expect("a:0");
    eddy_event_set(&event);
    coro_settle(*state);
    coro_expect("b:0");
}

static void who_gives_up_is_not_woken_by_it(void **state)
{
    struct coro *c = *state;
    PARKS(eddy_event_wait(&event, &a.waiter));
    PARKS(eddy_event_wait(&event, &b.waiter));
    assert_true(eddy_wait_cancel(&a.waiter));
    eddy_wait_until(&b.waiter, c->os.now + EDDY_SEC(1));
    coro_advance(c, EDDY_SEC(2));
    eddy_event_set(&event);
    coro_settle(c);
    coro_expect("a:-125 b:-110");
}

struct looker {
    EDDY_FRAME;
    int i;
};

EDDY_CORO(looker)
{
    EDDY_BEGIN(looker) {
        for (; my->i < 300; my->i++) {
            EDDY_AWAIT(eddy_event_wait(&event, me));
        }
    }
}

static void one_that_is_set_does_not_keep_others_from_running(void **state)
{
    struct coro *c = *state;
    eddy_event_set(&event);
    uint64_t before = c->loop.scheduler.steps;
    assert_int_equal(CORO_RUN(c, looker), 0);
    assert_in_range(c->loop.scheduler.steps - before, 3, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        event_test(a_set_wakes_all_in_order_and_whoever_comes_later),
        event_test(who_was_woken_stays_woken),
        event_test(who_gives_up_is_not_woken_by_it),
        event_test(one_that_is_set_does_not_keep_others_from_running),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
