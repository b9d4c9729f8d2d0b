/* Once: one at a time tries, until it is done. */
#include "model/probe.h"

#include <errno.h>

static struct eddy_once once;
static struct probe a, b, d;

static int setup(void **state)
{
    int error = coro_setup(state);
    eddy_once_init(&once);
    probe_init(&a, *state, "a");
    probe_init(&b, *state, "b");
    probe_init(&d, *state, "d");
    return error;
}

#define once_test(name) cmocka_unit_test_setup_teardown(name, setup, coro_teardown)

static void begin_all(void)
{
    assert_int_equal(eddy_once_begin(&once, &a.waiter), 1);
    assert_int_equal(eddy_once_begin(&once, &a.waiter), -EDEADLK);
    assert_int_equal(eddy_once_try(&once, &b.waiter), -EAGAIN);
    PARKS(eddy_once_begin(&once, &b.waiter));
    PARKS(eddy_once_begin(&once, &d.waiter));
    assert_int_equal(eddy_once_fini(&once), -EBUSY);
}

static void the_others_wait_until_it_is_done(void **state)
{
    begin_all();
    assert_int_equal(eddy_once_done(&once), 0);
    assert_int_equal(eddy_once_done(&once), -EINVAL);
    assert_int_equal(eddy_once_give_up(&once), -EINVAL);
    coro_settle(*state);
    coro_expect("b:0 d:0");
    assert_int_equal(eddy_once_begin(&once, &a.waiter), 0);
    assert_int_equal(eddy_once_try(&once, &a.waiter), 0);
    assert_int_equal(eddy_once_fini(&once), 0);
    assert_int_equal(once.attempts, 1);
}

static void who_gives_up_lets_the_next_try(void **state)
{
    begin_all();
    assert_int_equal(eddy_once_give_up(&once), 0);
    assert_false(eddy_wait_cancel(&b.waiter)); /* it is at it */
    coro_settle(*state);
    coro_expect("b:1");
    assert_true(eddy_wait_cancel(&d.waiter));
    assert_int_equal(eddy_once_give_up(&once), 0);
    assert_int_equal(eddy_once_give_up(&once), -EINVAL);
    coro_settle(*state);
    coro_expect("d:-125");
    assert_int_equal(eddy_once_fini(&once), 0);
}

static void a_deadline_ends_the_wait(void **state)
{
    struct coro *c = *state;
    begin_all();
    eddy_wait_until(&b.waiter, c->os.now + EDDY_SEC(1));
    coro_advance(c, EDDY_SEC(2));
    assert_int_equal(eddy_once_give_up(&once), 0);
    coro_settle(c);
    coro_expect("b:-110 d:1");
}

/* ---- EDDY_ONCE ------------------------------------------------------------------------- */

enum way { SUCCEED, FAIL, RETURN, BREAK };

struct builder {
    EDDY_FRAME;
    enum way way;
    struct eddy_guard guard;
};

EDDY_CORO(builder)
{
    EDDY_BEGIN(builder) {
        while (!once.done) {
            EDDY_ONCE(&my->guard, &once) {
                coro_say("try");
                EDDY_AWAIT(eddy_sleep(EDDY_SEC(1), me));
                if (my->way == FAIL) {
                    EDDY_FAIL(-EIO);
                }
                if (my->way == RETURN) {
                    return;
                }
                if (my->way == BREAK) {
                    break;
                }
                assert_int_equal(eddy_once_done(&once), 0);
                coro_say("done");
            }
            coro_say("there");
        }
    }
    EDDY_FINALLY
    {
        coro_say(".");
    }
}

static void start(struct coro *c, enum way way)
{
    assert_int_equal(EDDY_SPAWN(eddy_loop_detached(&c->loop), builder, .way = way), 0);
}

static void whatever_ends_an_attempt_the_next_tries(void **state)
{
    struct coro *c = *state;
    start(c, FAIL);
    start(c, RETURN);
    start(c, BREAK);
    struct eddy_task *victim = CORO_START(c, builder, .way = SUCCEED);
    start(c, SUCCEED);
    start(c, SUCCEED);
    coro_advance(c, EDDY_MS(3500));
    coro_expect("try . try . try . try");
    eddy_task_cancel(victim, -ECANCELED);
    assert_int_equal(coro_end(c, victim), -ECANCELED);
    coro_expect(". try done there . there .");
    assert_int_equal(once.attempts, 5);
    start(c, FAIL);
    coro_finish(c);
    coro_expect(".");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        once_test(the_others_wait_until_it_is_done),
        once_test(who_gives_up_lets_the_next_try),
        once_test(a_deadline_ends_the_wait),
        once_test(whatever_ends_an_attempt_the_next_tries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
