/* Transports: what all of them promise, whatever they are made of. */
#define _GNU_SOURCE
#include "support/check.h"
#include "support/xor.h"

#include <eddy/memory.h>

#include <errno.h>
#include <string.h>

enum { RING = 32 };

/* The two ends of a connection. */
static struct {
    struct eddy_stream streams[2];
    struct eddy_memory memories[4];
    char rings[4][RING];
    struct xor_layer layers[2];
    struct eddy_staple staples[2];
} parts;

static void open_memories(int one, int other)
{
    eddy_memory_open(&parts.memories[one], parts.rings[one], RING, &parts.memories[other], parts.rings[other], RING);
}

static void open_sockets(struct fixture *f, struct eddy_transport *ends)
{
    stream_couple(&parts.streams[0], &parts.streams[1], &f->loop);
    ends[0] = eddy_stream_transport(&parts.streams[0]);
    ends[1] = eddy_stream_transport(&parts.streams[1]);
}

static void open_in_memory(struct fixture *f, struct eddy_transport *ends)
{
    (void)f;
    open_memories(0, 1);
    ends[0] = eddy_memory_transport(&parts.memories[0]);
    ends[1] = eddy_memory_transport(&parts.memories[1]);
}

/* One connection for each direction. */
static void open_stapled(struct fixture *f, struct eddy_transport *ends)
{
    (void)f;
    open_memories(0, 1);
    open_memories(2, 3);
    ends[0] = eddy_staple(&parts.staples[0], eddy_memory_transport(&parts.memories[0]),
                          eddy_memory_transport(&parts.memories[2]));
    ends[1] = eddy_staple(&parts.staples[1], eddy_memory_transport(&parts.memories[3]),
                          eddy_memory_transport(&parts.memories[1]));
}

static void open_layered(struct fixture *f, struct eddy_transport *ends)
{
    open_in_memory(f, ends);
    ends[0] = xor_transport(&parts.layers[0], &f->loop, ends[0], 'k');
    ends[1] = xor_transport(&parts.layers[1], &f->loop, ends[1], 'k');
}

typedef void open_fn(struct fixture *f, struct eddy_transport *ends);

static open_fn *const kinds[] = {open_sockets, open_in_memory, open_stapled, open_layered};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

static void close_both(const struct eddy_transport *ends)
{
    for (int i = 0; i < 4; i++) {
        eddy_transport_close(ends[i % 2]); /* allowed twice */
    }
}

static void what_one_end_writes_the_other_reads(void **state)
{
    struct fixture *f = *state;
    for (int kind = 0; kind < KINDS; kind++) {
        struct eddy_transport ends[2];
        struct probe reader, writer;
        char buffer[16] = "";
        kinds[kind](f, ends);
        probe_init(&reader, &f->loop);
        probe_init(&writer, &f->loop);
        for (int way = 0; way < 2; way++) {
            assert_int_equal(eddy_transport_try_read(ends[way], buffer, 16), -EAGAIN);
            ssize_t answer = eddy_transport_read(ends[way], buffer, 16, &reader.waiter);
            assert_int_equal(answer, EDDY_PENDING);
            assert_int_equal(probe_finish(&writer, eddy_transport_write(ends[!way], "hello", 5, &writer.waiter)), 5);
            assert_int_equal(eddy_transport_sent(ends[!way]), 5);
            assert_int_equal(probe_finish(&reader, answer), 5);
            assert_memory_equal(buffer, "hello", 5);
            assert_int_equal(eddy_transport_try_write(ends[!way], "abc", 3), 3);
            run_until_quiet(&f->loop);
            assert_int_equal(eddy_transport_try_read(ends[way], buffer, 16), 3);
        }
        close_both(ends);
    }
}

static void who_reads_and_who_writes_is_one_at_a_time(void **state)
{
    struct fixture *f = *state;
    static const char much[1 << 20];
    for (int kind = 0; kind < KINDS; kind++) {
        struct eddy_transport ends[2];
        struct probe reader, writer, other;
        char buffer[16];
        kinds[kind](f, ends);
        probe_init(&reader, &f->loop);
        probe_init(&writer, &f->loop);
        probe_init(&other, &f->loop);
        ssize_t reading = eddy_transport_read(ends[0], buffer, 16, &reader.waiter);
        ssize_t writing = eddy_transport_write(ends[0], much, sizeof much, &writer.waiter);
        assert_int_equal(eddy_transport_read(ends[0], buffer, 16, &other.waiter), -EBUSY);
        assert_int_equal(eddy_transport_try_read(ends[0], buffer, 16), -EBUSY);
        assert_int_equal(eddy_transport_write(ends[0], "x", 1, &other.waiter), -EBUSY);
        assert_int_equal(eddy_transport_try_write(ends[0], "x", 1), -EBUSY);
        eddy_transport_close(ends[0]);
        assert_int_equal(probe_finish(&reader, reading), -ESHUTDOWN);
        assert_int_equal(probe_finish(&writer, writing), -ESHUTDOWN);
        close_both(ends);
    }
}

static void a_cancelled_read_takes_no_byte(void **state)
{
    struct fixture *f = *state;
    for (int kind = 0; kind < KINDS; kind++) {
        struct eddy_transport ends[2];
        struct probe reader;
        char buffer[16] = "";
        kinds[kind](f, ends);
        probe_init(&reader, &f->loop);
        ssize_t answer = eddy_transport_read(ends[0], buffer, 16, &reader.waiter);
        assert_int_equal(eddy_transport_try_write(ends[1], "abc", 3), 3);
        assert_true(eddy_wait_cancel(&reader.waiter)); /* before its turn */
        assert_int_equal(probe_finish(&reader, answer), -ECANCELED);
        assert_string_equal(buffer, "");
        assert_int_equal(probe_finish(&reader, eddy_transport_read(ends[0], buffer, 16, &reader.waiter)), 3);
        close_both(ends);
    }
}

static void check_abc(struct probe *probe)
{
    assert_int_equal(probe->result, 3);
    assert_memory_equal(probe->context, "abc", 3);
    memset(probe->context, 0, 3); /* done with it */
}

static void many_may_wait_with_one_buffer(void **state)
{
    struct fixture *f = *state;
    for (int kind = 0; kind < KINDS; kind++) {
        struct eddy_transport ends[2];
        struct probe readers[2];
        char buffer[16] = "";
        kinds[kind](f, ends);
        for (int i = 0; i < 2; i++) {
            probe_init(&readers[i], &f->loop);
            readers[i].then = check_abc;
            readers[i].context = buffer;
            assert_int_equal(eddy_transport_read(ends[i], buffer, 16, &readers[i].waiter), EDDY_PENDING);
        }
        assert_int_equal(eddy_transport_try_write(ends[0], "abc", 3), 3);
        assert_int_equal(eddy_transport_try_write(ends[1], "abc", 3), 3);
        assert_string_equal(buffer, "");
        run_until_quiet(&f->loop);
        assert_int_equal(readers[0].wakes + readers[1].wakes, 2);
        close_both(ends);
    }
}

static void an_end_is_passed_on_and_the_other_way_goes_on(void **state)
{
    struct fixture *f = *state;
    for (int kind = 0; kind < KINDS; kind++) {
        struct eddy_transport ends[2];
        struct probe probe;
        char buffer[16];
        kinds[kind](f, ends);
        probe_init(&probe, &f->loop);
        assert_int_equal(eddy_transport_try_write(ends[0], "abc", 3), 3);
        assert_int_equal(eddy_transport_shutdown(ends[0]), 0);
        assert_int_equal(eddy_transport_shutdown(ends[0]), -ESHUTDOWN);
        assert_int_equal(eddy_transport_write(ends[0], "x", 1, &probe.waiter), -ESHUTDOWN);
        for (int round = 0; round < 3; round++) {
            ssize_t answer = eddy_transport_read(ends[1], buffer, 16, &probe.waiter);
            assert_int_equal(probe_finish(&probe, answer), round == 0 ? 3 : 0);
        }
        assert_int_equal(eddy_transport_try_write(ends[1], "de", 2), 2);
        ssize_t answer = eddy_transport_read(ends[0], buffer, 16, &probe.waiter);
        assert_int_equal(probe_finish(&probe, answer), 2);
        close_both(ends);
    }
}

static void a_write_that_is_cut_tells_what_went_out(void **state)
{
    struct fixture *f = *state;
    static const char much[1 << 20];
    for (int kind = 0; kind < KINDS; kind++) {
        struct eddy_transport ends[2];
        struct probe probe;
        static char buffer[1 << 20];
        size_t taken = 0;
        ssize_t n;
        kinds[kind](f, ends);
        probe_init(&probe, &f->loop);
        ssize_t answer = eddy_transport_write(ends[0], much, sizeof much, &probe.waiter);
        run_until_quiet(&f->loop);
        assert_true(eddy_wait_cancel(&probe.waiter));
        assert_int_equal(probe_finish(&probe, answer), -ECANCELED);
        while (run_until_quiet(&f->loop), (n = eddy_transport_try_read(ends[1], buffer, sizeof buffer)) > 0) {
            taken += (size_t)n;
        }
        assert_int_equal(eddy_transport_sent(ends[0]), taken);
        close_both(ends);
    }
}

static void sockets_alone_are_sockets(void **state)
{
    struct fixture *f = *state;
    for (int kind = 0; kind < KINDS; kind++) {
        struct eddy_transport ends[2];
        kinds[kind](f, ends);
        assert_ptr_equal(eddy_transport_stream(ends[0]), kind == 0 ? &parts.streams[0] : NULL);
        assert_int_equal(ends[0].kind->writev != NULL, kind == 0);
        assert_non_null(ends[0].kind->name);
        close_both(ends);
    }
}

static void a_staple_closes_both_halves(void **state)
{
    struct fixture *f = *state;
    struct eddy_transport ends[2];
    struct eddy_staple zeroed;
    char buffer[4];
    open_stapled(f, ends);
    eddy_transport_close(ends[0]);
    assert_int_equal(eddy_memory_try_read(&parts.memories[0], buffer, 4), -ESHUTDOWN);
    assert_int_equal(eddy_memory_try_read(&parts.memories[2], buffer, 4), -ESHUTDOWN);
    assert_int_equal(eddy_transport_try_read(ends[1], buffer, 4), 0);
    assert_int_equal(eddy_transport_try_write(ends[1], "x", 1), -EPIPE);
    struct eddy_transport none = eddy_staple(&zeroed, ends[0], ends[1]);
    memset(&zeroed, 0, sizeof zeroed);
    eddy_transport_close(none);
    close_both(ends);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(what_one_end_writes_the_other_reads),
        fixture_test(who_reads_and_who_writes_is_one_at_a_time),
        fixture_test(a_cancelled_read_takes_no_byte),
        fixture_test(many_may_wait_with_one_buffer),
        fixture_test(an_end_is_passed_on_and_the_other_way_goes_on),
        fixture_test(a_write_that_is_cut_tells_what_went_out),
        fixture_test(sockets_alone_are_sockets),
        fixture_test(a_staple_closes_both_halves),
    };
    return cmocka_run_group_tests_name("transport", tests, NULL, NULL);
}
