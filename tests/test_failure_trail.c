/* The trail of a failure: from its cause outward. */
#include "support/coro.h"

#include <errno.h>
#include <string.h>

static int line_of_fail, line_of_do, line_of_call;

struct cause {
    EDDY_FRAME_RET(int);
    int how;
    int seen;
    struct eddy_scope limit;
};

static int refuses(void)
{
    return -EACCES;
}

EDDY_CORO(cause)
{
    EDDY_BEGIN(cause) {
        switch (my->how) {
        case 0:
            line_of_fail = __LINE__ + 1;
            EDDY_FAIL(-EDOM, "no %s in %d", "sense", 42);
        case 1:
            line_of_fail = __LINE__ + 1;
            EDDY_AWAIT(refuses());
            break;
        case 2:
            line_of_fail = __LINE__ + 1;
            EDDY_TRY(my->seen, refuses());
            break;
        case 3:
            line_of_fail = __LINE__ + 1;
            EDDY_TIMEOUT_FAIL(&my->limit, 5) {
                EDDY_AWAIT(eddy_sleep(9, me));
            }
            break;
        default:
            line_of_fail = __LINE__ + 1;
            EDDY_FAIL(-ERANGE);
        }
    }
    EDDY_FINALLY
    {
        EDDY_AWAIT(eddy_sleep(1, me)); /* does not disturb */
    }
}

struct middle {
    EDDY_FRAME_RET(int);
    int how;
};

EDDY_CORO(middle)
{
    EDDY_BEGIN(middle) {
        line_of_do = __LINE__ + 1;
        EDDY_DO(cause, .how = my->how);
    }
    EDDY_FINALLY
    {
        EDDY_AWAIT(eddy_sleep(1, me));
    }
}

struct top {
    EDDY_FRAME;
    int how;
    int got;
    struct eddy_catch catch_;
};

static void check(const struct eddy_failure *step, const char *function, int line, int error, const char *text)
{
    assert_string_equal(step->function, function);
    assert_int_equal(step->line, line);
    assert_int_equal(step->error, error);
    assert_string_equal(step->text, text);
    assert_non_null(strstr(step->file, "test_failure_trail.c"));
}

static void check_trail(const struct eddy_waiter *me, int error, const char *text)
{
    const struct eddy_failure *steps;
    assert_int_equal(eddy_failure_trail(me, &steps), 3);
    check(&steps[0], "cause", line_of_fail, error, text);
    check(&steps[1], "middle", line_of_do, error, "cause, .how = my->how");
    check(&steps[2], "top", line_of_call, error, "my->got, middle, .how = my->how");
}

EDDY_CORO(top)
{
    EDDY_BEGIN(top) {
        static const int errors[] = {-EDOM, -EACCES, -EACCES, -ETIMEDOUT, -ERANGE};
        static const char *const texts[] = {"no sense in 42", "refuses()", "my->seen, refuses()",
                                            "EDDY_TIMEOUT_FAIL(&my->limit, 5)", ""};
        for (; my->how < 5; my->how++) {
            EDDY_CATCH(&my->catch_) {
                line_of_call = __LINE__ + 1;
                EDDY_CALL(my->got, middle, .how = my->how);
            }
            coro_say("%d", my->catch_.error);
            check_trail(me, errors[my->how], texts[my->how]);
            EDDY_AWAIT(eddy_sleep(1, me));
            check_trail(me, errors[my->how], texts[my->how]); /* until it fails again */
        }
    }
}

static void a_trail_has_function_line_and_text_of_the_cause_and_of_each_call(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, top), 0);
    coro_expect("-33 -13 -13 -110 -34");
}

struct long_text {
    EDDY_FRAME;
    struct eddy_catch catch_;
};

EDDY_CORO(long_text)
{
    EDDY_BEGIN(long_text) {
        EDDY_CATCH(&my->catch_) {
            EDDY_FAIL(-EIO, "%0100d", 7);
        }
        {
            const struct eddy_failure *step;
            assert_int_equal(eddy_failure_trail(me, &step), 1);
            coro_say("%zu", strlen(step->text));
        }
        EDDY_AWAIT(eddy_yield(me));
    }
}

static void a_long_text_is_cut(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, long_text), 0);
    coro_expect("63");
}

struct nothing {
    EDDY_FRAME;
    struct eddy_catch catch_;
    struct eddy_scope scope;
    int error;
};

static void say_trail(struct eddy_waiter *me)
{
    const struct eddy_failure *steps;
    size_t length = eddy_failure_trail(me, &steps);
    coro_say("%zu", length);
    for (size_t i = 0; i < length; i++) {
        coro_say("%s:%d", steps[i].function, steps[i].error);
    }
}

EDDY_CORO(nothing)
{
    EDDY_BEGIN(nothing) {
        say_trail(me);
        EDDY_CATCH(&my->catch_) {
            EDDY_TIMEOUT(&my->scope, 0) {
                EDDY_AWAIT(eddy_yield(me));
            }
            EDDY_AWAIT(my->error, refuses());
        }
        say_trail(me);
    }
}

static void without_a_failure_there_is_no_trail(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, nothing), 0);
    coro_expect("0 0");
}

struct deep {
    EDDY_FRAME;
    int n;
};

EDDY_CORO(deep)
{
    EDDY_BEGIN(deep) {
        if (my->n > 0) {
            EDDY_DO(deep, .n = my->n - 1);
        }
        EDDY_FAIL(-EIO, "here");
    }
}

struct catches_deep {
    EDDY_FRAME;
    int n;
    struct eddy_catch catch_;
};

EDDY_CORO(catches_deep)
{
    EDDY_BEGIN(catches_deep) {
        EDDY_CATCH(&my->catch_) {
            EDDY_DO(deep, .n = my->n);
        }
        {
            const struct eddy_failure *steps;
            size_t length = eddy_failure_trail(me, &steps);
            coro_say("%zu %s %s", length, steps[0].text, steps[length - 1].function);
        }
        EDDY_AWAIT(eddy_yield(me));
    }
}

static void a_trail_has_a_most_of_steps_and_keeps_the_first(void **state)
{
    struct coro *c = *state;
    static const int depths[] = {0, 5, 6, 7, 8, 50};
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(CORO_RUN(c, catches_deep, .n = depths[i]), 0);
    }
    coro_expect("2 here catches_deep 7 here catches_deep 8 here catches_deep 8 here deep 8 here deep 8 here deep");
}

/* ---- Two failures ------------------------------------------------------------------------- */

struct tidy {
    EDDY_FRAME;
    struct eddy_catch catch_;
};

EDDY_CORO(tidy)
{
    EDDY_BEGIN(tidy) {
        EDDY_FAIL(-EDOM, "the cause");
    }
    EDDY_FINALLY
    {
        EDDY_CATCH(&my->catch_) {
            EDDY_FAIL(-ERANGE, "while tidying up");
        }
        coro_say("%d", my->catch_.error);
    }
}

struct calls_tidy {
    EDDY_FRAME;
    struct eddy_catch catch_;
};

EDDY_CORO(calls_tidy)
{
    EDDY_BEGIN(calls_tidy) {
        EDDY_CATCH(&my->catch_) {
            EDDY_DO(tidy);
        }
        coro_say("%d", my->catch_.error);
        say_trail(me);
    }
}

static void what_is_caught_while_tidying_up_does_not_take_the_trail_of_the_cause(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, tidy), -EDOM);
    coro_expect("-34");
    assert_int_equal(CORO_RUN(c, calls_tidy), 0);
    coro_expect("-34 -33 2 tidy:-33 calls_tidy:-33");
}

/* ---- Groups, logs ------------------------------------------------------------------------- */

struct parent {
    EDDY_FRAME;
    bool poor;
    struct eddy_catch catch_;
    struct eddy_group group;
    int error;
};

EDDY_CORO(parent)
{
    EDDY_BEGIN(parent) {
        EDDY_CATCH(&my->catch_) {
            EDDY_FAIL(-ENXIO, "an old one");
        }
        EDDY_CATCH(&my->catch_) {
            EDDY_GROUP(&my->group) {
                EDDY_TRY(my->error, EDDY_SPAWN(&my->group, deep, .n = 1));
                coro_no_memory(coro_current(), my->poor);
                EDDY_AWAIT(eddy_sleep(EDDY_SEC(1), me));
            }
        }
        coro_no_memory(coro_current(), false);
        coro_say("%d", my->catch_.error);
        say_trail(me);
    }
}

static void a_groups_failure_brings_its_tasks_trail(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, parent), 0);
    coro_expect("-5 3 deep:-5 deep:-5 parent:-5");
}

static void without_memory_there_is_no_trail_and_not_an_old_one(void **state)
{
    struct coro *c = *state;
    /* No memory for the second frame: the child fails with that, and has no trail. */
    assert_int_equal(CORO_RUN(c, parent, .poor = true), 0);
    const char *trace = c->trace;
    assert_null(strstr(trace, "-6"));
    assert_true(strncmp(trace, "-12 ", 4) == 0);
    c->trace[0] = '\0';
}

static void an_error_that_nobody_owns_is_told_to_the_log_with_its_trail(void **state)
{
    struct coro *c = *state;
    assert_int_equal(EDDY_SPAWN(eddy_loop_detached(&c->loop), deep, .n = 2), 0);
    coro_finish(c);
    assert_int_equal(c->log_count, 1);
    assert_int_equal(c->logs[0].level, EDDY_LOG_ERROR);
    assert_int_equal(c->logs[0].error, -EIO);
    assert_string_equal(c->logs[0].task, "deep");
    assert_int_equal(c->logs[0].trail_length, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(a_trail_has_function_line_and_text_of_the_cause_and_of_each_call),
        coro_test(a_long_text_is_cut),
        coro_test(without_a_failure_there_is_no_trail),
        coro_test(a_trail_has_a_most_of_steps_and_keeps_the_first),
        coro_test(what_is_caught_while_tidying_up_does_not_take_the_trail_of_the_cause),
        coro_test(a_groups_failure_brings_its_tasks_trail),
        coro_test(without_memory_there_is_no_trail_and_not_an_old_one),
        coro_test(an_error_that_nobody_owns_is_told_to_the_log_with_its_trail),
    };
    return cmocka_run_group_tests_name("failure_trail", tests, NULL, NULL);
}
