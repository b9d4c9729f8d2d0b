/* Tasks: names, values, and the loop's own groups. */
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

/* ---- Names ------------------------------------------------------------------------------ */

OWNER(has_names)
{
    EDDY_BEGIN(has_names) {
        EDDY_GROUP(&my->group) {
            HOLD(&my->task, .span = 1);
            assert_string_equal(eddy_task_name(my->task), "work");
            assert_string_equal(eddy_task_name(eddy_task_of(me)), "has_names");
            assert_int_equal(eddy_task_set_name(my->task, "worker %d", 7), 0);
            assert_string_equal(eddy_task_name(my->task), "worker 7");
            assert_int_equal(eddy_task_set_name(my->task, "%s", "0123456789012345678901234567890123456789"), 0);
            assert_string_equal(eddy_task_name(my->task), "0123456789012345678901234567890");
            EDDY_AWAIT(my->status, eddy_task_join(my->task, me));
            assert_int_equal(eddy_task_set_name(my->task, "late"), 0);
            assert_string_equal(eddy_task_name(my->task), "late");
            eddy_task_release(my->task);
        }
    }
}

static void a_task_has_the_name_of_its_coroutine_until_it_gets_one(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, has_names), 0);
}

OWNER(is_renamed_by_its_name)
{
    EDDY_BEGIN(is_renamed_by_its_name) {
        assert_int_equal(eddy_task_set_name(eddy_task_of(me), "conn"), 0);
        assert_int_equal(eddy_task_set_name(eddy_task_of(me), "<%s>", eddy_task_name(eddy_task_of(me))), 0);
        coro_say("%s", eddy_task_name(eddy_task_of(me)));
    }
}

static void a_name_may_be_made_of_the_name_before(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, is_renamed_by_its_name), 0);
    coro_expect("<conn>");
}

static void without_memory_there_is_no_name(void **state)
{
    struct coro *c = *state;
    struct eddy_task *task = CORO_START(c, work, .span = 1);
    coro_no_memory(c, true);
    assert_int_equal(eddy_task_set_name(task, "x"), -ENOMEM);
    assert_string_equal(eddy_task_name(task), "work");
    struct eddy_task *none = task;
    assert_int_equal(EDDY_SPAWN_TASK(&none, eddy_loop_detached(&c->loop), work, .span = 1), -ENOMEM);
    assert_null(none);
    assert_int_equal(EDDY_SPAWN(NULL, work, .span = 1), -ENOMEM);
    coro_no_memory(c, false);
    assert_int_equal(coro_end(c, task), 0);
}

/* ---- Values ------------------------------------------------------------------------------ */

static const char color, size;

struct reads {
    EDDY_FRAME;
    const char *name;
    struct eddy_group group;
    struct eddy_local local;
    int result;
};

EDDY_CORO(reads)
{
    EDDY_BEGIN(reads) {
        coro_say("%s:%s", my->name, (const char *)eddy_local_get(&color, me));
        if (my->name[0] == 'x') {
            EDDY_LOCAL(&my->local, &color, (void *)(intptr_t) "inner") {
                EDDY_GROUP(&my->group) {
                    EDDY_TRY(my->result, EDDY_SPAWN(&my->group, reads, .name = "y"));
                }
                EDDY_DO(reads, .name = "z");
            }
            coro_say("%s:%s", my->name, (const char *)eddy_local_get(&color, me));
        }
    }
    EDDY_FINALLY
    {
        coro_say("%s:%s", my->name, (const char *)eddy_local_get(&color, me));
    }
}

OWNER(has_values)
{
    EDDY_BEGIN(has_values) {
        assert_null(eddy_local_get(&color, me));
        EDDY_LOCAL(&my->local, &color, (void *)(intptr_t) "red") {
            EDDY_GROUP(&my->group) {
                EDDY_LOCAL(&my->inner, &color, (void *)(intptr_t) "blue") { /* inside the group's body, not the group */
                    EDDY_TRY(my->result, EDDY_SPAWN(&my->group, reads, .name = "x"));
                    coro_say("%s", (const char *)eddy_local_get(&color, me));
                    assert_null(eddy_local_get(&size, me));
                }
            }
        }
        assert_null(eddy_local_get(&color, me));
    }
}

static void a_value_is_seen_through_calls_and_groups(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, has_values), 0);
    coro_expect("blue x:red y:inner y:inner z:inner z:inner x:red x:red");
}

/* ---- The loop's own groups ---------------------------------------------------------------- */

static void detached_tasks_keep_the_loop_going_and_daemons_do_not(void **state)
{
    struct coro *c = *state;
    struct eddy_task *daemon;
    assert_int_equal(EDDY_SPAWN_TASK(&daemon, eddy_loop_daemons(&c->loop), work, .span = 100), 0);
    assert_int_equal(EDDY_SPAWN(eddy_loop_detached(&c->loop), work, .span = 7), 0);
    coro_finish(c);
    assert_int_equal(coro_elapsed(c), 7);
    assert_false(eddy_task_is_done(daemon));
    eddy_task_cancel(daemon, -ECANCELED);
    assert_int_equal(coro_end(c, daemon), -ECANCELED);
    assert_int_equal(coro_elapsed(c), 7);
}

OWNER(has_task_of_a_daemon)
{
    EDDY_BEGIN(has_task_of_a_daemon) {
        EDDY_GROUP(&my->group) {
            EDDY_TRY(my->result, EDDY_SPAWN(&my->group, work, .span = 50));
            EDDY_TRY(my->result, EDDY_SPAWN(&my->group, work, .span = EDDY_FOREVER));
        }
    }
}

static void a_daemons_tasks_are_daemons(void **state)
{
    struct coro *c = *state;
    struct eddy_task *daemon;
    assert_int_equal(EDDY_SPAWN_TASK(&daemon, eddy_loop_daemons(&c->loop), has_task_of_a_daemon), 0);
    assert_int_equal(EDDY_SPAWN(eddy_loop_detached(&c->loop), work, .span = 7), 0);
    coro_finish(c);
    assert_int_equal(coro_elapsed(c), 7);
    assert_int_equal(c->loop.scheduler.daemons, 3);
    eddy_task_cancel(daemon, -ECANCELED);
    assert_int_equal(coro_end(c, daemon), -ECANCELED);
}

struct join_each_other {
    EDDY_FRAME;
    struct eddy_task **other;
    int status;
};

EDDY_CORO(join_each_other)
{
    EDDY_BEGIN(join_each_other) {
        EDDY_AWAIT(my->status, eddy_task_join(*my->other, me));
    }
}

static void tasks_that_join_each_other_are_a_deadlock(void **state)
{
    struct coro *c = *state;
    struct eddy_task *one, *two;
    one = CORO_START(c, join_each_other, .other = &two);
    two = CORO_START(c, join_each_other, .other = &one);
    assert_int_equal(eddy_loop_run(&c->loop), -EDEADLK);
    eddy_task_cancel(one, -ECANCELED);
    coro_finish(c);
    eddy_task_release(two);
    assert_int_equal(coro_end(c, one), -ECANCELED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(a_task_has_the_name_of_its_coroutine_until_it_gets_one),
        coro_test(a_name_may_be_made_of_the_name_before),
        coro_test(without_memory_there_is_no_name),
        coro_test(a_value_is_seen_through_calls_and_groups),
        coro_test(detached_tasks_keep_the_loop_going_and_daemons_do_not),
        coro_test(a_daemons_tasks_are_daemons),
        coro_test(tasks_that_join_each_other_are_a_deadlock),
    };
    return cmocka_run_group_tests_name("task names", tests, NULL, NULL);
}
