/* A buffered writer, over streams in memory with little room and over sockets. */
#define _GNU_SOURCE
#include "support/coro.h"

#include <eddy/sleep.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROOM = 8 };

static struct eddy_memory here, there;
static char to_here[4], to_there[ROOM];
static struct eddy_writer writer;

static void open_writer(struct coro *c, size_t cap, size_t high, size_t low)
{
    eddy_memory_open(&here, to_here, sizeof to_here, &there, to_there, sizeof to_there);
    const struct eddy_writer_options options = {.cap = cap, .high = high, .low = low};
    assert_int_equal(eddy_writer_init(&writer, &c->loop, eddy_memory_transport(&here), &options), 0);
}

static void close_writer(void)
{
    eddy_writer_fini(&writer);
    eddy_writer_fini(&writer);
    eddy_memory_close(&here);
    eddy_memory_close(&there);
}

static void assert_arrives(const char *text)
{
    char got[256];
    ssize_t count = eddy_memory_try_read(&there, got, sizeof got);
    assert_int_equal(count, strlen(text) > 0 ? (ssize_t)strlen(text) : -EAGAIN);
    if (count > 0) {
        assert_memory_equal(got, text, (size_t)count);
    }
}

static int put_text(const char *text)
{
    return eddy_writer_put(&writer, text, strlen(text));
}

/* ---- Sending --------------------------------------------------------------------------- */

static void what_is_put_in_one_turn_leaves_in_one_call(void **state)
{
    struct coro *c = *state;
    open_writer(c, 0, 0, 0);
    assert_int_equal(put_text("ab"), 0);
    assert_int_equal(put_text("cd"), 0);
    assert_int_equal(writer.sends, 0);
    assert_arrives("");
    coro_settle(c);
    assert_int_equal(writer.sends, 1);
    assert_int_equal(writer.unsent, 0);
    assert_arrives("abcd");
    assert_null(writer.first);
    close_writer();
}

static void a_loop_without_tasks_still_sends(void **state)
{
    struct coro *c = *state;
    open_writer(c, 0, 0, 0);
    assert_int_equal(put_text("abc"), 0);
    assert_int_equal(eddy_loop_fini(&c->loop), -EBUSY);
    assert_int_equal(eddy_loop_run(&c->loop), 0);
    assert_arrives("abc");
    assert_int_equal(put_text("def"), 0);
    eddy_loop_stop(&c->loop);
    assert_int_equal(eddy_loop_run(&c->loop), 0);
    assert_arrives("def");
    assert_int_equal(put_text("ghi"), 0);
    assert_int_equal(eddy_loop_timeout(&c->loop), EDDY_FOREVER); /* about to sleep in a foreign loop */
    assert_arrives("ghi");
    close_writer();
}

static void unsent_bytes_that_nobody_reads_are_no_end(void **state)
{
    struct coro *c = *state;
    open_writer(c, 0, 0, 0);
    assert_int_equal(put_text("0123456789"), 0);
    assert_int_equal(eddy_loop_run(&c->loop), -EDEADLK); /* of a socket it would wait */
    assert_int_equal(writer.unsent, 10);
    assert_arrives("0123456789"); /* the rest follows as there is room */
    coro_finish(c);
    assert_int_equal(writer.unsent, 0);
    close_writer();
}

static void puts_behind_a_call_in_progress_move_nothing(void **state)
{
    struct coro *c = *state;
    open_writer(c, 0, 0, 0);
    char all[12000], got[12000];
    size_t put = 0, read = 0;
    for (size_t i = 0; i < sizeof all; i++) {
        all[i] = (char)('a' + i % 23);
    }
    for (unsigned step = 0; read < sizeof all; step++) {
        size_t count = 1 + step % 97;
        count = count < sizeof all - put ? count : sizeof all - put;
        assert_int_equal(eddy_writer_put(&writer, all + put, count), 0);
        put += count;
        coro_settle(c);
        ssize_t n = eddy_memory_try_read(&there, got + read, step % 5 + (put == sizeof all ? 50u : 0u));
        read += n > 0 ? (size_t)n : 0;
    }
    assert_memory_equal(got, all, sizeof all);
    coro_settle(c);
    assert_int_equal(writer.unsent, 0);
    assert_int_equal(writer.put, sizeof all);
    assert_true(writer.peak > 8000);
    close_writer();
}

/* ---- What is put ----------------------------------------------------------------------- */

static void all_forms_of_put_arrive_in_order(void **state)
{
    struct coro *c = *state;
    open_writer(c, 0, 0, 0);
    static char room[4000];
    eddy_memory_close(&here);
    eddy_memory_open(&here, to_here, sizeof to_here, &there, room, sizeof room);
    const struct iovec parts[] = {{"put", 3}, {NULL, 0}, {"v ", 2}};
    assert_int_equal(eddy_writer_putv(&writer, parts, 3), 0);
    assert_int_equal(eddy_writer_printf(&writer, "%d-%s ", 42, "printf"), 0);
    assert_int_equal(eddy_writer_frame(&writer, EDDY_PREFIX_U16, "frame", 5), 0);
    int error;
    char *place = eddy_writer_reserve(&writer, 10, &error);
    memcpy(place, " placed", 7);
    eddy_writer_commit(&writer, 7);
    assert_int_equal(eddy_writer_put(&writer, "", 0), 0);
    coro_settle(c);
    char got[64];
    static const char expected[] = "putv 42-printf \0\5frame placed";
    assert_int_equal(eddy_memory_try_read(&there, got, sizeof got), sizeof expected - 1);
    assert_memory_equal(got, expected, sizeof expected - 1);
    close_writer();
}

static void long_text_is_printed_whole(void **state)
{
    struct coro *c = *state;
    static char room[70000], got[70000], text[60001];
    for (size_t size = 0; size <= 60000; size = size < 1100 ? size + 1 : size * 3) {
        memset(text, 'x', size);
        text[size] = '\0';
        open_writer(c, 0, 0, 0);
        eddy_memory_open(&here, to_here, sizeof to_here, &there, room, sizeof room);
        assert_int_equal(put_text("<"), 0);
        assert_int_equal(eddy_writer_printf(&writer, "%s", text), 0);
        assert_int_equal(put_text(">"), 0);
        coro_settle(c);
        assert_int_equal(eddy_memory_try_read(&there, got, sizeof got), size + 2);
        assert_true(got[0] == '<' && got[size + 1] == '>' && memcmp(got + 1, text, size) == 0);
        close_writer();
    }
}

static void over_the_cap_nothing_is_put(void **state)
{
    struct coro *c = *state;
    static char full[sizeof to_there];
    open_writer(c, 6, 0, 0);
    assert_int_equal(eddy_memory_try_write(&here, full, sizeof full), sizeof full);
    assert_int_equal(put_text("12345"), 0);
    assert_int_equal(put_text("67"), -ENOBUFS);
    assert_int_equal(eddy_writer_printf(&writer, "%s", "67"), -ENOBUFS);
    assert_int_equal(eddy_writer_frame(&writer, EDDY_PREFIX_U8, "6", 1), -ENOBUFS);
    const struct iovec parts[] = {{"6", 1}, {"7", SIZE_MAX}};
    assert_int_equal(eddy_writer_putv(&writer, parts, 2), -ENOBUFS);
    int error;
    assert_null(eddy_writer_reserve(&writer, 2, &error));
    assert_int_equal(error, -ENOBUFS);
    assert_null(eddy_writer_reserve(&writer, EDDY_WRITER_RESERVE + 1, &error));
    assert_int_equal(error, -EINVAL);
    assert_int_equal(put_text("6"), 0);
    assert_int_equal(put_text("7"), -ENOBUFS);
    assert_int_equal(put_text(""), 0);
    coro_settle(c);
    assert_int_equal(eddy_memory_try_read(&there, full, sizeof full), sizeof full);
    coro_settle(c);
    assert_arrives("123456");
    assert_int_equal(put_text("7"), 0);
    close_writer();
}

static void before_a_put_is_refused_what_was_put_is_sent(void **state)
{
    struct coro *c = *state;
    open_writer(c, 6, 0, 0);
    assert_int_equal(put_text("12345"), 0);
    assert_int_equal(put_text("67"), 0);
    assert_arrives("12345");
    assert_int_equal(eddy_writer_printf(&writer, "%s", "89abc"), 0);
    assert_arrives("67");
    assert_int_equal(put_text("defghij"), -ENOBUFS); /* never fits */
    assert_arrives("");
    eddy_memory_close(&there);
    assert_int_equal(put_text("xy"), -EPIPE);
    assert_int_equal(writer.error, -EPIPE);
    close_writer();
}

static void a_frame_that_its_prefix_cannot_say_is_refused(void **state)
{
    struct coro *c = *state;
    open_writer(c, 0, 0, 0);
    static char data[65536];
    assert_int_equal(eddy_writer_frame(&writer, EDDY_PREFIX_U8, data, 256), -EMSGSIZE);
    assert_int_equal(eddy_writer_frame(&writer, EDDY_PREFIX_U8, data, 255), 0);
    assert_int_equal(eddy_writer_frame(&writer, EDDY_PREFIX_U16_LE, data, 65536), -EMSGSIZE);
    assert_int_equal(eddy_writer_frame(&writer, EDDY_PREFIX_U16_LE, data, 65535), 0);
    assert_int_equal(eddy_writer_frame(&writer, (enum eddy_prefix)7, data, 1), -EINVAL);
    assert_int_equal(writer.unsent, 256 + 65537);
    close_writer();
}

static void what_is_reserved_and_not_used_holds_no_memory(void **state)
{
    struct coro *c = *state;
    open_writer(c, 0, 0, 0);
    int error;
    assert_non_null(eddy_writer_reserve(&writer, EDDY_WRITER_RESERVE, &error));
    eddy_writer_commit(&writer, 0);
    assert_null(writer.first);
    assert_non_null(eddy_writer_reserve(&writer, 1, &error)); /* and never committed */
    assert_int_equal(put_text("ab"), 0);
    coro_settle(c);
    assert_arrives("ab");
    assert_non_null(eddy_writer_reserve(&writer, 1, &error));
    assert_int_equal(eddy_writer_printf(&writer, "%2000d", 7), 0); /* the first block stays empty */
    coro_settle(c);
    assert_int_equal(writer.unsent, 2000);
    close_writer();
}

static void without_memory_nothing_is_put(void **state)
{
    struct coro *c = *state;
    open_writer(c, 0, 0, 0);
    static char large[100000];
    assert_int_equal(put_text("ab"), 0);
    coro_no_memory(c, true);
    assert_int_equal(put_text("cd"), 0); /* in the room that there is */
    assert_int_equal(eddy_writer_put(&writer, large, sizeof large), -ENOMEM);
    assert_int_equal(eddy_writer_printf(&writer, "%2000d", 1), -ENOMEM);
    int error;
    assert_null(eddy_writer_reserve(&writer, 4000, &error));
    assert_int_equal(error, -ENOMEM);
    coro_no_memory(c, false);
    assert_int_equal(put_text("ef"), 0);
    coro_settle(c);
    assert_arrives("abcdef");
    close_writer();
}

/* ---- Waiting --------------------------------------------------------------------------- */

struct waits {
    EDDY_FRAME;
    bool flushes;
    char name;
    int error;
};

EDDY_CORO(waits)
{
    EDDY_BEGIN(waits) {
        if (my->flushes) {
            EDDY_AWAIT(my->error, eddy_writer_flush(&writer, me));
        } else {
            EDDY_AWAIT(my->error, eddy_writer_drain(&writer, me));
        }
        coro_say("%c:%d", my->name, my->error);
    }
}

static struct eddy_task *start_wait(struct coro *c, char name, bool flushes)
{
    struct eddy_task *task = CORO_START(c, waits, .flushes = flushes, .name = name);
    coro_settle(c);
    return task;
}

static void take(struct coro *c, size_t size)
{
    char got[64];
    assert_int_equal(eddy_memory_try_read(&there, got, size), size);
    coro_settle(c);
}

static void drain_waits_from_the_high_mark_to_the_low_one(void **state)
{
    struct coro *c = *state;
    open_writer(c, 100, 20, 10);
    assert_int_equal(put_text("12345678901234567890"), 0);
    eddy_task_release(start_wait(c, 'a', false));
    coro_expect("a:0"); /* not more than the high mark */
    assert_int_equal(put_text("1234567890123"), 0);
    eddy_task_release(start_wait(c, 'b', false));
    eddy_task_release(start_wait(c, 'c', false));
    coro_expect("");
    take(c, 8);
    take(c, 8); /* the first call is over, and 13 bytes are in the next */
    assert_int_equal(writer.unsent, 13);
    take(c, 8);
    coro_expect("");
    take(c, 8);
    coro_expect("b:0 c:0");
    close_writer();
}

static void flush_waits_for_what_was_put_before(void **state)
{
    struct coro *c = *state;
    open_writer(c, 100, 0, 0);
    eddy_task_release(start_wait(c, 'a', true));
    coro_expect("a:0");
    assert_int_equal(put_text("12345678901"), 0);
    eddy_task_release(start_wait(c, 'b', true));
    assert_int_equal(put_text("more that follows"), 0);
    eddy_task_release(start_wait(c, 'c', true));
    coro_expect("");
    take(c, 8);
    coro_expect("b:0");
    assert_int_equal(put_text("!"), 0);
    take(c, 8);
    take(c, 8);
    coro_expect("c:0");
    close_writer();
}

static void a_cancelled_wait_leaves_the_bytes(void **state)
{
    struct coro *c = *state;
    open_writer(c, 100, 1, 1);
    assert_int_equal(put_text("1234567890"), 0);
    struct eddy_task *drains = start_wait(c, 'a', false), *flushes = start_wait(c, 'b', true);
    eddy_task_cancel(drains, -ECANCELED);
    eddy_task_cancel(flushes, -ECANCELED);
    coro_settle(c);
    coro_expect("");
    assert_int_equal(writer.unsent, 10);
    assert_arrives("1234567890");
    eddy_task_release(drains);
    eddy_task_release(flushes);
    close_writer();
}

static void an_error_comes_to_all_and_stays(void **state)
{
    struct coro *c = *state;
    open_writer(c, 100, 1, 1);
    assert_int_equal(put_text("1234567890"), 0);
    eddy_task_release(start_wait(c, 'a', false));
    eddy_task_release(start_wait(c, 'b', true));
    eddy_memory_close(&there);
    coro_settle(c);
    coro_expect("a:-32 b:-32");
    assert_int_equal(writer.error, -EPIPE);
    assert_int_equal(writer.unsent, 2); /* are lost */
    assert_null(writer.first);
    assert_int_equal(put_text("x"), -EPIPE);
    assert_int_equal(eddy_writer_printf(&writer, "x"), -EPIPE);
    eddy_task_release(start_wait(c, 'c', false));
    eddy_task_release(start_wait(c, 'd', true));
    coro_expect("c:-32 d:-32");
    close_writer();
}

static void a_failure_right_before_the_sleep_wakes_who_waits(void **state)
{
    struct coro *c = *state;
    open_writer(c, 100, 1, 1);
    eddy_memory_close(&there);
    struct eddy_task *task = CORO_START(c, waits, .flushes = false, .name = 'a');
    assert_int_equal(put_text("12345"), 0);
    coro_finish(c);
    coro_expect("a:-32");
    eddy_task_release(task);
    close_writer();
}

static void an_end_of_the_writer_wakes_who_waits(void **state)
{
    struct coro *c = *state;
    open_writer(c, 100, 1, 1);
    assert_int_equal(put_text("1234567890"), 0);
    eddy_task_release(start_wait(c, 'a', false));
    eddy_task_release(start_wait(c, 'b', true));
    assert_int_equal(put_text("1234567890"), 0);
    eddy_writer_fini(&writer);
    assert_null(here.writer);
    coro_settle(c);
    coro_expect("a:-108 b:-108");
    assert_int_equal(put_text("x"), -ESHUTDOWN);
    assert_arrives("12345678");
    close_writer();
    struct eddy_writer zeroed = {0};
    eddy_writer_fini(&zeroed);
    assert_int_equal(eddy_writer_put(&zeroed, "x", 1), -ESHUTDOWN);
}

static void marks_must_be_in_order(void **state)
{
    struct coro *c = *state;
    const struct eddy_writer_options bad[] = {
        {.low = 3, .high = 2}, {.high = 3, .cap = 2}, {.low = 70000}, {.cap = (size_t)INT32_MAX + 1}};
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(eddy_writer_init(&writer, &c->loop, eddy_memory_transport(&here), &bad[i]), -EINVAL);
        eddy_writer_fini(&writer);
    }
    assert_int_equal(eddy_writer_init(&writer, &c->loop, eddy_memory_transport(&here), NULL), 0);
    eddy_writer_fini(&writer);
}

/* ---- Sockets --------------------------------------------------------------------------- */

/* Many puts of all sizes to a peer that reads now and then: what arrives is what was put. */
struct pours {
    EDDY_FRAME;
    int round;
    int error;
    size_t size;
};

enum { POURED = 3000000 };

static char poured[POURED];

EDDY_CORO(pours)
{
    EDDY_BEGIN(pours) {
        while (writer.put < POURED) {
            my->size = (size_t)(my->round * 7919 % (my->round % 50 == 0 ? 200000 : 300)) + 1;
            my->size = my->size < POURED - writer.put ? my->size : POURED - writer.put;
            my->error = eddy_writer_put(&writer, poured + writer.put, my->size);
            assert_int_equal(my->error, 0);
            my->round++;
            EDDY_AWAIT(my->error, eddy_writer_drain(&writer, me));
        }
        EDDY_AWAIT(my->error, eddy_writer_flush(&writer, me));
    }
}

static void all_arrives_over_a_socket(void **state)
{
    struct coro *c = *state;
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    struct eddy_stream stream;
    assert_int_equal(eddy_stream_open(&stream, &c->loop, fds[0]), 0);
    assert_int_equal(eddy_writer_init(&writer, &c->loop, eddy_stream_transport(&stream), NULL), 0);
    for (size_t i = 0; i < POURED; i++) {
        poured[i] = (char)(i * 31 + i / 1000);
    }
    struct eddy_task *task = CORO_START(c, pours);
    static char got[POURED + 1];
    size_t count = 0;
    while (count < POURED) {
        coro_settle(c);
        ssize_t n = read(fds[1], got + count, sizeof got - count < 70001 ? sizeof got - count : 70001);
        assert_true(n > 0);
        count += (size_t)n;
    }
    assert_memory_equal(got, poured, POURED);
    assert_int_equal(coro_end(c, task), 0);
    assert_true(writer.peak > 64 * 1024 && writer.peak < 400 * 1024);
    assert_true(writer.sends < 400);
    eddy_writer_fini(&writer);
    eddy_stream_close(&stream);
    close(fds[1]);
}

static void a_closed_socket_fails_the_writer(void **state)
{
    struct coro *c = *state;
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    struct eddy_stream stream;
    assert_int_equal(eddy_stream_open(&stream, &c->loop, fds[0]), 0);
    assert_int_equal(eddy_writer_init(&writer, &c->loop, eddy_stream_transport(&stream), NULL), 0);
    assert_int_equal(eddy_writer_put(&writer, poured, 1000000), 0);
    eddy_task_release(start_wait(c, 'a', true));
    assert_true(writer.unsent > 0);
    eddy_stream_close(&stream);
    coro_settle(c);
    coro_expect("a:-108");
    eddy_writer_fini(&writer);
    close(fds[1]);
}

static void much_that_is_reserved_and_little_used_is_little_memory(void **state)
{
    struct coro *c = *state;
    open_writer(c, 0, 0, 0);
    size_t before = c->loop.scheduler.pool.bytes_used;
    for (int i = 0; i < 1000; i++) {
        int error;
        char *room = eddy_writer_reserve(&writer, EDDY_WRITER_RESERVE, &error);
        assert_non_null(room);
        *room = 'x';
        eddy_writer_commit(&writer, 1);
    }
    assert_true(c->loop.scheduler.pool.bytes_used - before < 50000);
    close_writer();
}

static void an_empty_writer_may_outlive_its_loop(void **state)
{
    (void)state;
    struct eddy_loop *loop = malloc(sizeof *loop);
    assert_int_equal(eddy_loop_init(loop, NULL), 0);
    assert_int_equal(eddy_writer_init(&writer, loop, eddy_memory_transport(&here), NULL), 0);
    assert_int_equal(eddy_loop_fini(loop), 0);
    free(loop);
    eddy_writer_fini(&writer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(what_is_put_in_one_turn_leaves_in_one_call),
        coro_test(a_loop_without_tasks_still_sends),
        coro_test(unsent_bytes_that_nobody_reads_are_no_end),
        coro_test(puts_behind_a_call_in_progress_move_nothing),
        coro_test(all_forms_of_put_arrive_in_order),
        coro_test(long_text_is_printed_whole),
        coro_test(over_the_cap_nothing_is_put),
        coro_test(before_a_put_is_refused_what_was_put_is_sent),
        coro_test(a_frame_that_its_prefix_cannot_say_is_refused),
        coro_test(what_is_reserved_and_not_used_holds_no_memory),
        coro_test(without_memory_nothing_is_put),
        coro_test(drain_waits_from_the_high_mark_to_the_low_one),
        coro_test(flush_waits_for_what_was_put_before),
        coro_test(a_cancelled_wait_leaves_the_bytes),
        coro_test(an_error_comes_to_all_and_stays),
        coro_test(a_failure_right_before_the_sleep_wakes_who_waits),
        coro_test(an_end_of_the_writer_wakes_who_waits),
        coro_test(marks_must_be_in_order),
        coro_test(all_arrives_over_a_socket),
        coro_test(a_closed_socket_fails_the_writer),
        coro_test(much_that_is_reserved_and_little_used_is_little_memory),
        cmocka_unit_test(an_empty_writer_may_outlive_its_loop),
    };
    return cmocka_run_group_tests_name("writer", tests, NULL, NULL);
}
