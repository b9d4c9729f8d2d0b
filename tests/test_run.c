/* EDDY_RUN: a program's main coroutine, its interruption and its end. */
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

/* ---- The result ------------------------------------------------------------------------ */

struct ends {
    EDDY_FRAME_RET(int);
    eddy_ns span;
    int value, error, reason;
};

EDDY_CORO(ends)
{
    EDDY_BEGIN(ends) {
        eddy_loop_set_log(eddy_loop_current(), on_log, NULL);
        EDDY_AWAIT(eddy_sleep(my->span, me));
        if (my->error < 0) {
            EDDY_FAIL(my->error, "so it is");
        }
        if (my->reason < 0) {
            eddy_task_cancel(eddy_task_of(me), my->reason);
            EDDY_AWAIT(eddy_sleep(1, me));
        }
        EDDY_RETURN(my->value);
    }
}

static void the_result_is_mains(void **state)
{
    (void)state;
    eddy_ns began = os.now;
    assert_int_equal(EDDY_RUN_WITH(&options, ends, .span = EDDY_SEC(3600), .value = 42), 42);
    assert_int_equal(os.now - began, EDDY_SEC(3600));
    assert_int_equal(EDDY_RUN_WITH(&options, ends, .value = -42), -42); /* a negative ret is a value */
    assert_int_equal(EDDY_RUN(ends, .span = 1, .value = 3), 3);
    assert_int_equal(logged, 0);
}

static void mains_failure_is_the_result_and_told(void **state)
{
    (void)state;
    assert_int_equal(EDDY_RUN_WITH(&options, ends, .error = -77), -77);
    assert_int_equal(logged, 1);
    assert_int_equal(last.error, -77);
    assert_string_equal(last_task, "ends");
}

static void mains_cancel_is_the_result(void **state)
{
    (void)state;
    assert_int_equal(EDDY_RUN_WITH(&options, ends, .reason = -EPERM), -ECANCELED);
    assert_int_equal(EDDY_RUN_WITH(&options, ends, .reason = -EINTR), -ECANCELED);
}

/* ---- Leftovers ------------------------------------------------------------------------- */

struct lingers {
    EDDY_FRAME;
    const char *name;
    eddy_ns cleanup;
};

EDDY_CORO(lingers)
{
    EDDY_BEGIN(lingers) {
        EDDY_AWAIT(eddy_sleep(EDDY_FOREVER, me));
    }
    EDDY_FINALLY
    {
        EDDY_AWAIT(eddy_sleep(my->cleanup, me));
        say(my->name);
    }
}

struct leaves {
    EDDY_FRAME_RET(int);
    int result, error;
};

EDDY_CORO(leaves)
{
    EDDY_BEGIN(leaves) {
        EDDY_TRY(my->result,
                 EDDY_SPAWN(eddy_loop_daemons(eddy_loop_current()), lingers, .name = "daemon", .cleanup = EDDY_MS(1)));
        EDDY_TRY(my->result,
                 EDDY_SPAWN(eddy_loop_detached(eddy_loop_current()), lingers, .name = "a", .cleanup = EDDY_MS(9)));
        EDDY_TRY(my->result,
                 EDDY_SPAWN(eddy_loop_detached(eddy_loop_current()), lingers, .name = "b", .cleanup = EDDY_MS(5)));
        EDDY_AWAIT(eddy_sleep(1, me));
        say("main");
        if (my->error < 0) {
            EDDY_FAIL(my->error);
        }
        EDDY_RETURN(5);
    }
    EDDY_FINALLY
    {
        EDDY_AWAIT(eddy_sleep(EDDY_MS(20), me));
        say("finally");
    }
}

static void what_is_left_is_cancelled_and_awaited_daemons_last(void **state)
{
    (void)state;
    assert_int_equal(EDDY_RUN_WITH(&options, leaves), 5);
    assert_string_equal(trace, "main finally b a daemon");
    trace[0] = '\0';
    assert_int_equal(EDDY_RUN_WITH(&options, leaves, .error = -9), -9);
    assert_string_equal(trace, "main finally b a daemon");
}

struct spawns_at_the_end {
    EDDY_FRAME;
    int result;
};

EDDY_CORO(spawns_at_the_end)
{
    EDDY_BEGIN(spawns_at_the_end) {
        EDDY_AWAIT(eddy_sleep(EDDY_FOREVER, me));
    }
    EDDY_FINALLY
    {
        EDDY_TRY(my->result, EDDY_SPAWN(eddy_loop_detached(eddy_loop_current()), lingers, .name = "detached",
                                        .cleanup = EDDY_MS(9)));
        EDDY_TRY(my->result,
                 EDDY_SPAWN(eddy_loop_daemons(eddy_loop_current()), lingers, .name = "daemon", .cleanup = EDDY_MS(5)));
    }
}

struct leaves_spawners {
    EDDY_FRAME_RET(int);
    bool daemon;
    int result;
};

EDDY_CORO(leaves_spawners)
{
    EDDY_BEGIN(leaves_spawners) {
        my->result =
            EDDY_SPAWN(my->daemon ? eddy_loop_daemons(eddy_loop_current()) : eddy_loop_detached(eddy_loop_current()),
                       spawns_at_the_end);
        EDDY_AWAIT(eddy_sleep(1, me));
    }
}

static void what_is_spawned_at_the_end_is_awaited_too(void **state)
{
    (void)state;
    assert_int_equal(EDDY_RUN_WITH(&options, leaves_spawners), 0);
    assert_string_equal(trace, "detached daemon");
}

static void what_a_daemon_detaches_at_the_end_is_awaited_too(void **state)
{
    (void)state;
    assert_int_equal(EDDY_RUN_WITH(&options, leaves_spawners, .daemon = true), 0);
}

struct stops {
    EDDY_FRAME_RET(int);
};

EDDY_CORO(stops)
{
    EDDY_BEGIN(stops) {
        eddy_loop_stop(eddy_loop_current());
        EDDY_AWAIT(eddy_sleep(EDDY_SEC(1), me));
        say("not here");
    }
    EDDY_FINALLY
    {
        EDDY_AWAIT(eddy_sleep(EDDY_SEC(1), me));
        say("finally");
    }
}

static void a_stop_of_the_loop_cancels_main(void **state)
{
    (void)state;
    assert_int_equal(EDDY_RUN_WITH(&options, stops), -ECANCELED);
    assert_string_equal(trace, "finally");
}

/* ---- Errors ----------------------------------------------------------------------------- */

static struct eddy_watch watch;
static int ends_of_pipe[2];

struct leaves_open {
    EDDY_FRAME_RET(int);
    struct eddy_waiter *waiter;
};

static void on_never(struct eddy_waiter *waiter)
{
    (void)waiter;
}

EDDY_CORO(leaves_open)
{
    EDDY_BEGIN(leaves_open) {
        eddy_loop_set_log(eddy_loop_current(), on_log, NULL);
        eddy_waiter_init(my->waiter, eddy_loop_current(), on_never);
        eddy_watch_init(&watch, eddy_loop_current(), ends_of_pipe[0]);
        assert_int_equal(eddy_watch_wait(&watch, EDDY_READABLE, my->waiter), EDDY_PENDING);
    }
}

static void what_is_left_open_is_told_and_leaked(void **state)
{
    (void)state;
    struct eddy_waiter waiter;
    assert_int_equal(pipe(ends_of_pipe), 0);
    assert_int_equal(EDDY_RUN_WITH(&options, leaves_open, .waiter = &waiter), -EBUSY);
    assert_int_equal(logged, 1);
    assert_int_equal(last.error, -EBUSY);
    struct eddy_loop *loop = eddy_loop_current();
    assert_non_null(loop);
    eddy_watch_close(&watch);
    assert_int_equal(eddy_loop_run(loop), 0);
    assert_int_equal(eddy_loop_fini(loop), 0);
    close(ends_of_pipe[0]);
    close(ends_of_pipe[1]);
    os.allocator.resize(os.allocator.context, EDDY_CONTAINER(loop, struct eddy_runner, loop),
                        sizeof(struct eddy_runner), 0);
}

struct runs_inside {
    EDDY_FRAME_RET(int);
};

EDDY_CORO(runs_inside)
{
    EDDY_BEGIN(runs_inside) {
        EDDY_RETURN(EDDY_RUN_WITH(&options, ends) == -EBUSY);
    }
}

static void a_thread_has_one_loop(void **state)
{
    (void)state;
    assert_int_equal(EDDY_RUN_WITH(&options, runs_inside), 1);
    struct eddy_loop_options bad = {.budget = -1};
    assert_int_equal(EDDY_RUN_WITH(&bad, ends), -EINVAL);
}

static void run_with_fault(unsigned at, int error)
{
    trace[0] = '\0';
    struct test_fault fault = {.at = at, .error = error};
    test_os_restart(&os, &fault);
    int result = EDDY_RUN_WITH(&options, leaves);
    if (eddy_loop_current() != NULL || (result != 5 && result >= 0) || (result == 5 && os.failed == 0)) {
        fail_msg("when call %u (%s) fails with %d: %d", at, test_calls[os.struck].name, error, result);
    }
    struct test_snapshot after = test_snapshot_take(&os, NULL);
    assert_null(test_snapshot_compare(&before, &after));
}

static void whatever_fails_is_the_result_and_leaves_nothing(void **state)
{
    (void)state;
    test_os_restart(&os, NULL);
    assert_int_equal(EDDY_RUN_WITH(&options, leaves), 5);
    static uint8_t calls[TEST_LOG];
    unsigned count = os.count;
    assert_in_range(count, 10, TEST_LOG);
    memcpy(calls, os.log, sizeof calls);
    for (unsigned at = 1; at <= count; at++) {
        const int *errors = test_calls[calls[at - 1]].errors;
        for (int i = 0; i < TEST_ERRORS && errors[i] != 0; i++) {
            run_with_fault(at, errors[i]);
        }
    }
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_result_is_mains),
        T(mains_failure_is_the_result_and_told),
        T(mains_cancel_is_the_result),
        T(what_is_left_is_cancelled_and_awaited_daemons_last),
        T(what_is_spawned_at_the_end_is_awaited_too),
        T(a_stop_of_the_loop_cancels_main),
        T(a_thread_has_one_loop),
        T(whatever_fails_is_the_result_and_leaves_nothing),
        T(what_is_left_open_is_told_and_leaked),
        T(what_a_daemon_detaches_at_the_end_is_awaited_too),
    };
    return cmocka_run_group_tests_name("run", tests, NULL, NULL);
}
