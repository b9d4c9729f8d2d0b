/* What a dump tells of every task. */
#include "support/coro.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static char text[65536];

/* The dump, with this file's path cut out and each line number as #. */
static const char *dump(struct coro *c, size_t *count)
{
    static char raw[65536];
    FILE *file = tmpfile();
    assert_non_null(file);
    *count = eddy_dump(&c->loop, file);
    rewind(file);
    raw[fread(raw, 1, sizeof raw - 1, file)] = '\0';
    fclose(file);
    char *out = text;
    for (const char *at = raw; *at != '\0';) {
        size_t length = strlen(__FILE__);
        if (strncmp(at, __FILE__, length) == 0 && at[length] == ':') {
            at += length + 1;
            at += strspn(at, "0123456789");
            *out++ = '#';
        } else {
            *out++ = *at++;
        }
    }
    *out = '\0';
    return text;
}

static void expect_dump(struct coro *c, size_t tasks, const char *expected)
{
    size_t count;
    const char *seen = dump(c, &count);
    size_t length = strlen(expected);
    if (strncmp(seen, expected, length) != 0) {
        fail_msg("the dump is:\n%sand not:\n%s", seen, expected);
    }
    assert_int_equal(count, tasks);
}

struct inner {
    EDDY_FRAME;
    eddy_ns span;
};

EDDY_CORO(inner)
{
    EDDY_BEGIN(inner) {
        EDDY_AWAIT(eddy_sleep(my->span, me));
    }
}

struct outer {
    EDDY_FRAME;
    eddy_ns span;
    int twice;
};

EDDY_CORO(outer)
{
    EDDY_BEGIN(outer) {
        EDDY_DO(inner, .span = my->span);
    }
    EDDY_FINALLY
    {
        if (my->twice) {
            EDDY_DO(inner, .span = my->span);
        }
    }
}

static void a_chain_of_calls_is_told_from_the_inside(void **state)
{
    struct coro *c = *state;
    struct eddy_task *task = CORO_START(c, outer, .span = 9);
    coro_settle(c);
    expect_dump(c, 1,
                "task outer, waits for: sleep since 0.0 s\n"
                "  inner at #: eddy_sleep(my->span, me)\n"
                "  outer at #: inner, .span = my->span\n"
                "1 tasks; ");
    assert_int_equal(coro_end(c, task), 0);
    expect_dump(c, 0, "0 tasks; 0 waits that the kernel can end, 0 others, 0 deadlines\n");
}

struct nests {
    EDDY_FRAME;
    struct eddy_group group, second;
    struct eddy_task *task;
    int depth, result;
};

EDDY_CORO(nests)
{
    EDDY_BEGIN(nests) {
        EDDY_GROUP(&my->group) {
            EDDY_TRY(my->result, EDDY_SPAWN(&my->group, inner, .span = 7));
            if (my->depth > 0) {
                EDDY_TRY(my->result, EDDY_SPAWN_TASK(&my->task, &my->group, nests, .depth = my->depth - 1));
                EDDY_TRY(my->result, eddy_task_set_name(my->task, "level %d", my->depth - 1));
                eddy_task_release(my->task);
            }
            EDDY_TRY(my->result, EDDY_SPAWN(&my->group, inner, .span = 7));
            EDDY_GROUP(&my->second) {
                EDDY_TRY(my->result, EDDY_SPAWN(&my->second, outer, .span = 8));
            }
        }
    }
}

static void tasks_stand_below_who_has_their_group(void **state)
{
    struct coro *c = *state;
    struct eddy_task *task = CORO_START(c, nests, .depth = 1);
    coro_settle(c);
    size_t count;
    const char *seen = dump(c, &count);
    assert_int_equal(count, 8);
    const char *at = seen;
    static const char *const names[] = {"task nests, ",       "\n  task outer, ",   "\n  task inner, ",
                                        "\n  task level 0, ", "\n    task outer, ", "\n    task inner, ",
                                        "\n    task inner, ", "\n  task inner, ",   "\n8 tasks"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *found = strstr(at, names[i]);
        if (found == NULL) {
            fail_msg("%zu: no \"%s\" there:\n%s", i, names[i], seen);
        }
        at = found + 1;
    }
    assert_non_null(strstr(seen, "task nests, waits for: end of its group since 0.0 s\n"
                                 "  nests at #: EDDY_GROUP(&my->second)\n"));
    assert_int_equal(coro_end(c, task), 0);
}

struct dumps {
    EDDY_FRAME;
    struct eddy_task *task;
    int result;
};

EDDY_CORO(dumps)
{
    EDDY_BEGIN(dumps) {
        EDDY_AWAIT(eddy_yield(me));
        my->result = EDDY_SPAWN_TASK(&my->task, eddy_loop_detached(eddy_loop_current()), inner, .span = 1);
        assert_int_equal(my->result, 0);
        assert_int_equal(eddy_task_set_name(my->task, "ready one"), 0);
        eddy_task_cancel(my->task, -ECANCELED);
        eddy_task_release(my->task);
        my->result = EDDY_SPAWN(eddy_loop_detached(eddy_loop_current()), inner, .span = 1);
        assert_int_equal(my->result, 0);
        expect_dump(coro_current(), 4,
                    "task outer, waits for: sleep since 0.0 s\n"
                    "  inner at #: eddy_sleep(my->span, me)\n"
                    "  outer at #: inner, .span = my->span\n"
                    "task dumps, running\n"
                    "  dumps at #: eddy_yield(me)\n"
                    "task ready one, ready, cancelled\n"
                    "  inner at #: spawned\n"
                    "task inner, ready\n"
                    "  inner at #: spawned\n"
                    "4 tasks; ");
    }
}

static void ready_running_and_cancelled_tasks_are_told_apart(void **state)
{
    struct coro *c = *state;
    struct eddy_task *sleeps = CORO_START(c, outer, .span = 5);
    struct eddy_task *task = CORO_START(c, dumps);
    eddy_task_release(sleeps);
    assert_int_equal(coro_end(c, task), 0);
}

static void the_time_of_waiting_is_told(void **state)
{
    struct coro *c = *state;
    struct eddy_task *task = CORO_START(c, outer, .span = EDDY_SEC(90));
    coro_advance(c, EDDY_SEC(30));
    size_t count;
    const char *seen = dump(c, &count);
    if (strstr(seen, "since 30.0 s\n") == NULL && strstr(seen, "since 29.9 s\n") == NULL) {
        fail_msg("%s", seen);
    }
    assert_int_equal(coro_end(c, task), 0);
}

static void an_awaiting_finally_is_told_and_a_cancel_it_does_not_feel_is_not(void **state)
{
    struct coro *c = *state;
    struct eddy_task *task = CORO_START(c, outer, .span = 9, .twice = true);
    coro_advance(c, 2);
    eddy_task_cancel(task, -ECANCELED);
    coro_advance(c, 2);
    expect_dump(c, 1,
                "task outer, waits for: sleep since 0.0 s\n"
                "  inner at #: eddy_sleep(my->span, me)\n"
                "  outer at #: inner, .span = my->span\n");
    assert_int_equal(coro_end(c, task), -ECANCELED);
}

static void never_woken(struct eddy_waiter *waiter)
{
    (void)waiter;
}

static void other_waits_are_counted(void **state)
{
    struct coro *c = *state;
    struct eddy_waiter waiter;
    eddy_waiter_init(&waiter, &c->loop, never_woken);
    assert_int_equal(eddy_sleep(EDDY_SEC(1), &waiter), EDDY_PENDING);
    expect_dump(c, 0, "0 tasks; 0 waits that the kernel can end, 1 others, 1 deadlines\n");
    eddy_wait_withdraw(&waiter);
    struct eddy_task *task;
    assert_int_equal(EDDY_SPAWN_TASK(&task, eddy_loop_daemons(&c->loop), inner, .span = 1), 0);
    expect_dump(c, 1, "task inner, ready\n");
    eddy_task_cancel(task, -ECANCELED);
    assert_int_equal(coro_end(c, task), -ECANCELED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(a_chain_of_calls_is_told_from_the_inside),
        coro_test(tasks_stand_below_who_has_their_group),
        coro_test(the_time_of_waiting_is_told),
        coro_test(an_awaiting_finally_is_told_and_a_cancel_it_does_not_feel_is_not),
        coro_test(other_waits_are_counted),
        coro_test(ready_running_and_cancelled_tasks_are_told_apart),
    };
    return cmocka_run_group_tests_name("dump", tests, NULL, NULL);
}
