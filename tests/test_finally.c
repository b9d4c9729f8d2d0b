/* EDDY_FINALLY: once for every body that began, and in its own time. */
#include "support/coro.h"

#include <errno.h>

static struct eddy_scope scope;

static int reset(void **state)
{
    scope = (struct eddy_scope){0};
    return coro_setup(state);
}

#define finally_test(name) cmocka_unit_test_setup_teardown(name, reset, coro_teardown)

enum way { FALL, RETURN, BREAK, FAIL, SLEEP, TIMEOUT, NO_MEMORY };

struct huge {
    EDDY_FRAME;
    char bytes[5000];
};

EDDY_CORO(huge)
{
    EDDY_BEGIN(huge) {
    }
}

struct body {
    EDDY_FRAME_RET(int);
    enum way way;
    bool naps; /* in the EDDY_FINALLY */
    struct eddy_scope limit;
    int i;
};

EDDY_CORO(body)
{
    EDDY_BEGIN(body) {
        EDDY_AWAIT(eddy_yield(me));
        switch (my->way) {
        case FALL:
            break;
        case RETURN:
            EDDY_RETURN(5);
        case BREAK:
            EDDY_SCOPE(&my->limit) {
                EDDY_RETURN(6);
            }
            break;
        case FAIL:
            EDDY_FAIL(-EIO);
        case SLEEP:
            EDDY_AWAIT(eddy_sleep(EDDY_FOREVER, me));
            break;
        case TIMEOUT:
            EDDY_TIMEOUT_FAIL(&my->limit, 5) {
                EDDY_AWAIT(eddy_sleep(EDDY_FOREVER, me));
            }
            break;
        case NO_MEMORY:
            coro_no_memory(coro_current(), true);
            EDDY_DO(huge);
            break;
        }
        coro_say("fell");
    }
    EDDY_FINALLY
    {
        coro_no_memory(coro_current(), false);
        coro_say("finally %d", eddy_cancel_reason(me));
        if (my->naps) {
            for (my->i = 0; my->i < 3; my->i++) {
                EDDY_AWAIT(eddy_sleep(10, me));
            }
            coro_say("slept");
        }
        my->ret++;
    }
}

static void it_runs_once_whatever_ended_the_body(void **state)
{
    struct coro *c = *state;
    for (int naps = 0; naps < 2; naps++) {
        static const int status[] = {0, 0, 0, -EIO, -ECANCELED, -ETIMEDOUT, -ENOMEM};
        for (enum way way = FALL; way <= NO_MEMORY; way++) {
            struct eddy_task *task = CORO_START(c, body, .way = way, .naps = naps);
            coro_advance(c, 1);
            if (way == SLEEP) {
                eddy_task_cancel(task, -EINTR);
            }
            assert_int_equal(coro_end(c, task), status[way]);
            coro_expect(naps          ? way == FALL ? "fell finally 0 slept" : "finally 0 slept"
                        : way == FALL ? "fell finally 0"
                                      : "finally 0");
        }
    }
}

static void the_result_can_be_set_until_the_end(void **state)
{
    struct coro *c = *state;
    int result = 0;
    assert_int_equal(CORO_RUN_RET(c, &result, body, .way = RETURN, .naps = true), 0);
    assert_int_equal(result, 6);
    assert_int_equal(CORO_RUN_RET(c, &result, body, .way = BREAK), 0);
    assert_int_equal(result, 7);
    c->trace[0] = '\0';
}

static void a_cancel_that_comes_while_it_waits_does_not_touch_it(void **state)
{
    struct coro *c = *state;
    for (enum way way = FALL; way <= SLEEP; way++) {
        struct eddy_task *task = CORO_START(c, body, .way = way, .naps = true);
        coro_settle(c);
        if (way == SLEEP) {
            eddy_task_cancel(task, -EINTR);
        }
        coro_advance(c, 15);
        eddy_task_cancel(task, -EINTR);
        eddy_group_cancel(eddy_loop_detached(&c->loop), -EINTR);
        assert_int_equal(coro_end(c, task), way == FAIL ? -EIO : way == SLEEP ? -ECANCELED : 0);
        coro_expect(way == FALL ? "fell finally 0 slept" : "finally 0 slept");
        eddy_loop_detached(&c->loop)->block.called = 0; /* for the next round */
        eddy_loop_detached(&c->loop)->block.canceled = 0;
    }
}

/* ---- Callers --------------------------------------------------------------------------- */

struct tower {
    EDDY_FRAME;
    int n;
    int fails_at;
    int result;
};

EDDY_CORO(tower)
{
    EDDY_BEGIN(tower) {
        if (my->n > 0) {
            EDDY_DO(tower, .n = my->n - 1, .fails_at = my->fails_at);
            coro_say("back %d", my->n);
        } else {
            EDDY_AWAIT(eddy_sleep(100, me));
            coro_say("ground");
        }
    }
    EDDY_FINALLY
    {
        EDDY_AWAIT(eddy_sleep(10, me));
        coro_say("f%d", my->n);
        if (my->n == my->fails_at) {
            EDDY_FAIL(-EDOM);
        }
        EDDY_AWAIT(eddy_yield(me));
        coro_say("g%d", my->n);
    }
}

struct tower_in_scope {
    EDDY_FRAME;
    int fails_at;
    eddy_ns limit;
};

EDDY_CORO(tower_in_scope)
{
    EDDY_BEGIN(tower_in_scope) {
        EDDY_TIMEOUT(&scope, my->limit) {
            EDDY_DO(tower, .n = 2, .fails_at = my->fails_at);
        }
        coro_say("end");
    }
}

static void those_of_the_callers_follow_from_the_inside_outward(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, tower_in_scope, .fails_at = -1, .limit = EDDY_FOREVER), 0);
    coro_expect("ground f0 g0 back 1 f1 g1 back 2 f2 g2 end");
    assert_int_equal(CORO_RUN(c, tower_in_scope, .fails_at = -1, .limit = 50), 0);
    coro_expect("f0 g0 f1 g1 f2 g2 end");
    assert_true(scope.caught && scope.expired);
    assert_int_equal(coro_elapsed(c), 130 + 80);
}

static void a_deadline_that_comes_meanwhile_is_felt_after_it(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, tower_in_scope, .fails_at = -1, .limit = 105), 0);
    coro_expect("ground f0 g0 back 1 f1 g1 back 2 f2 g2 end"); /* no await but in an EDDY_FINALLY */
    assert_true(scope.expired && !scope.caught);
}

static void a_failure_in_it_takes_the_place_of_a_cancel(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, tower_in_scope, .fails_at = 1, .limit = 50), -EDOM);
    coro_expect("f0 g0 f1 f2 g2");
    assert_int_equal(CORO_RUN(c, tower_in_scope, .fails_at = 0, .limit = EDDY_FOREVER), -EDOM);
    coro_expect("ground f0 f1 g1 f2 g2");
    struct eddy_task *task = CORO_START(c, tower, .n = 0, .fails_at = 0);
    coro_settle(c);
    eddy_task_cancel(task, -EINTR);
    assert_int_equal(coro_end(c, task), -EDOM);
    coro_expect("f0");
}

/* ---- Blocks in it ------------------------------------------------------------------------ */

struct tidy {
    EDDY_FRAME;
    enum way way;
    struct eddy_scope limit;
    struct eddy_catch catch_;
    struct eddy_group group;
    int error;
    int i;
};

struct child {
    EDDY_FRAME;
    eddy_ns span;
};

EDDY_CORO(child)
{
    EDDY_BEGIN(child) {
        EDDY_AWAIT(eddy_sleep(my->span, me));
        coro_say("child");
    }
    EDDY_FINALLY
    {
        EDDY_AWAIT(eddy_sleep(1, me));
        coro_say("child's");
    }
}

EDDY_CORO(tidy)
{
    EDDY_BEGIN(tidy) {
        EDDY_AWAIT(eddy_sleep(100, me));
    }
    EDDY_FINALLY
    {
        EDDY_TIMEOUT(&my->limit, 5) {
            EDDY_AWAIT(eddy_sleep(100, me));
            coro_say("unreachable");
        }
        coro_say("%d", my->limit.expired && my->limit.caught);
        for (my->i = 0; my->i < 2; my->i++) {
            EDDY_CATCH(&my->catch_) {
                if (my->i == 1) {
                    break;
                }
                EDDY_DO(child, .span = 1);
                EDDY_FAIL(-EPROTO);
            }
            coro_say("%d", my->catch_.error);
        }
        EDDY_GROUP(&my->group) {
            EDDY_TRY(my->error, EDDY_SPAWN(&my->group, child, .span = 10));
            EDDY_SCOPE(&my->limit) {
                eddy_scope_cancel(&my->limit, -EPIPE);
                coro_say("%d", eddy_cancel_reason(me));
                EDDY_AWAIT(eddy_yield(me));
                coro_say("unreachable");
            }
        }
        if (my->way == RETURN) {
            return;
        }
        coro_say("end");
    }
}

static void it_holds_blocks_calls_and_groups_of_its_own(void **state)
{
    struct coro *c = *state;
    struct eddy_task *task = CORO_START(c, tidy);
    coro_advance(c, 5);
    eddy_task_cancel(task, -EINTR);
    coro_settle(c);
    assert_int_equal(coro_end(c, task), -ECANCELED);
    coro_expect("1 child child's -71 -32 child child's end");
    assert_int_equal(CORO_RUN(c, tidy, .way = RETURN), 0);
    coro_expect("1 child child's -71 -32 child child's");
}

static void a_failure_caught_in_it_does_not_change_how_the_task_ends(void **state)
{
    struct coro *c = *state;
    struct eddy_task *task = CORO_START(c, tidy);
    coro_advance(c, 5);
    eddy_group_cancel(eddy_loop_detached(&c->loop), -EINTR);
    assert_int_equal(coro_end(c, task), -ECANCELED);
    coro_expect("1 child child's -71 -32 child child's end");
}

/* ---- Depth ----------------------------------------------------------------------------- */

struct pit {
    EDDY_FRAME;
    int n;
    int *reached;
    struct eddy_scope scope;
};

EDDY_CORO(pit)
{
    EDDY_BEGIN(pit) {
        EDDY_AWAIT(eddy_wait_settle(me, 0));
    }
    EDDY_FINALLY
    {
        if (my->n > 0) {
            EDDY_TIMEOUT(&my->scope, EDDY_SEC(1)) {
                EDDY_DO(pit, .n = my->n - 1, .reached = my->reached);
            }
        } else {
            EDDY_TIMEOUT(&my->scope, EDDY_MS(1)) {
                EDDY_AWAIT(eddy_sleep(EDDY_FOREVER, me));
            }
            coro_say("%d", my->scope.caught);
        }
        ++*my->reached;
    }
}

static void they_nest_as_deep_as_memory_goes(void **state)
{
    struct coro *c = *state;
    static const int depths[] = {1, 1000, UINT16_MAX - 2, UINT16_MAX - 1, UINT16_MAX, UINT16_MAX + 1, 100000};
    for (size_t i = 0; i < sizeof depths / sizeof depths[0]; i++) {
        int reached = 0;
        assert_int_equal(CORO_RUN(c, pit, .n = depths[i], .reached = &reached), 0);
        assert_int_equal(reached, depths[i] + 1);
        coro_expect("1");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        finally_test(it_runs_once_whatever_ended_the_body),
        finally_test(the_result_can_be_set_until_the_end),
        finally_test(a_cancel_that_comes_while_it_waits_does_not_touch_it),
        finally_test(those_of_the_callers_follow_from_the_inside_outward),
        finally_test(a_deadline_that_comes_meanwhile_is_felt_after_it),
        finally_test(a_failure_in_it_takes_the_place_of_a_cancel),
        finally_test(it_holds_blocks_calls_and_groups_of_its_own),
        finally_test(a_failure_caught_in_it_does_not_change_how_the_task_ends),
        finally_test(they_nest_as_deep_as_memory_goes),
    };
    return cmocka_run_group_tests_name("finally", tests, NULL, NULL);
}
