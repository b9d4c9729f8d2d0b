/* Failures: where they stop, and what is called on the way. */
#include "support/coro.h"

#include <errno.h>

static struct eddy_scope scope;

static int reset(void **state)
{
    scope = (struct eddy_scope){0};
    return coro_setup(state);
}

#define failure_test(name) cmocka_unit_test_setup_teardown(name, reset, coro_teardown)

struct fails {
    EDDY_FRAME_RET(int);
    int n;
    int error;
    eddy_ns after;
};

EDDY_CORO(fails)
{
    EDDY_BEGIN(fails) {
        if (my->n > 0) {
            EDDY_CALL(my->ret, fails, .n = my->n - 1, .error = my->error, .after = my->after);
            coro_say("unreachable");
        }
        if (my->after > 0) {
            EDDY_AWAIT(eddy_sleep(my->after, me));
        }
        EDDY_FAIL(my->error);
    }
    EDDY_FINALLY
    {
        coro_say("f%d", my->n);
    }
}

struct catches {
    EDDY_FRAME;
    int error;
    eddy_ns after;
    int got;
    struct eddy_catch outer;
    struct eddy_catch inner;
    struct eddy_scope inside;
};

EDDY_CORO(catches)
{
    EDDY_BEGIN(catches) {
        EDDY_CATCH(&my->outer) {
            EDDY_SCOPE(&scope) {
                EDDY_CATCH(&my->inner) {
                    EDDY_TIMEOUT(&my->inside, EDDY_SEC(1)) {
                        if (my->error != 0) {
                            EDDY_CALL(my->got, fails, .n = 2, .error = my->error, .after = my->after);
                        } else {
                            EDDY_AWAIT(eddy_sleep(my->after, me));
                        }
                        coro_say("fine");
                    }
                    coro_say("inside");
                }
                coro_say("inner %d", my->inner.error);
                EDDY_AWAIT(eddy_sleep(1, me));
                coro_say("slept");
            }
            coro_say("scope %d", scope.caught);
        }
        coro_say("outer %d", my->outer.error);
    }
}

static void a_failure_stops_at_the_innermost_catch(void **state)
{
    struct coro *c = *state;
    for (int after = 0; after < 2; after++) {
        assert_int_equal(CORO_RUN(c, catches, .error = -EDOM, .after = after), 0);
        coro_expect("f0 f1 f2 inner -33 slept scope 0 outer 0");
    }
    assert_int_equal(CORO_RUN(c, catches, .after = 1), 0);
    coro_expect("fine inside inner 0 slept scope 0 outer 0");
    assert_int_equal(CORO_RUN(c, catches, .error = INT_MIN + 1), 0); /* a program's own */
    c->trace[0] = '\0';
}

static void a_catch_does_not_catch_a_cancel(void **state)
{
    struct coro *c = *state;
    struct eddy_task *task = CORO_START(c, catches, .after = 10);
    coro_settle(c);
    eddy_scope_cancel(&scope, -EINTR);
    assert_int_equal(coro_end(c, task), 0);
    coro_expect("scope 1 outer 0");
    task = CORO_START(c, catches, .after = 10);
    coro_settle(c);
    eddy_task_cancel(task, -EINTR);
    assert_int_equal(coro_end(c, task), -ECANCELED);
    coro_expect("");
}

struct in_canceled {
    EDDY_FRAME;
    struct eddy_catch inner;
    struct eddy_catch outer;
    bool through;
};

EDDY_CORO(in_canceled)
{
    EDDY_BEGIN(in_canceled) {
        EDDY_CATCH(&my->outer) {
            EDDY_SCOPE(&scope) {
                eddy_scope_cancel(&scope, -EPIPE);
                EDDY_CATCH(&my->inner) {
                    EDDY_FAIL(-EDOM);
                }
                coro_say("inner %d", my->inner.error);
                if (my->through) {
                    EDDY_FAIL(-ERANGE);
                }
                EDDY_AWAIT(eddy_yield(me));
                coro_say("unreachable");
            }
            coro_say("scope %d", scope.caught);
        }
        coro_say("outer %d %d", my->outer.error, eddy_cancel_reason(me));
        EDDY_AWAIT(eddy_yield(me));
        coro_say("end");
    }
}

static void a_failure_can_be_caught_in_a_cancelled_scope_and_the_next_await_unwinds(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, in_canceled), 0);
    coro_expect("inner -33 scope 1 outer 0 0 end");
}

static void a_failure_goes_through_a_cancelled_scope(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, in_canceled, .through = true), 0);
    coro_expect("inner -33 outer -34 0 end");
    assert_false(scope.caught);
}

struct tail {
    EDDY_FRAME;
    int error;      /* of the body */
    int late_error; /* of the EDDY_FINALLY */
};

EDDY_CORO(tail)
{
    EDDY_BEGIN(tail) {
        if (my->error < 0) {
            EDDY_FAIL(my->error);
        }
        EDDY_AWAIT(eddy_sleep(10, me));
    }
    EDDY_FINALLY
    {
        EDDY_AWAIT(eddy_sleep(1, me));
        if (my->late_error < 0) {
            EDDY_FAIL(my->late_error);
        }
    }
}

struct catches_tail {
    EDDY_FRAME;
    struct eddy_catch outer;
};

EDDY_CORO(catches_tail)
{
    EDDY_BEGIN(catches_tail) {
        EDDY_CATCH(&my->outer) {
            EDDY_SCOPE(&scope) {
                EDDY_DO(tail, .late_error = -ERANGE);
            }
            coro_say("unreachable");
        }
        coro_say("outer %d", my->outer.error);
    }
}

static void a_failed_task_ends_with_its_error_though_cancelled(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, tail, .late_error = -ERANGE), -ERANGE);
    struct eddy_task *task = CORO_START(c, tail, .late_error = -ERANGE);
    coro_settle(c);
    eddy_task_cancel(task, -EINTR);
    assert_int_equal(coro_end(c, task), -ERANGE);
    task = CORO_START(c, tail, .error = -EDOM);
    coro_settle(c);
    eddy_task_cancel(task, -EINTR);
    assert_int_equal(coro_end(c, task), -EDOM);
    task = CORO_START(c, catches_tail);
    coro_settle(c);
    eddy_scope_cancel(&scope, -EINTR);
    assert_int_equal(coro_end(c, task), 0);
    coro_expect("outer -34");
}

struct tidy {
    EDDY_FRAME;
    bool cancelled;
    struct eddy_catch catch_;
};

EDDY_CORO(tidy)
{
    EDDY_BEGIN(tidy) {
        if (my->cancelled) {
            eddy_task_cancel(eddy_task_of(me), -EINTR);
            EDDY_AWAIT(eddy_yield(me));
        }
        EDDY_FAIL(-EDOM);
    }
    EDDY_FINALLY
    {
        EDDY_CATCH(&my->catch_) {
            EDDY_FAIL(-ERANGE);
        }
        coro_say("%d", my->catch_.error);
    }
}

static void what_is_caught_while_tidying_up_does_not_change_how_the_task_ends(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, tidy), -EDOM);
    assert_int_equal(CORO_RUN(c, tidy, .cancelled = true), -ECANCELED);
    coro_expect("-34 -34");
}

/* ---- Deferred calls ---------------------------------------------------------------------- */

static void say_word(void *word)
{
    coro_say("%s", (const char *)word);
}

enum way { FALL, RETURN, BREAK, FAIL, SLEEP };

struct defers {
    EDDY_FRAME;
    enum way way;
    struct eddy_defer one, two, three, four, never;
    struct eddy_scope a;
    struct eddy_local local;
    struct eddy_group group;
    int error;
};

struct says_end {
    EDDY_FRAME;
    eddy_ns span;
};

EDDY_CORO(says_end)
{
    EDDY_BEGIN(says_end) {
        EDDY_AWAIT(eddy_sleep(my->span, me));
    }
    EDDY_FINALLY
    {
        coro_say("child");
    }
}

EDDY_CORO(defers)
{
    EDDY_BEGIN(defers) {
        EDDY_DEFER(&my->one, say_word, (void *)"one");
        EDDY_SCOPE(&my->a) {
            EDDY_DEFER(&my->two, say_word, (void *)"two"); /* not at the end of the block */
            EDDY_GROUP(&my->group) {
                EDDY_DEFER(&my->three, say_word, (void *)"three");
                EDDY_TRY(my->error, EDDY_SPAWN(&my->group, says_end, .span = 10));
                EDDY_AWAIT(eddy_sleep(5, me));
                if (my->way == RETURN) {
                    return;
                } else if (my->way == BREAK) {
                    break;
                } else if (my->way == FAIL) {
                    EDDY_FAIL(-EIO);
                } else if (my->way == SLEEP) {
                    EDDY_AWAIT(eddy_sleep(EDDY_FOREVER, me));
                }
            }
            coro_say("group");
        }
        coro_say("scope");
        EDDY_DEFER(&my->four, say_word, (void *)"four");
        if (my->way != FALL) {
            EDDY_DEFER(&my->never, say_word, (void *)"never");
        }
    }
    EDDY_FINALLY
    {
        coro_say("finally");
    }
}

static void deferred_calls_come_last_first_after_the_blocks_and_before_finally(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, defers), 0);
    coro_expect("child group scope four three two one finally");
    assert_int_equal(CORO_RUN(c, defers, .way = RETURN), 0);
    coro_expect("child three two one finally");
    assert_int_equal(CORO_RUN(c, defers, .way = BREAK), 0);
    coro_expect("child three two one finally");
    assert_int_equal(CORO_RUN(c, defers, .way = FAIL), -EIO);
    coro_expect("child three two one finally");
    struct eddy_task *task = CORO_START(c, defers, .way = SLEEP);
    coro_advance(c, 7);
    eddy_task_cancel(task, -EINTR);
    assert_int_equal(coro_end(c, task), -ECANCELED);
    coro_expect("child three two one finally");
}

struct defers_in_call {
    EDDY_FRAME;
    int n;
    struct eddy_defer one, two;
    struct eddy_scope a;
};

EDDY_CORO(defers_in_call)
{
    EDDY_BEGIN(defers_in_call) {
        EDDY_SCOPE(&my->a) {
            EDDY_DEFER(&my->one, say_word, (void *)(my->n > 0 ? "outer" : "inner"));
            if (my->n > 0) {
                EDDY_DO(defers_in_call, .n = my->n - 1);
            }
            eddy_scope_cancel(&my->a, -EINTR);
            EDDY_DEFER(&my->two, say_word, (void *)(my->n > 0 ? "Outer" : "Inner"));
            EDDY_AWAIT(eddy_yield(me));
            coro_say("unreachable");
        }
        coro_say("%d %d", my->a.caught, eddy_cancel_reason(me));
        EDDY_AWAIT(eddy_yield(me));
    }
    EDDY_FINALLY
    {
        EDDY_SCOPE(&my->a) {
            /* In an EDDY_FINALLY they come at its end. */
            EDDY_DEFER(&my->one, say_word, (void *)"late");
            EDDY_AWAIT(eddy_yield(me));
            coro_say("finally");
        }
        coro_say("a");
    }
}

static void each_coroutine_has_its_own(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, defers_in_call, .n = 1), 0);
    coro_expect("1 0 Inner inner finally a late 1 0 Outer outer finally a late");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        failure_test(a_failure_stops_at_the_innermost_catch),
        failure_test(a_catch_does_not_catch_a_cancel),
        failure_test(a_failure_can_be_caught_in_a_cancelled_scope_and_the_next_await_unwinds),
        failure_test(a_failure_goes_through_a_cancelled_scope),
        failure_test(a_failed_task_ends_with_its_error_though_cancelled),
        failure_test(what_is_caught_while_tidying_up_does_not_change_how_the_task_ends),
        failure_test(deferred_calls_come_last_first_after_the_blocks_and_before_finally),
        failure_test(each_coroutine_has_its_own),
    };
    return cmocka_run_group_tests_name("failure", tests, NULL, NULL);
}
