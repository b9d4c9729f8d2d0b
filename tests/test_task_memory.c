/* A program of everything that takes memory, in which each take fails once, and from there on: no leak, and an error
 * that says so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <eddy.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "support/test_os.h"

static struct test_os os;
static unsigned takes, strike; /* of the pool's memory; which of them fails */
static bool forever;
static long live, live_bytes;
static unsigned begun, cleaned;

static void *resize(void *context, void *block, size_t old_size, size_t new_size)
{
    if (new_size > old_size) {
        takes++;
        if (strike > 0 && (takes == strike || (forever && takes > strike))) {
            return NULL;
        }
    }
    void *fresh = test_os_resize(context, block, old_size, new_size);
    live += (block == NULL && fresh != NULL) - (block != NULL && new_size == 0);
    live_bytes += (long)new_size - (long)old_size;
    return fresh;
}

/* So large that each frame is a take of its own, and a failure hits any of them. */
#define LARGE char large[1100]

struct leaf {
    EDDY_FRAME_RET(int);
    LARGE;
    int error;
    eddy_ns span;
};

EDDY_CORO(leaf)
{
    EDDY_BEGIN(leaf) {
        begun++;
        EDDY_AWAIT(eddy_sleep(my->span, me));
        if (my->error < 0) {
            EDDY_FAIL(my->error, "a leaf");
        }
        EDDY_RETURN(1);
    }
    EDDY_FINALLY
    {
        EDDY_AWAIT(eddy_sleep(1, me));
        cleaned++;
    }
}

struct counts {
    EDDY_FRAME_RET(int);
    LARGE;
    int i, value;
};

EDDY_CORO(counts)
{
    EDDY_BEGIN(counts) {
        begun++;
        for (my->i = 0; my->i < 3; my->i++) {
            EDDY_CALL(my->value, leaf, .span = 1);
            EDDY_YIELD(my->value);
        }
    }
    EDDY_FINALLY
    {
        cleaned++;
    }
}

struct serves {
    EDDY_FRAME;
    LARGE;
    struct eddy_group group;
    int result;
};

EDDY_CORO(serves)
{
    EDDY_BEGIN(serves) {
        begun++;
        EDDY_GROUP(&my->group) {
            EDDY_TRY(my->result, EDDY_SPAWN(&my->group, leaf, .span = 4));
            assert_int_equal(eddy_task_started(me, 8), 0);
        }
    }
    EDDY_FINALLY
    {
        cleaned++;
        EDDY_DO(leaf, .span = 1);
    }
}

struct program {
    EDDY_FRAME_RET(int);
    struct eddy_group group, inner;
    struct eddy_scope scope;
    struct eddy_catch caught;
    struct eddy_generator generator;
    struct eddy_task *task;
    int i, result, sum, status;
};

EDDY_CORO(program)
{
    EDDY_BEGIN(program) {
        EDDY_GROUP(&my->group) {
            EDDY_TRY(my->result, EDDY_SPAWN_TASK(&my->task, &my->group, leaf, .span = 3));
            EDDY_TRY(my->result, eddy_task_set_name(my->task, "first"));
            EDDY_TRY(my->result, EDDY_SPAWN(eddy_loop_daemons(eddy_loop_current()), leaf, .span = EDDY_FOREVER));
            EDDY_TRY(my->result, EDDY_SPAWN(eddy_loop_detached(eddy_loop_current()), leaf, .span = EDDY_FOREVER));
            EDDY_START(my->result, &my->group, serves);
            if (my->result < 0) {
                EDDY_FAIL(my->result);
            }
            EDDY_CATCH(&my->caught) {
                EDDY_GROUP(&my->inner, EDDY_FIRST_SUCCESS) {
                    EDDY_TRY(my->result, EDDY_SPAWN(&my->inner, leaf, .error = -EIO));
                    EDDY_TRY(my->result, EDDY_SPAWN(&my->inner, leaf, .error = -EPIPE));
                }
            }
            if (my->caught.error == -ENOMEM) {
                EDDY_FAIL(-ENOMEM);
            }
            assert_true(my->caught.error == -EIO || my->caught.error == -EPIPE);
            EDDY_TIMEOUT(&my->scope, 2) {
                EDDY_CALL(my->result, leaf, .span = 9);
            }
            EDDY_EACH(my->i, &my->generator, counts) {
                my->sum += my->i;
            }
            EDDY_AWAIT(my->status, eddy_task_join(my->task, me));
        }
        EDDY_RETURN(my->sum);
    }
    EDDY_FINALLY
    {
        eddy_task_release(my->task);
    }
}

static void on_log(const struct eddy_log_record *record, void *context)
{
    (void)record;
    (void)context;
}

struct quietly {
    EDDY_FRAME_RET(int);
};

EDDY_CORO(quietly)
{
    EDDY_BEGIN(quietly) {
        eddy_loop_set_log(eddy_loop_current(), on_log, NULL);
        EDDY_CALL(my->ret, program);
    }
}

static int run(unsigned at, bool goes_on)
{
    takes = begun = cleaned = 0;
    live = live_bytes = 0;
    strike = at;
    forever = goes_on;
    struct eddy_loop_options options = {.os = &os.os, .allocator = {&os, resize}};
    int result = EDDY_RUN_WITH(&options, quietly);
    strike = 0;
    if (eddy_loop_current() != NULL || live != 0 || live_bytes != 0 || begun != cleaned || os.hung) {
        fail_msg("take %u fails%s: %ld blocks, %ld bytes are left, %u begun, %u cleaned; %d", at,
                 goes_on ? ", and all later" : "", live, live_bytes, begun, cleaned, result);
    }
    return result;
}

static void sweep(bool goes_on)
{
    test_os_init(&os);
    assert_int_equal(run(0, false), 3);
    unsigned count = takes;
    assert_in_range(count, 15, 200);
    unsigned told = 0;
    for (unsigned at = 1; at <= count; at++) {
        int result = run(at, goes_on);
        if (result != 3 && result != -ENOMEM) {
            fail_msg("take %u fails%s, and the result is %d", at, goes_on ? ", and all later" : "", result);
        }
        told += result == -ENOMEM;
    }
    assert_true(told >= 10);
}

static void whichever_take_fails_nothing_is_left(void **state)
{
    (void)state;
    sweep(false);
}

static void from_whichever_take_there_is_no_memory_nothing_is_left(void **state)
{
    (void)state;
    sweep(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whichever_take_fails_nothing_is_left),
        cmocka_unit_test(from_whichever_take_there_is_no_memory_nothing_is_left),
    };
    return cmocka_run_group_tests_name("task memory", tests, NULL, NULL);
}
