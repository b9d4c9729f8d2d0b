/* Streams that change their place, and reading that is ended on this side. */
#define _GNU_SOURCE
#include "support/check.h"

#include <eddy/watch.h>

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LARGE = 1 << 20 };

static char large[LARGE];

static void a_moved_stream_goes_on_where_it_is(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream, place;
    struct probe probe;
    char buffer[8];
    int peer = stream_pair(&stream, &f->loop), fd = eddy_stream_fd(&stream);
    probe_init(&probe, &f->loop);
    unsigned calls = f->os.count;
    assert_int_equal(eddy_stream_move(&place, &stream), 0);
    assert_int_equal(f->os.count, calls); /* no system call */
    assert_int_equal(eddy_stream_fd(&place), fd);
    assert_int_equal(eddy_stream_fd(&stream), -1);
    assert_int_equal(eddy_stream_read(&stream, buffer, 8, &probe.waiter), -ESHUTDOWN);
    memset(&stream, 0xA5, sizeof stream); /* its memory is free */
    ssize_t answer = eddy_stream_read(&place, buffer, 8, &probe.waiter);
    assert_int_equal(send(peer, "abc", 3, 0), 3);
    assert_int_equal(probe_finish(&probe, answer), 3);
    assert_int_equal(eddy_stream_write(&place, "x", 1, &probe.waiter), 1);
    eddy_stream_close(&place);
    close(peer);
}

static void what_was_known_of_a_stream_moves_along(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream, place;
    struct probe probe;
    char buffer[8];
    int peer = stream_pair_tcp(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    eddy_stream_set_timeouts(&stream, EDDY_SEC(3), EDDY_FOREVER);
    assert_int_equal(send(peer, "abc", 3, 0), 3);
    run_until_quiet(&f->loop);
    assert_int_equal(eddy_stream_move(&place, &stream), 0);
    assert_int_equal(eddy_stream_read(&place, buffer, 8, &probe.waiter), 3); /* it has been told */
    eddy_ns began = f->os.now;
    assert_int_equal(probe_finish(&probe, eddy_stream_read(&place, buffer, 8, &probe.waiter)), -ETIMEDOUT);
    assert_true(f->os.now - began == EDDY_SEC(3));
    close(peer);
    assert_int_equal(probe_finish(&probe, eddy_stream_read(&place, buffer, 8, &probe.waiter)), 0);
    assert_int_equal(eddy_stream_move(&stream, &place), 0);
    assert_int_equal(eddy_stream_read(&stream, buffer, 8, &probe.waiter), 0);
    eddy_stream_close(&stream);
}

static struct eddy_stream *moved_from, *moved_to;

static void move_other(struct probe *probe)
{
    (void)probe;
    assert_int_equal(eddy_stream_move(moved_to, moved_from), 0);
}

/* The event of the moved one is in the same batch. */
static void an_event_on_its_way_finds_the_new_place(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream first, stream, place;
    struct probe mover, probe;
    char buffer[8];
    int first_peer = stream_pair(&first, &f->loop), peer = stream_pair(&stream, &f->loop);
    probe_init(&mover, &f->loop);
    probe_init(&probe, &f->loop);
    run_until_quiet(&f->loop);
    mover.then = move_other;
    moved_from = &stream;
    moved_to = &place;
    assert_int_equal(eddy_stream_read(&first, buffer, 8, &mover.waiter), EDDY_PENDING);
    assert_int_equal(send(first_peer, "a", 1, 0), 1);
    assert_int_equal(send(peer, "bc", 2, 0), 2);
    run_until_woken(&f->loop, &mover, 1);
    memset(&stream, 0xA5, sizeof stream);
    assert_int_equal(probe_finish(&probe, eddy_stream_read(&place, buffer, 8, &probe.waiter)), 2);
    eddy_stream_close(&place);
    eddy_stream_close(&first);
    close(peer);
    close(first_peer);
}

static void who_is_waited_for_is_not_moved(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream, place;
    struct probe probe;
    char buffer[8];
    int peer = stream_pair(&stream, &f->loop), fd = eddy_stream_fd(&stream);
    probe_init(&probe, &f->loop);
    ssize_t answer = eddy_stream_read(&stream, buffer, 8, &probe.waiter);
    assert_int_equal(eddy_stream_move(&place, &stream), -EBUSY);
    assert_int_equal(eddy_stream_fd(&stream), fd);
    assert_int_equal(send(peer, "abc", 3, 0), 3);
    assert_int_equal(probe_finish(&probe, answer), 3);
    answer = eddy_stream_write(&stream, large, LARGE, &probe.waiter);
    assert_int_equal(eddy_stream_move(&place, &stream), -EBUSY);
    eddy_stream_close(&stream);
    assert_int_equal(probe_finish(&probe, answer), -ESHUTDOWN);
    assert_int_equal(eddy_stream_move(&place, &stream), -ESHUTDOWN);
    memset(&stream, 0, sizeof stream);
    assert_int_equal(eddy_stream_move(&place, &stream), -ESHUTDOWN);
    close(peer);
}

/* ---- The end that this side makes ------------------------------------------------------- */

static void reading_that_was_ended_gives_0(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe;
    char buffer[8];
    int peer = stream_pair(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    assert_int_equal(send(peer, "abc", 3, 0), 3);
    run_until_quiet(&f->loop);
    eddy_stream_end_reading(&stream);
    eddy_stream_end_reading(&stream);
    assert_int_equal(eddy_stream_read(&stream, buffer, 8, &probe.waiter), 0);
    assert_int_equal(eddy_stream_try_read(&stream, buffer, 8), 0);
    assert_int_equal(eddy_stream_wait(&stream, EDDY_READABLE, &probe.waiter), 0);
    assert_int_equal(eddy_stream_write(&stream, "xyz", 3, &probe.waiter), 3); /* writing goes on */
    assert_int_equal(eddy_stream_shutdown(&stream), 0);
    assert_int_equal(drain(peer), 3);
    eddy_stream_close(&stream);
    assert_int_equal(eddy_stream_read(&stream, buffer, 8, &probe.waiter), -ESHUTDOWN);
    eddy_stream_end_reading(&stream);
    memset(&stream, 0, sizeof stream);
    eddy_stream_end_reading(&stream);
    close(peer);
}

static void who_reads_when_reading_is_ended_is_woken_with_0(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream, other;
    struct probe probe, waits;
    char buffer[8];
    int peer = stream_pair(&stream, &f->loop), other_peer = stream_pair(&other, &f->loop);
    probe_init(&probe, &f->loop);
    probe_init(&waits, &f->loop);
    ssize_t answer = eddy_stream_read(&stream, buffer, 8, &probe.waiter);
    ssize_t waiting = eddy_stream_wait(&other, EDDY_READABLE, &waits.waiter);
    eddy_stream_end_reading(&stream);
    eddy_stream_end_reading(&other);
    assert_int_equal(probe.wakes, 0); /* never inside a call */
    assert_int_equal(send(peer, "abc", 3, 0), 3);
    assert_int_equal(probe_finish(&probe, answer), 0);
    assert_int_equal(probe_finish(&waits, waiting), 0);
    eddy_stream_close(&stream);
    eddy_stream_close(&other);
    close(peer);
    close(other_peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_moved_stream_goes_on_where_it_is),
        fixture_test(what_was_known_of_a_stream_moves_along),
        fixture_test(an_event_on_its_way_finds_the_new_place),
        fixture_test(who_is_waited_for_is_not_moved),
        fixture_test(reading_that_was_ended_gives_0),
        fixture_test(who_reads_when_reading_is_ended_is_woken_with_0),
    };
    return cmocka_run_group_tests_name("stream_move", tests, NULL, NULL);
}
