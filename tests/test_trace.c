/* What a trace tells: its events one by one, on a virtual clock; tests/trace reads larger ones with other people's
 * programs. */
#define _GNU_SOURCE
#include "support/coro.h"

#include <eddy/trace.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static char text[1 << 22];

/* All that is in the file, without the paths of this file, line numbers and addresses. */
static const char *contents(FILE *file)
{
    static char raw[1 << 22];
    rewind(file);
    raw[fread(raw, 1, sizeof raw - 1, file)] = '\0';
    char *out = text;
    size_t path = strlen(__FILE__);
    for (const char *at = raw; *at != '\0';) {
        if (strncmp(at, __FILE__, path) == 0) {
            at += path + 1;
            at += strspn(at, "0123456789");
            *out++ = '#';
        } else if (strncmp(at, "\"code\":\"0x", 10) == 0) {
            at += 10;
            at += strspn(at, "0123456789abcdef");
            out = stpcpy(out, "\"code\":\"@");
        } else {
            *out++ = *at++;
        }
    }
    *out = '\0';
    return text;
}

static FILE *start(struct coro *c)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(eddy_trace_start_file(&c->loop, file), 0);
    return file;
}

/* Stop, and check that each line is an event; the contents. */
static const char *stop(struct coro *c, FILE *file)
{
    assert_int_equal(eddy_trace_stop(&c->loop), 0);
    const char *all = contents(file);
    fclose(file);
    assert_memory_equal(all, "[\n{", 3);
    assert_string_equal(all + strlen(all) - 4, "}\n]\n");
    for (const char *line = all + 2; *line != ']'; line = strchr(line, '\n') + 1) {
        assert_memory_equal(line, "{\"ph\":\"", 7);
        const char *end = strchr(line, '\n');
        assert_true(end[-1] == '}' || (end[-1] == ',' && end[-2] == '}'));
    }
    return all;
}

/* The text of `all` from the first event after the names on must begin so. */
static void expect_events(const char *all, const char *expected)
{
    const char *names = strstr(all, "\"thread_name\"");
    assert_non_null(names);
    const char *events = strchr(names, '\n') + 1;
    if (strncmp(events, expected, strlen(expected)) != 0) {
        print_error("the events are:\n%s", events);
        fail_msg("and not:\n%s", expected);
    }
}

static size_t count_of(const char *all, const char *what)
{
    size_t count = 0;
    for (const char *at = all; (at = strstr(at, what)) != NULL; at++) {
        count++;
    }
    return count;
}

/* ---- Events ---------------------------------------------------------------------------- */

struct child {
    EDDY_FRAME;
    struct eddy_event *event;
};

EDDY_CORO(child)
{
    EDDY_BEGIN(child) {
        test_os_advance(&coro_current()->os, EDDY_US(3));
        EDDY_AWAIT(eddy_event_wait(my->event, me));
    }
}

struct parent {
    EDDY_FRAME;
    struct eddy_group group;
    struct eddy_event event;
    int result;
};

EDDY_CORO(parent)
{
    EDDY_BEGIN(parent) {
        eddy_event_init(&my->event);
        EDDY_GROUP(&my->group) {
            EDDY_TRY(my->result, EDDY_SPAWN(&my->group, child, .event = &my->event));
            test_os_advance(&coro_current()->os, EDDY_US(2));
            EDDY_AWAIT(eddy_sleep(EDDY_MS(1), me));
            eddy_event_set(&my->event);
            test_os_advance(&coro_current()->os, 1250);
        }
    }
}

static void steps_lives_wakes_and_counters_are_told_in_the_order_of_time(void **state)
{
    struct coro *c = *state;
    FILE *file = start(c);
    assert_int_equal(CORO_RUN(c, parent), 0);
    expect_events(
        stop(c, file),
        "{\"ph\":\"C\",\"pid\":1,\"tid\":1,\"ts\":0.000,\"name\":\"ready\",\"args\":{\"ready\":1}},\n"
        "{\"ph\":\"b\",\"pid\":1,\"tid\":1,\"ts\":0.000,\"cat\":\"task\",\"id\":\"0x1\",\"name\":\"parent\",\"args\":{"
        "\"task\":1,\"at\":\"parent at #\"}},\n"
        "{\"ph\":\"X\",\"pid\":1,\"tid\":1,\"ts\":0.000,\"dur\":2.000,\"cat\":\"step\",\"name\":\"parent\",\"args\":{"
        "\"from\":\"parent at #\",\"waits_for\":\"sleep\",\"at\":\"parent at #\",\"text\":\""
        "eddy_sleep(EDDY_MS(1), me)\"}},\n"
        "{\"ph\":\"b\",\"pid\":1,\"tid\":1,\"ts\":1.000,\"cat\":\"task\",\"id\":\"0x2\",\"name\":\"child\",\"args\":{"
        "\"task\":2,\"at\":\"child at #\"}},\n"
        "{\"ph\":\"s\",\"pid\":1,\"tid\":1,\"ts\":1.000,\"cat\":\"wake\",\"name\":\"wake\",\"id\":1},\n"
        "{\"ph\":\"C\",\"pid\":1,\"tid\":1,\"ts\":2.000,\"name\":\"waiting\",\"args\":{\"waiting\":1}},\n"
        "{\"ph\":\"C\",\"pid\":1,\"tid\":1,\"ts\":2.000,\"name\":\"timers\",\"args\":{\"timers\":1}},\n"
        "{\"ph\":\"X\",\"pid\":1,\"tid\":1,\"ts\":2.000,\"dur\":3.000,\"cat\":\"step\",\"name\":\"child\",\"args\":{"
        "\"from\":\"child at #\",\"waits_for\":\"event\",\"at\":\"child at #\",\"text\":\""
        "eddy_event_wait(my->event, me)\"}},\n"
        "{\"ph\":\"f\",\"pid\":1,\"tid\":1,\"ts\":2.000,\"cat\":\"wake\",\"name\":\"wake\",\"id\":1,\"bp\":\"e\"},\n"
        "{\"ph\":\"C\",\"pid\":1,\"tid\":1,\"ts\":5.000,\"name\":\"ready\",\"args\":{\"ready\":0}},\n"
        "{\"ph\":\"C\",\"pid\":1,\"tid\":1,\"ts\":5.000,\"name\":\"waiting\",\"args\":{\"waiting\":2}},\n");
    assert_non_null(strstr(text, "\"ts\":1002.000,\"dur\":1.250,\"cat\":\"step\",\"name\":\"parent\""));
    assert_non_null(strstr(text, "\"ended\":\"finished\",\"error\":0}},\n"));
    assert_int_equal(count_of(text, "\"ph\":\"e\""), 2);
    assert_int_equal(count_of(text, "\"ph\":\"b\""), 2);
    assert_int_equal(count_of(text, "\"ph\":\"s\""), 3);
    assert_int_equal(count_of(text, "\"ph\":\"f\""), 3);
}

struct fails {
    EDDY_FRAME;
};

EDDY_CORO(fails)
{
    EDDY_BEGIN(fails) {
        EDDY_AWAIT(eddy_yield(me));
        EDDY_FAIL(-EPIPE);
    }
}

struct ends {
    EDDY_FRAME;
    struct eddy_group group;
    int result;
};

EDDY_CORO(ends)
{
    EDDY_BEGIN(ends) {
        EDDY_GROUP(&my->group, EDDY_COLLECT) {
            EDDY_TRY(my->result, EDDY_SPAWN(&my->group, fails));
        }
        EDDY_AWAIT(eddy_sleep(EDDY_SEC(1), me));
    }
}

static void how_a_task_has_ended_is_told(void **state)
{
    struct coro *c = *state;
    FILE *file = start(c);
    struct eddy_task *task = CORO_START(c, ends);
    coro_settle(c);
    eddy_task_cancel(task, -ECANCELED);
    assert_int_equal(coro_end(c, task), -ECANCELED);
    stop(c, file);
    char failed[64];
    snprintf(failed, sizeof failed, "\"ended\":\"failed\",\"error\":%d}}", -EPIPE);
    assert_int_equal(count_of(text, failed), 1);
    assert_int_equal(count_of(text, "\"ended\":\"cancelled\",\"error\":0}}"), 1);
}

static void woken(struct eddy_waiter *waiter)
{
    (void)waiter;
}

static void posted(struct eddy_post *node)
{
    test_os_advance(&coro_current()->os, EDDY_US(7));
    (void)node;
}

static void callbacks_and_posts_are_told(void **state)
{
    struct coro *c = *state;
    FILE *file = start(c);
    struct eddy_waiter waiter;
    struct eddy_post post = {.run = posted};
    eddy_waiter_init(&waiter, &c->loop, woken);
    assert_int_equal(eddy_sleep(EDDY_US(50), &waiter), EDDY_PENDING);
    eddy_post(&c->loop, &post);
    coro_finish(c);
    stop(c, file);
    assert_int_equal(count_of(text, "\"ts\":0.000,\"dur\":7.000,\"cat\":\"post\",\"name\":\"post\","
                                    "\"args\":{\"code\":\"@\"}}"),
                     1);
    assert_int_equal(count_of(text, "\"ts\":50.000,\"dur\":0.000,\"cat\":\"wake\",\"name\":\"wake\","
                                    "\"args\":{\"code\":\"@\"}}"),
                     1);
}

struct reads {
    EDDY_FRAME;
    struct eddy_stream *stream;
    ssize_t count;
    char byte;
};

EDDY_CORO(reads)
{
    EDDY_BEGIN(reads) {
        EDDY_AWAIT(my->count, eddy_stream_read(my->stream, &my->byte, 1, me));
    }
}

static void a_reader_that_is_woken_by_its_event_is_told(void **state)
{
    struct coro *c = *state;
    struct eddy_stream stream;
    int fds[2];
    FILE *file = start(c);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    assert_int_equal(eddy_stream_open(&stream, &c->loop, fds[0]), 0);
    struct eddy_task *task = CORO_START(c, reads, .stream = &stream);
    coro_settle(c);
    test_os_advance(&c->os, EDDY_US(9));
    assert_int_equal(write(fds[1], "x", 1), 1);
    assert_int_equal(coro_end(c, task), 0);
    eddy_stream_close(&stream);
    close(fds[1]);
    stop(c, file);
    assert_int_equal(count_of(text, "\"waits_for\":\"read\""), 1);
    assert_int_equal(count_of(text, "\"ts\":9.000,\"dur\":0.000,\"cat\":\"step\",\"name\":\"reads\""), 1);
    assert_int_equal(count_of(text, "\"descriptors\":1"), 1);
}

/* ---- Memory that is given back --------------------------------------------------------- */

struct fleeting {
    struct eddy_waiter waiter;
};

static void free_itself(struct eddy_waiter *waiter)
{
    free(EDDY_CONTAINER(waiter, struct fleeting, waiter));
}

static struct fleeting *fleeting_new(struct coro *c)
{
    struct fleeting *fleeting = malloc(sizeof *fleeting);
    assert_non_null(fleeting);
    eddy_waiter_init(&fleeting->waiter, &c->loop, free_itself);
    return fleeting;
}

static void a_waiter_that_frees_itself_is_not_looked_at_again(void **state)
{
    struct coro *c = *state;
    FILE *file = start(c);
    assert_int_equal(eddy_sleep(1, &fleeting_new(c)->waiter), EDDY_PENDING);
    coro_finish(c);
    stop(c, file);
    assert_int_equal(count_of(text, "\"cat\":\"wake\",\"name\":\"wake\",\"args\""), 1);
}

static struct fleeting *shared;

struct lays {
    EDDY_FRAME;
    int result;
};

EDDY_CORO(lays)
{
    EDDY_BEGIN(lays) {
        shared = fleeting_new(coro_current());
        my->result = eddy_yield(&shared->waiter);
        assert_int_equal(my->result, EDDY_PENDING);
    }
}

struct steals {
    EDDY_FRAME;
    struct eddy_event *event;
};

/* When its step begins the shared waiter is the last that is ready, and when it ends that is gone. */
EDDY_CORO(steals)
{
    EDDY_BEGIN(steals) {
        assert_int_equal(eddy_wait_withdraw(&shared->waiter), 0);
        free(shared);
        eddy_event_set(my->event);
    }
}

static void a_waiter_that_is_withdrawn_in_a_step_is_not_looked_at_again(void **state)
{
    struct coro *c = *state;
    struct eddy_event event;
    eddy_event_init(&event);
    FILE *file = start(c);
    struct eddy_task *task = CORO_START(c, child, .event = &event);
    coro_settle(c);
    eddy_task_release(CORO_START(c, lays));
    eddy_task_release(CORO_START(c, steals, .event = &event));
    assert_int_equal(coro_end(c, task), 0);
    stop(c, file);
    assert_int_equal(count_of(text, "\"ph\":\"s\""), 1);
    assert_int_equal(count_of(text, "\"ph\":\"f\""), 1);
}

static void names_are_escaped(void **state)
{
    struct coro *c = *state;
    FILE *file = start(c);
    struct eddy_task *task = CORO_START(c, fails);
    assert_int_equal(eddy_task_set_name(task, "%s", "a\"b\\c\n\x01\xc3\xa9\xff\xed\xa0\x80\x7f\xe2\x82"), 0);
    assert_int_equal(coro_end(c, task), -EPIPE);
    stop(c, file);
    assert_true(count_of(text, "\"name\":\"a\\\"b\\\\c\\u000a\\u0001\xc3\xa9\\ufffd\\ufffd\\ufffd\\ufffd\\u007f"
                               "\\ufffd\\ufffd\"") >= 4);
    assert_int_equal(c->log_count, 0); /* somebody has its error */
}

/* ---- Start and stop -------------------------------------------------------------------- */

static void tasks_that_were_there_before_have_a_life_too(void **state)
{
    struct coro *c = *state;
    struct eddy_task *task = CORO_START(c, parent);
    coro_settle(c);
    test_os_advance(&c->os, EDDY_US(100));
    FILE *file = start(c);
    eddy_task_cancel(task, -ECANCELED);
    assert_int_equal(coro_end(c, task), -ECANCELED);
    stop(c, file);
    assert_int_equal(count_of(text, "\"ph\":\"b\",\"pid\":1,\"tid\":1,\"ts\":0.000,"), 2);
    assert_int_equal(count_of(text, "\"ph\":\"e\""), 2);
}

static void a_second_trace_knows_nothing_of_the_first(void **state)
{
    struct coro *c = *state;
    FILE *file = start(c);
    struct eddy_task *task = CORO_START(c, parent);
    coro_settle(c);
    eddy_event_set(&((struct parent *)(void *)(task + 1))->event);
    stop(c, file); /* an arrow has begun */
    assert_int_equal(count_of(text, "\"ph\":\"b\""), 2);
    file = start(c);
    assert_int_equal(coro_end(c, task), 0);
    stop(c, file);
    assert_int_equal(count_of(text, "\"ph\":\"b\""), 2);
    assert_int_equal(count_of(text, "\"ph\":\"s\""), count_of(text, "\"ph\":\"f\""));
}

struct stops {
    EDDY_FRAME;
    FILE *file;
};

EDDY_CORO(stops)
{
    EDDY_BEGIN(stops) {
        if (my->file != NULL) {
            assert_int_equal(eddy_trace_start_file(eddy_loop_current(), my->file), 0);
            EDDY_AWAIT(eddy_sleep(1, me));
        }
        test_os_advance(&coro_current()->os, EDDY_US(4));
        assert_int_equal(eddy_trace_stop(eddy_loop_current()), 0);
        EDDY_AWAIT(eddy_sleep(1, me));
    }
}

static void it_can_be_started_and_stopped_from_inside_a_step(void **state)
{
    struct coro *c = *state;
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(CORO_RUN(c, stops, .file = file), 0);
    contents(file);
    fclose(file);
    assert_int_equal(count_of(text, "\"dur\":4.000,\"cat\":\"step\",\"name\":\"stops\""), 1);
    file = start(c);
    assert_int_equal(CORO_RUN(c, stops, .file = NULL), 0);
    contents(file);
    fclose(file);
    assert_int_equal(count_of(text, "\"dur\":4.000,\"cat\":\"step\",\"name\":\"stops\""), 1);
}

static void a_loop_has_one_trace_and_does_not_end_before_it(void **state)
{
    struct coro *c = *state;
    assert_int_equal(eddy_trace_stop(&c->loop), -EINVAL);
    FILE *file = start(c);
    assert_int_equal(eddy_trace_start_file(&c->loop, file), -EALREADY);
    assert_int_equal(eddy_trace_start(&c->loop, "/dev/null"), -EALREADY);
    assert_int_equal(eddy_loop_fini(&c->loop), -EBUSY);
    stop(c, file);
    assert_int_equal(eddy_trace_stop(&c->loop), -EINVAL);
}

static void without_memory_or_a_file_there_is_no_trace(void **state)
{
    struct coro *c = *state;
    assert_int_equal(eddy_trace_start(&c->loop, "/nowhere/trace.json"), -ENOENT);
    c->os.fault = (struct test_fault){.at = c->os.count + 1, .error = ENOMEM};
    assert_int_equal(eddy_trace_start(&c->loop, "/dev/null"), -ENOMEM);
    c->os.fault.at = 0;
    assert_int_equal(eddy_trace_stop(&c->loop), -EINVAL);
}

static void without_memory_for_records_tasks_have_steps_but_no_lives(void **state)
{
    struct coro *c = *state;
    struct eddy_task *task = CORO_START(c, parent);
    coro_settle(c);
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(eddy_trace_start_file(&c->loop, file), 0);
    coro_no_memory(c, true);
    assert_int_equal(coro_end(c, task), 0);
    coro_no_memory(c, false);
    stop(c, file);
    assert_true(count_of(text, "\"ph\":\"X\"") >= 2);
}

/* ---- The file -------------------------------------------------------------------------- */

static void a_full_disk_is_told_at_the_end(void **state)
{
    struct coro *c = *state;
    assert_int_equal(eddy_trace_start(&c->loop, "/dev/full"), 0);
    assert_int_equal(CORO_RUN(c, parent), 0);
    assert_int_equal(eddy_trace_stop(&c->loop), -ENOSPC);
    FILE *file = fopen("/dev/full", "w");
    assert_non_null(file);
    assert_int_equal(eddy_trace_start_file(&c->loop, file), 0);
    assert_int_equal(CORO_RUN(c, parent), 0);
    assert_int_equal(eddy_trace_stop(&c->loop), -ENOSPC);
    fclose(file);
}

struct yields {
    EDDY_FRAME;
    int rounds;
};

EDDY_CORO(yields)
{
    EDDY_BEGIN(yields) {
        while (my->rounds-- > 0) {
            EDDY_AWAIT(eddy_yield(me));
        }
    }
}

struct many {
    EDDY_FRAME;
    struct eddy_group group;
    int i, result;
};

EDDY_CORO(many)
{
    EDDY_BEGIN(many) {
        EDDY_GROUP(&my->group) {
            for (my->i = 0; my->i < 100; my->i++) {
                EDDY_TRY(my->result, EDDY_SPAWN(&my->group, yields, .rounds = 50));
            }
        }
    }
}

static void a_long_trace_goes_out_in_whole_lines(void **state)
{
    struct coro *c = *state;
    char path[] = "/tmp/eddy-trace-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(eddy_trace_start(&c->loop, path), 0);
    struct eddy_task *task = CORO_START(c, many);
    for (int i = 0; i < 5; i++) {
        assert_true(eddy_loop_step(&c->loop) >= 0);
        off_t size = lseek(fd, 0, SEEK_END);
        char last = '}';
        assert_true(size == 0 || pread(fd, &last, 1, size - 1) == 1);
        assert_true(last == '}' || last == '\n'); /* the comma is written with the next one */
    }
    assert_int_equal(coro_end(c, task), 0);
    assert_int_equal(eddy_trace_stop(&c->loop), 0);
    assert_true(lseek(fd, 0, SEEK_END) > 500000);
    FILE *file = fdopen(fd, "r");
    assert_non_null(file);
    contents(file);
    fclose(file);
    unlink(path);
    assert_int_equal(count_of(text, "\"ph\":\"b\""), 101);
    assert_int_equal(count_of(text, "\"ph\":\"e\""), 101);
    assert_int_equal(count_of(text, "\"ph\":\"X\""), 100 * 51 + 2);
}

static void what_a_second_has_brought_is_in_the_file(void **state)
{
    struct coro *c = *state;
    FILE *file = start(c);
    struct eddy_task *task = CORO_START(c, parent);
    coro_settle(c);
    assert_int_equal(strlen(contents(file)), 0);
    coro_advance(c, EDDY_SEC(2));
    contents(file);
    assert_true(count_of(text, "\"ph\":\"X\"") >= 2);
    assert_int_equal(coro_end(c, task), 0);
    fseek(file, 0, SEEK_END);
    stop(c, file);
}

static void a_child_of_fork_writes_nothing(void **state)
{
    struct coro *c = *state;
    FILE *file = start(c);
    struct eddy_task *task = CORO_START(c, parent);
    coro_settle(c);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        _exit(eddy_trace_stop(&c->loop) == -ECHILD && eddy_trace_start(&c->loop, "/dev/null") == -ECHILD ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(strlen(contents(file)), 0);
    assert_int_equal(coro_end(c, task), 0);
    stop(c, file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(steps_lives_wakes_and_counters_are_told_in_the_order_of_time),
        coro_test(how_a_task_has_ended_is_told),
        coro_test(callbacks_and_posts_are_told),
        coro_test(a_reader_that_is_woken_by_its_event_is_told),
        coro_test(a_waiter_that_frees_itself_is_not_looked_at_again),
        coro_test(a_waiter_that_is_withdrawn_in_a_step_is_not_looked_at_again),
        coro_test(names_are_escaped),
        coro_test(tasks_that_were_there_before_have_a_life_too),
        coro_test(a_second_trace_knows_nothing_of_the_first),
        coro_test(it_can_be_started_and_stopped_from_inside_a_step),
        coro_test(a_loop_has_one_trace_and_does_not_end_before_it),
        coro_test(without_memory_or_a_file_there_is_no_trace),
        coro_test(without_memory_for_records_tasks_have_steps_but_no_lives),
        coro_test(a_full_disk_is_told_at_the_end),
        coro_test(a_long_trace_goes_out_in_whole_lines),
        coro_test(what_a_second_has_brought_is_in_the_file),
        coro_test(a_child_of_fork_writes_nothing),
    };
    return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
