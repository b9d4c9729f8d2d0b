/* Tasks in the order in which they end, and what becomes of those whose handles are held. */
#include "support/coro.h"

#include <errno.h>

struct work {
    EDDY_FRAME_RET(int);
    eddy_ns span;
    int value;
    int error;
};

EDDY_CORO(work)
{
    EDDY_BEGIN(work) {
        EDDY_AWAIT(eddy_sleep(my->span, me));
        if (my->error < 0) {
            EDDY_FAIL(my->error);
        }
        EDDY_RETURN(my->value);
    }
}

enum { MANY = 5 };

#define OWNER(name)                           \
    struct name {                             \
        EDDY_FRAME;                           \
        struct eddy_group group;              \
        struct eddy_scope scope;              \
        struct eddy_task *tasks[MANY], *task; \
        struct eddy_waiter other;             \
        struct eddy_task *others;             \
        int result, i, got;                   \
    };                                        \
    EDDY_CORO(name)

#define HOLD(handle, ...) EDDY_TRY(my->result, EDDY_SPAWN_TASK(handle, &my->group, work, __VA_ARGS__))

/* ---- The order ------------------------------------------------------------------------- */

OWNER(takes_in_order)
{
    EDDY_BEGIN(takes_in_order) {
        EDDY_GROUP(&my->group, EDDY_COLLECT) {
            for (my->i = 0; my->i < MANY; my->i++) {
                HOLD(&my->tasks[my->i], .span = (my->i * 3) % MANY + 1, .value = my->i);
            }
            EDDY_TRY(my->result, EDDY_SPAWN(&my->group, work, .span = 2)); /* not held: not given */
            for (;;) {
                EDDY_AWAIT(my->got, eddy_group_next(&my->group, &my->task, me));
                if (my->got != 1) {
                    break;
                }
                assert_true(eddy_task_is_done(my->task));
                coro_say("%d@%d", EDDY_RESULT(my->task, work), (int)coro_elapsed(coro_current()));
                eddy_task_release(my->task);
            }
            assert_int_equal(my->got, 0);
            EDDY_AWAIT(my->got, eddy_group_next(&my->group, &my->task, me));
            assert_int_equal(my->got, 0);
        }
    }
}

static void tasks_come_in_the_order_of_ending(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, takes_in_order), 0);
    coro_expect("0@1 2@2 4@3 1@4 3@5");
}

OWNER(takes_late)
{
    EDDY_BEGIN(takes_late) {
        EDDY_GROUP(&my->group, EDDY_COLLECT) {
            HOLD(&my->tasks[0], .span = 2, .value = 10);
            HOLD(&my->tasks[1], .span = 1, .value = 11);
            HOLD(&my->tasks[2], .span = 1, .value = 12);
            EDDY_AWAIT(eddy_sleep(1, me));
            EDDY_AWAIT(eddy_yield(me));
            EDDY_AWAIT(eddy_yield(me));
            eddy_task_release(my->tasks[1]); /* ended, and released before it was given */
            EDDY_AWAIT(my->got, eddy_group_next(&my->group, &my->task, me));
            assert_int_equal(my->got, 1);
            assert_ptr_equal(my->task, my->tasks[2]);
            EDDY_AWAIT(my->got, eddy_group_next(&my->group, &my->task, me));
            assert_int_equal(my->got, 1);
            assert_ptr_equal(my->task, my->tasks[0]);
            eddy_task_release(my->tasks[0]);
            eddy_task_release(my->tasks[2]);
        }
    }
}

static void a_task_that_ended_before_is_given_unless_it_was_released(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, takes_late), 0);
}

OWNER(waits_for_one_that_is_released)
{
    EDDY_BEGIN(waits_for_one_that_is_released) {
        EDDY_GROUP(&my->group) {
            HOLD(&my->tasks[0], .span = 5);
            eddy_task_release(my->tasks[0]);
            EDDY_AWAIT(my->got, eddy_group_next(&my->group, &my->task, me));
            assert_int_equal(my->got, 0);
            assert_int_equal(my->group.running, 1);
        }
    }
}

static void a_released_task_is_not_waited_for(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, waits_for_one_that_is_released), 0);
}

struct releases_at {
    EDDY_FRAME;
    struct eddy_task *task;
    eddy_ns span;
};

EDDY_CORO(releases_at)
{
    EDDY_BEGIN(releases_at) {
        EDDY_AWAIT(eddy_sleep(my->span, me));
        eddy_task_release(my->task);
    }
}

OWNER(is_told_that_none_is_left)
{
    EDDY_BEGIN(is_told_that_none_is_left) {
        EDDY_GROUP(&my->group) {
            HOLD(&my->tasks[0], .span = 9);
            EDDY_TRY(my->result, EDDY_SPAWN(&my->group, releases_at, .task = my->tasks[0], .span = 2));
            EDDY_AWAIT(my->got, eddy_group_next(&my->group, &my->task, me));
            assert_int_equal(my->got, 0);
            coro_say("%d", (int)coro_elapsed(coro_current()));
        }
    }
}

static void who_waits_is_woken_when_the_last_handle_is_released(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, is_told_that_none_is_left), 0);
    coro_expect("2");
    assert_int_equal(coro_elapsed(c), 9);
}

OWNER(retains_another)
{
    EDDY_BEGIN(retains_another) {
        EDDY_GROUP(&my->group) {
            HOLD(&my->tasks[0], .span = 3, .value = 1);
            assert_int_equal(eddy_task_retain(my->tasks[0]), 0);
            eddy_task_release(my->tasks[0]);
            EDDY_AWAIT(my->got, eddy_group_next(&my->group, &my->task, me));
            assert_int_equal(my->got, 1);
            assert_int_equal(my->group.running_held, 0);
            assert_int_equal(eddy_task_retain(my->task), 0);
            eddy_task_release(my->task);
            assert_int_equal(EDDY_RESULT(my->task, work), 1);
            eddy_task_release(my->task);
        }
    }
}

static void what_counts_is_whether_any_handle_is_held(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, retains_another), 0);
}

/* ---- Who waits ------------------------------------------------------------------------- */

OWNER(finds_somebody_waiting)
{
    EDDY_BEGIN(finds_somebody_waiting) {
        EDDY_GROUP(&my->group) {
            HOLD(&my->tasks[0], .span = 3);
            assert_int_equal(eddy_group_next(&my->group, &my->others, &my->other), EDDY_PENDING);
            EDDY_AWAIT(my->got, eddy_group_next(&my->group, &my->task, me));
            assert_int_equal(my->got, -EBUSY);
            assert_true(eddy_wait_cancel(&my->other));
            EDDY_AWAIT(my->got, eddy_group_next(&my->group, &my->task, me));
            assert_int_equal(my->got, 1);
            eddy_task_release(my->task);
        }
    }
}

static ssize_t other_result;
static int other_wakes;

static void on_other(struct eddy_waiter *waiter)
{
    other_result = waiter->result;
    other_wakes++;
}

static void a_second_one_who_waits_is_refused(void **state)
{
    struct coro *c = *state;
    struct eddy_waiter other;
    eddy_waiter_init(&other, &c->loop, on_other);
    other_wakes = 0;
    assert_int_equal(CORO_RUN(c, finds_somebody_waiting, .other = other), 0);
    assert_int_equal(other_wakes, 1);
    assert_int_equal(other_result, -ECANCELED);
}

OWNER(gives_up)
{
    EDDY_BEGIN(gives_up) {
        EDDY_GROUP(&my->group) {
            HOLD(&my->tasks[0], .span = 3);
            EDDY_TIMEOUT(&my->scope, 1) {
                EDDY_AWAIT(my->got, eddy_group_next(&my->group, &my->task, me));
                fail();
            }
            assert_true(my->scope.expired);
            EDDY_AWAIT(my->got, eddy_group_next(&my->group, &my->task, me));
            assert_int_equal(my->got, 1);
            eddy_task_release(my->task);
        }
    }
}

static void a_cancelled_wait_takes_no_task(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, gives_up), 0);
    assert_int_equal(coro_elapsed(c), 3);
}

/* The deadline and the end come in the same turn: whoever is told of it, the task is not lost. */
OWNER(ties)
{
    EDDY_BEGIN(ties) {
        EDDY_GROUP(&my->group) {
            HOLD(&my->tasks[0], .span = 3);
            EDDY_TIMEOUT(&my->scope, 3) {
                EDDY_AWAIT(my->got, eddy_group_next(&my->group, &my->task, me));
                coro_say("got");
            }
            if (my->task == NULL) {
                EDDY_AWAIT(my->got, eddy_group_next(&my->group, &my->task, me));
                coro_say("later");
            }
            assert_int_equal(my->got, 1);
            eddy_task_release(my->task);
        }
    }
}

static void a_task_that_ends_at_the_deadline_is_not_lost(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, ties), 0);
    assert_int_equal(coro_elapsed(c), 3);
}

/* A callback still waits when the block ends. */
OWNER(leaves_somebody_waiting)
{
    EDDY_BEGIN(leaves_somebody_waiting) {
        EDDY_GROUP(&my->group) {
            HOLD(&my->tasks[0], .span = 3, .value = 4);
            HOLD(&my->tasks[1], .span = 3, .value = 4);
            assert_int_equal(eddy_group_next(&my->group, &my->others, &my->other), EDDY_PENDING);
        }
        EDDY_AWAIT(my->got, eddy_group_next(&my->group, &my->task, me)); /* the block has let them go */
        assert_int_equal(my->got, 0);
        EDDY_AWAIT(eddy_yield(me));
        assert_int_equal(other_wakes, 1);
        assert_int_equal(other_result, 1);
        assert_ptr_equal(my->others, my->tasks[0]);
        assert_int_equal(EDDY_RESULT(my->tasks[1], work), 4); /* the handle outlives the group */
        eddy_task_release(my->tasks[0]);
        eddy_task_release(my->tasks[1]);
    }
}

static void who_still_waits_when_the_block_ends_gets_the_last_task(void **state)
{
    struct coro *c = *state;
    struct eddy_waiter other;
    eddy_waiter_init(&other, &c->loop, on_other);
    other_wakes = 0;
    assert_int_equal(CORO_RUN(c, leaves_somebody_waiting, .other = other), 0);
}

/* Without tasks that have ended, somebody who waits for running ones is told that none is left. */
OWNER(lets_the_last_go)
{
    EDDY_BEGIN(lets_the_last_go) {
        EDDY_GROUP(&my->group) {
            HOLD(&my->tasks[0], .span = 9);
            assert_int_equal(eddy_group_next(&my->group, &my->others, &my->other), EDDY_PENDING);
            EDDY_AWAIT(eddy_sleep(1, me));
            eddy_task_release(my->tasks[0]);
            return;
        }
    }
}

static void who_waits_when_no_handle_is_left_is_told_so(void **state)
{
    struct coro *c = *state;
    struct eddy_waiter other;
    eddy_waiter_init(&other, &c->loop, on_other);
    other_wakes = 0;
    assert_int_equal(CORO_RUN(c, lets_the_last_go, .other = other), 0);
    assert_int_equal(other_wakes, 1);
    assert_int_equal(other_result, 0);
}

/* ---- The loop's own groups ------------------------------------------------------------- */

OWNER(takes_detached)
{
    EDDY_BEGIN(takes_detached) {
        EDDY_TRY(my->result,
                 EDDY_SPAWN_TASK(&my->tasks[0], eddy_loop_daemons(eddy_loop_current()), work, .span = 3, .value = 8));
        EDDY_AWAIT(my->got, eddy_group_next(eddy_loop_daemons(eddy_loop_current()), &my->task, me));
        coro_say("%d", my->got);
        if (my->got == 1) {
            assert_ptr_equal(my->task, my->tasks[0]);
        }
        eddy_task_release(my->tasks[0]);
    }
}

static void the_loops_own_groups_give_their_tasks_too(void **state)
{
    struct coro *c = *state;
    assert_non_null(eddy_loop_daemons(&c->loop));
    assert_int_equal(CORO_RUN(c, takes_detached), 0);
    coro_expect("1");
}

/* ---- Memory ---------------------------------------------------------------------------- */

OWNER(runs_for_months)
{
    EDDY_BEGIN(runs_for_months) {
        EDDY_GROUP(&my->group) {
            for (my->i = 0; my->i < 10000; my->i++) {
                HOLD(&my->task, .span = 0);
                EDDY_AWAIT(my->result, eddy_task_join(my->task, me));
                eddy_task_release(my->task);
                EDDY_TRY(my->result, EDDY_SPAWN(&my->group, work, .span = 0));
                EDDY_AWAIT(eddy_sleep(1, me));
                assert_int_equal(my->group.running, 0);
                if (my->i == 10) {
                    my->got = (int)coro_current()->loop.scheduler.pool.bytes_used;
                }
            }
            assert_int_equal(coro_current()->loop.scheduler.pool.bytes_used, my->got);
        }
    }
}

static void a_task_that_has_ended_is_given_back_at_once(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, runs_for_months), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(tasks_come_in_the_order_of_ending),
        coro_test(a_task_that_ended_before_is_given_unless_it_was_released),
        coro_test(a_released_task_is_not_waited_for),
        coro_test(who_waits_is_woken_when_the_last_handle_is_released),
        coro_test(what_counts_is_whether_any_handle_is_held),
        coro_test(a_second_one_who_waits_is_refused),
        coro_test(a_cancelled_wait_takes_no_task),
        coro_test(a_task_that_ends_at_the_deadline_is_not_lost),
        coro_test(who_still_waits_when_the_block_ends_gets_the_last_task),
        coro_test(who_waits_when_no_handle_is_left_is_told_so),
        coro_test(the_loops_own_groups_give_their_tasks_too),
        coro_test(a_task_that_has_ended_is_given_back_at_once),
    };
    return cmocka_run_group_tests_name("group next", tests, NULL, NULL);
}
