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
    coro_expect("wrote:8 8:abcdefgh");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(a_write_longer_than_the_buffer_goes_on_as_it_is_read),
        coro_test(bytes_go_straight_to_who_waits),
        coro_test(a_read_that_is_too_late_takes_no_byte),
        coro_test(a_write_of_nothing_is_no_end),
        coro_test(who_writes_to_a_closed_end_is_told),
        coro_test(one_reads_and_one_writes_at_a_time),
    };
    return cmocka_run_group_tests_name("memory_stream", tests, NULL, NULL);
}
