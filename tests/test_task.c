/* Tasks: joining, handles, names, values, and the loop's own groups. */
#include "support/coro.h"

#include <errno.h>
#include <string.h>

struct work {
    EDDY_FRAME_RET(int);
    eddy_ns span;
    int value;
    int error;
    bool careless; /* returns although it was cancelled */
};

EDDY_CORO(work)
{
    EDDY_BEGIN(work) {
        EDDY_AWAIT(eddy_sleep(my->span, me));
        if (my->error < 0) {
            EDDY_FAIL(my->error);
        }
        if (my->careless) {
            eddy_task_cancel(eddy_task_of(me), -EINTR);
        }
        EDDY_RETURN(my->value);
    }
}

#define FIELDS                              \
    EDDY_FRAME;                             \
    struct eddy_group group;                \
    struct eddy_scope scope;                \
    struct eddy_task *task, *second, *main; \
    struct eddy_local local, inner;         \
    int result, status, i
#define OWNER(name) \
    struct name {   \
        FIELDS;     \
    };              \
    EDDY_CORO(name)

#define HOLD(handle, ...) EDDY_TRY(my->result, EDDY_SPAWN_TASK(handle, &my->group, work, __VA_ARGS__))

/* ---- Joining --------------------------------------------------------------------------- */

OWNER(joins_each_way)
{
    EDDY_BEGIN(joins_each_way) {
        EDDY_GROUP(&my->group, EDDY_COLLECT) {
            HOLD(&my->task, .span = 1, .value = 42);
            EDDY_AWAIT(my->status, eddy_task_join(my->task, me));
            coro_say("%d %d", my->status, EDDY_RESULT(my->task, work));
            EDDY_AWAIT(my->status, eddy_task_join(my->task, me)); /* again: it has ended */
            coro_say("%d", my->status);
            eddy_task_cancel(my->task, -EINTR); /* nothing happens */
            EDDY_AWAIT(my->status, eddy_task_join(my->task, me));
            coro_say("%d", my->status);
            eddy_task_release(my->task);

            HOLD(&my->task, .span = 1, .error = -77);
            EDDY_AWAIT(my->status, eddy_task_join(my->task, me));
            coro_say("%d", my->status);
            EDDY_AWAIT(my->status, eddy_task_join(my->task, me));
            coro_say("%d", my->status);
            eddy_task_release(my->task);

            HOLD(&my->task, .span = 1);
            eddy_task_cancel(my->task, -EINTR);
            EDDY_AWAIT(my->status, eddy_task_join(my->task, me));
            coro_say("%d", my->status == -ECANCELED);
            eddy_task_release(my->task);

            HOLD(&my->task, .span = 1, .value = 9, .careless = true);
            EDDY_AWAIT(my->status, eddy_task_join(my->task, me));
            coro_say("%d %d", my->status, EDDY_RESULT(my->task, work));
            eddy_task_release(my->task);

            EDDY_AWAIT(my->status, eddy_task_join(eddy_task_of(me), me));
            coro_say("%d", my->status == -EDEADLK);
        }
    }
}

static void a_join_gives_how_the_task_has_ended(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, joins_each_way), 0);
    coro_expect("0 42 0 0 -77 -77 1 0 9 1");
}

OWNER(gives_up_joining)
{
    EDDY_BEGIN(gives_up_joining) {
        EDDY_GROUP(&my->group) {
            HOLD(&my->task, .span = 5, .value = 1);
            EDDY_TIMEOUT(&my->scope, 1) {
                EDDY_AWAIT(my->status, eddy_task_join(my->task, me));
                fail();
            }
            assert_true(my->scope.expired && !eddy_task_is_done(my->task));
            EDDY_AWAIT(my->status, eddy_task_join(my->task, me));
            assert_int_equal(my->status, 0);
            eddy_task_release(my->task);
        }
    }
}

static void who_gives_up_joining_leaves_the_task_alone(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, gives_up_joining), 0);
    assert_int_equal(coro_elapsed(c), 5);
}

struct joiner {
    EDDY_FRAME;
    struct eddy_task *task;
    const char *name;
    int status;
};

EDDY_CORO(joiner)
{
    EDDY_BEGIN(joiner) {
        EDDY_AWAIT(my->status, eddy_task_join(my->task, me));
        coro_say("%s%d", my->name, my->status);
    }
}

OWNER(has_joiners)
{
    EDDY_BEGIN(has_joiners) {
        EDDY_GROUP(&my->group, EDDY_COLLECT) {
            HOLD(&my->task, .span = 5, .error = -9);
            EDDY_TRY(my->result, EDDY_SPAWN_TASK(&my->second, &my->group, joiner, .task = my->task, .name = "a"));
            EDDY_TRY(my->result, EDDY_SPAWN(&my->group, joiner, .task = my->task, .name = "b"));
            EDDY_TRY(my->result, EDDY_SPAWN_TASK(&my->main, &my->group, joiner, .task = my->task, .name = "c"));
            EDDY_TRY(my->result, EDDY_SPAWN(&my->group, joiner, .task = my->task, .name = "d"));
            eddy_task_release(my->task); /* it still runs: they go on waiting */
            EDDY_AWAIT(eddy_sleep(1, me));
            eddy_task_cancel(my->second, -ECANCELED); /* the first in the row, */
            EDDY_AWAIT(eddy_sleep(1, me));
            eddy_task_cancel(my->main, -ECANCELED); /* and one in the middle */
            eddy_task_release(my->second);
            eddy_task_release(my->main);
            EDDY_TRY(my->result, EDDY_SPAWN(&my->group, joiner, .task = my->task, .name = "e"));
        }
    }
}

static void joiners_are_woken_in_order(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, has_joiners), 0);
    coro_expect("b-9 d-9 e-9");
}

OWNER(joins_until)
{
    EDDY_BEGIN(joins_until) {
        EDDY_GROUP(&my->group) {
            HOLD(&my->task, .span = 2);
            EDDY_TIMEOUT(&my->scope, 2) { /* both at once: the join is not both done and undone */
                EDDY_AWAIT(my->status, eddy_task_join(my->task, me));
                coro_say("joined");
            }
            coro_say("%d", my->scope.caught);
            eddy_task_release(my->task);
        }
    }
}

static void a_join_that_ends_at_its_deadline_ends_once(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, joins_until), 0);
    assert_true(strcmp(c->trace, "joined 0") == 0 || strcmp(c->trace, "1") == 0);
}

static ssize_t woken_with;
static int wakes;

static void on_end(struct eddy_waiter *waiter)
{
    woken_with = waiter->result;
    wakes++;
}

static void a_callback_may_join_with_a_deadline(void **state)
{
    struct coro *c = *state;
    struct eddy_waiter waiter;
    eddy_waiter_init(&waiter, &c->loop, on_end);
    wakes = 0;
    struct eddy_task *task = CORO_START(c, work, .span = 9, .error = -5);
    assert_int_equal(eddy_task_join(task, &waiter), EDDY_PENDING);
    eddy_wait_until(&waiter, eddy_loop_now(&c->loop) + 3);
    coro_advance(c, 4);
    assert_int_equal(wakes, 1);
    assert_int_equal(woken_with, -ETIMEDOUT);
    assert_false(eddy_task_is_done(task));
    assert_int_equal(eddy_task_join(task, &waiter), EDDY_PENDING);
    assert_int_equal(eddy_wait_withdraw(&waiter), EDDY_PENDING);
    assert_int_equal(eddy_task_join(task, &waiter), EDDY_PENDING);
    assert_int_equal(coro_end(c, task), -5);
    assert_int_equal(wakes, 2);
    assert_int_equal(woken_with, -5);
}

/* ---- Handles --------------------------------------------------------------------------- */

OWNER(counts_handles)
{
    EDDY_BEGIN(counts_handles) {
        eddy_task_release(NULL);
        EDDY_GROUP(&my->group) {
            HOLD(&my->task, .span = 1);
            for (my->i = 1; my->i < 65535; my->i++) {
                assert_int_equal(eddy_task_retain(my->task), 0);
            }
            assert_int_equal(eddy_task_retain(my->task), -EOVERFLOW);
            eddy_task_release(my->task);
            assert_int_equal(eddy_task_retain(my->task), 0);
            EDDY_AWAIT(my->status, eddy_task_join(my->task, me));
            assert_int_equal(eddy_task_retain(my->task), -EOVERFLOW);
            for (my->i = 0; my->i < 65534; my->i++) {
                eddy_task_release(my->task);
            }
            assert_true(eddy_task_is_done(my->task));
            assert_int_equal(eddy_task_retain(my->task), 0);
            eddy_task_release(my->task);
        }
        eddy_task_release(my->task); /* after the group's end */
    }
}

static void there_are_65535_handles(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, counts_handles), 0);
}

struct holds_itself {
    EDDY_FRAME;
    struct eddy_group *group;
};

EDDY_CORO(holds_itself)
{
    EDDY_BEGIN(holds_itself) {
        assert_int_equal(eddy_task_retain(eddy_task_of(me)), 0);
        assert_int_equal(my->group->running_held, 1);
        EDDY_AWAIT(eddy_sleep(1, me));
        eddy_task_release(eddy_task_of(me));
        assert_int_equal(my->group->running_held, 0);
    }
    EDDY_FINALLY
    {
        assert_int_equal(eddy_task_retain(eddy_task_of(me)), 0);
        eddy_task_release(eddy_task_of(me));
    }
}

OWNER(has_holder)
{
    EDDY_BEGIN(has_holder) {
        EDDY_GROUP(&my->group) {
            EDDY_TRY(my->result, EDDY_SPAWN(&my->group, holds_itself, .group = &my->group));
        }
    }
}

static void a_task_may_hold_itself(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, has_holder), 0);
}

OWNER(holds_a_failed_one)
{
    EDDY_BEGIN(holds_a_failed_one) {
        EDDY_GROUP(&my->group) {
            HOLD(&my->task, .span = 1, .error = -6);
            EDDY_AWAIT(my->status, eddy_task_join(my->task, me));
            coro_say("%d", my->status); /* it was done when the cancel came */
            eddy_task_release(my->task);
            EDDY_AWAIT(eddy_sleep(1, me));
            fail();
        }
    }
}

static void a_join_does_not_take_the_error_from_the_group(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, holds_a_failed_one), -6);
    coro_expect("-6");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(a_join_gives_how_the_task_has_ended),
        coro_test(who_gives_up_joining_leaves_the_task_alone),
        coro_test(joiners_are_woken_in_order),
        coro_test(a_join_that_ends_at_its_deadline_ends_once),
        coro_test(a_callback_may_join_with_a_deadline),
        coro_test(there_are_65535_handles),
        coro_test(a_task_may_hold_itself),
        coro_test(a_join_does_not_take_the_error_from_the_group),
    };
    return cmocka_run_group_tests_name("task", tests, NULL, NULL);
}
