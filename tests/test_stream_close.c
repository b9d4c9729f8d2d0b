/* Streams: closing, in the middle of whatever goes on. */
#define _GNU_SOURCE
#include "support/check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char large[1 << 20];

static void close_wakes_reader_and_writer_and_the_memory_is_free(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream *stream = malloc(sizeof *stream);
    struct probe reader, writer;
    char buffer[8];
    int peer = stream_pair(stream, &f->loop);
    probe_init(&reader, &f->loop);
    probe_init(&writer, &f->loop);
    ssize_t reading = eddy_stream_read(stream, buffer, sizeof buffer, &reader.waiter);
    ssize_t writing = eddy_stream_write(stream, large, sizeof large, &writer.waiter);
    assert_int_equal(send(peer, "abc", 3, 0), 3);
    eddy_stream_close(stream);
    memset(stream, 0xA5, sizeof *stream);
    free(stream);
    assert_int_equal(reader.wakes + writer.wakes, 0); /* never inside a call */
    assert_int_equal(probe_finish(&reader, reading), -ESHUTDOWN);
    assert_int_equal(probe_finish(&writer, writing), -ESHUTDOWN);
    run_until_quiet(&f->loop);
    assert_int_equal(reader.wakes + writer.wakes, 2);
    close(peer);
}

static void a_closed_stream_says_so(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct eddy_address address;
    struct probe probe;
    char buffer[8];
    int peer = stream_pair(&stream, &f->loop);
    int fd = eddy_stream_fd(&stream);
    probe_init(&probe, &f->loop);
    eddy_stream_close(&stream);
    eddy_stream_close(&stream);
    assert_int_equal(dup(peer), fd); /* the number is free */
    close(fd);
    assert_int_equal(eddy_stream_fd(&stream), -1);
    assert_int_equal(eddy_stream_read(&stream, buffer, sizeof buffer, &probe.waiter), -ESHUTDOWN);
    assert_int_equal(eddy_stream_write(&stream, buffer, sizeof buffer, &probe.waiter), -ESHUTDOWN);
    assert_int_equal(eddy_stream_try_read(&stream, buffer, sizeof buffer), -ESHUTDOWN);
    assert_int_equal(eddy_stream_try_write(&stream, buffer, sizeof buffer), -ESHUTDOWN);
    assert_int_equal(eddy_stream_shutdown(&stream), -ESHUTDOWN);
    assert_int_equal(eddy_stream_local(&stream, &address), -EBADF);
    assert_int_equal(eddy_stream_peer(&stream, &address), -EBADF);
    close(peer);
}

static void close_context(struct probe *probe)
{
    eddy_stream_close(probe->context);
    memset(probe->context, 0xA5, sizeof(struct eddy_stream));
}

static void a_stream_may_be_closed_in_its_own_wake(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct probe reader, writer;
    char buffer[8];
    int peer = stream_pair(&stream, &f->loop);
    probe_init(&reader, &f->loop);
    probe_init(&writer, &f->loop);
    reader.then = close_context;
    reader.context = &stream;
    assert_int_equal(eddy_stream_read(&stream, buffer, sizeof buffer, &reader.waiter), EDDY_PENDING);
    assert_int_equal(eddy_stream_write(&stream, large, sizeof large, &writer.waiter), EDDY_PENDING);
    assert_int_equal(send(peer, "abc", 3, 0), 3);
    drain(peer); /* room: the writer's turn is in the same batch */
    run_until_woken(&f->loop, &writer, 1);
    assert_int_equal(reader.result, 3);
    assert_int_equal(writer.result, -ESHUTDOWN);
    run_until_quiet(&f->loop);
    assert_int_equal(reader.wakes + writer.wakes, 2);
    close(peer);
}

/* Both streams have an event in the batch, and the one that is woken first closes the other. */
static void close_in_batch(struct fixture *f, enum test_order order)
{
    struct eddy_stream streams[2];
    struct probe probes[2];
    char buffers[2][8] = {"", ""};
    int peers[2];
    f->os.chaos.order = order;
    for (int i = 0; i < 2; i++) {
        peers[i] = stream_pair(&streams[i], &f->loop);
        probe_init(&probes[i], &f->loop);
        assert_int_equal(eddy_stream_read(&streams[i], buffers[i], 8, &probes[i].waiter), EDDY_PENDING);
        probes[i].then = close_context;
        probes[i].context = &streams[1 - i];
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(send(peers[i], "abc", 3, 0), 3);
    }
    int first = order == TEST_REVERSED ? 1 : 0;
    probes[1 - first].then = NULL;
    run_until_quiet(&f->loop);
    assert_int_equal(probes[first].result, 3);
    assert_int_equal(probes[1 - first].wakes, 1);
    assert_int_equal(probes[1 - first].result, -ESHUTDOWN);
    assert_string_equal(buffers[1 - first], "");
    eddy_stream_close(&streams[first]);
    close(peers[0]);
    close(peers[1]);
}

static void a_stream_closed_in_the_batch_of_its_event_gets_no_data(void **state)
{
    close_in_batch(*state, TEST_IN_ORDER);
    close_in_batch(*state, TEST_REVERSED);
}

struct swap {
    struct eddy_loop *loop;
    struct eddy_stream *victim;
    struct eddy_stream *heir;
    struct probe *heir_probe;
    char buffer[8];
    int heir_peer;
    int freed;
};

/* Close one stream and open another, which gets the same descriptor number. */
static void reuse_number(struct probe *probe)
{
    struct swap *swap = probe->context;
    swap->freed = eddy_stream_fd(swap->victim);
    eddy_stream_close(swap->victim);
    swap->heir_peer = stream_pair(swap->heir, swap->loop);
    ssize_t answer = eddy_stream_read(swap->heir, swap->buffer, sizeof swap->buffer, &swap->heir_probe->waiter);
    assert_int_equal(answer, EDDY_PENDING);
}

static void a_number_reused_in_the_batch_hears_nothing_of_before(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream, victim, heir;
    struct probe probe, victim_probe, heir_probe;
    char buffer[8];
    struct swap swap = {.loop = &f->loop, .victim = &victim, .heir = &heir, .heir_probe = &heir_probe};
    int peer = stream_pair(&stream, &f->loop), victim_peer = stream_pair(&victim, &f->loop);
    probe_init(&probe, &f->loop);
    probe_init(&victim_probe, &f->loop);
    probe_init(&heir_probe, &f->loop);
    probe.then = reuse_number;
    probe.context = &swap;
    f->os.chaos.duplicate = true;
    assert_int_equal(eddy_stream_read(&stream, buffer, sizeof buffer, &probe.waiter), EDDY_PENDING);
    assert_int_equal(eddy_stream_read(&victim, buffer, sizeof buffer, &victim_probe.waiter), EDDY_PENDING);
    assert_int_equal(send(peer, "abc", 3, 0), 3);
    assert_int_equal(send(victim_peer, "xyz", 3, 0), 3);
    run_until_quiet(&f->loop);
    assert_true(eddy_stream_fd(&heir) == swap.freed || swap.heir_peer == swap.freed);
    assert_int_equal(victim_probe.result, -ESHUTDOWN);
    assert_int_equal(heir_probe.wakes, 0);
    assert_int_equal(send(swap.heir_peer, "hello", 5, 0), 5);
    run_until_woken(&f->loop, &heir_probe, 1);
    assert_int_equal(heir_probe.result, 5);
    eddy_stream_close(&stream);
    eddy_stream_close(&heir);
    close(peer);
    close(victim_peer);
    close(swap.heir_peer);
}

/* A child or a duplicate keeps the description open, and epoll goes on reporting it. */
static void a_description_that_lives_on_elsewhere_reaches_nobody(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream, heir;
    struct probe probe;
    char buffer[8];
    int peer = stream_pair(&stream, &f->loop);
    int kept = dup(eddy_stream_fd(&stream));
    eddy_stream_close(&stream);
    int heir_peer = stream_pair(&heir, &f->loop); /* takes the slot */
    probe_init(&probe, &f->loop);
    assert_int_equal(eddy_stream_read(&heir, buffer, sizeof buffer, &probe.waiter), EDDY_PENDING);
    for (int round = 0; round < 10; round++) {
        assert_int_equal(send(peer, "abc", 3, 0), 3);
        run_until_quiet(&f->loop);
    }
    assert_int_equal(probe.wakes, 0);
    assert_int_equal(f->loop.poller.rebuilds, 1);
    assert_true(f->loop.poller.stale_seen <= 3);
    assert_int_equal(test_snapshot_take(&f->os, &f->loop).registrations, 2); /* the loop's own and the heir */
    assert_int_equal(send(heir_peer, "hello", 5, 0), 5);                     /* the new set knows who is there */
    run_until_woken(&f->loop, &probe, 1);
    assert_int_equal(probe.result, 5);
    eddy_stream_close(&heir);
    close(kept);
    close(peer);
    close(heir_peer);
}

static void a_close_that_fails_is_not_repeated(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    int peer = stream_pair(&stream, &f->loop);
    f->os.fault = (struct test_fault){.at = f->os.count + 1, .error = EINTR};
    unsigned before = f->os.calls[TEST_CLOSE];
    eddy_stream_close(&stream);
    assert_int_equal(f->os.struck, TEST_CLOSE);
    assert_int_equal(f->os.calls[TEST_CLOSE], before + 1);
    close(peer);
}

static void a_loop_with_an_open_stream_does_not_end(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    int peer = stream_pair(&stream, &f->loop);
    assert_int_equal(eddy_loop_fini(&f->loop), -EBUSY);
    eddy_stream_close(&stream);
    close(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(close_wakes_reader_and_writer_and_the_memory_is_free),
        fixture_test(a_closed_stream_says_so),
        fixture_test(a_stream_may_be_closed_in_its_own_wake),
        fixture_test(a_stream_closed_in_the_batch_of_its_event_gets_no_data),
        fixture_test(a_number_reused_in_the_batch_hears_nothing_of_before),
        fixture_test(a_description_that_lives_on_elsewhere_reaches_nobody),
        fixture_test(a_close_that_fails_is_not_repeated),
        fixture_test(a_loop_with_an_open_stream_does_not_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
