/* Streams: opening and reading. */
#define _GNU_SOURCE
#include "support/check.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void await_hangup(int fd)
{
    struct pollfd set = {.fd = fd, .events = POLLRDHUP};
    assert_int_equal(poll(&set, 1, 2000), 1);
}

/* ---- Opening ------------------------------------------------------------------------------ */

static void what_is_no_descriptor_is_refused(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    assert_int_equal(eddy_stream_open(&stream, &f->loop, -1), -EBADF);
    assert_int_equal(eddy_stream_fd(&stream), -1);
    eddy_stream_close(&stream);
}

static void what_is_no_socket_is_refused_and_stays_its_owners(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    assert_int_equal(eddy_stream_open(&stream, &f->loop, fd), -EPERM);
    eddy_stream_close(&stream);
    assert_int_equal(close(fd), 0);
}

static void a_descriptor_is_a_stream_once(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream, second;
    int peer = stream_pair(&stream, &f->loop);
    assert_int_equal(eddy_stream_open(&second, &f->loop, eddy_stream_fd(&stream)), -EEXIST);
    eddy_stream_close(&second);
    assert_true(eddy_stream_fd(&stream) >= 0);
    eddy_stream_close(&stream);
    close(peer);
}

static void a_full_epoll_leaves_the_descriptor_its_owners(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    f->os.fault = (struct test_fault){.at = f->os.count + 1, .error = ENOSPC};
    /* the first stream may make the table of slots first */
    int error = eddy_stream_open(&stream, &f->loop, fds[0]);
    assert_true(error == -ENOSPC || error == -ENOMEM);
    eddy_stream_close(&stream);
    assert_int_equal(eddy_stream_open(&stream, &f->loop, fds[0]), 0);
    eddy_stream_close(&stream);
    close(fds[1]);
}

/* ---- Reading ------------------------------------------------------------------------------ */

static void a_read_parks_until_data_comes(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe;
    char buffer[8] = "";
    int peer = stream_pair(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    assert_int_equal(eddy_stream_read(&stream, buffer, sizeof buffer, &probe.waiter), EDDY_PENDING);
    run_until_quiet(&f->loop);
    assert_int_equal(probe.wakes, 0);
    assert_int_equal(send(peer, "hello", 5, 0), 5);
    run_until_woken(&f->loop, &probe, 1);
    assert_int_equal(probe.result, 5);
    assert_memory_equal(buffer, "hello", 5);
    eddy_stream_close(&stream);
    close(peer);
}

static void a_second_reader_gets_ebusy(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe first, second;
    char buffer[8];
    int peer = stream_pair(&stream, &f->loop);
    probe_init(&first, &f->loop);
    probe_init(&second, &f->loop);
    ssize_t answer = eddy_stream_read(&stream, buffer, sizeof buffer, &first.waiter);
    assert_int_equal(eddy_stream_read(&stream, buffer, sizeof buffer, &second.waiter), -EBUSY);
    assert_int_equal(eddy_stream_try_read(&stream, buffer, sizeof buffer), -EBUSY);
    assert_int_equal(send(peer, "x", 1, 0), 1);
    assert_int_equal(probe_finish(&first, answer), 1);
    assert_int_equal(second.wakes, 0);
    eddy_stream_close(&stream);
    close(peer);
}

static void a_short_read_is_not_followed_by_one_that_finds_nothing(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe;
    char buffer[8];
    int peer = stream_pair(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    for (int round = 1; round <= 10; round++) {
        ssize_t answer = eddy_stream_read(&stream, buffer, sizeof buffer, &probe.waiter);
        assert_int_equal(answer, EDDY_PENDING);
        assert_int_equal(send(peer, "abc", 3, 0), 3);
        assert_int_equal(probe_finish(&probe, answer), 3);
        assert_int_equal(f->os.calls[TEST_RECV_UNIX], round);
    }
    assert_int_equal(f->os.calls[TEST_EPOLL_ADD], 2); /* the loop's own and this one */
    assert_int_equal(f->os.calls[TEST_EPOLL_MOD] + f->os.calls[TEST_EPOLL_DEL], 0);
    eddy_stream_close(&stream);
    close(peer);
}

static void a_full_read_leaves_the_rest_for_the_next(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe;
    char buffer[4];
    int peer = stream_pair(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    assert_int_equal(send(peer, "abcdefgh", 8, 0), 8);
    assert_int_equal(probe_finish(&probe, eddy_stream_read(&stream, buffer, 4, &probe.waiter)), 4);
    assert_memory_equal(buffer, "abcd", 4);
    assert_int_equal(eddy_stream_read(&stream, buffer, 4, &probe.waiter), 4);
    assert_memory_equal(buffer, "efgh", 4);
    assert_int_equal(eddy_stream_read(&stream, buffer, 4, &probe.waiter), EDDY_PENDING);
    eddy_stream_close(&stream);
    run_until_woken(&f->loop, &probe, 2);
    assert_int_equal(probe.result, -ESHUTDOWN);
    close(peer);
}

static void a_read_of_nothing_is_0_and_of_too_much_einval(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe;
    char buffer[1];
    int peer = stream_pair(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    assert_int_equal(eddy_stream_read(&stream, buffer, 0, &probe.waiter), 0);
    assert_int_equal(eddy_stream_read(&stream, buffer, (size_t)EDDY_IO_MAX + 1, &probe.waiter), -EINVAL);
    assert_int_equal(eddy_stream_write(&stream, buffer, 0, &probe.waiter), 0);
    assert_int_equal(eddy_stream_write(&stream, buffer, (size_t)EDDY_IO_MAX + 1, &probe.waiter), -EINVAL);
    assert_false(eddy_waiter_is_waiting(&probe.waiter));
    eddy_stream_close(&stream);
    close(peer);
}

static void try_read_says_eagain_and_then_what_came(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    char buffer[8];
    int peer = stream_pair(&stream, &f->loop);
    assert_int_equal(eddy_stream_try_read(&stream, buffer, sizeof buffer), -EAGAIN);
    assert_int_equal(send(peer, "abc", 3, 0), 3);
    run_until_quiet(&f->loop);
    assert_int_equal(eddy_stream_try_read(&stream, buffer, sizeof buffer), 3);
    assert_int_equal(eddy_stream_try_read(&stream, buffer, sizeof buffer), -EAGAIN);
    eddy_stream_close(&stream);
    close(peer);
}

/* ---- The end ------------------------------------------------------------------------------- */

static void end_with_data(struct fixture *f, struct eddy_stream *stream, int peer)
{
    struct probe probe;
    char buffer[8];
    probe_init(&probe, &f->loop);
    assert_int_equal(send(peer, "abc", 3, 0), 3);
    close(peer);
    await_hangup(eddy_stream_fd(stream));
    assert_int_equal(probe_finish(&probe, eddy_stream_read(stream, buffer, sizeof buffer, &probe.waiter)), 3);
    assert_int_equal(probe_finish(&probe, eddy_stream_read(stream, buffer, sizeof buffer, &probe.waiter)), 0);
    assert_int_equal(probe_finish(&probe, eddy_stream_read(stream, buffer, sizeof buffer, &probe.waiter)), 0);
    eddy_stream_close(stream);
}

static void an_end_that_came_with_the_data_is_not_lost(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    int peer = stream_pair(&stream, &f->loop);
    end_with_data(f, &stream, peer);
    peer = stream_pair_tcp(&stream, &f->loop);
    end_with_data(f, &stream, peer);
}

static void an_end_that_comes_later_wakes_the_reader_with_0(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe;
    char buffer[8];
    int peer = stream_pair_tcp(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    assert_int_equal(send(peer, "abc", 3, 0), 3);
    assert_int_equal(probe_finish(&probe, eddy_stream_read(&stream, buffer, sizeof buffer, &probe.waiter)), 3);
    ssize_t answer = eddy_stream_read(&stream, buffer, sizeof buffer, &probe.waiter);
    assert_int_equal(answer, EDDY_PENDING);
    close(peer);
    assert_int_equal(probe_finish(&probe, answer), 0);
    eddy_stream_close(&stream);
}

static void a_reset_gives_the_data_first_and_then_the_error(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe;
    char buffer[2];
    struct linger hard = {.l_onoff = 1, .l_linger = 0};
    int peer = stream_pair_tcp(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    assert_int_equal(send(peer, "abc", 3, 0), 3);
    struct pollfd set = {.fd = eddy_stream_fd(&stream), .events = POLLIN};
    assert_int_equal(poll(&set, 1, 2000), 1);
    setsockopt(peer, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(peer);
    await_hangup(eddy_stream_fd(&stream));
    assert_int_equal(probe_finish(&probe, eddy_stream_read(&stream, buffer, 2, &probe.waiter)), 2);
    assert_int_equal(probe_finish(&probe, eddy_stream_read(&stream, buffer, 2, &probe.waiter)), 1);
    assert_int_equal(probe_finish(&probe, eddy_stream_read(&stream, buffer, 2, &probe.waiter)), -ECONNRESET);
    eddy_stream_close(&stream);
}

/* ---- Giving up ----------------------------------------------------------------------------- */

static void a_cancelled_read_takes_no_byte(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe;
    char buffer[8] = "";
    int peer = stream_pair(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    ssize_t answer = eddy_stream_read(&stream, buffer, sizeof buffer, &probe.waiter);
    assert_int_equal(send(peer, "abc", 3, 0), 3);
    assert_true(eddy_wait_cancel(&probe.waiter));
    assert_false(eddy_wait_cancel(&probe.waiter));
    assert_int_equal(probe_finish(&probe, answer), -ECANCELED);
    assert_string_equal(buffer, "");
    assert_int_equal(probe_finish(&probe, eddy_stream_read(&stream, buffer, sizeof buffer, &probe.waiter)), 3);
    eddy_stream_close(&stream);
    close(peer);
}

static void cancel_other(struct probe *probe)
{
    assert_true(eddy_wait_cancel(probe->context));
}

/* Both have an event in the batch; who is woken first cancels the other, whose turn was to come. */
static void a_read_cancelled_in_the_turn_of_its_data_takes_no_byte(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream, other;
    struct probe probe, victim;
    char buffer[8], spoiled[8] = "";
    int peer = stream_pair(&stream, &f->loop), other_peer = stream_pair(&other, &f->loop);
    probe_init(&probe, &f->loop);
    probe_init(&victim, &f->loop);
    probe.then = cancel_other;
    probe.context = &victim.waiter;
    assert_int_equal(eddy_stream_read(&stream, buffer, sizeof buffer, &probe.waiter), EDDY_PENDING);
    assert_int_equal(eddy_stream_read(&other, spoiled, sizeof spoiled, &victim.waiter), EDDY_PENDING);
    assert_int_equal(send(peer, "abc", 3, 0), 3);
    assert_int_equal(send(other_peer, "xyz", 3, 0), 3);
    run_until_woken(&f->loop, &victim, 1);
    assert_int_equal(probe.result, 3);
    assert_int_equal(victim.result, -ECANCELED);
    assert_string_equal(spoiled, "");
    assert_int_equal(probe_finish(&victim, eddy_stream_read(&other, spoiled, sizeof spoiled, &victim.waiter)), 3);
    eddy_stream_close(&stream);
    eddy_stream_close(&other);
    close(peer);
    close(other_peer);
}

static void a_read_that_timed_out_takes_no_byte(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe;
    char buffer[8];
    int peer = stream_pair(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    eddy_ns deadline = eddy_ns_add(eddy_loop_now(&f->loop), EDDY_SEC(5));
    ssize_t answer = eddy_stream_read(&stream, buffer, sizeof buffer, &probe.waiter);
    eddy_wait_until(&probe.waiter, deadline);
    assert_int_equal(probe_finish(&probe, answer), -ETIMEDOUT);
    assert_true(f->os.now == deadline);
    assert_int_equal(send(peer, "abc", 3, 0), 3);
    assert_int_equal(probe_finish(&probe, eddy_stream_read(&stream, buffer, sizeof buffer, &probe.waiter)), 3);
    eddy_stream_close(&stream);
    close(peer);
}

static void data_that_is_there_at_the_deadline_comes_first(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe;
    char buffer[8];
    int peer = stream_pair(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    ssize_t answer = eddy_stream_read(&stream, buffer, sizeof buffer, &probe.waiter);
    eddy_wait_until(&probe.waiter, eddy_ns_add(eddy_loop_now(&f->loop), EDDY_SEC(5)));
    assert_int_equal(send(peer, "abc", 3, 0), 3);
    test_os_advance(&f->os, EDDY_SEC(6));
    assert_int_equal(probe_finish(&probe, answer), 3);
    eddy_stream_close(&stream);
    close(peer);
}

static void a_withdrawn_read_wakes_nobody(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe;
    char buffer[8];
    int peer = stream_pair(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    assert_int_equal(eddy_stream_read(&stream, buffer, sizeof buffer, &probe.waiter), EDDY_PENDING);
    assert_int_equal(send(peer, "abc", 3, 0), 3);
    assert_int_equal(eddy_wait_withdraw(&probe.waiter), EDDY_PENDING);
    run_until_quiet(&f->loop);
    assert_int_equal(probe.wakes, 0);
    assert_int_equal(eddy_stream_try_read(&stream, buffer, sizeof buffer), 3);
    eddy_stream_close(&stream);
    close(peer);
}

/* ---- Many ---------------------------------------------------------------------------------- */

enum { SHARERS = 8 };

static void check_share(struct probe *probe)
{
    const char *buffer = probe->context;
    assert_int_equal(probe->result, 4);
    assert_memory_equal(buffer, "abcd", 4);
    memset(probe->context, 'z', 4); /* done with it: the next read fills it anew */
}

static void parked_reads_share_one_buffer(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream streams[SHARERS];
    struct probe probes[SHARERS];
    int peers[SHARERS];
    char buffer[16];
    for (int i = 0; i < SHARERS; i++) {
        peers[i] = stream_pair(&streams[i], &f->loop);
        probe_init(&probes[i], &f->loop);
        probes[i].then = check_share;
        probes[i].context = buffer;
        assert_int_equal(eddy_stream_read(&streams[i], buffer, sizeof buffer, &probes[i].waiter), EDDY_PENDING);
    }
    for (int i = 0; i < SHARERS; i++) {
        assert_int_equal(send(peers[i], "abcd", 4, 0), 4);
    }
    run_until_quiet(&f->loop);
    for (int i = 0; i < SHARERS; i++) {
        assert_int_equal(probes[i].wakes, 1);
        eddy_stream_close(&streams[i]);
        close(peers[i]);
    }
}

struct greedy {
    struct eddy_stream stream;
    int reads;
    int reads_at_turn; /* of the other */
};

static void read_on(struct probe *probe)
{
    struct greedy *greedy = probe->context;
    static char byte;
    while (eddy_stream_read(&greedy->stream, &byte, 1, &probe->waiter) == 1) {
        greedy->reads++;
    }
}

static void note_reads(struct probe *probe)
{
    struct greedy *greedy = probe->context;
    greedy->reads_at_turn = greedy->reads;
}

static void reads_that_are_always_ready_leave_others_their_turn(void **state)
{
    struct fixture *f = *state;
    struct greedy greedy = {.reads = 0};
    struct probe reader, other;
    int peer = stream_pair(&greedy.stream, &f->loop);
    probe_init(&reader, &f->loop);
    probe_init(&other, &f->loop);
    reader.then = read_on;
    reader.context = &greedy;
    other.then = note_reads;
    other.context = &greedy;
    assert_true(fill(peer) > 10000);
    assert_int_equal(eddy_yield(&reader.waiter), EDDY_PENDING);
    assert_int_equal(eddy_yield(&other.waiter), EDDY_PENDING);
    assert_true(eddy_loop_step(&f->loop) >= 0);
    assert_int_equal(other.wakes, 1);
    assert_int_equal(other.order, 2);
    assert_in_range(greedy.reads_at_turn, 64, 128);
    run_until_quiet(&f->loop);
    assert_true(greedy.reads > 5000);
    eddy_stream_close(&greedy.stream);
    eddy_wait_withdraw(&reader.waiter);
    close(peer);
}

static void an_interrupted_recv_is_repeated(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe;
    char buffer[8];
    int peer = stream_pair(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    assert_int_equal(send(peer, "abc", 3, 0), 3);
    run_until_quiet(&f->loop);
    f->os.fault = (struct test_fault){.at = f->os.count + 1, .error = EINTR};
    assert_int_equal(eddy_stream_read(&stream, buffer, sizeof buffer, &probe.waiter), 3);
    assert_int_equal(f->os.struck, TEST_RECV_UNIX);
    eddy_stream_close(&stream);
    close(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(what_is_no_descriptor_is_refused),
        fixture_test(what_is_no_socket_is_refused_and_stays_its_owners),
        fixture_test(a_descriptor_is_a_stream_once),
        fixture_test(a_full_epoll_leaves_the_descriptor_its_owners),
        fixture_test(a_read_parks_until_data_comes),
        fixture_test(a_second_reader_gets_ebusy),
        fixture_test(a_short_read_is_not_followed_by_one_that_finds_nothing),
        fixture_test(a_full_read_leaves_the_rest_for_the_next),
        fixture_test(a_read_of_nothing_is_0_and_of_too_much_einval),
        fixture_test(try_read_says_eagain_and_then_what_came),
        fixture_test(an_end_that_came_with_the_data_is_not_lost),
        fixture_test(an_end_that_comes_later_wakes_the_reader_with_0),
        fixture_test(a_reset_gives_the_data_first_and_then_the_error),
        fixture_test(a_cancelled_read_takes_no_byte),
        fixture_test(a_read_cancelled_in_the_turn_of_its_data_takes_no_byte),
        fixture_test(a_read_that_timed_out_takes_no_byte),
        fixture_test(data_that_is_there_at_the_deadline_comes_first),
        fixture_test(a_withdrawn_read_wakes_nobody),
        fixture_test(parked_reads_share_one_buffer),
        fixture_test(reads_that_are_always_ready_leave_others_their_turn),
        fixture_test(an_interrupted_recv_is_repeated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
