/* Streams: deadlines that they set themselves. */
#define _GNU_SOURCE
#include "support/check.h"

#include <eddy/watch.h>

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { LARGE = 1 << 20 };

static char large[LARGE];

#define IDLE EDDY_MS(1500)
#define STALL EDDY_MS(700)

static struct eddy_stream stream;
static struct probe probe;
static char buffer[64];

static int limited_pair(struct fixture *f)
{
    int peer = stream_pair(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    eddy_stream_set_timeouts(&stream, IDLE, STALL);
    return peer;
}

static void end_pair(int peer)
{
    eddy_stream_close(&stream);
    close(peer);
}

/* What it comes to, and that it took this long. */
static void expect_after(struct fixture *f, ssize_t answer, ssize_t result, eddy_ns span)
{
    eddy_ns began = f->os.now;
    assert_int_equal(answer, EDDY_PENDING);
    assert_int_equal(probe_finish(&probe, answer), result);
    assert_int_equal(f->os.now - began, span);
}

static void a_read_without_a_byte_times_out(void **state)
{
    struct fixture *f = *state;
    int peer = limited_pair(f);
    for (int round = 0; round < 3; round++) {
        expect_after(f, eddy_stream_read(&stream, buffer, 64, &probe.waiter), -ETIMEDOUT, IDLE);
        assert_int_equal(send(peer, "abc", 3, 0), 3); /* it has taken none */
        assert_int_equal(probe_finish(&probe, eddy_stream_read(&stream, buffer, 64, &probe.waiter)), 3);
    }
    end_pair(peer);
}

static void each_read_has_the_whole_time(void **state)
{
    struct fixture *f = *state;
    int peer = limited_pair(f);
    for (int round = 0; round < 5; round++) {
        ssize_t answer = eddy_stream_read(&stream, buffer, 64, &probe.waiter);
        run_for(&f->loop, IDLE - 1);
        assert_int_equal(probe.wakes, round);
        assert_int_equal(send(peer, "abc", 3, 0), 3);
        assert_int_equal(probe_finish(&probe, answer), 3);
    }
    expect_after(f, eddy_stream_wait(&stream, EDDY_READABLE, &probe.waiter), -ETIMEDOUT, IDLE);
    end_pair(peer);
}

static ssize_t write_much(int way)
{
    static const struct iovec parts[] = {{large, LARGE / 2}, {large, LARGE / 2}};
    return way == 0 ? eddy_stream_write(&stream, large, LARGE, &probe.waiter)
                    : eddy_stream_writev(&stream, parts, 2, &probe.waiter);
}

static void a_write_without_progress_times_out(void **state)
{
    struct fixture *f = *state;
    for (int way = 0; way < 2; way++) {
        int peer = limited_pair(f);
        expect_after(f, write_much(way), -ETIMEDOUT, STALL);
        assert_int_equal(drain(peer), eddy_stream_sent(&stream));
        fill(eddy_stream_fd(&stream));
        expect_after(f, eddy_stream_wait(&stream, EDDY_WRITABLE, &probe.waiter), -ETIMEDOUT, STALL);
        end_pair(peer);
    }
}

static void progress_gives_a_write_the_whole_time_again(void **state)
{
    struct fixture *f = *state;
    for (int way = 0; way < 2; way++) {
        int peer = limited_pair(f);
        ssize_t answer = write_much(way);
        size_t sent = 0;
        for (int round = 0; round < 3; round++) {
            run_for(&f->loop, STALL - 1);
            assert_int_equal(probe.wakes, 0);
            drain(peer);
            run_until_quiet(&f->loop);
            assert_true(eddy_stream_sent(&stream) > sent);
            sent = eddy_stream_sent(&stream);
        }
        expect_after(f, answer, -ETIMEDOUT, STALL);
        end_pair(peer);
    }
}

/* The event and the deadline come in one turn: there is room, so the write goes on. */
static void room_at_the_deadline_counts_as_progress(void **state)
{
    struct fixture *f = *state;
    int peer = limited_pair(f);
    ssize_t answer = write_much(0);
    assert_int_equal(answer, EDDY_PENDING);
    drain(peer);
    test_os_advance(&f->os, STALL);
    run_until_quiet(&f->loop);
    assert_int_equal(probe.wakes, 0);
    expect_after(f, answer, -ETIMEDOUT, STALL);
    end_pair(peer);
}

static void a_deadline_of_the_caller_replaces_the_streams(void **state)
{
    struct fixture *f = *state;
    int peer = limited_pair(f);
    ssize_t answer = eddy_stream_read(&stream, buffer, 64, &probe.waiter);
    eddy_wait_until(&probe.waiter, f->os.now + 2 * IDLE);
    expect_after(f, answer, -ETIMEDOUT, 2 * IDLE);
    eddy_ns began = f->os.now;
    answer = write_much(0);
    eddy_wait_until(&probe.waiter, began + EDDY_SEC(60));
    for (int round = 0; round < 2; round++) { /* also when there is progress */
        run_for(&f->loop, EDDY_SEC(5));
        drain(peer);
        run_until_quiet(&f->loop);
    }
    expect_after(f, answer, -ETIMEDOUT, EDDY_SEC(50));
    drain(peer); /* and one that comes together with room is over */
    answer = write_much(0);
    eddy_wait_until(&probe.waiter, f->os.now + EDDY_SEC(1));
    drain(peer);
    test_os_advance(&f->os, EDDY_SEC(1));
    expect_after(f, answer, -ETIMEDOUT, 0);
    end_pair(peer);
}

static void without_limits_nothing_times_out(void **state)
{
    struct fixture *f = *state;
    int peer = limited_pair(f);
    eddy_stream_set_timeouts(&stream, EDDY_FOREVER, EDDY_FOREVER);
    ssize_t answer = eddy_stream_read(&stream, buffer, 64, &probe.waiter);
    assert_int_equal(f->loop.scheduler.timers.armed, 0);
    eddy_stream_set_timeouts(&stream, EDDY_MS(1), EDDY_MS(1)); /* for what parks from now on */
    run_for(&f->loop, EDDY_SEC(10));
    assert_int_equal(probe.wakes, 0);
    assert_int_equal(send(peer, "abc", 3, 0), 3);
    assert_int_equal(probe_finish(&probe, answer), 3);
    end_pair(peer);
}

static void limits_are_whole_ms_and_rounded_up(void **state)
{
    struct fixture *f = *state;
    int peer = limited_pair(f);
    eddy_stream_set_timeouts(&stream, 1, EDDY_FOREVER);
    expect_after(f, eddy_stream_read(&stream, buffer, 64, &probe.waiter), -ETIMEDOUT, EDDY_MS(1));
    eddy_stream_set_timeouts(&stream, 0, EDDY_FOREVER);
    expect_after(f, eddy_stream_read(&stream, buffer, 64, &probe.waiter), -ETIMEDOUT, EDDY_MS(1));
    eddy_stream_set_timeouts(&stream, EDDY_MS(2) + 1, EDDY_FOREVER);
    expect_after(f, eddy_stream_read(&stream, buffer, 64, &probe.waiter), -ETIMEDOUT, EDDY_MS(3));
    eddy_stream_set_timeouts(&stream, EDDY_FOREVER - 1, EDDY_FOREVER);
    expect_after(f, eddy_stream_read(&stream, buffer, 64, &probe.waiter), -ETIMEDOUT, EDDY_MS(1) * UINT32_MAX);
    end_pair(peer);
}

static void what_comes_to_an_end_leaves_no_deadline(void **state)
{
    struct fixture *f = *state;
    int peer = limited_pair(f);
    ssize_t answer = eddy_stream_read(&stream, buffer, 64, &probe.waiter);
    assert_true(eddy_wait_cancel(&probe.waiter));
    assert_int_equal(probe_finish(&probe, answer), -ECANCELED);
    answer = write_much(0);
    assert_int_equal(eddy_wait_withdraw(&probe.waiter), EDDY_PENDING);
    assert_int_equal(f->loop.scheduler.timers.armed, 0);
    answer = write_much(0);
    assert_int_equal(eddy_stream_shutdown(&stream), 0);
    assert_int_equal(probe_finish(&probe, answer), -ESHUTDOWN);
    assert_int_equal(f->loop.scheduler.timers.armed, 0);
    end_pair(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_read_without_a_byte_times_out),
        fixture_test(each_read_has_the_whole_time),
        fixture_test(a_write_without_progress_times_out),
        fixture_test(progress_gives_a_write_the_whole_time_again),
        fixture_test(room_at_the_deadline_counts_as_progress),
        fixture_test(a_deadline_of_the_caller_replaces_the_streams),
        fixture_test(without_limits_nothing_times_out),
        fixture_test(limits_are_whole_ms_and_rounded_up),
        fixture_test(what_comes_to_an_end_leaves_no_deadline),
    };
    return cmocka_run_group_tests_name("stream_timeouts", tests, NULL, NULL);
}
