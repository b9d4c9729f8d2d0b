/* Streams: the bytes of a file. */
#define _GNU_SOURCE
#include "support/check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FILE_SIZE = 3 << 20 };

static char content[FILE_SIZE], received[FILE_SIZE];

static int make_file(size_t size)
{
    char path[] = "/tmp/eddy-test-XXXXXX";
    int fd = mkostemp(path, O_CLOEXEC);
    assert_true(fd >= 0);
    unlink(path);
    for (size_t i = 0; i < size; i++) {
        content[i] = (char)(i * 13 % 241);
    }
    for (size_t done = 0; done < size;) {
        ssize_t n = write(fd, content + done, size - done);
        assert_true(n > 0);
        done += (size_t)n;
    }
    return fd;
}

static size_t take(int fd, size_t so_far)
{
    ssize_t n;
    while ((n = recv(fd, received + so_far, sizeof received - so_far, MSG_DONTWAIT)) > 0) {
        so_far += (size_t)n;
    }
    return so_far;
}

static void a_piece_of_a_file_is_one_call(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe;
    off_t offset = 100;
    int file = make_file(4096), peer = stream_pair(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    for (int round = 1; round <= 3; round++) {
        offset = 100;
        assert_int_equal(eddy_stream_sendfile(&stream, file, &offset, 1000, &probe.waiter), 1000);
        assert_int_equal(offset, 1100);
        assert_int_equal(eddy_stream_sent(&stream), 1000);
        assert_int_equal(take(peer, 0), 1000);
        assert_memory_equal(received, content + 100, 1000);
        assert_int_equal(f->os.calls[TEST_SENDFILE], round);
        assert_int_equal(f->os.calls[TEST_FCNTL], 1); /* the descriptor is asked once */
    }
    eddy_stream_close(&stream);
    close(peer);
    close(file);
}

static void a_file_that_ends_early_gives_what_it_has(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe;
    off_t offset = 4000;
    int file = make_file(4096), peer = stream_pair(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    assert_int_equal(eddy_stream_sendfile(&stream, file, &offset, SIZE_MAX, &probe.waiter), 96);
    assert_int_equal(offset, 4096);
    assert_int_equal(eddy_stream_sendfile(&stream, file, &offset, 10, &probe.waiter), 0);
    assert_int_equal(offset, 4096);
    assert_int_equal(eddy_stream_sendfile(&stream, file, &offset, 0, &probe.waiter), 0);
    eddy_stream_close(&stream);
    close(peer);
    close(file);
}

/* Drain until `probe` is woken; the offset is right at every point. */
static size_t pump(struct fixture *f, struct probe *probe, const struct eddy_stream *stream, const off_t *offset,
                   int peer)
{
    size_t taken = 0;
    for (int rounds = 0; probe->wakes == 0; rounds++) {
        assert_true(rounds < 1000);
        run_until_quiet(&f->loop);
        taken = take(peer, taken);
        assert_int_equal(*offset, taken);
        assert_int_equal(eddy_stream_sent(stream), taken);
    }
    return take(peer, taken);
}

static void a_large_file_goes_on_when_there_is_room(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe;
    off_t offset = 0;
    int file = make_file(FILE_SIZE), peer = stream_pair(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    assert_int_equal(eddy_stream_sendfile(&stream, file, &offset, FILE_SIZE, &probe.waiter), EDDY_PENDING);
    assert_int_equal(pump(f, &probe, &stream, &offset, peer), FILE_SIZE);
    assert_int_equal(probe.result, FILE_SIZE);
    assert_memory_equal(received, content, FILE_SIZE);
    assert_int_equal(f->os.calls[TEST_EPOLL_MOD], 1);
    eddy_stream_close(&stream);
    close(peer);
    close(file);
}

static void a_file_cut_while_it_is_sent_ends_there(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe;
    off_t offset = 0;
    int file = make_file(FILE_SIZE), peer = stream_pair(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    assert_int_equal(eddy_stream_sendfile(&stream, file, &offset, FILE_SIZE, &probe.waiter), EDDY_PENDING);
    off_t end = offset + 1;
    assert_int_equal(ftruncate(file, end), 0);
    assert_int_equal(pump(f, &probe, &stream, &offset, peer), end);
    assert_int_equal(probe.result, end);
    assert_int_equal(offset, end);
    eddy_stream_close(&stream);
    close(peer);
    close(file);
}

static void a_cancel_leaves_the_offset_at_what_was_sent(void **state)
{
    struct fixture *f = *state;
    for (int way = 0; way < 5; way++) {
        struct eddy_stream stream;
        struct probe probe;
        off_t offset = 0;
        ssize_t result = EDDY_PENDING;
        int file = make_file(FILE_SIZE), peer = stream_pair(&stream, &f->loop);
        probe_init(&probe, &f->loop);
        ssize_t answer = eddy_stream_sendfile(&stream, file, &offset, FILE_SIZE, &probe.waiter);
        assert_int_equal(answer, EDDY_PENDING);
        if (way == 0) {
            assert_true(eddy_wait_cancel(&probe.waiter));
            result = -ECANCELED;
        } else if (way == 1) {
            eddy_wait_until(&probe.waiter, eddy_ns_add(eddy_loop_now(&f->loop), EDDY_SEC(1)));
            result = -ETIMEDOUT;
        } else if (way == 2) {
            assert_int_equal(eddy_stream_shutdown(&stream), 0);
            result = -ESHUTDOWN;
        } else if (way == 3) {
            eddy_stream_close(&stream);
            result = -ESHUTDOWN;
        } else {
            assert_int_equal(eddy_wait_withdraw(&probe.waiter), EDDY_PENDING);
        }
        if (result != EDDY_PENDING) {
            assert_int_equal(probe_finish(&probe, answer), result);
        }
        assert_int_equal(f->loop.scheduler.pool.bytes_used, 0);
        assert_int_equal(take(peer, 0), offset);
        assert_int_equal(eddy_stream_sent(&stream), offset);
        eddy_stream_close(&stream);
        close(peer);
        close(file);
    }
}

static void what_is_no_file_is_refused(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe, other;
    off_t offset = 0;
    int fds[2], file = make_file(FILE_SIZE), peer = stream_pair(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    probe_init(&other, &f->loop);
    assert_int_equal(pipe(fds), 0);
    ssize_t answer = eddy_stream_sendfile(&stream, fds[0], &offset, 10, &probe.waiter);
    assert_true(answer == -ESPIPE || answer == -EINVAL);
    assert_int_equal(eddy_stream_sendfile(&stream, -1, &offset, 10, &probe.waiter), -EBADF);
    assert_int_equal(offset, 0);
    answer = eddy_stream_sendfile(&stream, file, &offset, FILE_SIZE, &probe.waiter);
    assert_int_equal(eddy_stream_sendfile(&stream, file, &offset, 10, &other.waiter), -EBUSY);
    eddy_stream_close(&stream);
    assert_int_equal(probe_finish(&probe, answer), -ESHUTDOWN);
    assert_int_equal(eddy_stream_sendfile(&stream, file, &offset, 10, &probe.waiter), -ESHUTDOWN);
    close(fds[0]);
    close(fds[1]);
    close(peer);
    close(file);
}

/* A descriptor that was given as a blocking one does not block the loop. */
static void a_blocking_descriptor_does_not_block(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe;
    off_t offset = 0;
    int fds[2], file = make_file(FILE_SIZE);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    assert_int_equal(eddy_stream_open(&stream, &f->loop, fds[0]), 0);
    probe_init(&probe, &f->loop);
    assert_int_equal(eddy_stream_sendfile(&stream, file, &offset, FILE_SIZE, &probe.waiter), EDDY_PENDING);
    eddy_stream_close(&stream);
    run_until_woken(&f->loop, &probe, 1);
    close(fds[1]);
    close(file);
}

static void who_receives_as_fast_as_we_send_leaves_others_a_turn(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe, other;
    off_t offset = 0;
    int size = 4 * FILE_SIZE;
    int file = make_file(FILE_SIZE), peer = stream_pair(&stream, &f->loop);
    if (setsockopt(eddy_stream_fd(&stream), SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) < 0) {
        eddy_stream_close(&stream);
        close(peer);
        close(file);
        skip(); /* without the right to a buffer that takes all at once */
    }
    probe_init(&probe, &f->loop);
    probe_init(&other, &f->loop);
    assert_int_equal(eddy_stream_sendfile(&stream, file, &offset, FILE_SIZE, &probe.waiter), EDDY_PENDING);
    assert_int_equal(offset, 1 << 20);
    assert_int_equal(eddy_sleep(0, &other.waiter), EDDY_PENDING);
    run_until_woken(&f->loop, &probe, 1);
    assert_int_equal(probe.result, FILE_SIZE);
    assert_true(other.order < probe.order);
    eddy_stream_close(&stream);
    close(peer);
    close(file);
}

static void without_memory_nothing_is_lost(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe probe;
    off_t offset = 0;
    int file = make_file(FILE_SIZE), peer = stream_pair(&stream, &f->loop);
    probe_init(&probe, &f->loop);
    assert_int_equal(eddy_stream_writev(&stream, &(struct iovec){content, 1}, 1, &probe.waiter), 1);
    f->os.fault = (struct test_fault){.error = ENOMEM, .forever = true};
    f->os.struck = TEST_ALLOCATE;
    ssize_t answer = eddy_stream_sendfile(&stream, file, &offset, FILE_SIZE, &probe.waiter);
    f->os.struck = TEST_CALLS;
    assert_int_equal(answer, -ENOMEM);
    assert_int_equal(take(peer, 0), 1 + offset);
    assert_int_equal(eddy_stream_sent(&stream), offset);
    eddy_stream_close(&stream);
    close(peer);
    close(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_piece_of_a_file_is_one_call),
        fixture_test(a_file_that_ends_early_gives_what_it_has),
        fixture_test(a_large_file_goes_on_when_there_is_room),
        fixture_test(a_file_cut_while_it_is_sent_ends_there),
        fixture_test(a_cancel_leaves_the_offset_at_what_was_sent),
        fixture_test(what_is_no_file_is_refused),
        fixture_test(a_blocking_descriptor_does_not_block),
        fixture_test(who_receives_as_fast_as_we_send_leaves_others_a_turn),
        fixture_test(without_memory_nothing_is_lost),
    };
    return cmocka_run_group_tests_name("stream_sendfile", tests, NULL, NULL);
}
