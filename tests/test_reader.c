/* What each operation of a reader promises: limits, ends, errors, who waits. How bytes are cut is the model's
 * matter. */
#include "support/coro.h"

#include "support/source.h"

#include <eddy/sleep.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct source source;
static struct eddy_reader reader;
static struct eddy_slice slice;
static char buffer[64];

/* A reader of this text, all of which is there; then comes the end. */
static void read_text_of(struct coro *c, const char *text, size_t size, size_t limit)
{
    source = (struct source){.data = text, .size = size, .arrived = size, .has_end = true, .waits = true};
    eddy_reader_init(&reader, &c->loop, source_transport(&source), limit);
}

static void read_text(struct coro *c, const char *text, size_t limit)
{
    read_text_of(c, text, strlen(text), limit);
}

/* Nothing is there yet, of this text. */
static void await_text(struct coro *c, const char *text, size_t limit)
{
    read_text(c, text, limit);
    source.arrived = 0;
}

static void note_wake(struct eddy_waiter *waiter)
{
    (void)waiter;
}

static struct eddy_waiter *idle_waiter(struct coro *c)
{
    static struct eddy_waiter waiter;
    eddy_waiter_init(&waiter, &c->loop, note_wake);
    return &waiter;
}

static ssize_t line_now(struct coro *c)
{
    return eddy_reader_line(&reader, &slice, idle_waiter(c));
}

static ssize_t until_now(struct coro *c, const char *delimiter, size_t max)
{
    return eddy_reader_until(&reader, delimiter, strlen(delimiter), max, &slice, idle_waiter(c));
}

static ssize_t frame_now(struct coro *c, enum eddy_prefix prefix, size_t max)
{
    return eddy_reader_frame(&reader, prefix, max, &slice, idle_waiter(c));
}

static void assert_slice(const char *text)
{
    assert_int_equal(slice.size, strlen(text));
    assert_memory_equal(slice.data, text, slice.size);
}

static void assert_line(struct coro *c, ssize_t result, const char *text)
{
    assert_int_equal(line_now(c), result);
    assert_string_equal(slice.data, text);
    assert_int_equal(slice.size, strlen(text));
}

/* ---- Results --------------------------------------------------------------------------- */

static void a_line_is_without_its_ending(void **state)
{
    struct coro *c = *state;
    read_text(c, "one\r\n\ntwo\rhalf\n\r\nlast\r", 0);
    assert_line(c, 5, "one");
    assert_line(c, 1, "");
    assert_line(c, 9, "two\rhalf");
    assert_line(c, 2, "");
    assert_line(c, 5, "last\r");
    assert_int_equal(line_now(c), 0);
    assert_int_equal(line_now(c), 0);
    eddy_reader_fini(&reader);
}

static void a_line_fits_up_to_the_limit(void **state)
{
    struct coro *c = *state;
    read_text(c, "123456\n1234567\n12345678\n", 8);
    assert_line(c, 7, "123456");
    assert_line(c, 8, "1234567");
    assert_int_equal(line_now(c), -ENOBUFS);
    assert_int_equal(line_now(c), -ENOBUFS);
    assert_int_equal(eddy_reader_buffered(&reader), 8);
    assert_int_equal(eddy_reader_read(&reader, buffer, 64, idle_waiter(c)), 8); /* it stayed */
    assert_line(c, 1, "");
    eddy_reader_fini(&reader);
}

static void until_finds_what_ends_at_the_limit(void **state)
{
    struct coro *c = *state;
    read_text(c, "12345;;123456;;1234567;;", 8);
    assert_int_equal(until_now(c, ";;", 0), 7);
    assert_slice("12345");
    assert_int_equal(until_now(c, ";;", 0), 8);
    assert_slice("123456");
    assert_int_equal(until_now(c, ";;", 0), -ENOBUFS);
    eddy_reader_fini(&reader);
}

static void until_says_what_is_longer_than_asked_for(void **state)
{
    struct coro *c = *state;
    read_text(c, "12,123,1234,x", 0);
    assert_int_equal(until_now(c, ",", 3), 3);
    assert_int_equal(until_now(c, ",", 3), 4);
    assert_int_equal(until_now(c, ",", 3), -EMSGSIZE);
    assert_slice("1234");
    eddy_reader_consume(&reader, slice.size + 1);
    assert_int_equal(until_now(c, ",", 3), -ENODATA);
    assert_int_equal(until_now(c, ",", 3), -ENODATA);
    assert_int_equal(eddy_reader_peek(&reader, 0, &slice, idle_waiter(c)), 1);
    assert_slice("x");
    eddy_reader_consume(&reader, 99);
    assert_int_equal(until_now(c, ",", 3), 0);
    assert_int_equal(eddy_reader_until(&reader, "", 0, 0, &slice, idle_waiter(c)), -EINVAL);
    char long_one[65] = {0};
    assert_int_equal(eddy_reader_until(&reader, long_one, 65, 0, &slice, idle_waiter(c)), -EINVAL);
    eddy_reader_fini(&reader);
}

static void frames_come_with_every_prefix(void **state)
{
    struct coro *c = *state;
    static const char bytes[] = "\2ab\0\2cd\0\0\0\2ef\0\0\0\0\0\0\0\2gh\2\0ij\2\0\0\0kl\2\0\0\0\0\0\0\0mn\0\0";
    static const char *const texts[] = {"ab", "cd", "ef", "gh", "ij", "kl", "mn"};
    static const ssize_t sizes[] = {3, 4, 6, 10, 4, 6, 10};
    read_text_of(c, bytes, sizeof bytes - 1, 0);
    for (unsigned i = 0; i < 7; i++) {
        assert_int_equal(frame_now(c, (enum eddy_prefix)i, 2), sizes[i]);
        assert_slice(texts[i]);
    }
    assert_int_equal(frame_now(c, (enum eddy_prefix)7, 0), -EINVAL);
    assert_int_equal(frame_now(c, EDDY_PREFIX_U8, 0), 1); /* an empty one */
    assert_int_equal(slice.size, 0);
    assert_int_equal(frame_now(c, EDDY_PREFIX_U16, 0), -ENODATA);
    assert_int_equal(frame_now(c, EDDY_PREFIX_U8, 0), 1);
    assert_int_equal(frame_now(c, EDDY_PREFIX_U8, 0), 0);
    eddy_reader_fini(&reader);
}

static void a_frame_is_refused_by_its_length(void **state)
{
    struct coro *c = *state;
    read_text(c,
              "\6"
              "123456\7",
              8);
    source.arrived = 1;
    assert_int_equal(frame_now(c, EDDY_PREFIX_U8, 5), -EMSGSIZE); /* before the rest is there */
    source_feed(&source, 99);
    assert_int_equal(frame_now(c, EDDY_PREFIX_U8, 6), 7);
    eddy_reader_fini(&reader);
    read_text(c,
              "\7"
              "1234567\10"
              "12345678",
              8);
    assert_int_equal(frame_now(c, EDDY_PREFIX_U8, 0), 8);
    assert_int_equal(frame_now(c, EDDY_PREFIX_U8, 0), -ENOBUFS);
    eddy_reader_fini(&reader);
    read_text(c, "\377\377\377\377\377\377\377\377\377\377\377", 8);
    assert_int_equal(frame_now(c, EDDY_PREFIX_U64, 0), -ENOBUFS);
    assert_int_equal(frame_now(c, EDDY_PREFIX_U64_LE, SIZE_MAX), -ENOBUFS);
    assert_int_equal(frame_now(c, EDDY_PREFIX_U64, SIZE_MAX - 1), -EMSGSIZE);
    eddy_reader_fini(&reader);
    read_text(c, "1234", 3);
    assert_int_equal(frame_now(c, EDDY_PREFIX_U32, 0), -ENOBUFS); /* not even its prefix fits */
    eddy_reader_fini(&reader);
}

static void read_exactly_gives_what_there_is_at_the_end(void **state)
{
    struct coro *c = *state;
    read_text(c, "12345678abc", 8);
    assert_int_equal(eddy_reader_read_exactly(&reader, buffer, 9, idle_waiter(c)), -EMSGSIZE);
    assert_int_equal(eddy_reader_read_exactly(&reader, buffer, 0, idle_waiter(c)), 0);
    assert_int_equal(eddy_reader_read_exactly(&reader, buffer, 8, idle_waiter(c)), 8);
    assert_memory_equal(buffer, "12345678", 8);
    assert_int_equal(eddy_reader_read_exactly(&reader, buffer, 4, idle_waiter(c)), 3);
    assert_memory_equal(buffer, "abc", 3);
    assert_int_equal(eddy_reader_read_exactly(&reader, buffer, 4, idle_waiter(c)), 0);
    eddy_reader_fini(&reader);
}

static void peek_consumes_nothing(void **state)
{
    struct coro *c = *state;
    read_text(c, "12345678abc", 8);
    assert_int_equal(eddy_reader_peek(&reader, 9, &slice, idle_waiter(c)), -EMSGSIZE);
    assert_int_equal(eddy_reader_peek(&reader, 0, &slice, idle_waiter(c)), 0);
    assert_int_equal(eddy_reader_peek(&reader, 1, &slice, idle_waiter(c)), 8); /* all that came */
    assert_int_equal(eddy_reader_peek(&reader, 8, &slice, idle_waiter(c)), 8);
    assert_slice("12345678");
    eddy_reader_consume(&reader, 6);
    assert_slice("12345678"); /* still valid */
    assert_int_equal(eddy_reader_peek(&reader, 6, &slice, idle_waiter(c)), 5);
    assert_slice("78abc");
    eddy_reader_fini(&reader);
}

static void a_read_goes_straight_into_the_buffer(void **state)
{
    struct coro *c = *state;
    read_text(c, "abcdef", 0);
    assert_int_equal(eddy_reader_read(&reader, buffer, 0, idle_waiter(c)), 0);
    assert_int_equal(eddy_reader_read(&reader, buffer, (size_t)EDDY_IO_MAX + 1, idle_waiter(c)), -EINVAL);
    assert_int_equal(eddy_reader_read(&reader, buffer, 4, idle_waiter(c)), 4);
    assert_null(reader.block);
    assert_int_equal(eddy_reader_read(&reader, buffer, 4, idle_waiter(c)), 2);
    assert_int_equal(eddy_reader_read(&reader, buffer, 4, idle_waiter(c)), 0);
    eddy_reader_fini(&reader);
}

static void an_error_leaves_the_bytes(void **state)
{
    struct coro *c = *state;
    read_text(c, "abc\ndef", 0);
    source.has_end = false;
    source.error = 0;
    assert_line(c, 4, "abc");
    source_fail(&source, -ECONNRESET);
    assert_int_equal(line_now(c), -ECONNRESET);
    assert_int_equal(eddy_reader_read(&reader, buffer, 64, idle_waiter(c)), 3);
    eddy_reader_fini(&reader);
}

static void blocks_grow_with_what_comes_and_shrink_again(void **state)
{
    struct coro *c = *state;
    static char text[100000];
    memset(text, 'x', sizeof text);
    for (size_t i = 99; i < sizeof text; i += 100) {
        text[i] = '\n';
    }
    read_text_of(c, text, sizeof text, 0);
    for (unsigned i = 0; i < 1000; i++) {
        assert_int_equal(line_now(c), 100);
    }
    assert_true(source.reads < 20);
    assert_int_equal(reader.usual, EDDY_READER_LIMIT);
    eddy_reader_fini(&reader);
    read_text(c, "", 0);
    reader.usual = EDDY_READER_LIMIT;
    source.data = text;
    source.size = sizeof text;
    for (unsigned i = 0; i < 8; i++) {
        source_feed(&source, 100);
        assert_int_equal(line_now(c), 100);
    }
    assert_true(reader.usual < 2048);
    eddy_reader_fini(&reader);
}

/* ---- Waiting --------------------------------------------------------------------------- */

struct reads_lines {
    EDDY_FRAME;
    int times;
    ssize_t n;
    struct eddy_slice line;
};

EDDY_CORO(reads_lines)
{
    EDDY_BEGIN(reads_lines) {
        while (my->times-- > 0) {
            EDDY_AWAIT(my->n, eddy_reader_line(&reader, &my->line, me));
            coro_say("%zd:%s", my->n, my->n > 0 ? my->line.data : "");
        }
    }
}

static struct eddy_task *start_lines(struct coro *c, int times)
{
    struct eddy_task *task = CORO_START(c, reads_lines, .times = times);
    coro_settle(c);
    return task;
}

static void who_waits_holds_no_buffer(void **state)
{
    struct coro *c = *state;
    for (int waits = 0; waits < 2; waits++) {
        await_text(c, "first\nsec", 0);
        source.waits = waits != 0;
        eddy_reader_init(&reader, &c->loop, source_transport(&source), 0);
        size_t before = c->loop.scheduler.pool.bytes_used;
        struct eddy_task *task = start_lines(c, 2);
        size_t of_the_task = c->loop.scheduler.pool.bytes_used - before;
        source_feed(&source, 6);
        coro_settle(c);
        coro_expect("6:first");
        assert_int_equal(c->loop.scheduler.pool.bytes_used - before, of_the_task);
        source_feed(&source, 99);
        source_fail(&source, -EPIPE);
        coro_settle(c);
        coro_expect("-32:");
        eddy_reader_fini(&reader);
        eddy_task_release(task);
    }
}

static void a_line_over_a_socket_costs_one_receive(void **state)
{
    struct coro *c = *state;
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    struct eddy_stream stream;
    assert_int_equal(eddy_stream_open(&stream, &c->loop, fds[0]), 0);
    eddy_reader_init(&reader, &c->loop, eddy_stream_transport(&stream), 0);
    struct eddy_task *task = start_lines(c, 21);
    unsigned receives = c->os.calls[TEST_RECV_UNIX];
    for (int i = 0; i < 20; i++) {
        assert_int_equal(write(fds[1], "line\n", 5), 5);
        coro_settle(c);
        assert_null(reader.block);
        coro_expect("5:line");
    }
    assert_int_equal(c->os.calls[TEST_RECV_UNIX] - receives, 20);
    assert_int_equal(c->os.calls[TEST_EPOLL_ADD], 2); /* the loop's own, and this */
    assert_int_equal(c->os.calls[TEST_EPOLL_MOD], 0);
    eddy_stream_close(&stream);
    coro_settle(c);
    coro_expect("-108:");
    eddy_task_release(task);
    eddy_reader_fini(&reader);
    close(fds[1]);
}

static void one_reads_at_a_time(void **state)
{
    struct coro *c = *state;
    await_text(c, "a\nb\n", 0);
    struct eddy_task *first = start_lines(c, 1);
    struct eddy_task *second = start_lines(c, 1);
    coro_expect("-16:");
    char one;
    struct eddy_transport transport = eddy_reader_transport(&reader);
    assert_int_equal(eddy_transport_try_read(transport, &one, 1), -EBUSY);
    source_feed(&source, 99);
    coro_settle(c);
    coro_expect("2:a");
    eddy_task_release(first);
    eddy_task_release(second);
    eddy_reader_fini(&reader);
}

static void an_end_of_the_reader_wakes_who_reads(void **state)
{
    struct coro *c = *state;
    await_text(c, "abc", 0);
    struct eddy_task *task = start_lines(c, 2);
    source_feed(&source, 2);
    coro_settle(c);
    eddy_reader_fini(&reader);
    assert_null(source.waiter);
    coro_settle(c);
    coro_expect("-108: -108:");
    eddy_task_release(task);
    eddy_reader_fini(&reader);
    struct eddy_reader zeroed = {0};
    eddy_reader_fini(&zeroed);
    assert_int_equal(eddy_reader_line(&zeroed, &slice, idle_waiter(c)), -ESHUTDOWN);
}

static void without_memory_a_read_fails_and_can_be_asked_again(void **state)
{
    struct coro *c = *state;
    for (int waits = 0; waits < 2; waits++) {
        await_text(c, "a line that is long\n", 0);
        source.waits = waits != 0;
        eddy_reader_init(&reader, &c->loop, source_transport(&source), 0);
        struct eddy_task *task = start_lines(c, 2);
        coro_no_memory(c, true);
        source_feed(&source, 99);
        coro_settle(c);
        coro_expect("-12: -12:");
        coro_no_memory(c, false);
        eddy_task_release(task);
        assert_line(c, 20, "a line that is long");
        eddy_reader_fini(&reader);
    }
}

static void a_deadline_consumes_nothing(void **state)
{
    struct coro *c = *state;
    await_text(c, "abc\n", 0);
    struct eddy_waiter *waiter = idle_waiter(c);
    source_feed(&source, 2);
    assert_int_equal(eddy_reader_line(&reader, &slice, waiter), EDDY_PENDING);
    eddy_wait_until(waiter, eddy_loop_now(&c->loop) + 5);
    coro_advance(c, 10);
    assert_int_equal(waiter->result, -ETIMEDOUT);
    assert_null(source.waiter);
    source_feed(&source, 99);
    assert_line(c, 4, "abc");
    eddy_reader_fini(&reader);
}

/* In a wake whose budget is spent: read a line, and perhaps think better of it. */
static void read_in_a_spent_wake(struct eddy_waiter *waiter)
{
    waiter->wake = note_wake;
    waiter->scheduler->budget = 0;
    assert_int_equal(eddy_reader_line(&reader, &slice, waiter), EDDY_PENDING);
}

static void withdraw_in_a_spent_wake(struct eddy_waiter *waiter)
{
    read_in_a_spent_wake(waiter);
    assert_int_equal(eddy_wait_withdraw(waiter), EDDY_PENDING);
}

static void wake_once(struct coro *c, struct eddy_waiter *waiter, eddy_wake_fn *wake)
{
    eddy_waiter_init(waiter, &c->loop, wake);
    assert_int_equal(eddy_yield(waiter), EDDY_PENDING);
    coro_settle(c);
}

static void a_line_that_is_there_costs_the_budget(void **state)
{
    struct coro *c = *state;
    struct eddy_waiter waiter;
    read_text(c, "abc\n", 0);
    wake_once(c, &waiter, read_in_a_spent_wake);
    assert_int_equal(waiter.result, 4);
    assert_slice("abc");
    eddy_reader_fini(&reader);
}

static void bytes_that_are_on_their_way_are_kept(void **state)
{
    struct coro *c = *state;
    struct eddy_waiter waiter;
    read_text(c, "ab\ncd\n", 0);
    source.waits = false;
    source.is_shy = true;
    source.most = 2;
    eddy_reader_init(&reader, &c->loop, source_transport(&source), 0);
    wake_once(c, &waiter, withdraw_in_a_spent_wake); /* they are in the reader itself */
    assert_int_equal(eddy_reader_buffered(&reader), 2);
    wake_once(c, &waiter, withdraw_in_a_spent_wake); /* behind what is buffered */
    assert_int_equal(eddy_reader_buffered(&reader), 4);
    assert_line(c, 3, "ab");
    assert_line(c, 3, "cd");
    assert_int_equal(c->loop.scheduler.arms, 0);
    eddy_reader_fini(&reader);
}

/* ---- Hope ------------------------------------------------------------------------------ */

static void who_reads_from_nobody_is_told(void **state)
{
    struct coro *c = *state;
    await_text(c, "abc", 0);
    struct eddy_task *task = start_lines(c, 1);
    assert_int_equal(eddy_loop_run(&c->loop), -EDEADLK);
    eddy_reader_fini(&reader);
    coro_finish(c);
    coro_expect("-108:");
    eddy_task_release(task);
}

static void a_daemon_that_reads_does_not_keep_the_loop_running(void **state)
{
    struct coro *c = *state;
    await_text(c, "abc", 0);
    assert_int_equal(EDDY_SPAWN(eddy_loop_daemons(&c->loop), reads_lines, .times = 1), 0);
    assert_int_equal(eddy_loop_run(&c->loop), 0);
    eddy_group_cancel(eddy_loop_daemons(&c->loop), -ECANCELED);
    coro_finish(c);
    assert_int_equal(c->loop.scheduler.arms, 0);
    eddy_reader_fini(&reader);
}

/* ---- Handing on ------------------------------------------------------------------------ */

static void what_follows_a_header_is_handed_on(void **state)
{
    struct coro *c = *state;
    read_text(c, "head\nbody and more", 0);
    struct eddy_transport transport = eddy_reader_transport(&reader);
    assert_line(c, 5, "head");
    assert_int_equal(eddy_transport_try_read(transport, buffer, 4), 4);
    assert_memory_equal(buffer, "body", 4);
    assert_int_equal(eddy_transport_read(transport, buffer, 64, idle_waiter(c)), 9);
    assert_int_equal(eddy_transport_try_read(transport, buffer, 64), 0);
    assert_null(eddy_transport_stream(transport));
    eddy_reader_fini(&reader);
}

static void readers_stand_on_readers(void **state)
{
    struct coro *c = *state;
    await_text(c, "head\none\ntwo\n", 0);
    static struct eddy_reader lower;
    for (int waits = 0; waits < 2; waits++) {
        source.arrived = 0;
        source.at = 0;
        source.waits = waits != 0;
        eddy_reader_init(&lower, &c->loop, source_transport(&source), 0);
        eddy_reader_init(&reader, &c->loop, eddy_reader_transport(&lower), 0);
        struct eddy_task *task = start_lines(c, 4);
        while (source.arrived < source.size) {
            source_feed(&source, 1);
            coro_settle(c);
        }
        coro_expect("5:head 4:one 4:two 0:");
        eddy_task_release(task);
        eddy_reader_fini(&reader);
        eddy_reader_fini(&lower);
    }
}

static void what_is_only_announced_takes_no_memory(void **state)
{
    struct coro *c = *state;
    enum { SIZE = 0x80000 };
    static char text[4 + SIZE] = {0, 8, 0, 0};
    read_text_of(c, text, sizeof text, 1 << 20);
    source.arrived = 4;
    struct eddy_waiter *waiter = idle_waiter(c);
    assert_int_equal(eddy_reader_frame(&reader, EDDY_PREFIX_U32, 0, &slice, waiter), EDDY_PENDING);
    assert_true(c->loop.scheduler.pool.bytes_used - c->bytes < 100000);
    source_feed(&source, 50000);
    coro_settle(c);
    assert_true(c->loop.scheduler.pool.bytes_used - c->bytes < 300000);
    source_feed(&source, sizeof text);
    coro_settle(c);
    assert_int_equal(waiter->result, sizeof text);
    assert_int_equal(slice.size, SIZE);
    eddy_reader_fini(&reader);
}

static void what_is_consumed_while_somebody_reads_is_gone(void **state)
{
    struct coro *c = *state;
    await_text(c, "abcdef\n", 0);
    struct eddy_task *task = start_lines(c, 1);
    source_feed(&source, 5);
    coro_settle(c);
    eddy_reader_consume(&reader, 5);
    source_feed(&source, 2);
    coro_settle(c);
    coro_expect("2:f");
    eddy_task_release(task);
    eddy_reader_fini(&reader);
}

static void an_empty_reader_may_outlive_its_loop(void **state)
{
    (void)state;
    struct eddy_loop *loop = malloc(sizeof *loop);
    assert_int_equal(eddy_loop_init(loop, NULL), 0);
    eddy_reader_init(&reader, loop, source_transport(&source), 0);
    assert_int_equal(eddy_loop_fini(loop), 0);
    free(loop);
    eddy_reader_fini(&reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(a_line_is_without_its_ending),
        coro_test(a_line_fits_up_to_the_limit),
        coro_test(until_finds_what_ends_at_the_limit),
        coro_test(until_says_what_is_longer_than_asked_for),
        coro_test(frames_come_with_every_prefix),
        coro_test(a_frame_is_refused_by_its_length),
        coro_test(read_exactly_gives_what_there_is_at_the_end),
        coro_test(peek_consumes_nothing),
        coro_test(a_read_goes_straight_into_the_buffer),
        coro_test(an_error_leaves_the_bytes),
        coro_test(blocks_grow_with_what_comes_and_shrink_again),
        coro_test(who_waits_holds_no_buffer),
        coro_test(a_line_over_a_socket_costs_one_receive),
        coro_test(one_reads_at_a_time),
        coro_test(an_end_of_the_reader_wakes_who_reads),
        coro_test(without_memory_a_read_fails_and_can_be_asked_again),
        coro_test(a_deadline_consumes_nothing),
        coro_test(a_line_that_is_there_costs_the_budget),
        coro_test(bytes_that_are_on_their_way_are_kept),
        coro_test(who_reads_from_nobody_is_told),
        coro_test(a_daemon_that_reads_does_not_keep_the_loop_running),
        coro_test(what_follows_a_header_is_handed_on),
        coro_test(readers_stand_on_readers),
        coro_test(what_is_only_announced_takes_no_memory),
        coro_test(what_is_consumed_while_somebody_reads_is_gone),
        cmocka_unit_test(an_empty_reader_may_outlive_its_loop),
    };
    return cmocka_run_group_tests_name("reader", tests, NULL, NULL);
}
