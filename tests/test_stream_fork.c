/* Streams in a child of fork: every call is refused, whatever was under way. */
#define _GNU_SOURCE
#include "support/check.h"

#include <eddy/watch.h>

#include <errno.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void expect_clean_exit(pid_t child)
{
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (status != 0) {
        fail_msg("the child ended with status %#x", (unsigned)status);
    }
}

/* The number of the first call that is not refused; 0: none. */
static int first_that_is_not_refused(struct eddy_stream *stream, struct probe *probe)
{
    struct eddy_address address;
    struct eddy_stream place;
    char byte = 'x';
    const struct iovec part = {&byte, 1};
    off_t offset = 0;
    const ssize_t answers[] = {
        eddy_stream_read(stream, &byte, 1, &probe->waiter),
        eddy_stream_write(stream, &byte, 1, &probe->waiter),
        eddy_stream_try_read(stream, &byte, 1),
        eddy_stream_try_write(stream, &byte, 1),
        eddy_stream_writev(stream, &part, 1, &probe->waiter),
        eddy_stream_sendfile(stream, 0, &offset, 1, &probe->waiter),
        eddy_stream_wait(stream, EDDY_READABLE, &probe->waiter),
        eddy_stream_wait(stream, EDDY_WRITABLE, &probe->waiter),
        eddy_stream_move(&place, stream),
        eddy_stream_shutdown(stream),
        eddy_stream_local(stream, &address),
        eddy_stream_peer(stream, &address),
    };
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        if (answers[i] != -ECHILD) {
            return (int)i + 1;
        }
    }
    return 0;
}

static void in_a_child_every_call_is_refused_also_with_a_parked_reader_and_writer(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe reader, writer, other;
    char byte;
    int peer = stream_pair(&stream, &f->loop);
    probe_init(&reader, &f->loop);
    probe_init(&writer, &f->loop);
    probe_init(&other, &f->loop);
    size_t ahead = fill(eddy_stream_fd(&stream));
    assert_int_equal(eddy_stream_read(&stream, &byte, 1, &reader.waiter), EDDY_PENDING);
    assert_int_equal(eddy_stream_write(&stream, "y", 1, &writer.waiter), EDDY_PENDING);
    pid_t child = fork();
    if (child == 0) {
        int failed = first_that_is_not_refused(&stream, &other);
        eddy_stream_end_reading(&stream); /* touches nothing */
        eddy_stream_close(&stream);
        _exit(failed);
    }
    expect_clean_exit(child);
    assert_int_equal(drain(peer), ahead);
    run_until_woken(&f->loop, &writer, 1); /* the parent does not notice */
    assert_int_equal(writer.result, 1);
    assert_int_equal(drain(peer), 1);
    assert_int_equal(send(peer, "x", 1, 0), 1);
    run_until_woken(&f->loop, &reader, 1);
    assert_int_equal(reader.result, 1);
    eddy_stream_close(&stream);
    close(peer);
}

enum { STREAMS = 4 };

static pid_t forked;

static void fork_once(struct probe *probe)
{
    (void)probe;
    if (forked < 0) {
        forked = fork();
    }
}

/* All have data in the same batch, so that the child has events in hand that are not for it. */
static void after_a_fork_in_a_readers_wake_the_child_is_refused_everywhere(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream streams[STREAMS];
    struct probe probes[STREAMS], other;
    char bytes[STREAMS];
    int peers[STREAMS];
    forked = -1;
    probe_init(&other, &f->loop);
    for (int i = 0; i < STREAMS; i++) {
        peers[i] = stream_pair(&streams[i], &f->loop);
        probe_init(&probes[i], &f->loop);
        probes[i].then = fork_once;
        assert_int_equal(eddy_stream_read(&streams[i], &bytes[i], 1, &probes[i].waiter), EDDY_PENDING);
        assert_int_equal(send(peers[i], "x", 1, 0), 1);
    }
    int result = eddy_loop_run(&f->loop);
    if (forked == 0) {
        int failed = result == -ECHILD ? 0 : 100;
        for (int i = 0; i < STREAMS && failed == 0; i++) {
            failed = first_that_is_not_refused(&streams[i], &other);
        }
        _exit(failed);
    }
    expect_clean_exit(forked);
    assert_int_equal(result, 0);
    for (int i = 0; i < STREAMS; i++) {
        assert_int_equal(probes[i].wakes, 1);
        eddy_stream_close(&streams[i]);
        close(peers[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(in_a_child_every_call_is_refused_also_with_a_parked_reader_and_writer),
        fixture_test(after_a_fork_in_a_readers_wake_the_child_is_refused_everywhere),
    };
    return cmocka_run_group_tests_name("stream fork", tests, NULL, NULL);
}
