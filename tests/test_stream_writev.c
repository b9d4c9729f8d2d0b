/* Streams: writing from many places at once. */
#define _GNU_SOURCE
#include "support/check.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PARTS = 3000, LONG_PART = 400 };

static char text[PARTS * LONG_PART];
static struct iovec parts[PARTS], kept[PARTS];
static char received[sizeof text];

/* Parts of 0 to `longest` bytes, one after the other through the text: how many bytes there are. */
static size_t cut_text(size_t longest)
{
    size_t size = 0;
    for (int i = 0; i < PARTS; i++) {
        parts[i] = (struct iovec){text + size, (size_t)i * 7 % (longest + 1)};
        size += parts[i].iov_len;
    }
    for (size_t i = 0; i < size; i++) {
        text[i] = (char)(i * 31 % 251);
    }
    memcpy(kept, parts, sizeof parts);
    return size;
}

/* Take what is there; the bytes so far. */
static size_t take(int fd, size_t so_far)
{
    ssize_t n;
    while ((n = recv(fd, received + so_far, sizeof received - so_far, MSG_DONTWAIT)) > 0) {
        so_far += (size_t)n;
    }
    return so_far;
}

static void expect_arrived(size_t size)
{
    assert_memory_equal(received, text, size);
    assert_memory_equal(parts, kept, sizeof parts); /* they are only read */
}

static void parts_arrive_as_one(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe;
    struct iovec few[] = {{NULL, 0}, {(char[]){"ab"}, 2}, {NULL, 0}, {(char[]){"cde"}, 3}, {NULL, 0}};
    int peer = stream_pair(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    assert_int_equal(eddy_stream_writev(&stream, few, 5, &probe.waiter), 5);
    assert_int_equal(f->os.calls[TEST_SENDMSG_UNIX], 1);
    assert_int_equal(eddy_stream_sent(&stream), 5);
    assert_int_equal(take(peer, 0), 5);
    assert_memory_equal(received, "abcde", 5);
    eddy_stream_close(&stream);
    close(peer);
}

static void more_parts_than_a_call_takes_go_in_few_calls(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe;
    int peer = stream_pair(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    size_t size = cut_text(7);
    assert_int_equal(eddy_stream_writev(&stream, parts, PARTS, &probe.waiter), size);
    assert_int_equal(f->os.calls[TEST_SENDMSG_UNIX], 3); /* 1024 each */
    assert_int_equal(take(peer, 0), size);
    expect_arrived(size);
    eddy_stream_close(&stream);
    close(peer);
}

static void every_short_send_goes_on_where_it_ended(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe;
    int peer = stream_pair(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    for (enum test_short how = TEST_ONE_BYTE; how <= TEST_ALL_BUT_ONE; how++) {
        memset(received, 0, sizeof received);
        size_t size = cut_text(5), count = how == TEST_ONE_BYTE ? 400 : PARTS;
        for (size_t i = count; i < PARTS; i++) {
            size -= parts[i].iov_len;
        }
        f->os.chaos.short_send = how;
        ssize_t answer = eddy_stream_writev(&stream, parts, count, &probe.waiter);
        size_t taken = 0;
        for (int rounds = 0; taken < size; rounds++) {
            assert_true(rounds < 1000);
            taken = take(peer, taken);
            assert_int_equal(eddy_stream_sent(&stream), taken);
            run_until_quiet(&f->loop);
        }
        assert_int_equal(probe_finish(&probe, answer), size);
        expect_arrived(size);
    }
    eddy_stream_close(&stream);
    close(peer);
}

static void what_does_not_fit_goes_on_when_there_is_room(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe;
    int peer = stream_pair(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    size_t size = cut_text(LONG_PART);
    assert_int_equal(eddy_stream_writev(&stream, parts, PARTS, &probe.waiter), EDDY_PENDING);
    size_t taken = 0;
    for (int rounds = 0; probe.wakes == 0; rounds++) {
        assert_true(rounds < 1000);
        assert_int_equal(eddy_stream_sent(&stream), taken = take(peer, taken));
        run_until_quiet(&f->loop);
    }
    assert_int_equal(probe.result, size);
    assert_int_equal(take(peer, taken), size);
    expect_arrived(size);
    eddy_stream_close(&stream);
    close(peer);
}

static void a_cancel_tells_what_went_out(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe;
    int peer = stream_pair(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    cut_text(LONG_PART);
    ssize_t answer = eddy_stream_writev(&stream, parts, PARTS, &probe.waiter);
    assert_true(eddy_wait_cancel(&probe.waiter));
    assert_int_equal(probe_finish(&probe, answer), -ECANCELED);
    size_t taken = take(peer, 0);
    assert_int_equal(eddy_stream_sent(&stream), taken);
    expect_arrived(taken);
    assert_int_equal(probe_finish(&probe, eddy_stream_writev(&stream, parts + 1, 1, &probe.waiter)), 7);
    assert_int_equal(eddy_stream_sent(&stream), 7);
    eddy_stream_close(&stream);
    close(peer);
}

static void what_cannot_be_written_is_refused(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe first, second;
    char byte[1];
    struct iovec huge[] = {{byte, EDDY_IO_MAX}, {byte, 1}}, wraps[] = {{byte, SIZE_MAX}, {byte, 2}}, none = {byte, 0};
    int peer = stream_pair(&stream, &f->loop);
    probe_init(&first, &f->loop);
    probe_init(&second, &f->loop);
    assert_int_equal(eddy_stream_writev(&stream, huge, 2, &first.waiter), -EINVAL);
    assert_int_equal(eddy_stream_writev(&stream, wraps, 2, &first.waiter), -EINVAL);
    assert_int_equal(eddy_stream_writev(&stream, &none, 1, &first.waiter), 0);
    assert_int_equal(eddy_stream_writev(&stream, NULL, 0, &first.waiter), 0);
    assert_int_equal(f->os.calls[TEST_SENDMSG_UNIX], 0);
    cut_text(LONG_PART);
    ssize_t answer = eddy_stream_writev(&stream, parts, PARTS, &first.waiter);
    assert_int_equal(eddy_stream_writev(&stream, parts, PARTS, &second.waiter), -EBUSY);
    assert_int_equal(eddy_stream_shutdown(&stream), 0);
    assert_int_equal(probe_finish(&first, answer), -ESHUTDOWN);
    assert_int_equal(eddy_stream_writev(&stream, parts, PARTS, &first.waiter), -ESHUTDOWN);
    eddy_stream_close(&stream);
    assert_int_equal(eddy_stream_writev(&stream, parts, PARTS, &first.waiter), -ESHUTDOWN);
    close(peer);
}

static int pipe_signals;

static void count_pipe_signal(int number)
{
    (void)number;
    pipe_signals++;
}

static void parts_for_nobody_are_epipe_and_no_signal(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe;
    int peer = stream_pair(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    cut_text(7);
    close(peer);
    void (*before)(int) = signal(SIGPIPE, count_pipe_signal);
    assert_int_equal(eddy_stream_writev(&stream, parts, PARTS, &probe.waiter), -EPIPE);
    signal(SIGPIPE, before);
    assert_int_equal(pipe_signals, 0);
    eddy_stream_close(&stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(parts_arrive_as_one),
        fixture_test(more_parts_than_a_call_takes_go_in_few_calls),
        fixture_test(every_short_send_goes_on_where_it_ended),
        fixture_test(what_does_not_fit_goes_on_when_there_is_room),
        fixture_test(a_cancel_tells_what_went_out),
        fixture_test(what_cannot_be_written_is_refused),
        fixture_test(parts_for_nobody_are_epipe_and_no_signal),
    };
    return cmocka_run_group_tests_name("stream_writev", tests, NULL, NULL);
}
