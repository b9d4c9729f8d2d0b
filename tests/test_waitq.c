/* The wait queue itself, by a gate that is made of it as eddy/waitq.h shows. */
#include "model/probe.h"

#include <errno.h>

struct gate {
    struct eddy_waitq queue;
    bool open;
};

static const struct eddy_wait_kind gate_kind = {.name = "gate", .unpark = eddy_waitq_unpark, .expiry = -ETIMEDOUT};

static struct gate gate;
static struct probe a, b, d;

static int gate_pass(struct eddy_waiter *waiter)
{
    return gate.open ? (int)eddy_wait_settle(waiter, 7) : eddy_waitq_park(&gate.queue, waiter, &gate_kind, &gate);
}

static int setup(void **state)
{
    int error = coro_setup(state);
    eddy_waitq_init(&gate.queue);
    gate.open = false;
    probe_init(&a, *state, "a");
    probe_init(&b, *state, "b");
    probe_init(&d, *state, "d");
    return error;
}

#define waitq_test(name) cmocka_unit_test_setup_teardown(name, setup, coro_teardown)

static void line_up(void)
{
    assert_true(eddy_waitq_is_empty(&gate.queue));
    assert_null(eddy_waitq_first(&gate.queue));
    assert_null(eddy_waitq_last(&gate.queue));
    PARKS(gate_pass(&a.waiter));
    PARKS(gate_pass(&b.waiter));
    PARKS(gate_pass(&d.waiter));
    assert_ptr_equal(eddy_waitq_first(&gate.queue), &a.waiter);
    assert_ptr_equal(eddy_waitq_last(&gate.queue), &d.waiter);
    assert_int_equal(eddy_waitq_length(&gate.queue), 3);
    assert_ptr_equal(a.waiter.queue, &gate);
}

static void all_are_woken_in_the_order_they_came(void **state)
{
    line_up();
    assert_int_equal(eddy_waitq_wake_all(&gate.queue, 5), 3);
    assert_int_equal(eddy_waitq_wake_all(&gate.queue, 6), 0);
    coro_expect(""); /* nobody runs in the call */
    coro_settle(*state);
    coro_expect("a:5 b:5 d:5");
}

static void one_is_woken_from_anywhere(void **state)
{
    line_up();
    eddy_waitq_wake(&b.waiter, 1);
    eddy_waitq_wake(eddy_waitq_last(&gate.queue), 2);
    assert_int_equal(eddy_waitq_length(&gate.queue), 1);
    assert_false(eddy_wait_cancel(&b.waiter));
    eddy_waitq_wake(eddy_waitq_first(&gate.queue), 3);
    coro_settle(*state);
    coro_expect("b:1 d:2 a:3");
}

static void who_gives_up_is_out_of_it(void **state)
{
    struct coro *c = *state;
    line_up();
    assert_true(eddy_wait_cancel(&b.waiter));
    assert_int_equal(eddy_waitq_length(&gate.queue), 2);
    assert_int_equal(eddy_wait_withdraw(&a.waiter), EDDY_PENDING);
    eddy_wait_until(&d.waiter, c->os.now + EDDY_SEC(1));
    coro_advance(c, EDDY_SEC(2));
    assert_true(eddy_waitq_is_empty(&gate.queue));
    coro_expect("b:-125 d:-110");
}

static void who_is_woken_may_wait_again(struct probe *probe)
{
    probe->then = NULL;
    PARKS(gate_pass(&probe->waiter));
}

static void a_wake_may_wait_again(void **state)
{
    line_up();
    a.then = who_is_woken_may_wait_again;
    assert_int_equal(eddy_waitq_wake_all(&gate.queue, 0), 3);
    coro_settle(*state);
    coro_expect("a:0 b:0 d:0");
    assert_int_equal(eddy_waitq_length(&gate.queue), 1);
    assert_int_equal(eddy_wait_withdraw(&a.waiter), EDDY_PENDING);
}

struct passer {
    EDDY_FRAME;
    int result;
};

EDDY_CORO(passer)
{
    EDDY_BEGIN(passer) {
        EDDY_AWAIT(my->result, gate_pass(me));
        coro_say("%d", my->result);
        gate.open = true;
        EDDY_AWAIT(my->result, gate_pass(me));
        coro_say("%d", my->result);
    }
}

static void a_coroutine_waits_at_it(void **state)
{
    struct coro *c = *state;
    struct eddy_task *task = CORO_START(c, passer);
    coro_settle(c);
    eddy_waitq_wake(eddy_waitq_first(&gate.queue), 3);
    assert_int_equal(coro_end(c, task), 0);
    coro_expect("3 7");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        waitq_test(all_are_woken_in_the_order_they_came),
        waitq_test(one_is_woken_from_anywhere),
        waitq_test(who_gives_up_is_out_of_it),
        waitq_test(a_wake_may_wait_again),
        waitq_test(a_coroutine_waits_at_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
