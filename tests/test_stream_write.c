/* Streams: writing and finishing. */
#define _GNU_SOURCE
#include "support/check.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LARGE = 1 << 20 };

static char large[LARGE];

static void a_write_that_fits_is_one_send(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe;
    int peer = stream_pair(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    for (int round = 1; round <= 5; round++) {
        assert_int_equal(eddy_stream_write(&stream, "hello", 5, &probe.waiter), 5);
        assert_int_equal(f->os.calls[TEST_SEND_UNIX], round);
        assert_int_equal(eddy_stream_sent(&stream), 5);
        assert_int_equal(drain(peer), 5);
        run_until_quiet(&f->loop);
    }
    assert_int_equal(f->os.calls[TEST_EPOLL_ADD], 2); /* the loop's own and this one */
    assert_int_equal(f->os.calls[TEST_EPOLL_MOD], 0);
    eddy_stream_close(&stream);
    close(peer);
}

static void finish_large_write(struct fixture *f, struct probe *probe, int peer)
{
    size_t taken = 0;
    int wakes = probe->wakes;
    for (int rounds = 0; probe->wakes == wakes; rounds++) {
        assert_true(rounds < 1000);
        taken += drain(peer);
        run_until_quiet(&f->loop);
    }
    assert_int_equal(probe->result, LARGE);
    assert_int_equal(taken + drain(peer), LARGE);
}

static void a_write_that_does_not_fit_goes_on_and_asks_epoll_once(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe;
    int peer = stream_pair(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    for (int round = 0; round < 3; round++) {
        assert_int_equal(eddy_stream_write(&stream, large, LARGE, &probe.waiter), EDDY_PENDING);
        finish_large_write(f, &probe, peer);
        assert_int_equal(eddy_stream_sent(&stream), LARGE);
        assert_int_equal(f->os.calls[TEST_EPOLL_MOD], 1);
    }
    eddy_stream_close(&stream);
    close(peer);
}

static void a_second_writer_gets_ebusy(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe first, second;
    int peer = stream_pair(&stream, &f->loop);
    probe_init(&first, &f->loop);
    probe_init(&second, &f->loop);
    assert_int_equal(eddy_stream_write(&stream, large, LARGE, &first.waiter), EDDY_PENDING);
    assert_int_equal(eddy_stream_write(&stream, "x", 1, &second.waiter), -EBUSY);
    assert_int_equal(eddy_stream_try_write(&stream, "x", 1), -EBUSY);
    finish_large_write(f, &first, peer);
    assert_int_equal(second.wakes, 0);
    eddy_stream_close(&stream);
    close(peer);
}

static void a_cancelled_write_tells_what_went_out(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe;
    int peer = stream_pair(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    ssize_t answer = eddy_stream_write(&stream, large, LARGE, &probe.waiter);
    assert_int_equal(answer, EDDY_PENDING);
    assert_true(eddy_wait_cancel(&probe.waiter));
    assert_int_equal(probe_finish(&probe, answer), -ECANCELED);
    size_t sent = eddy_stream_sent(&stream);
    assert_true(sent > 0 && sent < LARGE);
    assert_int_equal(drain(peer), sent);
    run_until_quiet(&f->loop);
    assert_int_equal(drain(peer), 0);
    assert_int_equal(probe_finish(&probe, eddy_stream_write(&stream, "x", 1, &probe.waiter)), 1);
    eddy_stream_close(&stream);
    close(peer);
}

static void a_write_that_timed_out_tells_what_went_out(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe;
    int peer = stream_pair(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    ssize_t answer = eddy_stream_write(&stream, large, LARGE, &probe.waiter);
    eddy_wait_until(&probe.waiter, eddy_ns_add(eddy_loop_now(&f->loop), EDDY_SEC(30)));
    size_t taken = drain(peer);
    assert_int_equal(probe_finish(&probe, answer), -ETIMEDOUT);
    assert_int_equal(taken + drain(peer), eddy_stream_sent(&stream));
    assert_true(eddy_stream_sent(&stream) > taken);
    eddy_stream_close(&stream);
    close(peer);
}

/* An event that turns out to be for nothing, in the turn of the deadline. */
static void a_write_that_found_no_room_at_its_deadline_times_out(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe;
    int peer = stream_pair(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    ssize_t answer = eddy_stream_write(&stream, large, LARGE, &probe.waiter);
    eddy_wait_until(&probe.waiter, eddy_ns_add(eddy_loop_now(&f->loop), EDDY_SEC(30)));
    drain(peer);
    test_os_advance(&f->os, EDDY_SEC(31));
    f->os.fault = (struct test_fault){.at = f->os.count + 2, .error = EAGAIN}; /* epoll_wait, send */
    assert_int_equal(probe_finish(&probe, answer), -ETIMEDOUT);
    assert_int_equal(f->os.struck, TEST_SEND_UNIX);
    assert_int_equal(probe_finish(&probe, eddy_stream_write(&stream, "x", 1, &probe.waiter)), 1);
    eddy_stream_close(&stream);
    close(peer);
}

static void try_write_sends_what_fits(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe;
    int peer = stream_pair(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    ssize_t sent = eddy_stream_try_write(&stream, large, LARGE);
    assert_true(sent > 0 && sent < LARGE);
    assert_int_equal(eddy_stream_try_write(&stream, "x", 1), -EAGAIN);
    assert_int_equal(eddy_stream_sent(&stream), 0);
    assert_int_equal(drain(peer), sent);
    run_until_quiet(&f->loop);
    assert_int_equal(eddy_stream_try_write(&stream, "x", 1), 1); /* the room was told of */
    assert_int_equal(drain(peer), 1);
    eddy_stream_close(&stream);
    close(peer);
}

static void a_write_after_a_full_try_write_waits_for_room(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe;
    int peer = stream_pair(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    assert_true(eddy_stream_try_write(&stream, large, LARGE) > 0);
    assert_int_equal(eddy_stream_write(&stream, "x", 1, &probe.waiter), EDDY_PENDING);
    assert_int_equal(eddy_stream_sent(&stream), 0);
    drain(peer);
    run_until_woken(&f->loop, &probe, 1);
    assert_int_equal(probe.result, 1);
    eddy_stream_close(&stream);
    close(peer);
}

/* The next change of what epoll is asked for fails. */
static bool change_fails;

static int failing_epoll_ctl(void *context, int epfd, int op, int fd, struct epoll_event *event)
{
    (void)context;
    if (op == EPOLL_CTL_MOD && change_fails) {
        change_fails = false;
        return -ENOMEM;
    }
    return eddy_os_linux.epoll_ctl(NULL, epfd, op, fd, event);
}

static void try_write_works_again_after_epoll_refused_once(void **state)
{
    struct fixture *f = *state;
    for (int full = 0; full < 2; full++) {
        struct eddy_stream stream;
        int peer = stream_pair(&stream, &f->loop);
        f->os.os.epoll_ctl = failing_epoll_ctl;
        if (full != 0) { /* so that nothing goes out */
            fill(eddy_stream_fd(&stream));
        }
        change_fails = true;
        ssize_t sent = eddy_stream_try_write(&stream, large, LARGE);
        assert_false(change_fails);
        assert_true(full != 0 ? sent == -ENOMEM : sent > 0 && sent < LARGE);
        assert_int_equal(eddy_stream_try_write(&stream, "x", 1), -EAGAIN); /* asks epoll again */
        drain(peer);
        run_until_quiet(&f->loop);
        assert_int_equal(eddy_stream_try_write(&stream, "x", 1), 1);
        assert_int_equal(drain(peer), 1);
        eddy_stream_close(&stream);
        close(peer);
    }
}

static void a_refused_write_has_sent_nothing(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe;
    int peer = stream_pair(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    assert_int_equal(eddy_stream_write(&stream, "hello", 5, &probe.waiter), 5);
    assert_int_equal(eddy_stream_sent(&stream), 5);
    assert_int_equal(eddy_stream_write(&stream, large, (size_t)EDDY_IO_MAX + 1, &probe.waiter), -EINVAL);
    assert_int_equal(eddy_stream_sent(&stream), 0);
    assert_int_equal(eddy_stream_write(&stream, "hello", 5, &probe.waiter), 5);
    assert_int_equal(eddy_stream_shutdown(&stream), 0);
    assert_int_equal(eddy_stream_sent(&stream), 5);
    assert_int_equal(eddy_stream_write(&stream, "abc", 3, &probe.waiter), -ESHUTDOWN);
    assert_int_equal(eddy_stream_sent(&stream), 0);
    eddy_stream_close(&stream);
    close(peer);
}

static void who_gets_ebusy_leaves_the_count_of_the_parked_write_alone(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe, second;
    int peer = stream_pair(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    probe_init(&second, &f->loop);
    assert_int_equal(eddy_stream_write(&stream, large, LARGE, &probe.waiter), EDDY_PENDING);
    size_t sent = eddy_stream_sent(&stream);
    assert_true(sent > 0);
    assert_int_equal(eddy_stream_write(&stream, "x", 1, &second.waiter), -EBUSY);
    assert_int_equal(eddy_stream_try_write(&stream, "x", 1), -EBUSY);
    assert_int_equal(eddy_stream_sent(&stream), sent);
    eddy_stream_close(&stream);
    run_until_quiet(&f->loop);
    close(peer);
}

/* ---- The other end is gone ------------------------------------------------------------------ */

static volatile sig_atomic_t pipe_signals;

static void count_signal(int number)
{
    (void)number;
    pipe_signals++;
}

static void a_write_to_nobody_is_epipe_and_no_signal(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe;
    int peer = stream_pair(&stream, &f->loop);
    void (*before)(int) = signal(SIGPIPE, count_signal);
    pipe_signals = 0;
    close(peer);
    probe_init(&probe, &f->loop);
    assert_int_equal(eddy_stream_write(&stream, "x", 1, &probe.waiter), -EPIPE);
    assert_int_equal(eddy_stream_try_write(&stream, "x", 1), -EPIPE);
    assert_int_equal(eddy_stream_sent(&stream), 0);
    signal(SIGPIPE, before);
    assert_int_equal(pipe_signals, 0);
    eddy_stream_close(&stream);
}

static void a_parked_write_hears_that_the_other_end_is_gone(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe;
    int peer = stream_pair(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    ssize_t answer = eddy_stream_write(&stream, large, LARGE, &probe.waiter);
    size_t taken = drain(peer);
    close(peer);
    assert_int_equal(probe_finish(&probe, answer), -EPIPE);
    assert_int_equal(eddy_stream_sent(&stream), taken);
    eddy_stream_close(&stream);
}

/* ---- Finishing ------------------------------------------------------------------------------- */

static void who_has_finished_sending_can_still_read(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe;
    char buffer[8];
    int peer = stream_pair_tcp(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    assert_int_equal(eddy_stream_shutdown(&stream), 0);
    assert_int_equal(eddy_stream_shutdown(&stream), -ESHUTDOWN);
    assert_int_equal(eddy_stream_write(&stream, "x", 1, &probe.waiter), -ESHUTDOWN);
    assert_int_equal(eddy_stream_try_write(&stream, "x", 1), -ESHUTDOWN);
    struct pollfd set = {.fd = peer, .events = POLLIN};
    assert_int_equal(poll(&set, 1, 2000), 1);
    assert_int_equal(recv(peer, buffer, sizeof buffer, 0), 0);
    assert_int_equal(send(peer, "abc", 3, 0), 3);
    assert_int_equal(probe_finish(&probe, eddy_stream_read(&stream, buffer, sizeof buffer, &probe.waiter)), 3);
    close(peer);
    assert_int_equal(probe_finish(&probe, eddy_stream_read(&stream, buffer, sizeof buffer, &probe.waiter)), 0);
    eddy_stream_close(&stream);
}

static void who_read_the_end_can_still_write(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe;
    char buffer[8];
    int peer = stream_pair_tcp(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    shutdown(peer, SHUT_WR);
    assert_int_equal(probe_finish(&probe, eddy_stream_read(&stream, buffer, sizeof buffer, &probe.waiter)), 0);
    assert_int_equal(eddy_stream_write(&stream, "abc", 3, &probe.waiter), 3);
    assert_int_equal(eddy_stream_shutdown(&stream), 0);
    struct pollfd set = {.fd = peer, .events = POLLIN | POLLRDHUP};
    assert_int_equal(poll(&set, 1, 2000), 1);
    assert_int_equal(recv(peer, buffer, sizeof buffer, 0), 3);
    eddy_stream_close(&stream);
    close(peer);
}

static void shutdown_wakes_a_parked_writer_but_no_reader(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe reader, writer;
    char buffer[8];
    int peer = stream_pair(&stream, &f->loop);
    probe_init(&reader, &f->loop);
    probe_init(&writer, &f->loop);
    ssize_t reading = eddy_stream_read(&stream, buffer, sizeof buffer, &reader.waiter);
    ssize_t writing = eddy_stream_write(&stream, large, LARGE, &writer.waiter);
    assert_int_equal(eddy_stream_shutdown(&stream), 0);
    assert_int_equal(writer.wakes, 0); /* never inside a call */
    assert_int_equal(probe_finish(&writer, writing), -ESHUTDOWN);
    assert_int_equal(drain(peer), eddy_stream_sent(&stream));
    assert_int_equal(reader.wakes, 0);
    assert_int_equal(send(peer, "abc", 3, 0), 3);
    assert_int_equal(probe_finish(&reader, reading), 3);
    eddy_stream_close(&stream);
    close(peer);
}

static void shutdown_of_a_reset_connection_is_enotconn(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct linger hard = {.l_onoff = 1, .l_linger = 0};
    int peer = stream_pair_tcp(&stream, &f->loop);
    setsockopt(peer, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(peer);
    struct pollfd set = {.fd = eddy_stream_fd(&stream), .events = POLLRDHUP};
    assert_int_equal(poll(&set, 1, 2000), 1);
    assert_int_equal(eddy_stream_shutdown(&stream), -ENOTCONN);
    eddy_stream_close(&stream);
}

static void a_write_before_the_shutdown_arrives(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe;
    int peer = stream_pair(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    assert_int_equal(eddy_stream_write(&stream, "abc", 3, &probe.waiter), 3);
    assert_int_equal(eddy_stream_shutdown(&stream), 0);
    assert_int_equal(drain(peer), 3);
    eddy_stream_close(&stream);
    close(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_write_that_fits_is_one_send),
        fixture_test(a_write_that_does_not_fit_goes_on_and_asks_epoll_once),
        fixture_test(a_second_writer_gets_ebusy),
        fixture_test(a_cancelled_write_tells_what_went_out),
        fixture_test(a_write_that_timed_out_tells_what_went_out),
        fixture_test(a_write_that_found_no_room_at_its_deadline_times_out),
        fixture_test(try_write_sends_what_fits),
        fixture_test(a_write_after_a_full_try_write_waits_for_room),
        fixture_test(try_write_works_again_after_epoll_refused_once),
        fixture_test(a_refused_write_has_sent_nothing),
        fixture_test(who_gets_ebusy_leaves_the_count_of_the_parked_write_alone),
        fixture_test(a_write_to_nobody_is_epipe_and_no_signal),
        fixture_test(a_parked_write_hears_that_the_other_end_is_gone),
        fixture_test(who_has_finished_sending_can_still_read),
        fixture_test(who_read_the_end_can_still_write),
        fixture_test(shutdown_wakes_a_parked_writer_but_no_reader),
        fixture_test(shutdown_of_a_reset_connection_is_enotconn),
        fixture_test(a_write_before_the_shutdown_arrives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
