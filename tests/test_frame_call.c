/* Coroutines that call others, and what becomes of that without memory. */
#include "support/coro.h"

#include <errno.h>

struct pair {
    double x;
    const char *name;
};

struct gives_pair {
    EDDY_FRAME_RET(struct pair);
    double x;
};

EDDY_CORO(gives_pair)
{
    EDDY_BEGIN(gives_pair) {
        EDDY_AWAIT(eddy_sleep(1, me));
        EDDY_RETURN(((struct pair){my->x / 2, "half"}));
    }
}

struct gives_unsigned {
    EDDY_FRAME_RET(uint64_t);
};

EDDY_CORO(gives_unsigned)
{
    EDDY_BEGIN(gives_unsigned) {
        EDDY_RETURN(UINT64_MAX);
    }
}

struct gives_negative {
    EDDY_FRAME_RET(int);
};

EDDY_CORO(gives_negative)
{
    EDDY_BEGIN(gives_negative) {
        EDDY_RETURN(-EIO);
    }
}

struct caller {
    EDDY_FRAME;
    struct pair pair;
    uint64_t big;
    int small;
};

EDDY_CORO(caller)
{
    EDDY_BEGIN(caller) {
        EDDY_CALL(my->pair, gives_pair, .x = 5);
        EDDY_CALL(my->big, gives_unsigned);
        EDDY_CALL(my->small, gives_negative);
        coro_say("%.1f %s %d %d", my->pair.x, my->pair.name, my->big == UINT64_MAX, my->small);
        EDDY_DO(gives_negative);
        coro_say("end");
    }
}

static void a_call_gives_what_was_returned_in_its_own_type(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, caller), 0);
    coro_expect("2.5 half 1 -5 end");
}

struct no_return {
    EDDY_FRAME_RET(int);
    bool bare;
};

EDDY_CORO(no_return)
{
    EDDY_BEGIN(no_return) {
        if (my->bare) {
            my->ret = 8;
            return;
        }
    }
}

static void without_a_return_the_result_is_what_stands_in_ret(void **state)
{
    struct coro *c = *state;
    int result = 5;
    assert_int_equal(CORO_RUN_RET(c, &result, no_return), 0);
    assert_int_equal(result, 0);
    assert_int_equal(CORO_RUN_RET(c, &result, no_return, .bare = true), 0);
    assert_int_equal(result, 8);
}

struct fibonacci {
    EDDY_FRAME_RET(int);
    int n;
    int one;
    int other;
};

EDDY_CORO(fibonacci)
{
    EDDY_BEGIN(fibonacci) {
        if (my->n < 2) {
            EDDY_AWAIT(eddy_yield(me));
            EDDY_RETURN(my->n);
        }
        EDDY_CALL(my->one, fibonacci, .n = my->n - 1);
        EDDY_CALL(my->other, fibonacci, .n = my->n - 2);
        EDDY_RETURN(my->one + my->other);
    }
}

static void a_coroutine_calls_itself(void **state)
{
    struct coro *c = *state;
    int result = 0;
    assert_int_equal(CORO_RUN_RET(c, &result, fibonacci, .n = 15), 0);
    assert_int_equal(result, 610);
}

struct deep {
    EDDY_FRAME_RET(int);
    int n;
    int how; /* at the ground: 0: return; < 0: fail; 1: sleep for ever */
    int *finals;
};

EDDY_CORO(deep)
{
    EDDY_BEGIN(deep) {
        if (my->n > 0) {
            EDDY_CALL(my->ret, deep, .n = my->n - 1, .how = my->how, .finals = my->finals);
            EDDY_RETURN(my->ret + 1);
        }
        if (my->how < 0) {
            EDDY_FAIL(my->how);
        }
        if (my->how > 0) {
            EDDY_AWAIT(eddy_sleep(EDDY_FOREVER, me));
        }
    }
    EDDY_FINALLY
    {
        ++*my->finals;
    }
}

enum { DEEP = 100000 };

static void a_hundred_thousand_calls_return_fail_and_are_cancelled(void **state)
{
    struct coro *c = *state;
    int finals = 0;
    int result = 0;
    assert_int_equal(CORO_RUN_RET(c, &result, deep, .n = DEEP, .finals = &finals), 0);
    assert_int_equal(result, DEEP);
    assert_int_equal(finals, DEEP + 1);
    finals = 0;
    assert_int_equal(CORO_RUN(c, deep, .n = DEEP, .how = -EIO, .finals = &finals), -EIO);
    assert_int_equal(finals, DEEP + 1);
    finals = 0;
    struct eddy_task *task = CORO_START(c, deep, .n = DEEP, .how = 1, .finals = &finals);
    coro_settle(c);
    eddy_task_cancel(task, -EINTR);
    assert_int_equal(coro_end(c, task), -ECANCELED);
    assert_int_equal(finals, DEEP + 1);
}

/* ---- No memory ------------------------------------------------------------------------- */

static int evaluated;

/* A frame that the pool takes elsewhere. */
struct large {
    EDDY_FRAME;
    int argument;
    char bytes[3000];
};

EDDY_CORO(large)
{
    EDDY_BEGIN(large) {
    }
}

static int count_argument(int value)
{
    evaluated++;
    return value;
}

struct poor {
    EDDY_FRAME_RET(int);
    bool in_finally;
    bool do_;
    struct eddy_scope scope;
    struct eddy_catch catch_;
    int i;
};

EDDY_CORO(poor)
{
    EDDY_BEGIN(poor) {
        EDDY_CATCH(&my->catch_) {
            EDDY_TIMEOUT(&my->scope, EDDY_SEC(1)) {
                coro_no_memory(coro_current(), true);
                if (my->do_) {
                    EDDY_DO(deep, .n = count_argument(1), .finals = &my->i);
                } else {
                    EDDY_CALL(my->ret, deep, .n = count_argument(1), .finals = &my->i);
                }
                coro_say("unreachable");
            }
        }
        coro_no_memory(coro_current(), false);
        coro_say("caught %d", my->catch_.error);
        EDDY_CALL(my->ret, deep, .n = 3, .finals = &my->i);
        coro_no_memory(coro_current(), true);
        EDDY_DO(large, .argument = count_argument(1));
        coro_say("unreachable");
    }
    EDDY_FINALLY
    {
        coro_say("finally %d", my->i);
        coro_no_memory(coro_current(), false);
    }
}

static void a_call_without_memory_fails_and_its_arguments_are_not_evaluated(void **state)
{
    struct coro *c = *state;
    evaluated = 0;
    assert_int_equal(CORO_RUN(c, poor), -ENOMEM);
    coro_expect("caught -12 finally 4");
    assert_int_equal(CORO_RUN(c, poor, .do_ = true), -ENOMEM);
    coro_expect("caught -12 finally 4");
    assert_int_equal(evaluated, 0);
}

static void a_spawn_without_memory_takes_nothing(void **state)
{
    struct coro *c = *state;
    evaluated = 0;
    coro_no_memory(c, true);
    struct eddy_task *task = (struct eddy_task *)(void *)c;
    assert_int_equal(EDDY_SPAWN_TASK(&task, eddy_loop_detached(&c->loop), large, .argument = count_argument(1)),
                     -ENOMEM);
    assert_null(task);
    assert_int_equal(EDDY_SPAWN(eddy_loop_detached(&c->loop), large, .argument = count_argument(1)), -ENOMEM);
    assert_int_equal(evaluated, 0);
    assert_true(coro_is_clean(c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(a_call_gives_what_was_returned_in_its_own_type),
        coro_test(without_a_return_the_result_is_what_stands_in_ret),
        coro_test(a_coroutine_calls_itself),
        coro_test(a_hundred_thousand_calls_return_fail_and_are_cancelled),
        coro_test(a_call_without_memory_fails_and_its_arguments_are_not_evaluated),
        coro_test(a_spawn_without_memory_takes_nothing),
    };
    return cmocka_run_group_tests_name("frame_call", tests, NULL, NULL);
}
