/* EDDY_START: a task is waited for until it is ready. */
#include "support/coro.h"

#include <errno.h>
#include <string.h>

struct server {
    EDDY_FRAME;
    const char *name;
    eddy_ns delay;  /* until it is ready */
    int value;      /* that it then says; -1: nothing */
    int error;      /* with which it fails before */
    eddy_ns life;   /* after that */
    int late_error; /* with which it fails then */
    eddy_ns cleanup;
    int cleanup_error;
    bool quits; /* it cancels itself before */
    int answer;
};

EDDY_CORO(server)
{
    EDDY_BEGIN(server) {
        coro_say("%s+", my->name);
        EDDY_AWAIT(eddy_sleep(my->delay, me));
        if (my->error < 0) {
            EDDY_FAIL(my->error);
        }
        if (my->quits) {
            eddy_task_cancel(eddy_task_of(me), -EINTR);
            EDDY_AWAIT(eddy_sleep(1, me));
        }
        if (my->value >= 0) {
            assert_int_equal(eddy_task_started(me, -5), -EINVAL);
            assert_int_equal(eddy_task_started(me, my->value), 0);
            assert_int_equal(eddy_task_started(me, my->value), -EALREADY);
            assert_int_equal(eddy_task_started(me, -5), -EINVAL);
        }
        EDDY_AWAIT(eddy_sleep(my->life, me));
        if (my->late_error < 0) {
            EDDY_FAIL(my->late_error);
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

#define OWNER(name)                     \
    struct name {                       \
        EDDY_FRAME;                     \
        struct eddy_group group, other; \
        struct eddy_scope scope, inner; \
        struct eddy_catch caught;       \
        struct eddy_task *task;         \
        int result, value, i;           \
    };                                  \
    EDDY_CORO(name)

OWNER(starts)
{
    EDDY_BEGIN(starts) {
        EDDY_GROUP(&my->group) {
            EDDY_START(my->value, &my->group, server, .name = "a", .delay = 2, .value = 80, .life = 3);
            coro_say("%d@%d", my->value, (int)coro_elapsed(coro_current()));
            EDDY_START(my->value, &my->group, server, .name = "b", .value = 0);
            coro_say("%d", my->value);
        }
        assert_int_equal(my->group.succeeded, 2);
    }
}

static void who_starts_a_task_gets_what_it_says(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, starts), 0);
    coro_expect("a+ 80@2 b+ 0 b- a-");
    assert_int_equal(coro_elapsed(c), 5);
}

OWNER(starts_who_fails)
{
    EDDY_BEGIN(starts_who_fails) {
        EDDY_GROUP(&my->group) {
            EDDY_START(my->value, &my->group, server, .name = "a", .delay = 2, .error = -7, .cleanup = 1);
            coro_say("%d@%d", my->value, (int)coro_elapsed(coro_current()));
            EDDY_AWAIT(eddy_sleep(1, me)); /* the group has not failed */
        }
        assert_int_equal(my->group.error_count, 0);
        assert_int_equal(my->group.error, 0);
        coro_say("after");
    }
}

static void an_error_before_it_is_ready_is_the_starters(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, starts_who_fails), 0);
    coro_expect("a+ a- -7@3 after");
    assert_int_equal(c->log_count, 0);
}

OWNER(starts_who_fails_later)
{
    EDDY_BEGIN(starts_who_fails_later) {
        EDDY_GROUP(&my->group) {
            EDDY_START(my->value, &my->group, server, .name = "a", .value = 1, .life = 1, .late_error = -7);
            coro_say("%d", my->value);
            EDDY_AWAIT(eddy_sleep(5, me));
            fail();
        }
    }
}

static void an_error_after_it_was_ready_is_the_groups(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, starts_who_fails_later), -7);
    coro_expect("a+ 1 a-");
}

OWNER(starts_who_just_ends)
{
    EDDY_BEGIN(starts_who_just_ends) {
        EDDY_GROUP(&my->group) {
            EDDY_START(my->value, &my->group, server, .name = "a", .value = -1, .life = 1);
            coro_say("%d", my->value == -EPIPE);
            EDDY_START(my->value, &my->group, server, .name = "b", .quits = true, .cleanup = 1);
            coro_say("%d", my->value == -ECANCELED);
            EDDY_AWAIT(eddy_sleep(1, me));
        }
        coro_say("after");
    }
}

static void who_ends_without_being_ready_says_so(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, starts_who_just_ends), 0);
    coro_expect("a+ a- 1 b+ b- 1 after");
}

OWNER(gives_up)
{
    EDDY_BEGIN(gives_up) {
        EDDY_GROUP(&my->group) {
            EDDY_TIMEOUT(&my->scope, 2) {
                EDDY_START(my->value, &my->group, server, .name = "a", .delay = 9, .value = 1, .cleanup = 3);
                fail();
            }
            assert_true(my->scope.caught);
            coro_say("%d", (int)coro_elapsed(coro_current()));
            EDDY_AWAIT(eddy_sleep(1, me));
        }
        coro_say("after");
    }
}

static void a_starter_that_is_cancelled_cancels_the_task_and_waits(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, gives_up), 0);
    coro_expect("a+ a- 5 after");
}

OWNER(gives_up_on_who_fails)
{
    EDDY_BEGIN(gives_up_on_who_fails) {
        EDDY_GROUP(&my->group) {
            EDDY_TIMEOUT(&my->scope, 2) {
                EDDY_START(my->value, &my->group, server, .name = "a", .delay = 9, .cleanup = 3, .cleanup_error = -8);
                coro_say("%d", my->value);
                EDDY_AWAIT(eddy_sleep(1, me));
                fail();
            }
            assert_true(my->scope.caught);
        }
        assert_int_equal(my->group.error_count, 0);
    }
}

static void an_error_of_a_task_that_is_given_up_is_still_the_starters(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, gives_up_on_who_fails), 0);
    coro_expect("a+ a- -8");
}

/* The starter is cancelled, and the task gets ready in the same turn. */
OWNER(gives_up_too_late)
{
    EDDY_BEGIN(gives_up_too_late) {
        EDDY_GROUP(&my->group) {
            EDDY_TIMEOUT(&my->scope, 2) {
                EDDY_START(my->value, &my->group, server, .name = "a", .delay = 2, .value = 6, .life = 2);
                coro_say("%d", my->value);
                EDDY_AWAIT(eddy_sleep(9, me));
                fail();
            }
            coro_say("out");
        }
        coro_say("%d", (int)coro_elapsed(coro_current()));
    }
}

static void a_start_and_a_cancel_at_once_leave_nothing_behind(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, gives_up_too_late), 0);
    assert_true(strncmp(c->trace, "a+ ", 3) == 0);
}

OWNER(is_done_with_the_start)
{
    EDDY_BEGIN(is_done_with_the_start) {
        EDDY_GROUP(&my->group) {
            EDDY_TIMEOUT(&my->scope, 4) {
                EDDY_START(my->value, &my->group, server, .name = "a", .delay = 2, .value = 6, .life = 8);
                EDDY_AWAIT(eddy_sleep(9, me));
                fail();
            }
            coro_say("out@%d", (int)coro_elapsed(coro_current()));
        }
        coro_say("after@%d", (int)coro_elapsed(coro_current()));
    }
}

static void a_task_that_is_ready_belongs_to_its_group_alone(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, is_done_with_the_start), 0);
    coro_expect("a+ out@4 a- after@10");
}

/* ---- A start inside a start ------------------------------------------------------------ */

struct nests {
    EDDY_FRAME;
    struct eddy_group *group;
    int depth;
    int value;
};

EDDY_CORO(nests)
{
    EDDY_BEGIN(nests) {
        if (my->depth > 0) {
            EDDY_START(my->value, my->group, nests, .group = my->group, .depth = my->depth - 1);
            assert_true(my->value >= 0);
        } else {
            EDDY_AWAIT(eddy_sleep(9, me));
        }
        assert_int_equal(eddy_task_started(me, my->depth), 0);
    }
    EDDY_FINALLY
    {
        EDDY_AWAIT(eddy_sleep(1, me));
        if (my->depth < 3) {
            coro_say("%d", my->depth);
        }
    }
}

OWNER(starts_a_chain)
{
    EDDY_BEGIN(starts_a_chain) {
        EDDY_GROUP(&my->group) {
            EDDY_START(my->value, &my->group, nests, .group = &my->group, .depth = 2);
            coro_say("ready %d", my->value);
        }
    }
}

static void starts_nest(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, starts_a_chain), 0);
    coro_expect("ready 2 0 1 2");
}

OWNER(cancels_a_chain)
{
    EDDY_BEGIN(cancels_a_chain) {
        EDDY_GROUP(&my->group) { /* the tasks are not in the scope: the cancel goes from start to start */
            EDDY_TIMEOUT(&my->scope, 4) {
                EDDY_START(my->value, &my->group, nests, .group = &my->group, .depth = 2);
                fail();
            }
            coro_say("out@%d", (int)coro_elapsed(coro_current()));
        }
        assert_int_equal(my->group.error_count, 0);
    }
}

static void a_cancel_goes_through_all_starts(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, cancels_a_chain), 0);
    coro_expect("0 1 2 out@7");
}

OWNER(cancels_a_long_chain)
{
    EDDY_BEGIN(cancels_a_long_chain) {
        EDDY_GROUP(&my->group) {
            EDDY_TIMEOUT(&my->scope, 4) {
                EDDY_START(my->value, &my->group, nests, .group = &my->group, .depth = 20000);
                fail();
            }
        }
        assert_int_equal(my->group.error_count, 0);
        coro_say("after");
    }
}

static void a_chain_of_starts_may_be_long(void **state)
{
    struct coro *c = *state;
    eddy_loop_set_cleanup_timeout(&c->loop, EDDY_FOREVER);
    assert_int_equal(CORO_RUN(c, cancels_a_long_chain), 0);
    coro_expect("0 1 2 after");
}

/* The task is in a group of which the starter is no part, and that is cancelled. */
struct starts_elsewhere {
    EDDY_FRAME;
    struct eddy_group *group;
    int value;
};

EDDY_CORO(starts_elsewhere)
{
    EDDY_BEGIN(starts_elsewhere) {
        EDDY_START(my->value, my->group, server, .name = "a", .delay = 9, .cleanup = 2);
        coro_say("%d@%d", my->value == -ECANCELED, (int)coro_elapsed(coro_current()));
        EDDY_AWAIT(eddy_sleep(1, me));
        coro_say("goes on");
    }
}

OWNER(cancels_the_tasks_group)
{
    EDDY_BEGIN(cancels_the_tasks_group) {
        EDDY_GROUP(&my->group) {
            EDDY_GROUP(&my->other) {
                EDDY_TRY(my->result, EDDY_SPAWN(&my->group, starts_elsewhere, .group = &my->other));
                EDDY_AWAIT(eddy_sleep(1, me));
                eddy_group_cancel(&my->other, -EINTR);
            }
        }
    }
}

static void a_cancel_of_the_tasks_group_is_told_to_the_starter(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, cancels_the_tasks_group), 0);
    coro_expect("a+ a- 1@3 goes on");
}

/* ---- Without a starter, and without memory --------------------------------------------- */

struct says_ready {
    EDDY_FRAME;
};

EDDY_CORO(says_ready)
{
    EDDY_BEGIN(says_ready) {
        assert_int_equal(eddy_task_started(me, 1), -EALREADY);
        assert_int_equal(eddy_task_started(me, -1), -EINVAL);
    }
}

static void a_task_that_nobody_started_is_told_so(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, says_ready), 0);
}

OWNER(starts_without_memory)
{
    EDDY_BEGIN(starts_without_memory) {
        EDDY_GROUP(&my->group) {
            coro_no_memory(coro_current(), true);
            EDDY_START(my->value, &my->group, server, .name = "a");
            coro_say("%d", my->value == -ENOMEM);
            coro_no_memory(coro_current(), false);
            assert_int_equal(my->group.running, 0);
            EDDY_START(my->value, NULL, server, .name = "a");
            coro_say("%d", my->value == -ENOMEM);
        }
    }
}

static void without_memory_nothing_is_started(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, starts_without_memory), 0);
    coro_expect("1 1");
}

/* There is memory for the task, and none for the handshake. */
OWNER(starts_with_little_memory)
{
    EDDY_BEGIN(starts_with_little_memory) {
        EDDY_GROUP(&my->group) {
            EDDY_START(my->value, &my->group, server, .name = (coro_no_memory(coro_current(), true), "a"));
            coro_say("%d", my->value == -ENOMEM);
            coro_no_memory(coro_current(), false);
            assert_int_equal(my->group.running, 0);
            assert_int_equal(my->group.running_held, 0);
        }
        assert_int_equal(my->group.succeeded, 0);
    }
}

static void without_memory_for_the_handshake_the_task_is_taken_back(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, starts_with_little_memory), 0);
    coro_expect("1");
}

/* In a race, a task that failed to start has lost nothing for the others. */
OWNER(starts_in_a_race)
{
    EDDY_BEGIN(starts_in_a_race) {
        EDDY_GROUP(&my->group, EDDY_ANY) {
            EDDY_TRY(my->result, EDDY_SPAWN(&my->group, server, .name = "b", .value = -1, .delay = 5));
            EDDY_START(my->value, &my->group, server, .name = "a", .error = -7);
            coro_say("%d", my->value);
            EDDY_AWAIT(eddy_sleep(1, me));
            coro_say("here");
        }
    }
}

static void who_failed_to_start_does_not_decide_for_the_group(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, starts_in_a_race), 0);
    coro_expect("b+ a+ a- -7 here b-");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(who_starts_a_task_gets_what_it_says),
        coro_test(an_error_before_it_is_ready_is_the_starters),
        coro_test(an_error_after_it_was_ready_is_the_groups),
        coro_test(who_ends_without_being_ready_says_so),
        coro_test(a_starter_that_is_cancelled_cancels_the_task_and_waits),
        coro_test(an_error_of_a_task_that_is_given_up_is_still_the_starters),
        coro_test(a_start_and_a_cancel_at_once_leave_nothing_behind),
        coro_test(a_task_that_is_ready_belongs_to_its_group_alone),
        coro_test(starts_nest),
        coro_test(a_cancel_goes_through_all_starts),
        coro_test(a_chain_of_starts_may_be_long),
        coro_test(a_cancel_of_the_tasks_group_is_told_to_the_starter),
        coro_test(a_task_that_nobody_started_is_told_so),
        coro_test(without_memory_nothing_is_started),
        coro_test(without_memory_for_the_handshake_the_task_is_taken_back),
        coro_test(who_failed_to_start_does_not_decide_for_the_group),
    };
    return cmocka_run_group_tests_name("start", tests, NULL, NULL);
}
