/* The experiments, part two: tasks, groups, scopes. */
#include "support/coro.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct sleeper {
    EDDY_FRAME_RET(int);
    char name;
    eddy_ns span;
    int error;
};

EDDY_CORO(sleeper)
{
    EDDY_BEGIN(sleeper) {
        coro_say("%c", my->name);
        EDDY_AWAIT(eddy_sleep(my->span, me));
        if (my->error < 0) {
            EDDY_FAIL(my->error);
        }
        coro_say("%c.", my->name);
        EDDY_RETURN(12);
    }
}

/* ---- 10 -------------------------------------------------------------------------------- */

struct joiner {
    EDDY_FRAME;
    struct eddy_task *task;
    int status;
};

EDDY_CORO(joiner)
{
    EDDY_BEGIN(joiner) {
        EDDY_AWAIT(my->status, eddy_task_join(my->task, me));
        coro_say("joined");
    }
}

static void experiment_10_a_cancel_of_who_joins_is_none_of_who_is_joined(void **state)
{
    struct coro *c = *state;
    struct eddy_task *task = CORO_START(c, sleeper, .name = 'a', .span = 10);
    struct eddy_task *joins = CORO_START(c, joiner, .task = task);
    coro_settle(c);
    eddy_task_cancel(joins, -ECANCELED);
    coro_settle(c);
    assert_true(eddy_task_is_done(joins));
    assert_false(eddy_task_is_done(task));
    eddy_task_release(joins);
    assert_int_equal(coro_end(c, task), 0);
    coro_expect("a a.");
}

/* ---- 11 -------------------------------------------------------------------------------- */

struct cleans {
    EDDY_FRAME;
};

EDDY_CORO(cleans)
{
    EDDY_BEGIN(cleans) {
        EDDY_AWAIT(eddy_sleep(EDDY_SEC(100), me));
        coro_say("unreachable");
    }
    EDDY_FINALLY
    {
        EDDY_AWAIT(eddy_sleep(EDDY_SEC(1), me));
        coro_say("one");
        EDDY_AWAIT(eddy_sleep(EDDY_SEC(1), me));
        coro_say("two");
        EDDY_AWAIT(eddy_sleep(EDDY_SEC(100), me));
        coro_say("unreachable");
    }
}

static void experiment_11_awaits_in_a_cleanup_are_done_but_not_for_ever(void **state)
{
    struct coro *c = *state;
    struct eddy_task *task = CORO_START(c, cleans);
    coro_settle(c);
    eddy_task_cancel(task, -ECANCELED);
    coro_advance(c, EDDY_MS(500));
    eddy_task_cancel(task, -ECANCELED); /* once more, in the middle of it */
    assert_int_equal(coro_end(c, task), -ECANCELED);
    coro_expect("one two");
    assert_int_equal(coro_elapsed(c), EDDY_SEC(5));
    assert_int_equal(c->log_count, 1);
}

/* ---- 15 -------------------------------------------------------------------------------- */

static struct eddy_event event;

struct waits_for {
    EDDY_FRAME;
    struct eddy_scope scope;
};

EDDY_CORO(waits_for)
{
    EDDY_BEGIN(waits_for) {
        EDDY_TIMEOUT(&my->scope, 10) {
            EDDY_AWAIT(eddy_event_wait(&event, me));
            coro_say("got it");
        }
        coro_say("expired:%d", my->scope.expired);
        EDDY_AWAIT(eddy_yield(me));
        coro_say("unreachable");
    }
}

static void experiment_15_a_result_and_a_cancel_in_one_turn_are_both_seen(void **state)
{
    struct coro *c = *state;
    eddy_event_init(&event);
    struct eddy_task *task = CORO_START(c, waits_for);
    coro_settle(c);
    eddy_event_set(&event);
    eddy_task_cancel(task, -ECANCELED);
    assert_int_equal(coro_end(c, task), -ECANCELED);
    coro_expect("got it expired:0");
}

/* ---- 16, 19 ---------------------------------------------------------------------------- */

struct gathers {
    EDDY_FRAME;
    struct eddy_group group;
    bool late;
};

EDDY_CORO(gathers)
{
    EDDY_BEGIN(gathers) {
        EDDY_GROUP(&my->group) {
            EDDY_AWAIT(EDDY_SPAWN(&my->group, sleeper, .name = 'a', .span = 5, .error = -EIO));
            EDDY_AWAIT(EDDY_SPAWN(&my->group, sleeper, .name = 'b', .span = 10));
            EDDY_AWAIT(EDDY_SPAWN(&my->group, sleeper, .name = 'c', .span = 20));
        }
        coro_say("unreachable");
    }
}

static void experiment_16_an_error_in_a_group_stops_the_siblings(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, gathers), -EIO);
    assert_int_equal(coro_elapsed(c), 5);
    coro_expect("a b c");
    c->log_count = 0;
}

struct spawns_late {
    EDDY_FRAME;
    struct eddy_group group;
    int error;
};

EDDY_CORO(spawns_late)
{
    EDDY_BEGIN(spawns_late) {
        EDDY_GROUP(&my->group) {
            eddy_group_cancel(&my->group, -ECANCELED);
            my->error = EDDY_SPAWN(&my->group, sleeper, .name = 'a', .span = 10);
            coro_say("%d", my->error);
        }
        coro_say("end");
    }
}

static void experiment_19_a_group_that_is_cancelled_takes_tasks_which_unwind_at_their_first_await(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, spawns_late), 0);
    coro_expect("0 a end");
    assert_int_equal(coro_elapsed(c), 0);
}

/* ---- 17 -------------------------------------------------------------------------------- */

/* There is no collector: a task belongs to its group, and a dump shows it. */
static void experiment_17_a_task_that_nobody_refers_to_goes_on(void **state)
{
    struct coro *c = *state;
    eddy_event_init(&event);
    eddy_task_release(CORO_START(c, waits_for));
    coro_settle(c);
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    assert_non_null(file);
    assert_int_equal(eddy_dump(&c->loop, file), 1);
    assert_int_equal(fclose(file), 0);
    assert_non_null(strstr(text, "waits_for"));
    free(text);
    eddy_event_set(&event);
    coro_finish(c);
    assert_non_null(strstr(c->trace, "got it expired:0"));
    c->trace[0] = '\0';
}

/* ---- 18 -------------------------------------------------------------------------------- */

struct cancels_itself {
    EDDY_FRAME_RET(int);
};

EDDY_CORO(cancels_itself)
{
    EDDY_BEGIN(cancels_itself) {
        eddy_task_cancel(eddy_task_of(me), -ECANCELED);
        EDDY_RETURN(12);
    }
}

static void experiment_18_who_cancels_itself_and_returns_has_returned(void **state)
{
    struct coro *c = *state;
    int result = 0;
    assert_int_equal(CORO_RUN_RET(c, &result, cancels_itself), 0);
    assert_int_equal(result, 12);
}

/* ---- 21 -------------------------------------------------------------------------------- */

struct shields {
    EDDY_FRAME;
    int error;
    struct eddy_scope shield;
};

EDDY_CORO(shields)
{
    EDDY_BEGIN(shields) {
        EDDY_SHIELD(&my->shield, EDDY_SEC(1)) {
            EDDY_DO(sleeper, .name = 'a', .span = 10, .error = my->error);
        }
        coro_say("end");
        EDDY_AWAIT(eddy_yield(me));
        coro_say("unreachable");
    }
}

/* No future is shielded, but a block: what is inside cannot outlive it. */
static void experiment_21_what_is_shielded_is_no_orphan(void **state)
{
    struct coro *c = *state;
    for (int fails = 0; fails < 2; fails++) {
        struct eddy_task *task = CORO_START(c, shields, .error = fails ? -EIO : 0);
        coro_settle(c);
        eddy_task_cancel(task, -ECANCELED);
        coro_settle(c);
        assert_false(eddy_task_is_done(task));
        assert_int_equal(coro_end(c, task), fails ? -EIO : -ECANCELED); /* its error is the task's own */
        coro_expect(fails ? "a" : "a a. end");
    }
    c->log_count = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(experiment_10_a_cancel_of_who_joins_is_none_of_who_is_joined),
        coro_test(experiment_11_awaits_in_a_cleanup_are_done_but_not_for_ever),
        coro_test(experiment_15_a_result_and_a_cancel_in_one_turn_are_both_seen),
        coro_test(experiment_16_an_error_in_a_group_stops_the_siblings),
        coro_test(experiment_17_a_task_that_nobody_refers_to_goes_on),
        coro_test(experiment_18_who_cancels_itself_and_returns_has_returned),
        coro_test(experiment_19_a_group_that_is_cancelled_takes_tasks_which_unwind_at_their_first_await),
        coro_test(experiment_21_what_is_shielded_is_no_orphan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
