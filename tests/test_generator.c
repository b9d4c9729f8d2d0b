/* Generators: their values, and how the loop over them ends. */
#include "support/coro.h"

#include <errno.h>

/* Gives from, from - 1, ... 1; each after a nap. */
struct counts {
    EDDY_FRAME_RET(int);
    int from;
    eddy_ns nap;
    eddy_ns cleanup;
    int error; /* with which it fails at the end */
    int cleanup_error;
};

EDDY_CORO(counts)
{
    EDDY_BEGIN(counts) {
        coro_say("begin");
        for (; my->from > 0; my->from--) {
            if (my->nap > 0) {
                EDDY_AWAIT(eddy_sleep(my->nap, me));
            }
            EDDY_YIELD(my->from);
        }
        if (my->error < 0) {
            EDDY_FAIL(my->error);
        }
        coro_say("exhausted");
    }
    EDDY_FINALLY
    {
        if (my->cleanup > 0) {
            EDDY_AWAIT(eddy_sleep(my->cleanup, me));
        }
        coro_say("finally");
        if (my->cleanup_error < 0) {
            EDDY_FAIL(my->cleanup_error);
        }
    }
}

#define OWNER(name)                             \
    struct name {                               \
        EDDY_FRAME_RET(int);                    \
        struct eddy_generator generator, inner; \
        struct eddy_group group;                \
        struct eddy_scope scope;                \
        struct eddy_catch caught;               \
        struct eddy_defer defers[3];            \
        int i, j, result, how;                  \
    };                                          \
    EDDY_CORO(name)

/* ---- Values ---------------------------------------------------------------------------- */

OWNER(takes_all)
{
    EDDY_BEGIN(takes_all) {
        EDDY_EACH(my->i, &my->generator, counts, .from = 3, .nap = 2) {
            coro_say("%d@%d", my->i, (int)coro_elapsed(coro_current()));
            EDDY_AWAIT(eddy_sleep(1, me));
        }
        coro_say("after %d", my->i);
        EDDY_EACH(my->i, &my->generator, counts, .from = 0)
            fail();
        EDDY_EACH(my->i, &my->generator, counts, .from = 2)
            coro_say("%d", my->i);
    }
}

static void values_come_one_by_one_with_awaits_between(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, takes_all), 0);
    coro_expect("begin 3@2 2@5 1@8 exhausted finally after 1 begin exhausted finally begin 2 1 exhausted finally");
}

OWNER(continues)
{
    EDDY_BEGIN(continues) {
        EDDY_EACH(my->i, &my->generator, counts, .from = 4) {
            if (my->i % 2 == 0) {
                continue;
            }
            coro_say("%d", my->i);
        }
        coro_say("after");
    }
}

static void continue_asks_for_the_next_value(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, continues), 0);
    coro_expect("begin 3 1 exhausted finally after");
}

OWNER(nests)
{
    EDDY_BEGIN(nests) {
        EDDY_EACH(my->i, &my->generator, counts, .from = 2, .nap = 1) {
            EDDY_EACH(my->j, &my->inner, counts, .from = 3, .nap = 1) {
                if (my->j == 1) {
                    break;
                }
                coro_say("%d.%d", my->i, my->j);
            }
        }
        coro_say("after");
    }
}

static void loops_nest_and_break_leaves_the_inner_one(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, nests), 0);
    coro_expect("begin begin 2.3 2.2 finally begin 1.3 1.2 finally exhausted finally after");
}

OWNER(switches)
{
    EDDY_BEGIN(switches) {
        EDDY_EACH(my->i, &my->generator, counts, .from = 3) {
            switch (my->i) {
            case 2:
                EDDY_AWAIT(eddy_sleep(1, me));
                break;
            default:
                coro_say("%d", my->i);
            }
        }
    }
}

static void a_switch_in_the_loop_is_the_users(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, switches), 0);
    coro_expect("begin 3 1 exhausted finally");
}

/* A generator that calls another coroutine between its values, and holds no block while it gives them. */
struct twice {
    EDDY_FRAME_RET(int);
    int of;
};

EDDY_CORO(twice)
{
    EDDY_BEGIN(twice) {
        EDDY_AWAIT(eddy_sleep(1, me));
        EDDY_RETURN(my->of * 2);
    }
}

struct doubles {
    EDDY_FRAME_RET(int);
    int i, value;
    struct eddy_scope scope;
    struct eddy_generator generator;
};

EDDY_CORO(doubles)
{
    EDDY_BEGIN(doubles) {
        for (my->i = 1; my->i < 4; my->i++) {
            EDDY_TIMEOUT(&my->scope, 5) {
                EDDY_CALL(my->value, twice, .of = my->i);
            }
            EDDY_EACH(my->value, &my->generator, counts, .from = my->value) {
                break;
            }
            EDDY_YIELD(my->value);
        }
    }
}

OWNER(takes_doubles)
{
    EDDY_BEGIN(takes_doubles) {
        EDDY_EACH(my->i, &my->generator, doubles) {
            coro_say("%d", my->i);
            EDDY_AWAIT(eddy_sleep(20, me)); /* the generator's deadline is over, and not at work here */
        }
    }
}

static void a_generator_may_call_and_open_blocks_between_its_values(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, takes_doubles), 0);
    coro_expect("begin finally 2 begin finally 4 begin finally 6");
}

/* ---- Its frame ------------------------------------------------------------------------- */

static void say(void *text)
{
    coro_say("%s", (const char *)text);
}

struct defers {
    EDDY_FRAME_RET(int);
    struct eddy_defer defers[3];
    int i;
};

EDDY_CORO(defers)
{
    EDDY_BEGIN(defers) {
        EDDY_DEFER(&my->defers[0], say, (void *)(intptr_t) "d0");
        EDDY_YIELD(1);
        EDDY_DEFER(&my->defers[1], say, (void *)(intptr_t) "d1");
        EDDY_YIELD(2);
        EDDY_AWAIT(eddy_sleep(1, me));
        EDDY_DEFER(&my->defers[2], say, (void *)(intptr_t) "d2");
        EDDY_YIELD(3);
    }
    EDDY_FINALLY
    {
        coro_say("finally");
    }
}

struct takes_some {
    EDDY_FRAME;
    int upto, i;
    struct eddy_generator generator;
    struct eddy_defer defer;
};

EDDY_CORO(takes_some)
{
    EDDY_BEGIN(takes_some) {
        EDDY_EACH(my->i, &my->generator, defers) {
            if (my->i == 1) {
                EDDY_DEFER(&my->defer, say, (void *)(intptr_t) "mine");
            }
            EDDY_AWAIT(eddy_sleep(1, me));
            coro_say("%d", my->i);
            if (my->i == my->upto) {
                break;
            }
        }
        coro_say("after");
    }
}

static void deferred_calls_stand_across_yields(void **state)
{
    struct coro *c = *state;
    static const char *const traces[] = {
        NULL,
        "1 d0 finally after mine",
        "1 2 d1 d0 finally after mine",
        "1 2 3 d2 d1 d0 finally after mine",
        "1 2 3 d2 d1 d0 finally after mine",
    };
    for (int upto = 1; upto <= 4; upto++) {
        assert_int_equal(CORO_RUN(c, takes_some, .upto = upto), 0);
        coro_expect(traces[upto]);
    }
}

/* ---- Yields that are not allowed ------------------------------------------------------- */

struct yields_badly {
    EDDY_FRAME_RET(int);
    struct eddy_scope scope;
    struct eddy_group group;
    struct eddy_catch caught;
    struct eddy_local local;
    int how;
};

EDDY_CORO(yields_badly)
{
    EDDY_BEGIN(yields_badly) {
        EDDY_YIELD(0);
        if (my->how == 0) {
            EDDY_SCOPE(&my->scope) {
                EDDY_YIELD(1);
            }
        } else if (my->how == 1) {
            EDDY_GROUP(&my->group) {
                EDDY_YIELD(1);
            }
        } else if (my->how == 2) {
            EDDY_LOCAL(&my->local, &my->how, NULL) {
                EDDY_YIELD(1);
            }
        } else if (my->how == 3) {
            EDDY_DO(yields_badly); /* it is called, not consumed */
        } else if (my->how == 4) {
            EDDY_CATCH(&my->caught) {
                EDDY_YIELD(1);
            }
            coro_say("%d", my->caught.error == -EINVAL);
            EDDY_YIELD(1); /* no harm done */
            EDDY_FAIL(-EINVAL);
        }
    }
    EDDY_FINALLY
    {
        coro_say("finally");
        if (my->how == 5) {
            EDDY_YIELD(1);
        }
    }
}

OWNER(consumes_badly)
{
    EDDY_BEGIN(consumes_badly) {
        EDDY_CATCH(&my->caught) {
            EDDY_EACH(my->i, &my->generator, yields_badly, .how = my->how) {
                coro_say("%d", my->i);
            }
        }
        assert_int_equal(my->caught.error, -EINVAL);
    }
}

OWNER(yields_to_nobody)
{
    EDDY_BEGIN(yields_to_nobody) {
        EDDY_YIELD(1);
        fail();
    }
    EDDY_FINALLY
    {
        coro_say("finally");
    }
}

static void a_yield_with_an_open_block_or_to_nobody_fails(void **state)
{
    struct coro *c = *state;
    static const char *const traces[] = {"0 finally",         "0 finally",     "0 finally",
                                         "0 finally finally", "0 1 1 finally", "0 finally"};
    for (int how = 0; how <= 5; how++) {
        assert_int_equal(CORO_RUN(c, consumes_badly, .how = how), 0);
        coro_expect(traces[how]);
    }
    assert_int_equal(CORO_RUN(c, yields_to_nobody), -EINVAL);
    coro_expect("finally");
}

/* ---- Memory ---------------------------------------------------------------------------- */

OWNER(has_no_memory)
{
    EDDY_BEGIN(has_no_memory) {
        EDDY_CATCH(&my->caught) {
            coro_no_memory(coro_current(), true);
            EDDY_EACH(my->i, &my->generator, counts, .from = 3) {
                fail();
            }
            fail();
        }
        coro_no_memory(coro_current(), false);
        assert_int_equal(my->caught.error, -ENOMEM);
        EDDY_EACH(my->i, &my->generator, counts, .from = 1) {
            coro_say("%d", my->i);
        }
    }
}

static void without_memory_the_task_fails(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, has_no_memory), 0);
    coro_expect("begin 1 exhausted finally");
}

struct counts_to {
    EDDY_FRAME_RET(long);
    long i, to;
};

EDDY_CORO(counts_to)
{
    EDDY_BEGIN(counts_to) {
        for (my->i = 0; my->i < my->to; my->i++) {
            EDDY_YIELD(my->i);
        }
    }
}

struct sums {
    EDDY_FRAME_RET(long);
    struct eddy_generator generator;
    long i;
};

EDDY_CORO(sums)
{
    EDDY_BEGIN(sums) {
        EDDY_EACH(my->i, &my->generator, counts_to, .to = 1000000) {
            my->ret += my->i;
        }
    }
}

static void a_million_values_take_no_stack(void **state)
{
    struct coro *c = *state;
    long sum = 0;
    assert_int_equal(CORO_RUN_RET(c, &sum, sums), 0);
    assert_true(sum == 499999500000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(values_come_one_by_one_with_awaits_between),
        coro_test(continue_asks_for_the_next_value),
        coro_test(loops_nest_and_break_leaves_the_inner_one),
        coro_test(a_switch_in_the_loop_is_the_users),
        coro_test(a_generator_may_call_and_open_blocks_between_its_values),
        coro_test(deferred_calls_stand_across_yields),
        coro_test(a_yield_with_an_open_block_or_to_nobody_fails),
        coro_test(without_memory_the_task_fails),
        coro_test(a_million_values_take_no_stack),
    };
    return cmocka_run_group_tests_name("generator", tests, NULL, NULL);
}
