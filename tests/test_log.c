/* What the log is told of failures, and their trails. */
#include "support/coro.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct seen {
    enum eddy_log_level level;
    int error;
    char task[EDDY_TASK_NAME];
    size_t trail_length;
    struct eddy_failure trail[EDDY_TRAIL_MAX];
} seen[16];
static int seen_count;

static void on_log(const struct eddy_log_record *record, void *context)
{
    assert_ptr_equal(context, seen);
    assert_true(seen_count < 16);
    struct seen *copy = &seen[seen_count++];
    copy->level = record->level;
    copy->error = record->error;
    snprintf(copy->task, sizeof copy->task, "%s", record->task != NULL ? record->task : "");
    copy->trail_length = record->trail_length;
    assert_true(record->trail_length <= EDDY_TRAIL_MAX);
    for (size_t i = 0; i < record->trail_length; i++) {
        copy->trail[i] = record->trail[i];
    }
}

static void watch_log(struct coro *c)
{
    seen_count = 0;
    memset(seen, 0, sizeof seen);
    eddy_loop_set_log(&c->loop, on_log, seen);
}

struct fails {
    EDDY_FRAME;
    int error;
};

EDDY_CORO(fails)
{
    EDDY_BEGIN(fails) {
        EDDY_AWAIT(eddy_sleep(1, me));
        EDDY_FAIL(my->error, "no bread %d", 7);
    }
}

struct calls {
    EDDY_FRAME;
    int depth;
    int error;
};

EDDY_CORO(calls)
{
    EDDY_BEGIN(calls) {
        if (my->depth > 0) {
            EDDY_DO(calls, .depth = my->depth - 1, .error = my->error);
        } else {
            EDDY_DO(fails, .error = my->error);
        }
    }
}

/* ---- Who owns an error ----------------------------------------------------------------- */

static void an_error_that_nobody_owns_is_told_once_with_its_trail(void **state)
{
    struct coro *c = *state;
    watch_log(c);
    struct eddy_task *task = CORO_START(c, calls, .depth = 1, .error = -EPERM);
    assert_int_equal(eddy_task_set_name(task, "lonely"), 0);
    eddy_task_release(task);
    coro_finish(c);
    assert_int_equal(seen_count, 1);
    assert_int_equal(seen[0].level, EDDY_LOG_ERROR);
    assert_int_equal(seen[0].error, -EPERM);
    assert_string_equal(seen[0].task, "lonely");
    assert_int_equal(seen[0].trail_length, 3);
    assert_string_equal(seen[0].trail[0].text, "no bread 7");
    assert_string_equal(seen[0].trail[0].function, "fails");
    assert_string_equal(seen[0].trail[0].file, __FILE__);
    assert_string_equal(seen[0].trail[1].function, "calls");
    assert_string_equal(seen[0].trail[1].text, "fails, .error = my->error");
    assert_string_equal(seen[0].trail[2].function, "calls");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(seen[0].trail[i].error, -EPERM);
        assert_true(seen[0].trail[i].line > 0);
    }
}

static void a_long_trail_keeps_its_cause(void **state)
{
    struct coro *c = *state;
    watch_log(c);
    eddy_task_release(CORO_START(c, calls, .depth = 50, .error = -EPERM));
    coro_finish(c);
    assert_int_equal(seen_count, 1);
    assert_int_equal(seen[0].trail_length, EDDY_TRAIL_MAX);
    assert_string_equal(seen[0].trail[0].function, "fails");
}

struct joins {
    EDDY_FRAME;
    struct eddy_task *task;
    int status;
};

EDDY_CORO(joins)
{
    EDDY_BEGIN(joins) {
        EDDY_AWAIT(my->status, eddy_task_join(my->task, me));
        assert_int_equal(my->status, -EIO);
        eddy_task_release(my->task);
    }
}

static void an_error_that_a_join_takes_is_for_debugging(void **state)
{
    struct coro *c = *state;
    watch_log(c);
    struct eddy_task *task = CORO_START(c, fails, .error = -EIO);
    eddy_task_release(CORO_START(c, joins, .task = task));
    coro_finish(c);
    assert_int_equal(seen_count, 1);
    assert_int_equal(seen[0].level, EDDY_LOG_DEBUG);
    assert_int_equal(seen[0].error, -EIO);
}

/* eddy/group.h: "a task there whose error no join takes is told to the log". */
static void an_error_that_no_join_has_taken_is_told_with_the_last_handle(void **state)
{
    struct coro *c = *state;
    watch_log(c);
    struct eddy_task *task = CORO_START(c, fails, .error = -EIO);
    coro_finish(c);
    eddy_task_release(task);
    int errors = 0;
    for (int i = 0; i < seen_count; i++) {
        errors += seen[i].level == EDDY_LOG_ERROR;
    }
    assert_int_equal(errors, 1);
}

struct has_group {
    EDDY_FRAME;
    struct eddy_group group;
    struct eddy_catch caught;
    int result;
    bool catches;
};

EDDY_CORO(has_group)
{
    EDDY_BEGIN(has_group) {
        if (my->catches) {
            EDDY_CATCH(&my->caught) {
                EDDY_GROUP(&my->group) {
                    EDDY_TRY(my->result, EDDY_SPAWN(&my->group, calls, .error = -EIO));
                }
            }
            assert_int_equal(my->caught.error, -EIO);
            const struct eddy_failure *first;
            assert_int_equal(eddy_failure_trail(me, &first), 3);
            assert_string_equal(first[0].text, "no bread 7");
            return;
        }
        EDDY_GROUP(&my->group) {
            EDDY_TRY(my->result, EDDY_SPAWN(&my->group, calls, .error = -EIO));
            EDDY_TRY(my->result, EDDY_SPAWN(&my->group, calls, .error = -EPIPE));
        }
    }
}

static void an_error_of_a_group_has_the_trail_of_its_task(void **state)
{
    struct coro *c = *state;
    watch_log(c);
    eddy_task_release(CORO_START(c, has_group));
    coro_finish(c);
    assert_int_equal(seen_count, 3);
    assert_int_equal(seen[0].level, EDDY_LOG_DEBUG);
    assert_int_equal(seen[0].error, -EIO);
    assert_int_equal(seen[1].level, EDDY_LOG_DEBUG);
    assert_int_equal(seen[2].level, EDDY_LOG_ERROR);
    assert_int_equal(seen[2].error, -EIO);
    assert_string_equal(seen[2].task, "has_group");
    assert_int_equal(seen[2].trail_length, 3);
    assert_string_equal(seen[2].trail[0].function, "fails");
    assert_string_equal(seen[2].trail[2].function, "has_group");
    assert_string_equal(seen[2].trail[2].text, "EDDY_GROUP(&my->group)");
}

static void a_caught_error_has_its_trail(void **state)
{
    struct coro *c = *state;
    watch_log(c);
    assert_int_equal(CORO_RUN(c, has_group, .catches = true), 0);
    assert_int_equal(seen_count, 1);
    assert_int_equal(seen[0].level, EDDY_LOG_DEBUG);
}

static void a_cancel_is_not_told(void **state)
{
    struct coro *c = *state;
    watch_log(c);
    struct eddy_task *task = CORO_START(c, calls);
    eddy_task_cancel(task, -EPERM);
    assert_int_equal(coro_end(c, task), -ECANCELED);
    assert_int_equal(seen_count, 0);
}

/* ---- Trails ------------------------------------------------------------------------------ */

/* Fails, and on the way out fails again, which is caught: the trail is that of the first. */
struct fails_twice {
    EDDY_FRAME;
    struct eddy_catch caught;
};

EDDY_CORO(fails_twice)
{
    EDDY_BEGIN(fails_twice) {
        EDDY_FAIL(-EPERM, "the cause");
    }
    EDDY_FINALLY
    {
        EDDY_CATCH(&my->caught) {
            EDDY_FAIL(-EIO, "on the way out");
        }
        assert_int_equal(my->caught.error, -EIO);
    }
}

static void a_failure_caught_in_a_finally_does_not_replace_the_trail(void **state)
{
    struct coro *c = *state;
    watch_log(c);
    assert_int_equal(CORO_RUN(c, fails_twice), -EPERM);
    assert_int_equal(seen_count, 1);
    assert_int_equal(seen[0].error, -EPERM);
    assert_string_equal(seen[0].trail[0].text, "the cause");
    assert_int_equal(seen[0].trail[0].error, -EPERM);
}

/* Its group failed while it is failing: the first failure is the task's, and its trail. */
struct fails_in_group {
    EDDY_FRAME;
    struct eddy_group group;
    int result;
};

struct fails_late {
    EDDY_FRAME;
};

EDDY_CORO(fails_late)
{
    EDDY_BEGIN(fails_late) {
        EDDY_AWAIT(eddy_sleep(5, me));
    }
    EDDY_FINALLY
    {
        EDDY_FAIL(-EIO, "late");
    }
}

EDDY_CORO(fails_in_group)
{
    EDDY_BEGIN(fails_in_group) {
        EDDY_GROUP(&my->group) {
            EDDY_TRY(my->result, EDDY_SPAWN(&my->group, fails_late));
            EDDY_AWAIT(eddy_sleep(1, me));
            EDDY_FAIL(-EPERM, "first");
        }
    }
}

static void the_trail_of_the_first_failure_stays(void **state)
{
    struct coro *c = *state;
    watch_log(c);
    assert_int_equal(CORO_RUN(c, fails_in_group), -EPERM);
    assert_int_equal(seen_count, 2);
    assert_int_equal(seen[1].error, -EPERM);
    assert_string_equal(seen[1].trail[0].text, "first");
}

struct fails_at_length {
    EDDY_FRAME;
};

EDDY_CORO(fails_at_length)
{
    EDDY_BEGIN(fails_at_length) {
        EDDY_FAIL(-EPERM, "%0100d", 7);
    }
}

static void a_long_text_is_cut(void **state)
{
    struct coro *c = *state;
    watch_log(c);
    assert_int_equal(CORO_RUN(c, fails_at_length), -EPERM);
    assert_int_equal(strlen(seen[0].trail[0].text), EDDY_FAILURE_TEXT - 1);
}

struct no_memory {
    EDDY_FRAME;
};

EDDY_CORO(no_memory)
{
    EDDY_BEGIN(no_memory) {
        coro_no_memory(coro_current(), true);
        EDDY_DO(fails);
    }
    EDDY_FINALLY
    {
        coro_no_memory(coro_current(), false);
    }
}

static void without_memory_a_failure_has_no_trail(void **state)
{
    struct coro *c = *state;
    watch_log(c);
    assert_int_equal(CORO_RUN(c, no_memory), -ENOMEM);
    assert_int_equal(seen_count, 1);
    assert_int_equal(seen[0].error, -ENOMEM);
    assert_int_equal(seen[0].trail_length, 0);
}

/* ---- The end of a loop ----------------------------------------------------------------- */

static struct eddy_log_record ended_with;
static char ended_text[128];

static void on_end_record(const struct eddy_log_record *record, void *context)
{
    (void)context;
    ended_with = *record;
    snprintf(ended_text, sizeof ended_text, "%s", record->text);
}

static void a_loop_that_ends_tells_what_was_not_given_back(void **state)
{
    (void)state;
    static struct eddy_loop loop;
    for (int keeps = 0; keeps < 2; keeps++) {
        ended_text[0] = '\0';
        assert_int_equal(eddy_loop_init(&loop, NULL), 0);
        eddy_loop_set_log(&loop, on_end_record, NULL);
        assert_non_null(eddy_loop_detached(&loop)); /* the loop's own, which ends with it */
        void *block = eddy_pool_take(&loop.scheduler.pool, 100);
        assert_non_null(block);
        if (!keeps) {
            eddy_pool_give(&loop.scheduler.pool, block, 100);
        }
        assert_int_equal(eddy_loop_fini(&loop), 0);
        assert_string_equal(ended_text,
                            keeps ? "the loop has ended, and 112 bytes of its pool were not given back" : "");
    }
    assert_int_equal(ended_with.level, EDDY_LOG_WARNING);
    assert_int_equal(ended_with.error, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(an_error_that_nobody_owns_is_told_once_with_its_trail),
        coro_test(a_long_trail_keeps_its_cause),
        coro_test(an_error_that_a_join_takes_is_for_debugging),
        coro_test(an_error_that_no_join_has_taken_is_told_with_the_last_handle),
        coro_test(an_error_of_a_group_has_the_trail_of_its_task),
        coro_test(a_caught_error_has_its_trail),
        coro_test(a_cancel_is_not_told),
        coro_test(a_failure_caught_in_a_finally_does_not_replace_the_trail),
        coro_test(the_trail_of_the_first_failure_stays),
        coro_test(a_long_text_is_cut),
        coro_test(without_memory_a_failure_has_no_trail),
        cmocka_unit_test(a_loop_that_ends_tells_what_was_not_given_back),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
