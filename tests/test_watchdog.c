/* Who keeps the loop for too long is told, by name and place. */
#include "support/coro.h"

#include <eddy/watchdog.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct slow {
    EDDY_FRAME;
    eddy_ns span;
    bool ends;
};

enum { SLOW_FROM = __LINE__ + 5, SLOW_TO = SLOW_FROM + 5 };

EDDY_CORO(slow)
{
    EDDY_BEGIN(slow) {
        EDDY_AWAIT(eddy_yield(me));
        test_os_advance(&coro_current()->os, my->span);
        if (my->ends) {
            return;
        }
        EDDY_AWAIT(eddy_yield(me));
    }
}

/* The text of the latest record, without the path of this file. */
static char told[512];

static void on_record(const struct eddy_log_record *record, void *context)
{
    (void)context;
    assert_int_equal(record->level, EDDY_LOG_WARNING);
    assert_int_equal(record->error, 0);
    assert_string_equal(record->task, "slow");
    char *out = told;
    for (const char *at = record->text; *at != '\0';) {
        size_t length = strlen(__FILE__);
        if (strncmp(at, __FILE__, length) == 0) {
            at += length;
        } else {
            *out++ = *at++;
        }
    }
    *out = '\0';
}

static void run_slowly(struct coro *c, eddy_ns span, bool ends)
{
    assert_int_equal(CORO_RUN(c, slow, .span = span, .ends = ends), 0);
}

static void debug_builds_begin_with_10_ms_and_others_without(void **state)
{
    struct coro *c = *state;
    run_slowly(c, EDDY_MS(10), false);
    assert_int_equal(c->log_count, 0);
    run_slowly(c, EDDY_MS(10) + 1, false);
#ifdef EDDY_DEBUG
    assert_int_equal(c->log_count, 1);
#else
    assert_int_equal(c->log_count, 0);
#endif
}

static void a_slow_step_is_told_with_its_name_places_and_duration(void **state)
{
    struct coro *c = *state;
    char expected[CORO_TEXT * 2];
    eddy_loop_set_watchdog(&c->loop, EDDY_MS(5));
    eddy_loop_set_log(&c->loop, on_record, NULL);
    run_slowly(c, EDDY_US(31490), false);
    snprintf(expected, sizeof expected, "kept the loop for 31.4 ms, from slow at :%d to slow at :%d", SLOW_FROM,
             SLOW_TO);
    assert_string_equal(told, expected);
    run_slowly(c, EDDY_MS(7), true);
    snprintf(expected, sizeof expected, "kept the loop for 7.0 ms, from slow at :%d to its end", SLOW_FROM);
    assert_string_equal(told, expected);
}

static void a_named_task_that_has_ended_is_told_by_its_name(void **state)
{
    struct coro *c = *state;
    eddy_loop_set_watchdog(&c->loop, EDDY_MS(5));
    struct eddy_task *task = CORO_START(c, slow, .span = EDDY_SEC(2), .ends = true);
    assert_int_equal(eddy_task_set_name(task, "client 7"), 0);
    eddy_task_release(task);
    coro_finish(c);
    assert_int_equal(c->log_count, 1);
    assert_string_equal(c->logs[0].task, "client 7");
    assert_non_null(strstr(c->logs[0].text, "kept the loop for 2000.0 ms, "));
}

static void what_is_not_slower_than_the_span_is_not_told(void **state)
{
    struct coro *c = *state;
    eddy_loop_set_watchdog(&c->loop, EDDY_MS(50));
    run_slowly(c, EDDY_MS(50), false);
    assert_int_equal(c->log_count, 0);
    eddy_loop_set_watchdog(&c->loop, EDDY_MS(49));
    run_slowly(c, EDDY_MS(50), false);
    assert_int_equal(c->log_count, 1);
    eddy_loop_set_watchdog(&c->loop, EDDY_FOREVER);
    run_slowly(c, EDDY_SEC(50), false);
    assert_int_equal(c->log_count, 1);
    eddy_loop_set_watchdog(&c->loop, EDDY_FOREVER);
}

struct naps {
    EDDY_FRAME;
    int rounds;
};

EDDY_CORO(naps)
{
    EDDY_BEGIN(naps) {
        while (my->rounds-- > 0) {
            EDDY_AWAIT(eddy_sleep(EDDY_SEC(1), me));
        }
    }
}

static void time_that_the_loop_sleeps_is_nobodys(void **state)
{
    struct coro *c = *state;
    eddy_loop_set_watchdog(&c->loop, EDDY_MS(1));
    assert_int_equal(CORO_RUN(c, naps, .rounds = 5), 0);
    assert_int_equal(c->log_count, 0);
}

/* ---- Others than tasks ----------------------------------------------------------------- */

static void dawdle(struct eddy_waiter *waiter)
{
    (void)waiter;
    test_os_advance(&coro_current()->os, EDDY_MS(20));
}

static void dawdle_in_a_post(struct eddy_post *node)
{
    (void)node;
    test_os_advance(&coro_current()->os, EDDY_MS(30));
}

static void a_callback_and_a_post_are_told_by_their_addresses(void **state)
{
    struct coro *c = *state;
    char expected[CORO_TEXT];
    struct eddy_waiter waiter;
    struct eddy_post post = {.run = dawdle_in_a_post};
    eddy_loop_set_watchdog(&c->loop, EDDY_MS(5));
    eddy_waiter_init(&waiter, &c->loop, dawdle);
    assert_int_equal(eddy_sleep(EDDY_MS(1), &waiter), EDDY_PENDING);
    eddy_post(&c->loop, &post);
    coro_finish(c);
    assert_int_equal(c->log_count, 2);
    snprintf(expected, sizeof expected, "kept the loop for 30.0 ms, in a post at %#lx",
             (unsigned long)(uintptr_t)dawdle_in_a_post);
    assert_string_equal(c->logs[0].text, expected);
    assert_string_equal(c->logs[0].task, "");
    snprintf(expected, sizeof expected, "kept the loop for 20.0 ms, in a waiter's wake at %#lx",
             (unsigned long)(uintptr_t)dawdle);
    assert_string_equal(c->logs[1].text, expected);
}

static void each_of_many_posts_is_measured_by_itself(void **state)
{
    struct coro *c = *state;
    struct eddy_post posts[3] = {{.run = dawdle_in_a_post}, {.run = dawdle_in_a_post}, {.run = dawdle_in_a_post}};
    eddy_loop_set_watchdog(&c->loop, EDDY_MS(29));
    for (int i = 0; i < 3; i++) {
        eddy_post(&c->loop, &posts[i]);
    }
    coro_settle(c);
    assert_int_equal(c->log_count, 3);
    eddy_loop_set_watchdog(&c->loop, EDDY_MS(30));
    for (int i = 0; i < 3; i++) {
        eddy_post(&c->loop, &posts[i]);
    }
    coro_settle(c);
    assert_int_equal(c->log_count, 3);
}

struct reads {
    EDDY_FRAME;
    int fd;
    struct eddy_stream stream;
    ssize_t count;
    char buffer[8];
};

EDDY_CORO(reads)
{
    EDDY_BEGIN(reads) {
        EDDY_TRY(my->count, eddy_stream_open(&my->stream, eddy_loop_current(), my->fd));
        do {
            EDDY_AWAIT(my->count, eddy_stream_read(&my->stream, my->buffer, sizeof my->buffer, me));
            test_os_advance(&coro_current()->os, my->count > 0 ? EDDY_MS(40) : 0);
        } while (my->count > 0);
    }
    EDDY_FINALLY
    {
        eddy_stream_close(&my->stream);
    }
}

static void a_reader_that_is_woken_by_its_event_is_told(void **state)
{
    struct coro *c = *state;
    int fds[2];
    eddy_loop_set_watchdog(&c->loop, EDDY_MS(5));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    struct eddy_task *task = CORO_START(c, reads, .fd = fds[0]);
    coro_settle(c);
    assert_int_equal(write(fds[1], "x", 1), 1);
    coro_settle(c);
    assert_int_equal(c->log_count, 1);
    assert_string_equal(c->logs[0].task, "reads");
    assert_non_null(strstr(c->logs[0].text, "kept the loop for 40.0 ms, from reads at "));
    close(fds[1]);
    assert_int_equal(coro_end(c, task), 0);
    assert_int_equal(c->log_count, 1);
}

/* ---- What is kept ---------------------------------------------------------------------- */

static void statistics_tell_the_longest_wake(void **state)
{
    struct coro *c = *state;
    struct eddy_loop_stats stats;
    eddy_loop_set_watchdog(&c->loop, EDDY_MS(15));
    run_slowly(c, EDDY_MS(14), false);
    run_slowly(c, EDDY_MS(17), true);
    run_slowly(c, EDDY_MS(16), false);
    eddy_loop_stats(&c->loop, &stats);
    assert_int_equal(stats.longest_wake, EDDY_MS(17));
    assert_int_equal(stats.slow_wakes, 2);
}

struct sets {
    EDDY_FRAME;
    eddy_ns span;
};

EDDY_CORO(sets)
{
    EDDY_BEGIN(sets) {
        test_os_advance(&coro_current()->os, EDDY_MS(100));
        eddy_loop_set_watchdog(eddy_loop_current(), my->span);
        EDDY_AWAIT(eddy_sleep(1, me));
        test_os_advance(&coro_current()->os, EDDY_MS(100));
        EDDY_AWAIT(eddy_sleep(1, me));
    }
}

static void it_can_be_set_from_inside_a_step_and_counts_from_the_next_turn(void **state)
{
    struct coro *c = *state;
    eddy_loop_set_watchdog(&c->loop, EDDY_FOREVER);
    assert_int_equal(CORO_RUN(c, sets, .span = EDDY_MS(50)), 0);
    assert_int_equal(c->log_count, 1);
    assert_int_equal(CORO_RUN(c, sets, .span = EDDY_FOREVER), 0);
    assert_int_equal(c->log_count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(debug_builds_begin_with_10_ms_and_others_without),
        coro_test(a_slow_step_is_told_with_its_name_places_and_duration),
        coro_test(a_named_task_that_has_ended_is_told_by_its_name),
        coro_test(what_is_not_slower_than_the_span_is_not_told),
        coro_test(time_that_the_loop_sleeps_is_nobodys),
        coro_test(a_callback_and_a_post_are_told_by_their_addresses),
        coro_test(each_of_many_posts_is_measured_by_itself),
        coro_test(a_reader_that_is_woken_by_its_event_is_told),
        coro_test(statistics_tell_the_longest_wake),
        coro_test(it_can_be_set_from_inside_a_step_and_counts_from_the_next_turn),
    };
    return cmocka_run_group_tests_name("watchdog", tests, NULL, NULL);
}
