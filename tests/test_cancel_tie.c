/* Cancels, deadlines and results that meet, and the reason that is told. */
#include "support/coro.h"

#include <errno.h>

static struct eddy_scope scope, other;

static int reset(void **state)
{
    scope = (struct eddy_scope){0};
    other = (struct eddy_scope){0};
    return coro_setup(state);
}

#define cancel_test(name) cmocka_unit_test_setup_teardown(name, reset, coro_teardown)

static struct eddy_waiter *parked;

static const struct eddy_wait_kind test_kind = {.name = "test", .external = true, .expiry = -ETIMEDOUT};

static int park(struct eddy_waiter *me)
{
    parked = me;
    return eddy_wait_park(me, &test_kind);
}

struct tie {
    EDDY_FRAME;
    bool fails;
    int result;
};

EDDY_CORO(tie)
{
    EDDY_BEGIN(tie) {
        EDDY_SCOPE(&other) {
            if (my->fails) {
                EDDY_TIMEOUT_FAIL(&scope, 10) {
                    EDDY_AWAIT(my->result, park(me));
                }
            } else {
                EDDY_TIMEOUT(&scope, 10) {
                    EDDY_AWAIT(my->result, park(me));
                }
            }
            coro_say("inner %d", my->result);
            EDDY_AWAIT(my->result, eddy_sleep(1, me));
            coro_say("unreachable");
        }
        coro_say("end");
    }
}

struct canceller {
    struct eddy_waiter waiter;
    struct eddy_task *task; /* NULL: cancel other */
};

static void cancel_now(struct eddy_waiter *waiter)
{
    struct canceller *canceller = EDDY_CONTAINER(waiter, struct canceller, waiter);
    if (canceller->task != NULL) {
        eddy_task_cancel(canceller->task, -EINTR);
    } else {
        eddy_scope_cancel(&other, -EINTR);
    }
}

static void when_cancel_and_deadline_come_in_one_tick_the_cancel_wins(void **state)
{
    struct coro *c = *state;
    struct canceller canceller = {0};
    eddy_waiter_init(&canceller.waiter, &c->loop, cancel_now);
    for (int i = 0; i < 8; i++) {
        scope = other = (struct eddy_scope){0};
        bool first = (i & 1) != 0;
        bool fails = (i & 2) != 0;
        bool whole = (i & 4) != 0;
        if (first) {
            assert_int_equal(eddy_sleep(10, &canceller.waiter), EDDY_PENDING);
        }
        struct eddy_task *task = CORO_START(c, tie, .fails = fails);
        coro_settle(c);
        if (!first) {
            assert_int_equal(eddy_sleep(10, &canceller.waiter), EDDY_PENDING);
        }
        canceller.task = whole ? task : NULL;
        int status = coro_end(c, task);
        if (first) { /* its wake comes before the task's */
            assert_int_equal(status, whole ? -ECANCELED : 0);
            coro_expect(whole ? "" : "end");
            assert_false(scope.caught);
            assert_true(whole || other.caught);
        } else { /* the deadline has had its effect before */
            assert_int_equal(status, fails ? -ETIMEDOUT : whole ? -ECANCELED : 0);
            assert_true(scope.caught);
        }
        c->trace[0] = '\0';
    }
}

static void when_deadline_and_result_come_in_one_tick_the_first_one_counts(void **state)
{
    struct coro *c = *state;
    struct eddy_task *task = CORO_START(c, tie);
    coro_settle(c);
    eddy_wait_wake(parked, 4);
    test_os_advance(&c->os, 10); /* the result first, then the deadline, then the task's turn */
    eddy_scope_cancel(&other, -EINTR);
    assert_int_equal(coro_end(c, task), 0);
    coro_expect("inner 4 end");
    assert_true(scope.expired && !scope.caught);
}

struct late {
    EDDY_FRAME;
    struct eddy_scope inner;
};

EDDY_CORO(late)
{
    EDDY_BEGIN(late) {
        EDDY_TIMEOUT_FAIL(&scope, 10) {
            EDDY_SHIELD(&my->inner, EDDY_FOREVER) {
                EDDY_AWAIT(eddy_sleep(20, me));
            }
            coro_say("%d", eddy_cancel_reason(me));
            EDDY_AWAIT(eddy_yield(me));
        }
        coro_say("end");
    }
}

static void a_deadline_that_comes_after_the_cancel_changes_nothing(void **state)
{
    struct coro *c = *state;
    struct eddy_task *task = CORO_START(c, late);
    coro_advance(c, 5);
    eddy_scope_cancel(&scope, -EPIPE);
    assert_int_equal(coro_end(c, task), 0);
    coro_expect("-32 end");
    assert_true(scope.caught && !scope.expired);
    task = CORO_START(c, late);
    coro_advance(c, 15);
    eddy_scope_cancel(&scope, -EPIPE); /* nor the other way round */
    assert_int_equal(coro_end(c, task), -ETIMEDOUT);
    coro_expect("-110");
}

/* ---- Reasons --------------------------------------------------------------------------- */

struct reasons {
    EDDY_FRAME;
    struct eddy_scope a, b, d;
};

EDDY_CORO(reasons)
{
    EDDY_BEGIN(reasons) {
        coro_say("%d", eddy_cancel_reason(me));
        EDDY_SCOPE(&my->a) {
            EDDY_TIMEOUT(&my->b, 0) {
                coro_say("%d", eddy_cancel_reason(me));
                EDDY_SHIELD(&my->d, EDDY_SEC(1)) {
                    coro_say("%d", eddy_cancel_reason(me));
                    eddy_scope_cancel(&my->d, EDDY_REASON_MIN);
                    coro_say("%d", eddy_cancel_reason(me));
                    eddy_scope_cancel(&my->a, -EPIPE);
                    coro_say("%d", eddy_cancel_reason(me));
                }
                coro_say("%d", eddy_cancel_reason(me));
                eddy_task_cancel(eddy_task_of(me), -EINTR);
                eddy_task_cancel(eddy_task_of(me), -EIO);
                coro_say("%d", eddy_cancel_reason(me));
            }
        }
    }
    EDDY_FINALLY
    {
        coro_say("%d", eddy_cancel_reason(me));
    }
}

static void the_reason_is_that_of_the_outermost_cancel(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, reasons), 0);
    coro_expect("0 -110 0 -4095 -4095 -32 -4 0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cancel_test(when_cancel_and_deadline_come_in_one_tick_the_cancel_wins),
        cancel_test(when_deadline_and_result_come_in_one_tick_the_first_one_counts),
        cancel_test(a_deadline_that_comes_after_the_cancel_changes_nothing),
        cancel_test(the_reason_is_that_of_the_outermost_cancel),
    };
    return cmocka_run_group_tests_name("cancel_tie", tests, NULL, NULL);
}
