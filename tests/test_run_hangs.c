/* EDDY_RUN: a program that is interrupted, and one that hangs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <eddy.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/test_os.h"

static struct test_os os;
static struct eddy_loop_options options;
static struct test_snapshot before;
static char trace[512];
static struct eddy_log_record last;
static char last_task[EDDY_TASK_NAME];
static int logged;

static void say(const char *word)
{
    snprintf(trace + strlen(trace), sizeof trace - strlen(trace), "%s%s", trace[0] != '\0' ? " " : "", word);
}

static int setup(void **state)
{
    (void)state;
    test_os_init(&os);
    options = (struct eddy_loop_options){.os = &os.os, .allocator = os.allocator};
    before = test_snapshot_take(&os, NULL);
    trace[0] = '\0';
    logged = 0;
    memset(&last, 0, sizeof last);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    struct test_snapshot after = test_snapshot_take(&os, NULL);
    const char *leak = test_snapshot_compare(&before, &after);
    sigset_t mask;
    sigprocmask(SIG_BLOCK, NULL, &mask);
    if (leak != NULL || eddy_loop_current() != NULL || sigismember(&mask, SIGINT)) {
        print_error("%s\n", leak != NULL ? leak : "a loop, or a blocked signal, is left");
        return -1;
    }
    return 0;
}

static void on_log(const struct eddy_log_record *record, void *context)
{
    (void)context;
    if (record->level != EDDY_LOG_DEBUG) {
        last = *record;
        snprintf(last_task, sizeof last_task, "%s", record->task != NULL ? record->task : "");
        logged++;
    }
}

/* ---- SIGINT ---------------------------------------------------------------------------- */

struct interrupted {
    EDDY_FRAME_RET(int);
    struct eddy_scope shield;
    int reason;
    bool finishes;
};

EDDY_CORO(interrupted)
{
    EDDY_BEGIN(interrupted) {
        kill(getpid(), SIGINT);
        if (my->finishes) {
            EDDY_SHIELD(&my->shield, EDDY_SEC(9)) {
                EDDY_AWAIT(eddy_sleep(EDDY_SEC(1), me));
            }
            EDDY_RETURN(6);
        }
        EDDY_AWAIT(eddy_sleep(EDDY_SEC(3), me));
        say("not here");
    }
    EDDY_FINALLY
    {
        my->reason = eddy_cancel_reason(me);
        EDDY_AWAIT(eddy_sleep(1, me));
        say("finally");
    }
}

static void the_first_interrupt_cancels_main(void **state)
{
    (void)state;
    os.settle_ms = 5;
    assert_int_equal(EDDY_RUN_WITH(&options, interrupted), -EINTR);
    assert_string_equal(trace, "finally");
    assert_int_equal(EDDY_RUN_WITH(&options, interrupted, .finishes = true), 6);
}

struct interrupted_twice {
    EDDY_FRAME_RET(int);
};

EDDY_CORO(interrupted_twice)
{
    EDDY_BEGIN(interrupted_twice) {
        kill(getpid(), SIGINT);
        EDDY_AWAIT(eddy_sleep(EDDY_SEC(20), me));
    }
    EDDY_FINALLY
    {
        kill(getpid(), SIGINT);
        _exit(9);
    }
}

static void the_second_interrupt_kills(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        signal(SIGINT, SIG_DFL);
        alarm(10);
        _exit(EDDY_RUN(interrupted_twice) == 0 ? 1 : 2);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
}

/* ---- Deadlocks ------------------------------------------------------------------------- */

struct hangs {
    EDDY_FRAME;
    struct eddy_task **other;
    int status;
};

EDDY_CORO(hangs)
{
    EDDY_BEGIN(hangs) {
        EDDY_AWAIT(my->status, eddy_task_join(*my->other, me));
    }
    EDDY_FINALLY
    {
        say("finally");
    }
}

struct deadlock {
    EDDY_FRAME_RET(int);
    struct eddy_group group;
    struct eddy_task *one, *two;
    int result;
    bool ignore;
};

EDDY_CORO(deadlock)
{
    EDDY_BEGIN(deadlock) {
        if (my->ignore) {
            eddy_loop_set_log(eddy_loop_current(), on_log, NULL);
        }
        EDDY_GROUP(&my->group) {
            EDDY_TRY(my->result, EDDY_SPAWN_TASK(&my->one, &my->group, hangs, .other = &my->two));
            EDDY_TRY(my->result, EDDY_SPAWN_TASK(&my->two, &my->group, hangs, .other = &my->one));
        }
    }
    EDDY_FINALLY
    {
        eddy_task_release(my->one);
        eddy_task_release(my->two);
        say("main");
    }
}

/* Runs the coroutine; what it wrote to stderr. */
static char *stderr_of(int *result, bool ignore)
{
    static char text[8192];
    FILE *file = tmpfile();
    assert_non_null(file);
    fflush(stderr);
    int saved = dup(STDERR_FILENO);
    dup2(fileno(file), STDERR_FILENO);
    *result = EDDY_RUN_WITH(&options, deadlock, .ignore = ignore);
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    close(saved);
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static void a_deadlock_is_dumped_and_everybody_unwinds(void **state)
{
    (void)state;
    int result;
    const char *text = stderr_of(&result, true);
    assert_int_equal(result, -EDEADLK);
    assert_string_equal(trace, "finally finally main");
    assert_non_null(strstr(text, "task deadlock"));
    assert_non_null(strstr(text, "eddy_task_join(*my->other, me)"));
    assert_int_equal(logged, 1);
    assert_int_equal(last.error, -EDEADLK);
    assert_int_equal(last.level, EDDY_LOG_ERROR);
    text = stderr_of(&result, false); /* without a hook the record is on stderr, too */
    assert_int_equal(result, -EDEADLK);
    assert_non_null(strstr(text, "no task can ever be woken again"));
}

struct hangs_detached {
    EDDY_FRAME_RET(int);
    struct eddy_task *self;
    int result;
};

static const struct eddy_wait_kind never = {.name = "nothing", .expiry = -ETIMEDOUT};

struct waits_for_nothing {
    EDDY_FRAME;
};

EDDY_CORO(waits_for_nothing)
{
    EDDY_BEGIN(waits_for_nothing) {
        EDDY_AWAIT(eddy_wait_park(me, &never));
    }
    EDDY_FINALLY
    {
        say("finally");
    }
}

EDDY_CORO(hangs_detached)
{
    EDDY_BEGIN(hangs_detached) {
        EDDY_TRY(my->result, EDDY_SPAWN(eddy_loop_detached(eddy_loop_current()), waits_for_nothing));
        EDDY_TRY(my->result, EDDY_SPAWN(eddy_loop_daemons(eddy_loop_current()), waits_for_nothing));
        EDDY_AWAIT(eddy_sleep(1, me));
        EDDY_RETURN(4);
    }
}

static void what_hangs_when_main_has_ended_is_no_deadlock(void **state)
{
    (void)state;
    assert_int_equal(EDDY_RUN_WITH(&options, hangs_detached), 4);
    assert_string_equal(trace, "finally finally");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_first_interrupt_cancels_main),
        T(the_second_interrupt_kills),
        T(a_deadlock_is_dumped_and_everybody_unwinds),
        T(what_hangs_when_main_has_ended_is_no_deadlock),
    };
    return cmocka_run_group_tests_name("run hangs", tests, NULL, NULL);
}
