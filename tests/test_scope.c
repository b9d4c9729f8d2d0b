/* Scopes and deadlines: who is unwound when, and what the records say afterwards. */
#include "support/coro.h"

#include <errno.h>
#include <string.h>

/* How a scope was left, as a word of the trace. */
static void say_scope(const char *name, const struct eddy_scope *scope)
{
    coro_say("%s:%s%s%s", name, eddy_scope_is_canceled(scope) ? "called" : "-", scope->expired ? ",expired" : "",
             scope->caught ? ",caught" : "");
}

/* How long until the effective deadline; -1: there is none. */
static int left(const struct eddy_waiter *me)
{
    eddy_ns deadline = eddy_deadline(me);
    if (deadline == EDDY_FOREVER) {
        return -1;
    }
    return deadline > 0 ? (int)(deadline - coro_current()->os.now) : 0;
}

/* ---- Timeouts -------------------------------------------------------------------------- */

struct limited {
    EDDY_FRAME;
    eddy_ns limit;
    eddy_ns work;
    bool fails;
    struct eddy_scope scope;
};

EDDY_CORO(limited)
{
    EDDY_BEGIN(limited) {
        if (my->fails) {
            EDDY_TIMEOUT_FAIL(&my->scope, my->limit) {
                EDDY_AWAIT(eddy_sleep(my->work, me));
                coro_say("done");
            }
        } else {
            EDDY_TIMEOUT(&my->scope, my->limit) {
                EDDY_AWAIT(eddy_sleep(my->work, me));
                coro_say("done");
            }
        }
        say_scope("s", &my->scope);
    }
}

static void a_body_that_takes_too_long_is_unwound_at_its_deadline(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, limited, .limit = 5, .work = 9), 0);
    assert_int_equal(coro_elapsed(c), 5);
    coro_expect("s:called,expired,caught");
}

static void a_body_in_time_is_left_alone(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, limited, .limit = 9, .work = 5), 0);
    assert_int_equal(CORO_RUN(c, limited, .limit = EDDY_FOREVER, .work = EDDY_SEC(86400) * 999), 0);
    assert_int_equal(CORO_RUN(c, limited, .limit = EDDY_FOREVER - 1, .work = 5), 0);
    coro_expect("done s:- done s:- done s:-");
}

static void a_deadline_that_fails_fails_with_etimedout(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, limited, .limit = 5, .work = 9, .fails = true), -ETIMEDOUT);
    assert_int_equal(coro_elapsed(c), 5);
    coro_expect("");
    assert_int_equal(CORO_RUN(c, limited, .limit = 9, .work = 5, .fails = true), 0);
    coro_expect("done s:-");
}

struct begins {
    EDDY_FRAME;
    eddy_ns span;
    bool until;
    struct eddy_scope scope;
};

static int must_not_begin(struct eddy_waiter *me)
{
    (void)me;
    coro_say("begun");
    return 0;
}

EDDY_CORO(begins)
{
    EDDY_BEGIN(begins) {
        if (my->until) {
            EDDY_TIMEOUT_UNTIL(&my->scope, my->span) {
                coro_say("in %d", eddy_cancel_reason(me));
                EDDY_AWAIT(must_not_begin(me));
            }
        } else {
            EDDY_TIMEOUT(&my->scope, my->span) {
                coro_say("in %d", eddy_cancel_reason(me));
                EDDY_AWAIT(must_not_begin(me));
            }
        }
        say_scope("s", &my->scope);
        EDDY_AWAIT(eddy_sleep(1, me));
    }
}

static void a_deadline_that_is_over_unwinds_at_the_first_await(void **state)
{
    struct coro *c = *state;
    static const eddy_ns spans[] = {0, -1, INT64_MIN};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(CORO_RUN(c, begins, .span = spans[i]), 0);
        coro_expect("in -110 s:called,expired,caught");
    }
    eddy_ns instants[] = {c->os.now, c->os.now - 1, 0, INT64_MIN};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(CORO_RUN(c, begins, .span = instants[i], .until = true), 0);
        coro_expect("in -110 s:called,expired,caught");
    }
}

struct no_await {
    EDDY_FRAME;
    struct eddy_scope scope;
};

EDDY_CORO(no_await)
{
    EDDY_BEGIN(no_await) {
        EDDY_TIMEOUT_FAIL(&my->scope, 0) {
            coro_say("body");
        }
        say_scope("s", &my->scope);
        EDDY_AWAIT(eddy_sleep(1, me));
        EDDY_SCOPE(&my->scope) {
            eddy_scope_cancel(&my->scope, -EINTR);
            coro_say("body %d", eddy_cancel_reason(me));
        }
        say_scope("s", &my->scope);
        EDDY_AWAIT(eddy_sleep(1, me));
        coro_say("end");
    }
}

static void to_leave_a_scope_discards_a_cancel_that_nobody_has_felt(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, no_await), 0);
    coro_expect("body s:called,expired body -4 s:called end");
}

struct works_late {
    EDDY_FRAME;
    struct eddy_scope scope;
    int result;
};

EDDY_CORO(works_late)
{
    EDDY_BEGIN(works_late) {
        EDDY_AWAIT(eddy_sleep(1, me));
        EDDY_TIMEOUT(&my->scope, EDDY_MS(10)) {
            test_os_advance(&coro_current()->os, EDDY_MS(9)); /* work, without an await */
            EDDY_AWAIT(my->result, eddy_sleep(EDDY_MS(1) - 1, me));
            coro_say("in time");
        }
        test_os_advance(&coro_current()->os, EDDY_MS(100));
        EDDY_TIMEOUT(&my->scope, EDDY_MS(10)) { /* from this moment, not from the turn */
            EDDY_AWAIT(my->result, eddy_sleep(EDDY_MS(9), me));
            coro_say("in time");
        }
    }
}

static void a_span_counts_from_the_entry(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, works_late), 0);
    coro_expect("in time in time");
}

struct rounds {
    EDDY_FRAME;
    struct eddy_scope scope;
    int i;
    int expired;
    int done;
};

EDDY_CORO(rounds)
{
    EDDY_BEGIN(rounds) {
        for (my->i = 0; my->i < 100; my->i++) {
            EDDY_TIMEOUT(&my->scope, 10) {
                EDDY_AWAIT(eddy_sleep(my->i % 2 == 0 ? 9 : 11, me));
                my->done++;
            }
            my->expired += my->scope.expired;
            assert_true(my->scope.expired == my->scope.caught);
            assert_true(my->scope.expired == eddy_scope_is_canceled(&my->scope));
        }
        coro_say("%d %d", my->done, my->expired);
    }
}

static void a_record_serves_again_in_a_loop(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, rounds), 0);
    coro_expect("50 50");
    assert_int_equal(coro_elapsed(c), 50 * 9 + 50 * 10);
}

struct three_deep {
    EDDY_FRAME;
    eddy_ns a_span, b_span, d_span;
    struct eddy_scope a, b, d;
};

EDDY_CORO(three_deep)
{
    EDDY_BEGIN(three_deep) {
        EDDY_TIMEOUT(&my->a, my->a_span) {
            EDDY_TIMEOUT(&my->b, my->b_span) {
                EDDY_TIMEOUT(&my->d, my->d_span) {
                    coro_say("%d", left(me));
                    EDDY_AWAIT(eddy_sleep(1000, me));
                }
                coro_say("after d");
                EDDY_AWAIT(eddy_sleep(2, me));
            }
            coro_say("after b");
            EDDY_AWAIT(eddy_sleep(2, me));
        }
        coro_say("after a");
        say_scope("a", &my->a);
        say_scope("b", &my->b);
        say_scope("d", &my->d);
    }
}

static void the_outermost_scope_that_is_cancelled_catches(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, three_deep, .a_span = 30, .b_span = 20, .d_span = 10), 0);
    coro_expect("10 after d after b after a a:- b:- d:called,expired,caught");
    assert_int_equal(CORO_RUN(c, three_deep, .a_span = 10, .b_span = 20, .d_span = 30), 0);
    coro_expect("10 after a a:called,expired,caught b:- d:-");
    assert_int_equal(CORO_RUN(c, three_deep, .a_span = 30, .b_span = 10, .d_span = 10), 0);
    coro_expect("10 after b after a a:- b:called,expired,caught d:called,expired");
    assert_int_equal(CORO_RUN(c, three_deep, .a_span = 10, .b_span = 10, .d_span = 10), 0);
    coro_expect("10 after a a:called,expired,caught b:called,expired d:called,expired");
    assert_int_equal(CORO_RUN(c, three_deep, .a_span = 11, .b_span = 20, .d_span = 10), 0);
    coro_expect("10 after d after a a:called,expired,caught b:- d:called,expired,caught");
    assert_int_equal(CORO_RUN(c, three_deep, .a_span = 10, .b_span = 0, .d_span = 10), 0);
    assert_non_null(strstr(c->trace, "after b after a a:- b:called,expired,caught d:-"));
}

/* ---- Many ------------------------------------------------------------------------------ */

struct nested {
    EDDY_FRAME;
    int n;
    int *caught;
    struct eddy_scope scope;
};

EDDY_CORO(nested)
{
    EDDY_BEGIN(nested) {
        EDDY_TIMEOUT(&my->scope, EDDY_SEC(100000) - my->n) {
            if (my->n > 0) {
                EDDY_DO(nested, .n = my->n - 1, .caught = my->caught);
            } else {
                EDDY_AWAIT(eddy_sleep(EDDY_FOREVER, me));
            }
        }
        *my->caught += my->scope.caught;
    }
}

static void ten_thousand_nested_scopes_end_one_by_one_or_together(void **state)
{
    struct coro *c = *state;
    int caught = 0;
    /* The outermost has the earliest deadline. */
    assert_int_equal(CORO_RUN(c, nested, .n = 10000, .caught = &caught), 0);
    assert_int_equal(caught, 1);
    assert_int_equal(coro_elapsed(c), EDDY_SEC(100000) - 10000);
    caught = 0;
    struct eddy_task *task = CORO_START(c, nested, .n = 10000, .caught = &caught);
    coro_settle(c);
    eddy_task_cancel(task, -ECANCELED);
    assert_int_equal(coro_end(c, task), -ECANCELED);
    assert_int_equal(caught, 0);
}

struct climbs {
    EDDY_FRAME;
    int n;
    int *caught;
    struct eddy_scope scope;
};

EDDY_CORO(climbs)
{
    EDDY_BEGIN(climbs) {
        EDDY_TIMEOUT(&my->scope, EDDY_MS(my->n + 1)) {
            if (my->n > 0) {
                EDDY_DO(climbs, .n = my->n - 1, .caught = my->caught);
            }
            EDDY_AWAIT(eddy_sleep(EDDY_FOREVER, me));
        }
        *my->caught += my->scope.caught;
    }
}

static void nested_deadlines_come_each_in_its_time(void **state)
{
    struct coro *c = *state;
    int caught = 0;
    assert_int_equal(CORO_RUN(c, climbs, .n = 1999, .caught = &caught), 0);
    assert_int_equal(caught, 2000);
    assert_int_equal(coro_elapsed(c), EDDY_MS(2000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(a_body_that_takes_too_long_is_unwound_at_its_deadline),
        coro_test(a_body_in_time_is_left_alone),
        coro_test(a_deadline_that_fails_fails_with_etimedout),
        coro_test(a_deadline_that_is_over_unwinds_at_the_first_await),
        coro_test(to_leave_a_scope_discards_a_cancel_that_nobody_has_felt),
        coro_test(a_span_counts_from_the_entry),
        coro_test(a_record_serves_again_in_a_loop),
        coro_test(the_outermost_scope_that_is_cancelled_catches),
        coro_test(ten_thousand_nested_scopes_end_one_by_one_or_together),
        coro_test(nested_deadlines_come_each_in_its_time),
    };
    return cmocka_run_group_tests_name("scope", tests, NULL, NULL);
}
