/* Groups: when tasks start, when the block ends, and what an error does to the rest. */
#include "support/coro.h"

#include <errno.h>

/* Sleeps, then finishes or fails; says what happens to it. */
struct work {
    EDDY_FRAME;
    const char *name;
    eddy_ns span;
    int error;
    eddy_ns cleanup;
    int cleanup_error;
};

EDDY_CORO(work)
{
    EDDY_BEGIN(work) {
        coro_say("%s+", my->name);
        EDDY_AWAIT(eddy_sleep(my->span, me));
        coro_say("%s!", my->name);
        if (my->error < 0) {
            EDDY_FAIL(my->error, "%s", my->name);
        }
    }
    EDDY_FINALLY
    {
        if (my->cleanup > 0) {
            EDDY_AWAIT(eddy_sleep(my->cleanup, me));
        }
        coro_say("%s-", my->name);
        if (my->cleanup_error < 0) {
            EDDY_FAIL(my->cleanup_error);
        }
    }
}

/* A frame with what most owners of groups need. */
#define OWNER(name)                     \
    struct name {                       \
        EDDY_FRAME;                     \
        struct eddy_group group, inner; \
        struct eddy_catch caught;       \
        struct eddy_scope scope;        \
        struct eddy_task *task;         \
        int result, i, policy;          \
        const struct work *works;       \
    };                                  \
    EDDY_CORO(name)

#define SPAWN(group, ...) EDDY_TRY(my->result, EDDY_SPAWN(group, work, __VA_ARGS__))

/* ---- Starting -------------------------------------------------------------------------- */

OWNER(spawns_three)
{
    EDDY_BEGIN(spawns_three) {
        EDDY_GROUP(&my->group) {
            SPAWN(&my->group, .name = "a", .span = 2);
            SPAWN(&my->group, .name = "b", .span = 3);
            SPAWN(&my->group, .name = "c", .span = 1);
            coro_say("body");
            assert_int_equal(my->group.running, 3);
        }
        assert_int_equal(my->group.running, 0);
        assert_int_equal(my->group.succeeded, 3);
        coro_say("after");
    }
}

static void tasks_start_in_order_and_never_inside_the_spawn(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, spawns_three), 0);
    coro_expect("body a+ b+ c+ c! c- a! a- b! b- after");
    assert_int_equal(coro_elapsed(c), 3);
}

OWNER(spawns_nothing)
{
    EDDY_BEGIN(spawns_nothing) {
        for (my->i = 0; my->i < 3; my->i++) {
            EDDY_GROUP(&my->group) {
                coro_say("in");
            }
        }
        coro_say("after");
    }
}

static void a_group_without_tasks_does_not_wait(void **state)
{
    struct coro *c = *state;
    uint64_t steps = c->loop.scheduler.steps;
    assert_int_equal(CORO_RUN(c, spawns_nothing), 0);
    coro_expect("in in in after");
    assert_int_equal(c->loop.scheduler.steps - steps, 1);
}

OWNER(cancels_before_the_start)
{
    EDDY_BEGIN(cancels_before_the_start) {
        EDDY_GROUP(&my->group) {
            EDDY_TRY(my->result, EDDY_SPAWN_TASK(&my->task, &my->group, work, .name = "a", .span = 5, .cleanup = 7));
            eddy_task_cancel(my->task, -ECANCELED);
            EDDY_AWAIT(my->result, eddy_task_join(my->task, me));
            coro_say("%d", my->result == -ECANCELED);
            eddy_task_release(my->task);
        }
        assert_int_equal(my->group.error_count, 0);
        assert_int_equal(my->group.succeeded, 0);
    }
}

static void a_task_cancelled_before_its_first_step_starts_and_cleans_up(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, cancels_before_the_start), 0);
    coro_expect("a+ a- 1");
    assert_int_equal(coro_elapsed(c), 7);
}

OWNER(spawns_in_a_cancelled_group)
{
    EDDY_BEGIN(spawns_in_a_cancelled_group) {
        EDDY_GROUP(&my->group) {
            eddy_group_cancel(&my->group, -EINTR);
            assert_int_equal(eddy_cancel_reason(me), -EINTR);
            SPAWN(&my->group, .name = "a", .span = 5);
            coro_say("no checkpoint?");
        }
        coro_say("after");
        assert_int_equal(eddy_cancel_reason(me), 0);
        EDDY_AWAIT(eddy_sleep(1, me));
        coro_say("lives");
    }
}

static void the_await_that_takes_a_spawns_result_is_a_checkpoint(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, spawns_in_a_cancelled_group), 0);
    coro_expect("after lives");
}

OWNER(spawns_all_the_same)
{
    EDDY_BEGIN(spawns_all_the_same) {
        EDDY_GROUP(&my->group) {
            eddy_group_cancel(&my->group, -EINTR);
            my->result = EDDY_SPAWN(&my->group, work, .name = "a", .span = 5);
            assert_int_equal(my->result, 0);
            coro_say("body");
        }
        coro_say("after");
    }
}

static void to_spawn_is_no_checkpoint(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, spawns_all_the_same), 0);
    coro_expect("body a+ a- after");
    assert_int_equal(coro_elapsed(c), 0);
}

OWNER(enters_a_group_cancelled_before)
{
    EDDY_BEGIN(enters_a_group_cancelled_before) {
        eddy_group_cancel(&my->group, -EINTR);
        for (my->i = 0; my->i < 2; my->i++) { /* the second time it begins anew */
            EDDY_GROUP(&my->group) {
                my->result = EDDY_SPAWN(&my->group, work, .name = "a", .span = 1);
                EDDY_AWAIT(eddy_sleep(1, me));
                coro_say("slept");
            }
            coro_say("after");
        }
    }
}

static void a_group_can_be_cancelled_before_it_is_entered(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, enters_a_group_cancelled_before), 0);
    coro_expect("a+ a- after a+ slept a! a- after");
}

/* ---- The end --------------------------------------------------------------------------- */

OWNER(one_fails)
{
    EDDY_BEGIN(one_fails) {
        EDDY_GROUP(&my->group) {
            SPAWN(&my->group, .name = "a", .span = 5, .cleanup = 2, .cleanup_error = -EIO);
            SPAWN(&my->group, .name = "b", .span = 1, .error = -EPERM, .cleanup = 1);
            SPAWN(&my->group, .name = "c", .span = 5, .cleanup = 1, .cleanup_error = -EPIPE);
            EDDY_AWAIT(eddy_sleep(100, me));
            coro_say("not here");
        }
        coro_say("nor here");
    }
    EDDY_FINALLY
    {
        assert_int_equal(my->group.error, -EPERM);
        assert_int_equal(my->group.error_count, 3);
        assert_int_equal(my->group.errors[0], -EPERM);
        assert_int_equal(my->group.errors[1], -EPIPE);
        assert_int_equal(my->group.errors[2], -EIO);
        assert_int_equal(my->group.errors[3], 0);
        assert_int_equal(my->group.succeeded, 0);
    }
}

static void the_first_error_cancels_the_rest_and_is_the_owners(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, one_fails), -EPERM);
    coro_expect("a+ b+ c+ b! b- c- a-");
    assert_int_equal(coro_elapsed(c), 4);
}

OWNER(many_fail_together)
{
    EDDY_BEGIN(many_fail_together) {
        EDDY_CATCH(&my->caught) {
            EDDY_GROUP(&my->group) {
                for (my->i = 0; my->i < 20; my->i++) {
                    SPAWN(&my->group, .name = "x", .span = 1, .cleanup = 1 + my->i, .cleanup_error = -1 - my->i);
                }
            }
        }
        assert_int_equal(my->caught.error, -1);
        assert_int_equal(my->group.error, -1);
        assert_int_equal(my->group.error_count, 20);
        for (my->i = 0; my->i < EDDY_GROUP_ERRORS; my->i++) {
            assert_int_equal(my->group.errors[my->i], -1 - my->i);
        }
    }
}

static void the_list_of_errors_is_bounded(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, many_fail_together), 0);
}

OWNER(body_fails)
{
    EDDY_BEGIN(body_fails) {
        EDDY_GROUP(&my->group) {
            SPAWN(&my->group, .name = "a", .span = 9, .cleanup = 1, .cleanup_error = -EIO);
            EDDY_AWAIT(eddy_sleep(1, me));
            EDDY_FAIL(-EPERM);
        }
    }
    EDDY_FINALLY
    {
        assert_int_equal(my->group.error, -EIO);
    }
}

static void a_body_that_fails_cancels_the_tasks_and_its_error_stays_the_first(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, body_fails), -EPERM);
    coro_expect("a+ a-");
    assert_int_equal(coro_elapsed(c), 2);
}

/* How the body is left. */
enum leave { FALL, CONTINUE, BREAK, RETURN };

struct leaves {
    EDDY_FRAME;
    struct eddy_group group;
    int how, i, result;
};

EDDY_CORO(leaves)
{
    EDDY_BEGIN(leaves) {
        for (my->i = 0; my->i < 2; my->i++) {
            EDDY_GROUP(&my->group) {
                SPAWN(&my->group, .name = "a", .span = 3);
                EDDY_AWAIT(eddy_sleep(1, me));
                if (my->how == CONTINUE) {
                    continue;
                }
                if (my->how == BREAK) {
                    break;
                }
                if (my->how == RETURN) {
                    return;
                }
                coro_say("end");
            }
            coro_say("after");
        }
        coro_say("out");
    }
    EDDY_FINALLY
    {
        coro_say("finally");
    }
}

static void whoever_leaves_the_body_waits_for_the_tasks(void **state)
{
    struct coro *c = *state;
    static const char *const traces[] = {
        "a+ end a! a- after a+ end a! a- after out finally",
        "a+ a! a- after a+ a! a- after out finally",
        "a+ a! a- out finally",
        "a+ a! a- finally",
    };
    for (int how = FALL; how <= RETURN; how++) {
        assert_int_equal(CORO_RUN(c, leaves, .how = how), 0);
        coro_expect(traces[how]);
    }
    assert_int_equal(coro_elapsed(c), 6 + 6 + 3 + 3);
}

struct leaves_and_fails {
    EDDY_FRAME;
    struct eddy_group group;
    int how, i, result;
};

EDDY_CORO(leaves_and_fails)
{
    EDDY_BEGIN(leaves_and_fails) {
        for (;;) {
            EDDY_GROUP(&my->group) {
                SPAWN(&my->group, .name = "a", .span = 3, .error = -EPERM);
                SPAWN(&my->group, .name = "b", .span = 9);
                if (my->how == BREAK) {
                    break;
                }
                if (my->how == RETURN) {
                    return;
                }
                if (my->how == CONTINUE) {
                    continue;
                }
            }
            coro_say("after");
        }
        coro_say("out");
    }
    EDDY_FINALLY
    {
        coro_say("finally");
    }
}

static void an_error_while_the_group_ends_fails_the_owner_however_it_was_left(void **state)
{
    struct coro *c = *state;
    for (int how = FALL; how <= RETURN; how++) {
        assert_int_equal(CORO_RUN(c, leaves_and_fails, .how = how), -EPERM);
        coro_expect("a+ b+ a! a- b- finally");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(tasks_start_in_order_and_never_inside_the_spawn),
        coro_test(a_group_without_tasks_does_not_wait),
        coro_test(a_task_cancelled_before_its_first_step_starts_and_cleans_up),
        coro_test(the_await_that_takes_a_spawns_result_is_a_checkpoint),
        coro_test(to_spawn_is_no_checkpoint),
        coro_test(a_group_can_be_cancelled_before_it_is_entered),
        coro_test(the_first_error_cancels_the_rest_and_is_the_owners),
        coro_test(the_list_of_errors_is_bounded),
        coro_test(a_body_that_fails_cancels_the_tasks_and_its_error_stays_the_first),
        coro_test(whoever_leaves_the_body_waits_for_the_tasks),
        coro_test(an_error_while_the_group_ends_fails_the_owner_however_it_was_left),
    };
    return cmocka_run_group_tests_name("group", tests, NULL, NULL);
}
