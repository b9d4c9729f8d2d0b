/* A stream in memory. */
#include "support/coro.h"

#include <errno.h>
#include <string.h>

static struct eddy_memory one, other;
static char to_one[4], to_other[4];

static void open_pair(void)
{
    eddy_memory_open(&one, to_one, sizeof to_one, &other, to_other, sizeof to_other);
}

static void close_pair(void)
{
    eddy_memory_close(&one);
    eddy_memory_close(&other);
    eddy_memory_close(&other); /* allowed twice */
}

struct writes {
    EDDY_FRAME;
    const char *text;
    ssize_t n;
    bool shuts;
};

EDDY_CORO(writes)
{
    EDDY_BEGIN(writes) {
        EDDY_AWAIT(my->n, eddy_memory_write(&one, my->text, strlen(my->text), me));
        coro_say("wrote:%zd", my->n);
        if (my->shuts) {
            assert_int_equal(eddy_memory_shutdown(&one), 0);
            assert_int_equal(eddy_memory_shutdown(&one), -ESHUTDOWN);
        }
    }
}

struct reads {
    EDDY_FRAME;
    size_t size;
    int times;
    ssize_t n;
    struct eddy_scope limit;
    eddy_ns span;
    char buffer[32];
};

EDDY_CORO(reads)
{
    EDDY_BEGIN(reads) {
        while (my->times-- > 0) {
            my->n = -1;
            EDDY_TIMEOUT(&my->limit, my->span > 0 ? my->span : EDDY_FOREVER) {
                EDDY_AWAIT(my->n, eddy_memory_read(&other, my->buffer, my->size, me));
            }
            if (my->limit.expired) {
                coro_say("late");
            } else {
                coro_say("%zd:%.*s", my->n, (int)(my->n > 0 ? my->n : 0), my->buffer);
            }
        }
    }
}

/* Let a task run until it waits or is over. */
static void start(struct coro *c, struct eddy_task *task)
{
    coro_settle(c);
    eddy_task_release(task);
}

static void a_write_longer_than_the_buffer_goes_on_as_it_is_read(void **state)
{
    struct coro *c = *state;
    open_pair();
    struct eddy_task *writer = CORO_START(c, writes, .text = "abcdefghij", .shuts = true);
    coro_settle(c);
    coro_expect("");
    assert_int_equal(eddy_memory_sent(&one), 4);
    start(c, CORO_START(c, reads, .size = 3, .times = 5));
    eddy_task_release(writer);
    coro_expect("3:abc 3:def 3:ghi 1:j wrote:10 0:"); /* reads that find something do not wait */
    close_pair();
}

static void bytes_go_straight_to_who_waits(void **state)
{
    struct coro *c = *state;
    open_pair();
    struct eddy_task *reader = CORO_START(c, reads, .size = 32, .times = 2);
    coro_settle(c);
    struct eddy_task *writer = CORO_START(c, writes, .text = "abcdefgh");
    coro_settle(c);
    coro_expect("8:abcdefgh wrote:8"); /* the reader takes what the ring has no room for, too */
    eddy_memory_close(&one);
    coro_settle(c);
    coro_expect("0:");
    eddy_task_release(reader);
    eddy_task_release(writer);
    close_pair();
}

static void a_read_that_is_too_late_takes_no_byte(void **state)
{
    struct coro *c = *state;
    open_pair();
    assert_int_equal(CORO_RUN(c, reads, .size = 3, .times = 1, .span = 5), 0);
    coro_expect("late");
    assert_int_equal(CORO_RUN(c, writes, .text = "abc"), 0);
    assert_int_equal(CORO_RUN(c, reads, .size = 3, .times = 1), 0);
    coro_expect("wrote:3 3:abc");
    close_pair();
}

static void a_write_of_nothing_is_no_end(void **state)
{
    struct coro *c = *state;
    open_pair();
    struct eddy_task *reader = CORO_START(c, reads, .size = 3, .times = 1);
    coro_settle(c);
    struct eddy_task *writer = CORO_START(c, writes, .text = "");
    coro_settle(c);
    coro_expect("wrote:0");
    eddy_memory_close(&other);
    coro_settle(c);
    coro_expect("-108:");
    eddy_task_release(reader);
    eddy_task_release(writer);
    close_pair();
}

static void who_writes_to_a_closed_end_is_told(void **state)
{
    struct coro *c = *state;
    open_pair();
    struct eddy_task *writer = CORO_START(c, writes, .text = "abcdefgh");
    coro_settle(c);
    eddy_memory_close(&other);
    coro_settle(c);
    coro_expect("wrote:-32");
    assert_int_equal(eddy_memory_sent(&one), 4);
    eddy_task_release(writer);
    assert_int_equal(CORO_RUN(c, writes, .text = "x"), 0);
    eddy_memory_close(&one);
    assert_int_equal(CORO_RUN(c, writes, .text = "x"), 0);
    coro_expect("wrote:-32 wrote:-108");
}

static void one_reads_and_one_writes_at_a_time(void **state)
{
    struct coro *c = *state;
    open_pair();
    struct eddy_task *reader = CORO_START(c, reads, .size = 3, .times = 1);
    coro_settle(c);
    start(c, CORO_START(c, reads, .size = 3, .times = 1));
    coro_expect("-16:");
    eddy_task_cancel(reader, -ECANCELED);
    coro_settle(c);
    eddy_task_release(reader);
    assert_int_equal(CORO_RUN(c, writes, .text = "ab"), 0);
    assert_int_equal(CORO_RUN(c, reads, .size = 1, .times = 2), 0);
    coro_expect("wrote:2 1:a 1:b");
    close_pair();
}

static void what_need_not_wait_is_done_at_once(void **state)
{
    (void)state;
    char text[8] = "";
    open_pair();
    assert_int_equal(eddy_memory_try_read(&other, text, 8), -EAGAIN);
    assert_int_equal(eddy_memory_try_read(&other, text, 0), 0);
    assert_int_equal(eddy_memory_try_write(&one, "", 0), 0);
    assert_int_equal(eddy_memory_try_write(&one, "abcdef", 6), 4); /* what there is room for */
    assert_int_equal(eddy_memory_sent(&one), 4);
    assert_int_equal(eddy_memory_try_write(&one, "ef", 2), -EAGAIN);
    assert_int_equal(eddy_memory_try_read(&other, text, 3), 3);
    assert_int_equal(eddy_memory_try_write(&one, "ef", 2), 2);
    assert_int_equal(eddy_memory_try_read(&other, text + 3, 5), 3);
    assert_string_equal(text, "abcdef");
    assert_int_equal(eddy_memory_shutdown(&one), 0);
    assert_int_equal(eddy_memory_try_write(&one, "x", 1), -ESHUTDOWN);
    assert_int_equal(eddy_memory_try_read(&other, text, 8), 0);
    eddy_memory_close(&one);
    assert_int_equal(eddy_memory_try_write(&other, "x", 1), -EPIPE);
    assert_int_equal(eddy_memory_try_read(&one, text, 8), -ESHUTDOWN);
    assert_int_equal(eddy_memory_try_read(&other, text, (size_t)INT32_MAX + 1), -EINVAL);
    close_pair();
}

static void a_reader_that_was_told_of_bytes_can_be_cancelled_still(void **state)
{
    struct coro *c = *state;
    char text[8] = "";
    open_pair();
    struct eddy_task *reader = CORO_START(c, reads, .size = 3, .times = 1);
    coro_settle(c);
    assert_int_equal(eddy_memory_try_write(&one, "abc", 3), 3);
    eddy_task_cancel(reader, -ECANCELED);
    coro_settle(c);
    eddy_task_release(reader);
    assert_int_equal(eddy_memory_try_read(&other, text, 8), 3);
    assert_string_equal(text, "abc");
    close_pair();
}

/* ---- Late bytes ------------------------------------------------------------------------ */

static void held_bytes_arrive_when_they_are_pumped(void **state)
{
    struct coro *c = *state;
    open_pair();
    eddy_memory_hold(&other, true);
    struct eddy_task *reader = CORO_START(c, reads, .size = 3, .times = 4);
    assert_int_equal(eddy_memory_try_write(&one, "abcd", 4), 4);
    assert_int_equal(eddy_memory_shutdown(&one), 0);
    coro_settle(c);
    coro_expect("");
    assert_int_equal(eddy_memory_pump(&other, 1), 1);
    coro_settle(c);
    coro_expect("1:a");
    assert_int_equal(eddy_memory_pump(&other, 2), 2);
    coro_settle(c);
    coro_expect("2:bc"); /* and no end: a byte is on its way */
    assert_int_equal(eddy_memory_pump(&other, 9), 1);
    coro_settle(c);
    coro_expect("1:d 0:");
    assert_int_equal(eddy_memory_pump(&other, 9), 0);
    eddy_task_release(reader);
    close_pair();
}

static void what_was_held_arrives_when_nothing_is_held_any_more(void **state)
{
    struct coro *c = *state;
    char text[8] = "";
    open_pair();
    assert_int_equal(eddy_memory_try_write(&one, "a", 1), 1);
    eddy_memory_hold(&other, true);
    assert_int_equal(eddy_memory_try_write(&one, "bc", 2), 2);
    assert_int_equal(eddy_memory_try_read(&other, text, 8), 1); /* what had arrived before is there */
    assert_int_equal(eddy_memory_try_read(&other, text, 8), -EAGAIN);
    struct eddy_task *reader = CORO_START(c, reads, .size = 8, .times = 2);
    coro_settle(c);
    eddy_memory_hold(&other, false);
    coro_settle(c);
    coro_expect("2:bc");
    assert_int_equal(eddy_memory_try_write(&one, "d", 1), 1);
    coro_settle(c);
    coro_expect("1:d");
    eddy_task_release(reader);
    close_pair();
}

static void held_bytes_take_room(void **state)
{
    struct coro *c = *state;
    open_pair();
    eddy_memory_hold(&other, true);
    struct eddy_task *writer = CORO_START(c, writes, .text = "abcdef");
    struct eddy_task *reader = CORO_START(c, reads, .size = 8, .times = 3);
    coro_settle(c);
    assert_int_equal(eddy_memory_pump(&other, 9), 4); /* the ring's */
    coro_settle(c);
    coro_expect("4:abcd wrote:6");
    assert_int_equal(eddy_memory_pump(&other, 1), 1);
    coro_settle(c);
    coro_expect("1:e");
    eddy_memory_close(&one);
    coro_settle(c);
    coro_expect(""); /* the end comes after the last byte */
    assert_int_equal(eddy_memory_pump(&other, 1), 1);
    coro_settle(c);
    coro_expect("1:f");
    eddy_task_release(writer);
    eddy_task_release(reader);
    close_pair();
}

static void note_wake(struct eddy_waiter *waiter)
{
    (void)waiter;
}

static void a_refused_write_has_sent_nothing(void **state)
{
    struct coro *c = *state;
    struct eddy_waiter waiter;
    eddy_waiter_init(&waiter, &c->loop, note_wake);
    open_pair();
    assert_int_equal(eddy_memory_write(&one, "abc", 3, &waiter), 3);
    assert_int_equal(eddy_memory_sent(&one), 3);
    eddy_memory_close(&one);
    assert_int_equal(eddy_memory_write(&one, "def", 3, &waiter), -ESHUTDOWN);
    assert_int_equal(eddy_memory_sent(&one), 0);
    close_pair();
}

static void nothing_needs_no_buffer(void **state)
{
    struct coro *c = *state;
    struct eddy_waiter waiter;
    eddy_waiter_init(&waiter, &c->loop, note_wake);
    open_pair();
    assert_int_equal(eddy_memory_write(&one, NULL, 0, &waiter), 0);
    assert_int_equal(eddy_memory_read(&one, NULL, 0, &waiter), 0);
    close_pair();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(a_write_longer_than_the_buffer_goes_on_as_it_is_read),
        coro_test(bytes_go_straight_to_who_waits),
        coro_test(a_read_that_is_too_late_takes_no_byte),
        coro_test(a_write_of_nothing_is_no_end),
        coro_test(who_writes_to_a_closed_end_is_told),
        coro_test(one_reads_and_one_writes_at_a_time),
        coro_test(what_need_not_wait_is_done_at_once),
        coro_test(a_reader_that_was_told_of_bytes_can_be_cancelled_still),
        coro_test(held_bytes_arrive_when_they_are_pumped),
        coro_test(what_was_held_arrives_when_nothing_is_held_any_more),
        coro_test(held_bytes_take_room),
        coro_test(a_refused_write_has_sent_nothing),
        coro_test(nothing_needs_no_buffer),
    };
    return cmocka_run_group_tests_name("memory_stream", tests, NULL, NULL);
}
