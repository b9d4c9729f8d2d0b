/* How long an EDDY_FINALLY may take. */
#include "support/coro.h"

#include <errno.h>
#include <string.h>

#define TOO_LONG "its EDDY_FINALLY took longer than the cleanup timeout"

struct slow {
    EDDY_FRAME;
    int way;
    struct eddy_scope scope;
    struct eddy_group group;
    int i;
    int error;
};

struct sleeper {
    EDDY_FRAME;
};

EDDY_CORO(sleeper)
{
    EDDY_BEGIN(sleeper) {
        EDDY_AWAIT(eddy_sleep(EDDY_FOREVER, me));
    }
    EDDY_FINALLY
    {
        coro_say("sleeper's");
    }
}

/* One that waits in its EDDY_FINALLY alone. */
struct tail {
    EDDY_FRAME;
    eddy_ns span;
};

EDDY_CORO(tail)
{
    EDDY_BEGIN(tail) {
    }
    EDDY_FINALLY
    {
        EDDY_AWAIT(eddy_sleep(my->span, me));
    }
}

enum { PLAIN, IN_BLOCK, IN_CALL, IN_GROUP, CARELESS, IN_TAILS, RETRY, WAYS };

EDDY_CORO(slow)
{
    EDDY_BEGIN(slow) {
        EDDY_AWAIT(eddy_sleep(EDDY_SEC(1), me));
    }
    EDDY_FINALLY
    {
        switch (my->way) {
        case PLAIN:
            EDDY_AWAIT(eddy_sleep(EDDY_FOREVER, me));
            break;
        case IN_BLOCK:
            EDDY_TIMEOUT(&my->scope, EDDY_SEC(100)) {
                EDDY_AWAIT(eddy_sleep(EDDY_SEC(50), me));
            }
            break;
        case IN_CALL:
            EDDY_DO(sleeper);
            break;
        case IN_GROUP:
            EDDY_GROUP(&my->group) {
                EDDY_TRY(my->error, EDDY_SPAWN(&my->group, sleeper));
                EDDY_TRY(my->error, EDDY_SPAWN(&my->group, sleeper));
            }
            EDDY_AWAIT(eddy_sleep(EDDY_SEC(1), me));
            break;
        case CARELESS:
            for (;;) {
                EDDY_AWAIT(my->error, eddy_sleep(EDDY_MS(300), me));
            }
        case IN_TAILS:
            for (my->i = 0; my->i < 20; my->i++) {
                EDDY_DO(tail, .span = EDDY_SEC(1));
            }
            break;
        default:
            for (my->i = 0; my->i < 20; my->i++) { /* one's own scope does not stop it */
                EDDY_TIMEOUT(&my->scope, EDDY_SEC(1)) {
                    EDDY_AWAIT(eddy_sleep(EDDY_SEC(50), me));
                }
            }
            break;
        }
        coro_say("unreachable");
    }
}

static void expect_told(const struct coro *c, size_t count)
{
    assert_int_equal(c->log_count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(c->logs[i].level, EDDY_LOG_WARNING);
        assert_string_equal(c->logs[i].task, "slow");
        assert_string_equal(c->logs[i].text, TOO_LONG);
    }
}

static void expect_unwound(struct coro *c, int way, eddy_ns timeout)
{
    c->log_count = 0;
    struct eddy_task *task = CORO_START(c, slow, .way = way);
    coro_settle(c);
    eddy_task_cancel(task, -EINTR);
    eddy_ns began = c->os.now;
    assert_int_equal(coro_end(c, task), -ECANCELED);
    assert_true(c->os.now - began == timeout);
    expect_told(c, 1);
    coro_expect(way == IN_CALL ? "sleeper's" : way == IN_GROUP ? "sleeper's sleeper's" : "");
    /* The same without a cancel: a task that finished has finished. */
    c->log_count = 0;
    began = c->os.now;
    assert_int_equal(CORO_RUN(c, slow, .way = way), 0);
    assert_true(c->os.now - began == EDDY_SEC(1) + timeout);
    expect_told(c, 1);
    c->trace[0] = '\0';
}

static void after_five_seconds_it_is_unwound_and_the_log_told(void **state)
{
    struct coro *c = *state;
    expect_unwound(c, PLAIN, EDDY_SEC(5));
}

static void its_blocks_calls_and_groups_are_unwound_with_it(void **state)
{
    struct coro *c = *state;
    expect_unwound(c, IN_BLOCK, EDDY_SEC(5));
    expect_unwound(c, IN_CALL, EDDY_SEC(5));
    expect_unwound(c, IN_GROUP, EDDY_SEC(5));
}

static void loops_in_it_end_too(void **state)
{
    struct coro *c = *state;
    expect_unwound(c, CARELESS, EDDY_SEC(5));
    expect_unwound(c, RETRY, EDDY_SEC(5));
}

static void calls_that_wait_in_their_own_one_count_too(void **state)
{
    struct coro *c = *state;
    expect_unwound(c, IN_TAILS, EDDY_SEC(5));
}

static void the_timeout_is_the_loops_to_set(void **state)
{
    struct coro *c = *state;
    eddy_loop_set_cleanup_timeout(&c->loop, EDDY_MS(20));
    expect_unwound(c, PLAIN, EDDY_MS(20));
    eddy_loop_set_cleanup_timeout(&c->loop, 0);
    expect_unwound(c, PLAIN, 0);
    expect_unwound(c, IN_GROUP, 0);
    eddy_loop_set_cleanup_timeout(&c->loop, EDDY_FOREVER);
    c->log_count = 0;
    assert_int_equal(CORO_RUN(c, slow, .way = IN_BLOCK), 0);
    coro_expect("unreachable");
    expect_told(c, 0);
    assert_int_equal(coro_elapsed(c), EDDY_MS(20) + EDDY_SEC(1) + EDDY_MS(20) + EDDY_SEC(2) + EDDY_SEC(51));
}

/* ---- One in another ------------------------------------------------------------------------ */

struct outer {
    EDDY_FRAME;
    eddy_ns first;
    eddy_ns tail;
};

EDDY_CORO(outer)
{
    EDDY_BEGIN(outer) {
    }
    EDDY_FINALLY
    {
        coro_say("%d", eddy_deadline(me) == EDDY_FOREVER);
        EDDY_AWAIT(eddy_sleep(my->first, me));
        coro_say("%d", (int)((eddy_deadline(me) - coro_current()->os.now) / EDDY_SEC(1)));
        EDDY_DO(tail, .span = my->tail);
        coro_say("tail %d", eddy_cancel_reason(me));
        EDDY_AWAIT(eddy_sleep(1, me));
        coro_say("slept");
    }
}

static void one_inside_another_has_its_own_time(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, outer, .first = EDDY_SEC(3), .tail = EDDY_SEC(1)), 0);
    coro_expect("1 2 tail 0 slept");
    assert_int_equal(c->log_count, 0);
    /* The outer one's time is over while the inner one is at work: that is let be, then the outer one unwinds. */
    assert_int_equal(CORO_RUN(c, outer, .first = EDDY_SEC(3), .tail = EDDY_SEC(4)), 0);
    coro_expect("1 2 tail -110");
    assert_int_equal(c->log_count, 1);
    /* The inner one's time is over. */
    assert_int_equal(CORO_RUN(c, outer, .first = EDDY_SEC(3), .tail = EDDY_FOREVER), 0);
    assert_int_equal(c->log_count, 3);
    c->trace[0] = '\0';
}

struct patient {
    EDDY_FRAME;
    eddy_ns body;
    int i;
};

EDDY_CORO(patient)
{
    EDDY_BEGIN(patient) {
        EDDY_AWAIT(eddy_sleep(my->body, me));
    }
    EDDY_FINALLY
    {
        for (my->i = 0; my->i < 4; my->i++) {
            test_os_advance(&coro_current()->os, EDDY_SEC(10)); /* at work: not waiting */
            coro_say("%d", eddy_cancel_reason(me));
        }
        EDDY_AWAIT(eddy_sleep(EDDY_SEC(4), me));
        coro_say("end");
    }
}

static void the_time_counts_from_the_first_await_that_waits(void **state)
{
    struct coro *c = *state;
    eddy_loop_set_watchdog(&c->loop, EDDY_FOREVER); /* it would tell of the 10 s */
    assert_int_equal(CORO_RUN(c, patient, .body = EDDY_SEC(7)), 0);
    coro_expect("0 0 0 0 end");
    assert_int_equal(c->log_count, 0);
}

struct poor {
    EDDY_FRAME;
};

EDDY_CORO(poor)
{
    EDDY_BEGIN(poor) {
    }
    EDDY_FINALLY
    {
        coro_no_memory(coro_current(), true);
        EDDY_AWAIT(eddy_sleep(EDDY_SEC(9), me));
        coro_no_memory(coro_current(), false);
        coro_say("end");
    }
}

static void without_memory_it_has_no_deadline_and_the_log_is_told(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, poor), 0);
    coro_expect("end");
    assert_int_equal(c->log_count, 1);
    assert_int_equal(c->logs[0].error, -ENOMEM);
    assert_non_null(strstr(c->logs[0].text, "without a deadline"));
}

struct owner {
    EDDY_FRAME;
    struct eddy_group group;
    int error;
};

struct asks {
    EDDY_FRAME;
};

EDDY_CORO(asks)
{
    EDDY_BEGIN(asks) {
        EDDY_AWAIT(eddy_sleep(EDDY_SEC(2), me));
        coro_say("%d", eddy_deadline(me) == EDDY_FOREVER
                           ? -1
                           : (int)((eddy_deadline(me) - coro_current()->os.now) / EDDY_SEC(1)));
    }
}

EDDY_CORO(owner)
{
    EDDY_BEGIN(owner) {
    }
    EDDY_FINALLY
    {
        EDDY_GROUP(&my->group) {
            EDDY_TRY(my->error, EDDY_SPAWN(&my->group, asks));
            EDDY_AWAIT(eddy_sleep(EDDY_SEC(1), me));
            EDDY_DO(tail, .span = EDDY_SEC(3)); /* deeper, while the child asks */
        }
    }
}

static void tasks_of_a_group_in_it_have_its_deadline(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, owner), 0);
    coro_expect("3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(after_five_seconds_it_is_unwound_and_the_log_told),
        coro_test(its_blocks_calls_and_groups_are_unwound_with_it),
        coro_test(loops_in_it_end_too),
        coro_test(calls_that_wait_in_their_own_one_count_too),
        coro_test(the_timeout_is_the_loops_to_set),
        coro_test(one_inside_another_has_its_own_time),
        coro_test(the_time_counts_from_the_first_await_that_waits),
        coro_test(without_memory_it_has_no_deadline_and_the_log_is_told),
        coro_test(tasks_of_a_group_in_it_have_its_deadline),
    };
    return cmocka_run_group_tests_name("finally_timeout", tests, NULL, NULL);
}
