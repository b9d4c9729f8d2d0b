/* Streams under a number whose file epoll knows already, since a copy of the descriptor lives on. */
#define _GNU_SOURCE
#include "support/check.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static void a_file_registered_still_through_a_copy_may_be_opened_again(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream, again;
    struct probe probe;
    char byte;
    int peer = stream_pair(&stream, &f->loop);
    int number = eddy_stream_fd(&stream);
    int copy = dup(number);
    eddy_stream_close(&stream);
    assert_int_equal(dup2(copy, number), number);
    assert_int_equal(eddy_stream_open(&again, &f->loop, number), 0);
    probe_init(&probe, &f->loop);
    assert_int_equal(eddy_stream_read(&again, &byte, 1, &probe.waiter), EDDY_PENDING);
    run_until_quiet(&f->loop);
    assert_int_equal(probe.wakes, 0);
    assert_int_equal(send(peer, "x", 1, 0), 1);
    run_until_woken(&f->loop, &probe, 1); /* the events are its own */
    assert_int_equal(probe.result, 1);
    assert_int_equal(f->loop.poller.open, 1);
    eddy_stream_close(&again);
    close(copy);
    close(peer);
}

static void data_that_was_there_before_is_told_to_the_one_that_is_opened_again(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream, again;
    struct probe probe;
    char byte;
    int peer = stream_pair(&stream, &f->loop);
    int number = eddy_stream_fd(&stream);
    int copy = dup(number);
    assert_int_equal(send(peer, "x", 1, 0), 1);
    run_until_quiet(&f->loop); /* told once, to the old one */
    eddy_stream_close(&stream);
    assert_int_equal(dup2(copy, number), number);
    assert_int_equal(eddy_stream_open(&again, &f->loop, number), 0);
    probe_init(&probe, &f->loop);
    assert_int_equal(probe_finish(&probe, eddy_stream_read(&again, &byte, 1, &probe.waiter)), 1);
    eddy_stream_close(&again);
    close(copy);
    close(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_file_registered_still_through_a_copy_may_be_opened_again),
        fixture_test(data_that_was_there_before_is_told_to_the_one_that_is_opened_again),
    };
    return cmocka_run_group_tests_name("stream number", tests, NULL, NULL);
}
