/* Streams: waiting for the socket, for who calls the kernel himself. */
#define _GNU_SOURCE
#include "support/check.h"

#include "io/stream.h"

#include <eddy/watch.h>

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static ssize_t take(const struct eddy_stream *stream, size_t size)
{
    char buffer[64];
    ssize_t n = recv(eddy_stream_fd(stream), buffer, size, MSG_DONTWAIT);
    return n < 0 ? -errno : n;
}

static void who_found_nothing_is_told_of_what_comes(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe;
    int peer = stream_pair(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    for (int round = 0; round < 5; round++) {
        assert_int_equal(take(&stream, 64), -EAGAIN);
        ssize_t answer = eddy_stream_wait(&stream, EDDY_READABLE, &probe.waiter);
        assert_int_equal(answer, EDDY_PENDING);
        run_until_quiet(&f->loop);
        assert_int_equal(probe.wakes, round);
        assert_int_equal(send(peer, "abc", 3, 0), 3);
        assert_int_equal(probe_finish(&probe, answer), EDDY_READABLE);
        assert_int_equal(take(&stream, 64), 3);
    }
    assert_int_equal(f->os.calls[TEST_RECV_UNIX], 0); /* it takes no byte itself */
    eddy_stream_close(&stream);
    close(peer);
}

/* The first to come after an event that nobody waited for: what it told is still there, or is not. */
static void what_came_before_the_wait_is_told_too(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe;
    int peer = stream_pair(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    assert_int_equal(send(peer, "abc", 3, 0), 3);
    run_until_quiet(&f->loop);
    assert_int_equal(probe_finish(&probe, eddy_stream_wait(&stream, EDDY_READABLE, &probe.waiter)), EDDY_READABLE);
    assert_int_equal(probe_finish(&probe, eddy_stream_wait(&stream, EDDY_READABLE, &probe.waiter)), EDDY_READABLE);
    assert_int_equal(take(&stream, 64), 3);
    int wakes = probe.wakes;
    ssize_t answer = eddy_stream_wait(&stream, EDDY_READABLE, &probe.waiter); /* nothing is left */
    run_until_quiet(&f->loop);
    assert_int_equal(probe.wakes, wakes);
    assert_int_equal(send(peer, "abc", 3, 0), 3);
    assert_int_equal(probe_finish(&probe, answer), EDDY_READABLE);
    eddy_stream_close(&stream);
    close(peer);
}

static void what_is_left_after_a_wait_is_there_for_a_read(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe;
    char buffer[8];
    int peer = stream_pair(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    ssize_t answer = eddy_stream_wait(&stream, EDDY_READABLE, &probe.waiter);
    assert_int_equal(send(peer, "abcd", 4, 0), 4);
    assert_int_equal(probe_finish(&probe, answer), EDDY_READABLE);
    assert_int_equal(take(&stream, 2), 2);
    assert_int_equal(probe_finish(&probe, eddy_stream_read(&stream, buffer, 8, &probe.waiter)), 2);
    answer = eddy_stream_wait(&stream, EDDY_READABLE, &probe.waiter);
    assert_true(eddy_wait_cancel(&probe.waiter));
    assert_int_equal(probe_finish(&probe, answer), -ECANCELED);
    assert_int_equal(send(peer, "ef", 2, 0), 2);
    assert_int_equal(probe_finish(&probe, eddy_stream_read(&stream, buffer, 8, &probe.waiter)), 2);
    eddy_stream_close(&stream);
    close(peer);
}

static void a_withdrawn_wait_loses_no_edge(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe;
    char buffer[8];
    int peer = stream_pair(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    assert_int_equal(send(peer, "abc", 3, 0), 3);
    run_until_quiet(&f->loop);
    assert_int_equal(eddy_stream_wait(&stream, EDDY_READABLE, &probe.waiter), EDDY_PENDING);
    assert_int_equal(eddy_wait_withdraw(&probe.waiter), EDDY_PENDING);
    assert_int_equal(probe_finish(&probe, eddy_stream_read(&stream, buffer, 8, &probe.waiter)), 3);
    eddy_stream_close(&stream);
    close(peer);
}

static void the_end_and_an_error_are_events(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe, writer;
    struct linger hard = {.l_onoff = 1, .l_linger = 0};
    int peer = stream_pair_tcp(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    probe_init(&writer, &f->loop);
    ssize_t answer = eddy_stream_wait(&stream, EDDY_READABLE, &probe.waiter);
    shutdown(peer, SHUT_WR);
    assert_int_equal(probe_finish(&probe, answer), EDDY_READABLE);
    assert_int_equal(take(&stream, 64), 0);
    answer = eddy_stream_wait(&stream, EDDY_READABLE, &probe.waiter);
    assert_int_equal(probe_finish(&probe, answer), EDDY_READABLE); /* for good */
    fill(eddy_stream_fd(&stream));
    answer = eddy_stream_wait(&stream, EDDY_WRITABLE, &writer.waiter);
    assert_int_equal(answer, EDDY_PENDING);
    run_until_quiet(&f->loop);
    assert_int_equal(writer.wakes, 0); /* half an end is none for who writes */
    setsockopt(peer, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(peer);
    assert_int_equal(probe_finish(&writer, answer), EDDY_WRITABLE);
    eddy_stream_close(&stream);
}

static void who_found_no_room_is_told_of_some(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe;
    int peer = stream_pair(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    for (int round = 0; round < 3; round++) {
        fill(eddy_stream_fd(&stream));
        ssize_t answer = eddy_stream_wait(&stream, EDDY_WRITABLE, &probe.waiter);
        assert_int_equal(answer, EDDY_PENDING);
        run_until_quiet(&f->loop);
        assert_int_equal(probe.wakes, round);
        drain(peer);
        assert_int_equal(probe_finish(&probe, answer), EDDY_WRITABLE);
        assert_int_equal(eddy_stream_write(&stream, "x", 1, &probe.waiter), 1);
    }
    eddy_stream_close(&stream);
    close(peer);
}

static void room_that_was_there_before_is_told_too(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe;
    int peer = stream_pair(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    for (int round = 0; round < 3; round++) {
        ssize_t answer = eddy_stream_wait(&stream, EDDY_WRITABLE, &probe.waiter);
        assert_int_equal(probe_finish(&probe, answer), EDDY_WRITABLE);
    }
    eddy_stream_close(&stream);
    close(peer);
}

static void a_wait_stands_in_the_place_of_a_read_or_write(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe reader, writer, other;
    char buffer[8];
    int peer = stream_pair(&stream, &f->loop);
    probe_init(&reader, &f->loop);
    probe_init(&writer, &f->loop);
    probe_init(&other, &f->loop);
    assert_int_equal(eddy_stream_wait(&stream, 0, &other.waiter), -EINVAL);
    assert_int_equal(eddy_stream_wait(&stream, EDDY_READABLE | EDDY_WRITABLE, &other.waiter), -EINVAL);
    fill(eddy_stream_fd(&stream));
    ssize_t reading = eddy_stream_wait(&stream, EDDY_READABLE, &reader.waiter);
    ssize_t writing = eddy_stream_wait(&stream, EDDY_WRITABLE, &writer.waiter);
    assert_int_equal(eddy_stream_wait(&stream, EDDY_READABLE, &other.waiter), -EBUSY);
    assert_int_equal(eddy_stream_wait(&stream, EDDY_WRITABLE, &other.waiter), -EBUSY);
    assert_int_equal(eddy_stream_read(&stream, buffer, 8, &other.waiter), -EBUSY);
    assert_int_equal(eddy_stream_try_read(&stream, buffer, 8), -EBUSY);
    assert_int_equal(eddy_stream_write(&stream, "x", 1, &other.waiter), -EBUSY);
    assert_int_equal(eddy_stream_shutdown(&stream), 0);
    assert_int_equal(probe_finish(&writer, writing), -ESHUTDOWN);
    assert_int_equal(eddy_stream_wait(&stream, EDDY_WRITABLE, &other.waiter), -ESHUTDOWN);
    eddy_stream_close(&stream);
    assert_int_equal(probe_finish(&reader, reading), -ESHUTDOWN);
    assert_int_equal(eddy_stream_wait(&stream, EDDY_READABLE, &other.waiter), -ESHUTDOWN);
    close(peer);
}

static void a_full_epoll_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe;
    char buffer[8];
    int peer = stream_pair(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    assert_int_equal(send(peer, "abc", 3, 0), 3);
    run_until_quiet(&f->loop);
    f->os.fault = (struct test_fault){.at = f->os.count + 1, .error = ENOMEM};
    assert_int_equal(eddy_stream_wait(&stream, EDDY_READABLE, &probe.waiter), -ENOMEM);
    assert_int_equal(eddy_stream_read(&stream, buffer, 8, &probe.waiter), 3);
    f->os.fault = (struct test_fault){.at = f->os.count + 1, .error = ENOMEM};
    assert_int_equal(eddy_stream_wait(&stream, EDDY_WRITABLE, &probe.waiter), -ENOMEM);
    assert_int_equal(eddy_stream_write(&stream, "x", 1, &probe.waiter), 1);
    eddy_stream_close(&stream);
    close(peer);
}

/* As for what stands in a socket's error queue. */
static int wait_with_errors(void *context, int epfd, struct epoll_event *events, int count, int timeout_ms)
{
    count = test_os_epoll_wait(context, epfd, events, count, timeout_ms);
    for (int i = 0; i < count; i++) {
        events[i].events |= EPOLLERR;
    }
    return count;
}

static void an_error_that_is_gone_is_no_event_any_more(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe;
    int peer = stream_pair(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    run_until_quiet(&f->loop);
    f->os.os.epoll_wait = wait_with_errors;
    assert_int_equal(send(peer, "abc", 3, 0), 3);
    assert_int_equal(probe_finish(&probe, eddy_stream_wait(&stream, EDDY_READABLE, &probe.waiter)), EDDY_READABLE);
    f->os.os.epoll_wait = test_os_epoll_wait;
    assert_int_equal(take(&stream, 64), 3);
    ssize_t answer = eddy_stream_wait(&stream, EDDY_READABLE, &probe.waiter);
    assert_int_equal(answer, EDDY_PENDING);
    run_until_quiet(&f->loop);
    assert_int_equal(probe.wakes, 1);
    assert_int_equal(send(peer, "d", 1, 0), 1);
    assert_int_equal(probe_finish(&probe, answer), EDDY_READABLE);
    eddy_stream_close(&stream);
    close(peer);
}

static void room_that_comes_with_the_timeout_is_in_time(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe;
    int peer = stream_pair(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    eddy_stream_set_timeouts(&stream, EDDY_FOREVER, EDDY_SEC(1));
    fill(eddy_stream_fd(&stream));
    ssize_t answer = eddy_stream_wait(&stream, EDDY_WRITABLE, &probe.waiter);
    run_until_quiet(&f->loop);
    test_os_advance(&f->os, EDDY_SEC(2));
    drain(peer);
    assert_int_equal(probe_finish(&probe, answer), EDDY_WRITABLE);
    assert_int_equal(stream.state & EDDYI_LATE, 0);
    eddy_stream_close(&stream);
    close(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(who_found_nothing_is_told_of_what_comes),
        fixture_test(what_came_before_the_wait_is_told_too),
        fixture_test(what_is_left_after_a_wait_is_there_for_a_read),
        fixture_test(a_withdrawn_wait_loses_no_edge),
        fixture_test(the_end_and_an_error_are_events),
        fixture_test(who_found_no_room_is_told_of_some),
        fixture_test(room_that_was_there_before_is_told_too),
        fixture_test(a_wait_stands_in_the_place_of_a_read_or_write),
        fixture_test(a_full_epoll_changes_nothing),
        fixture_test(room_that_comes_with_the_timeout_is_in_time),
        fixture_test(an_error_that_is_gone_is_no_event_any_more),
    };
    return cmocka_run_group_tests_name("stream_wait", tests, NULL, NULL);
}
