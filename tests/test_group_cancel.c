/* Groups: cancels from outside, and spawns while the group ends. */
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

/* ---- Cancel from outside --------------------------------------------------------------- */

OWNER(waits_at_its_end)
{
    EDDY_BEGIN(waits_at_its_end) {
        EDDY_TIMEOUT(&my->scope, 2) {
            EDDY_GROUP(&my->group) {
                SPAWN(&my->group, .name = "a", .span = 9, .cleanup = 3);
            }
            coro_say("not here");
        }
        assert_true(my->scope.expired && my->scope.caught);
        coro_say("after");
    }
}

static void a_cancel_reaches_the_tasks_and_not_the_wait(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, waits_at_its_end), 0);
    coro_expect("a+ a- after"); /* what follows the group is not reached */
    assert_int_equal(coro_elapsed(c), 5);
}

OWNER(fails_and_is_cancelled)
{
    EDDY_BEGIN(fails_and_is_cancelled) {
        EDDY_TIMEOUT(&my->scope, 2) {
            EDDY_CATCH(&my->caught) {
                EDDY_GROUP(&my->group) {
                    SPAWN(&my->group, .name = "a", .span = 9, .cleanup = 3);
                    SPAWN(&my->group, .name = "b", .span = 1, .error = -EPERM);
                    EDDY_AWAIT(eddy_sleep(100, me));
                }
            }
            assert_int_equal(my->caught.error, -EPERM);
            coro_say("caught");
            EDDY_AWAIT(eddy_sleep(1, me));
            coro_say("not here");
        }
        assert_true(my->scope.caught);
        coro_say("after");
    }
}

static void a_cancel_during_the_groups_failure_is_not_absorbed(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, fails_and_is_cancelled), 0);
    coro_expect("a+ b+ b! b- a- caught after");
    assert_int_equal(coro_elapsed(c), 4);
}

OWNER(is_cancelled_and_its_task_fails)
{
    EDDY_BEGIN(is_cancelled_and_its_task_fails) {
        EDDY_TIMEOUT(&my->scope, 1) {
            EDDY_CATCH(&my->caught) {
                EDDY_GROUP(&my->group) {
                    SPAWN(&my->group, .name = "a", .span = 9, .cleanup = 3, .cleanup_error = -EIO);
                    EDDY_AWAIT(eddy_sleep(100, me));
                }
            }
            coro_say("caught %d", my->caught.error == -EIO);
            EDDY_AWAIT(eddy_sleep(1, me));
            coro_say("not here");
        }
        coro_say("after");
    }
}

static void an_error_during_the_unwinding_wins_over_the_cancel(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, is_cancelled_and_its_task_fails), 0);
    coro_expect("a+ a- caught 1 after");
}

OWNER(cancels_one_child)
{
    EDDY_BEGIN(cancels_one_child) {
        EDDY_GROUP(&my->group) {
            SPAWN(&my->group, .name = "a", .span = 3);
            EDDY_TRY(my->result, EDDY_SPAWN_TASK(&my->task, &my->group, work, .name = "b", .span = 9));
            EDDY_AWAIT(eddy_sleep(1, me));
            eddy_task_cancel(my->task, -EINTR);
            eddy_task_release(my->task);
        }
        assert_int_equal(my->group.error_count, 0);
        assert_int_equal(my->group.succeeded, 1);
        coro_say("after");
    }
}

static void a_task_that_was_cancelled_is_no_error(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, cancels_one_child), 0);
    coro_expect("a+ b+ b- a! a- after");
}

/* ---- Spawning from inside -------------------------------------------------------------- */

struct breeder {
    EDDY_FRAME;
    struct eddy_group *group;
    int left, result;
};

EDDY_CORO(breeder)
{
    EDDY_BEGIN(breeder) {
        EDDY_AWAIT(eddy_sleep(1, me));
        coro_say("%d", my->left);
        if (my->left > 0) {
            EDDY_TRY(my->result, EDDY_SPAWN(my->group, breeder, .group = my->group, .left = my->left - 1));
        }
    }
}

OWNER(has_breeder)
{
    EDDY_BEGIN(has_breeder) {
        EDDY_GROUP(&my->group) {
            EDDY_TRY(my->result, EDDY_SPAWN(&my->group, breeder, .group = &my->group, .left = 4));
        }
        coro_say("after");
    }
}

static void a_task_spawns_into_its_group_while_that_ends(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, has_breeder), 0);
    coro_expect("4 3 2 1 0 after");
}

struct spawns_in_finally {
    EDDY_FRAME;
    struct eddy_group *group;
    int result;
};

EDDY_CORO(spawns_in_finally)
{
    EDDY_BEGIN(spawns_in_finally) {
        EDDY_AWAIT(eddy_sleep(1000, me));
    }
    EDDY_FINALLY
    {
        EDDY_AWAIT(eddy_sleep(1, me));
        EDDY_TRY(my->result, EDDY_SPAWN(my->group, work, .name = "late", .span = 1, .cleanup = 2));
    }
}

OWNER(fails_with_late_spawn)
{
    EDDY_BEGIN(fails_with_late_spawn) {
        EDDY_GROUP(&my->group) {
            EDDY_TRY(my->result, EDDY_SPAWN(&my->group, spawns_in_finally, .group = &my->group));
            SPAWN(&my->group, .name = "a", .span = 1, .error = -EPERM);
        }
    }
    EDDY_FINALLY
    {
        coro_say("after");
    }
}

static void a_spawn_into_a_failing_group_starts_cancelled(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, fails_with_late_spawn), -EPERM);
    coro_expect("a+ a! a- late+ late- after");
    assert_int_equal(coro_elapsed(c), 4);
}

/* The last task has ended and the owner is ready, but has not run yet: somebody else spawns. */
struct meddler {
    EDDY_FRAME;
    struct eddy_group *group;
    int result;
};

EDDY_CORO(meddler)
{
    EDDY_BEGIN(meddler) {
        EDDY_AWAIT(eddy_sleep(1, me));
        coro_say("meddles %zu", my->group->running);
        my->result = EDDY_SPAWN(my->group, work, .name = "b", .span = 1);
    }
}

OWNER(is_meddled_with)
{
    EDDY_BEGIN(is_meddled_with) {
        EDDY_GROUP(&my->inner) {
            EDDY_GROUP(&my->group) {
                SPAWN(&my->group, .name = "a", .span = 1);
                EDDY_AWAIT(eddy_yield(me));
                EDDY_TRY(my->result, EDDY_SPAWN(&my->inner, meddler, .group = &my->group));
            }
            coro_say("after");
        }
    }
}

static void a_spawn_between_the_last_end_and_the_owners_turn_is_waited_for(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, is_meddled_with), 0);
    coro_expect("a+ a! a- meddles 0 b+ b! b- after");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(a_cancel_reaches_the_tasks_and_not_the_wait),
        coro_test(a_cancel_during_the_groups_failure_is_not_absorbed),
        coro_test(an_error_during_the_unwinding_wins_over_the_cancel),
        coro_test(a_task_that_was_cancelled_is_no_error),
        coro_test(a_task_spawns_into_its_group_while_that_ends),
        coro_test(a_spawn_into_a_failing_group_starts_cancelled),
        coro_test(a_spawn_between_the_last_end_and_the_owners_turn_is_waited_for),
    };
    return cmocka_run_group_tests_name("group cancel", tests, NULL, NULL);
}
