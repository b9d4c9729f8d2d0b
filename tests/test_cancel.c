/* Cancels: level-triggered, without effect halfway, and with a reason. */
#include "support/coro.h"

#include <errno.h>

static struct eddy_scope scope;

static int reset(void **state)
{
    scope = (struct eddy_scope){0};
    return coro_setup(state);
}

#define cancel_test(name) cmocka_unit_test_setup_teardown(name, reset, coro_teardown)

/* ---- Level ----------------------------------------------------------------------------- */

struct careless {
    EDDY_FRAME;
    int which;
    int result;
};

static int always_ready(struct eddy_waiter *me)
{
    return (int)eddy_wait_settle(me, 0);
}

static int always_fails(struct eddy_waiter *me)
{
    (void)me;
    return -EIO;
}

EDDY_CORO(careless)
{
    EDDY_BEGIN(careless) {
        for (;;) {
            if (my->which == 0) {
                EDDY_AWAIT(my->result, eddy_sleep(5, me));
            } else if (my->which == 1) {
                EDDY_AWAIT(my->result, eddy_yield(me));
            } else if (my->which == 2) {
                EDDY_AWAIT(my->result, always_ready(me));
            } else {
                EDDY_AWAIT(my->result, always_fails(me));
                EDDY_AWAIT(my->result, eddy_sleep(0, me));
            }
        }
    }
    EDDY_FINALLY
    {
        coro_say("finally");
    }
}

static void a_loop_that_ignores_its_results_ends_by_cancel(void **state)
{
    struct coro *c = *state;
    for (int which = 0; which < 4; which++) {
        struct eddy_task *task = CORO_START(c, careless, .which = which);
        for (int i = 0; i < 10; i++) {
            assert_true(eddy_loop_step(&c->loop) >= 0);
            test_os_advance(&c->os, 7);
        }
        assert_false(eddy_task_is_done(task));
        eddy_task_cancel(task, -ECANCELED);
        assert_int_equal(coro_end(c, task), -ECANCELED);
        coro_expect("finally");
    }
}

struct persistent {
    EDDY_FRAME;
    int i;
    struct eddy_catch catch_;
    struct eddy_scope inner;
};

EDDY_CORO(persistent)
{
    EDDY_BEGIN(persistent) {
        EDDY_SCOPE(&scope) {
            for (my->i = 0; my->i < 3; my->i++) {
                EDDY_SCOPE(&my->inner) { /* a scope of one's own does not catch what comes from outside */
                    EDDY_CATCH(&my->catch_) {
                        EDDY_AWAIT(eddy_sleep(5, me));
                    }
                    coro_say("caught");
                }
                coro_say("inner");
            }
        }
        coro_say("out");
    }
}

static void nothing_but_the_scope_that_was_cancelled_stops_the_unwinding(void **state)
{
    struct coro *c = *state;
    struct eddy_task *task = CORO_START(c, persistent);
    coro_advance(c, 6);
    eddy_scope_cancel(&scope, -ECANCELED);
    assert_int_equal(coro_end(c, task), 0);
    coro_expect("caught inner out");
    assert_int_equal(coro_elapsed(c), 6);
}

/* ---- All or nothing ----------------------------------------------------------------------- */

struct op {
    EDDY_FRAME;
    int result;
    bool expects;
};

static struct eddy_waiter *parked;

static const struct eddy_wait_kind test_kind = {.name = "test", .external = true, .expiry = -ETIMEDOUT};

static int park(struct eddy_waiter *me)
{
    parked = me;
    return eddy_wait_park(me, &test_kind);
}

EDDY_CORO(op)
{
    EDDY_BEGIN(op) {
        my->result = 99;
        EDDY_SCOPE(&scope) {
            EDDY_AWAIT(my->result, park(me));
            coro_say("%d", my->result);
            EDDY_AWAIT(my->result, park(me));
            coro_say("unreachable");
        }
        coro_say("end %d", my->result);
    }
}

static void what_was_done_when_the_cancel_came_keeps_its_result(void **state)
{
    struct coro *c = *state;
    struct eddy_task *task = CORO_START(c, op);
    coro_settle(c);
    eddy_wait_wake(parked, 5);
    eddy_scope_cancel(&scope, -ECANCELED); /* in the same tick, after it */
    assert_int_equal(coro_end(c, task), 0);
    coro_expect("5 end 5");
    assert_true(scope.caught);
}

static void what_was_cancelled_did_not_happen(void **state)
{
    struct coro *c = *state;
    struct eddy_task *task = CORO_START(c, op);
    coro_settle(c);
    eddy_scope_cancel(&scope, -ECANCELED);
    assert_int_equal(coro_end(c, task), 0);
    coro_expect("end 99"); /* not even its place was assigned to */
}

struct settled {
    EDDY_FRAME;
    int i;
    int sum;
};

EDDY_CORO(settled)
{
    EDDY_BEGIN(settled) {
        EDDY_SCOPE(&scope) {
            for (my->i = 0; my->i < 100000; my->i++) {
                my->sum++;
                EDDY_AWAIT(always_ready(me));
                my->sum--;
            }
        }
        coro_say("%d %d", my->sum, my->i > 0);
    }
}

static void a_result_that_waits_for_its_turn_is_not_cancelled(void **state)
{
    struct coro *c = *state;
    struct eddy_task *task = CORO_START(c, settled);
    assert_true(eddy_loop_step(&c->loop) >= 0);
    assert_false(eddy_task_is_done(task));
    eddy_scope_cancel(&scope, -ECANCELED);
    assert_int_equal(coro_end(c, task), 0);
    coro_expect("1 1"); /* the await after it is what unwinds */
}

/* ---- When ------------------------------------------------------------------------------ */

struct starts {
    EDDY_FRAME;
    int result;
};

EDDY_CORO(starts)
{
    EDDY_BEGIN(starts) {
        coro_say("begun %d", eddy_cancel_reason(me));
        EDDY_AWAIT(my->result, park(me));
        coro_say("unreachable");
    }
    EDDY_FINALLY
    {
        coro_say("finally");
    }
}

static void a_task_cancelled_before_it_runs_starts_and_unwinds_at_its_first_await(void **state)
{
    struct coro *c = *state;
    parked = NULL;
    struct eddy_task *task = CORO_START(c, starts);
    eddy_task_cancel(task, -EINTR);
    assert_int_equal(coro_end(c, task), -ECANCELED);
    coro_expect("begun -4 finally");
    assert_null(parked);
}

struct entered {
    EDDY_FRAME;
    eddy_ns span;
    int result;
};

EDDY_CORO(entered)
{
    EDDY_BEGIN(entered) {
        EDDY_TIMEOUT(&scope, my->span) {
            coro_say("in %d", eddy_cancel_reason(me));
            EDDY_AWAIT(my->result, park(me));
            coro_say("unreachable");
        }
        coro_say("out%s", scope.expired ? " expired" : "");
    }
}

static void a_scope_cancelled_before_its_entry_is_so_once_it_is_entered(void **state)
{
    struct coro *c = *state;
    static const eddy_ns spans[] = {EDDY_FOREVER, 5, 0};
    for (int i = 0; i < 3; i++) {
        scope = (struct eddy_scope){0};
        eddy_scope_cancel(&scope, -EPIPE);
        eddy_scope_cancel(&scope, -EINTR); /* the first one counts */
        assert_true(eddy_scope_is_canceled(&scope));
        assert_int_equal(CORO_RUN(c, entered, .span = spans[i]), 0);
        coro_expect("in -32 out");
        assert_true(scope.caught);
    }
}

struct suicide {
    EDDY_FRAME;
    bool task;
    bool awaits;
};

EDDY_CORO(suicide)
{
    EDDY_BEGIN(suicide) {
        EDDY_SCOPE(&scope) {
            if (my->task) {
                eddy_task_cancel(eddy_task_of(me), -EINTR);
            } else {
                eddy_scope_cancel(&scope, -EINTR);
            }
            coro_say("still here %d", eddy_cancel_reason(me));
            if (my->awaits) {
                EDDY_AWAIT(eddy_yield(me));
                coro_say("unreachable");
            }
        }
        coro_say("end");
    }
}

static void a_scope_that_was_left_keeps_what_it_has(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, entered, .span = 5), 0);
    coro_expect("in 0 out expired");
    eddy_scope_cancel(&scope, -EPIPE);
    assert_true(scope.expired && scope.caught);
    /* And it begins anew. */
    assert_int_equal(CORO_RUN(c, entered, .span = 5), 0);
    coro_expect("in 0 out expired");

    assert_int_equal(CORO_RUN(c, suicide, .task = true), 0); /* leaves it in peace */
    c->trace[0] = '\0';
    assert_false(eddy_scope_is_canceled(&scope));
    eddy_scope_cancel(&scope, -EPIPE);
    assert_false(eddy_scope_is_canceled(&scope));
    struct eddy_task *task = CORO_START(c, op);
    coro_settle(c);
    eddy_scope_cancel(&scope, -ECANCELED);
    assert_int_equal(coro_end(c, task), 0);
    coro_expect("end 99");
    task = CORO_START(c, op);
    coro_settle(c);
    assert_false(eddy_scope_is_canceled(&scope));
    eddy_wait_wake(parked, 6);
    coro_settle(c);
    eddy_scope_cancel(&scope, -ECANCELED);
    assert_int_equal(coro_end(c, task), 0);
    coro_expect("6 end 6");
}

static void who_cancels_himself_goes_on_to_his_next_await(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, suicide, .awaits = true), 0);
    coro_expect("still here -4 end");
    assert_int_equal(CORO_RUN(c, suicide, .task = true, .awaits = true), -ECANCELED);
    coro_expect("still here -4");
    /* Who reaches the end has finished, whatever was asked meanwhile. */
    assert_int_equal(CORO_RUN(c, suicide, .task = true), 0);
    coro_expect("still here -4 end");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cancel_test(a_loop_that_ignores_its_results_ends_by_cancel),
        cancel_test(nothing_but_the_scope_that_was_cancelled_stops_the_unwinding),
        cancel_test(what_was_done_when_the_cancel_came_keeps_its_result),
        cancel_test(what_was_cancelled_did_not_happen),
        cancel_test(a_result_that_waits_for_its_turn_is_not_cancelled),
        cancel_test(a_task_cancelled_before_it_runs_starts_and_unwinds_at_its_first_await),
        cancel_test(a_scope_cancelled_before_its_entry_is_so_once_it_is_entered),
        cancel_test(a_scope_that_was_left_keeps_what_it_has),
        cancel_test(who_cancels_himself_goes_on_to_his_next_await),
    };
    return cmocka_run_group_tests_name("cancel", tests, NULL, NULL);
}
