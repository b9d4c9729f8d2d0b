/* Copies between sockets: the bytes go through a pipe, or a buffer where that cannot be. */
#define _GNU_SOURCE
#include "support/check.h"
#include "support/coro.h"
#include "support/xor.h"

#include <eddy/copy.h>

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MUCH = 1 << 20 };

/* client <-> a, and b <-> server; what is copied goes between a and b. */
static struct {
    struct eddy_stream client, a, b, server;
} net;

static char content[MUCH], arrived[MUCH], arrived_back[MUCH];

static void open_net(struct coro *c)
{
    stream_couple(&net.client, &net.a, &c->loop);
    stream_couple(&net.b, &net.server, &c->loop);
    for (size_t i = 0; i < MUCH; i++) {
        content[i] = (char)(i * 7 % 253);
    }
    memset(arrived, 0, sizeof arrived);
    memset(arrived_back, 0, sizeof arrived_back);
}

static void close_net(void)
{
    eddy_stream_close(&net.client);
    eddy_stream_close(&net.a);
    eddy_stream_close(&net.b);
    eddy_stream_close(&net.server);
}

#define A eddy_stream_transport(&net.a)
#define B eddy_stream_transport(&net.b)

struct sends {
    EDDY_FRAME;
    struct eddy_stream *end;
    size_t size;
    bool stays; /* does not finish */
    ssize_t n;
};

EDDY_CORO(sends)
{
    EDDY_BEGIN(sends) {
        EDDY_AWAIT(my->n, eddy_stream_write(my->end, content, my->size, me));
        if (!my->stays) {
            my->n = eddy_stream_shutdown(my->end);
        }
    }
}

struct receives {
    EDDY_FRAME_RET(ssize_t);
    struct eddy_stream *end;
    char *where;
    size_t most; /* then it closes */
    ssize_t n;
};

EDDY_CORO(receives)
{
    EDDY_BEGIN(receives) {
        do {
            EDDY_AWAIT(my->n, eddy_stream_read(my->end, my->where + my->ret, MUCH - (size_t)my->ret, me));
            my->ret += my->n > 0 ? my->n : 0;
        } while (my->n > 0 && my->ret < MUCH && (my->most == 0 || (size_t)my->ret < my->most));
        if (my->most > 0) {
            eddy_stream_close(my->end);
        }
    }
}

struct relay {
    EDDY_FRAME;
    size_t size;
    uint64_t limit;
    size_t most;
    bool stays;
    uint64_t copied;
    ssize_t result;
    ssize_t received;
    int error;
    struct eddy_group all;
    struct eddy_task *receiver;
};

static ssize_t relayed, received;

EDDY_CORO(relay)
{
    EDDY_BEGIN(relay) {
        EDDY_GROUP(&my->all) {
            EDDY_TRY(my->error, EDDY_SPAWN(&my->all, sends, .end = &net.client, .size = my->size, .stays = my->stays));
            EDDY_TRY(my->error, EDDY_SPAWN_TASK(&my->receiver, &my->all, receives, .end = &net.server, .where = arrived,
                                                .most = my->most));
            EDDY_CALL(my->result, eddy_copy, .from = A, .to = B, .limit = my->limit, .copied = &my->copied,
                      .shutdown = true);
            if (my->result < 0) { /* who still talks to us is let go */
                eddy_stream_close(&net.a);
                eddy_stream_close(&net.b);
            } else if (my->limit > 0) {
                my->error = eddy_stream_shutdown(&net.b);
                eddy_stream_close(&net.a);
            }
            EDDY_AWAIT(my->error, eddy_task_join(my->receiver, me));
            my->received = EDDY_RESULT(my->receiver, receives);
            eddy_task_release(my->receiver);
        }
        relayed = my->result;
        received = my->received;
        assert_true(my->result < 0 || (ssize_t)my->copied == my->result);
        assert_true(my->result < 0 || my->received == my->result);
    }
}

static void expect_relay(struct coro *c, size_t size)
{
    assert_int_equal(CORO_RUN(c, relay, .size = size), 0);
    assert_int_equal(relayed, size);
    assert_memory_equal(arrived, content, size);
}

static void what_comes_in_bulk_goes_through_a_pipe(void **state)
{
    struct coro *c = *state;
    open_net(c);
    expect_relay(c, MUCH);
    assert_int_equal(c->os.calls[TEST_PIPE], 1);
    assert_true(c->os.calls[TEST_SPLICE_IN] > 0);
    assert_true(c->os.calls[TEST_SPLICE_OUT] > 0);
    assert_true(c->os.calls[TEST_EPOLL_MOD] <= 2); /* of the two that write: to wait for more needs no call */
    close_net();
}

static void what_is_little_needs_no_pipe(void **state)
{
    struct coro *c = *state;
    open_net(c);
    expect_relay(c, 10000);
    assert_int_equal(c->os.calls[TEST_PIPE], 0);
    close_net();
}

static void nothing_beyond_the_limit_is_spliced(void **state)
{
    struct coro *c = *state;
    static const uint64_t limits[] = {1, 16383, 16384, 16385, 70000, 500000};
    for (size_t i = 0; i < 6; i++) {
        open_net(c);
        assert_int_equal(CORO_RUN(c, relay, .size = MUCH, .limit = limits[i], .stays = true), 0);
        assert_int_equal(relayed, limits[i]);
        assert_memory_equal(arrived, content, limits[i]);
        close_net();
    }
}

static void what_the_limit_left_is_there_for_the_next(void **state)
{
    struct coro *c = *state;
    ssize_t copied = 0;
    char rest[8] = "";
    open_net(c);
    struct eddy_task *task = CORO_START(c, sends, .end = &net.client, .size = 40000, .stays = true);
    coro_settle(c);
    eddy_task_release(task);
    assert_int_equal(CORO_RUN_RET(c, &copied, eddy_copy, .from = A, .to = B, .limit = 39995), 0);
    assert_int_equal(copied, 39995);
    assert_int_equal(eddy_stream_try_read(&net.a, rest, sizeof rest), 5);
    assert_memory_equal(rest, content + 39995, 5);
    close_net();
}

/* From `at` bytes on, all calls of this kind fail. */
static void without(struct coro *c, enum test_call call, int error)
{
    c->os.fault = (struct test_fault){.error = error, .forever = true};
    c->os.struck = call;
    c->os.failed = 0;
}

static void where_it_cannot_be_spliced_a_buffer_does(void **state)
{
    struct coro *c = *state;
    static const struct {
        enum test_call call;
        int error;
    } lacks[] = {{TEST_PIPE, EMFILE}, {TEST_PIPE, ENFILE}, {TEST_SPLICE_IN, EINVAL}, {TEST_SPLICE_OUT, EINVAL}};
    for (size_t i = 0; i < 4; i++) {
        open_net(c);
        without(c, lacks[i].call, lacks[i].error);
        expect_relay(c, MUCH);
        assert_true(c->os.failed > 0);
        without(c, TEST_CALLS, 0);
        close_net();
    }
}

static void a_loop_that_keeps_sigpipe_does_not_splice(void **state)
{
    struct coro *c = *state;
    open_net(c);
    c->loop.flags |= EDDY_KEEP_SIGPIPE;
    expect_relay(c, MUCH);
    assert_int_equal(c->os.calls[TEST_PIPE], 0);
    c->loop.flags &= ~EDDY_KEEP_SIGPIPE;
    close_net();
}

static void short_transfers_arrive_whole(void **state)
{
    struct coro *c = *state;
    for (enum test_short how = TEST_ONE_BYTE; how <= TEST_ALL_BUT_ONE; how++) {
        size_t size = how == TEST_ONE_BYTE ? 3000 : MUCH;
        open_net(c);
        c->os.chaos = (struct test_chaos){.short_recv = how, .short_send = how};
        expect_relay(c, size);
        c->os.chaos = (struct test_chaos){.short_recv = TEST_WHOLE};
        close_net();
    }
}

/* ---- Failures -------------------------------------------------------------------------- */

static void what_is_reported(struct coro *c, enum test_call call, int error)
{
    open_net(c);
    without(c, call, error);
    assert_int_equal(CORO_RUN(c, relay, .size = MUCH), 0);
    without(c, TEST_CALLS, 0);
    assert_int_equal(relayed, -error);
    close_net();
}

static void every_error_is_said(void **state)
{
    struct coro *c = *state;
    what_is_reported(c, TEST_SPLICE_IN, ETIMEDOUT);
    what_is_reported(c, TEST_SPLICE_IN, ENOMEM);
    what_is_reported(c, TEST_SPLICE_OUT, ECONNRESET);
    what_is_reported(c, TEST_SPLICE_OUT, ENOBUFS);
}

static void who_is_gone_in_the_middle_ends_a_copy(void **state)
{
    struct coro *c = *state;
    static const size_t points[] = {1, 20000, 300000};
    for (size_t i = 0; i < 3; i++) {
        open_net(c);
        assert_int_equal(CORO_RUN(c, relay, .size = MUCH, .most = points[i]), 0);
        assert_true(relayed == -EPIPE || relayed == -ECONNRESET);
        assert_memory_equal(arrived, content, (size_t)received);
        close_net();
    }
}

static void a_reset_is_an_error_and_no_end(void **state)
{
    struct coro *c = *state;
    ssize_t copied = 0;
    struct linger hard = {.l_onoff = 1, .l_linger = 0};
    stream_couple(&net.b, &net.server, &c->loop);
    int client = stream_pair_tcp(&net.a, &c->loop);
    assert_int_equal(send(client, "abc", 3, 0), 3);
    setsockopt(client, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(client);
    assert_int_equal(CORO_RUN_RET(c, &copied, eddy_copy, .from = A, .to = B, .shutdown = true), 0);
    assert_int_equal(copied, -ECONNRESET);
    eddy_stream_close(&net.a);
    eddy_stream_close(&net.b);
    eddy_stream_close(&net.server);
}

/* ---- Who does not read ----------------------------------------------------------------- */

static void who_does_not_read_slows_down_who_writes(void **state)
{
    struct coro *c = *state;
    uint64_t copied = 0;
    open_net(c);
    struct eddy_task *sender = CORO_START(c, sends, .end = &net.client, .size = MUCH);
    struct eddy_task *task = CORO_START(c, eddy_copy, .from = A, .to = B, .copied = &copied);
    coro_settle(c);
    assert_false(eddy_task_is_done(sender));
    size_t sent = eddy_stream_sent(&net.client);
    coro_settle(c);
    assert_int_equal(eddy_stream_sent(&net.client), sent);
    assert_true(copied > 0 && copied < sent);
    eddy_task_cancel(task, -ECANCELED);
    coro_settle(c);
    size_t taken = drain(eddy_stream_fd(&net.server));
    assert_int_equal(copied, taken); /* what was in the pipe did not go out */
    eddy_task_release(task);
    close_net();
    assert_int_equal(coro_end(c, sender), 0);
}

static void a_stall_ends_a_copy_and_so_does_silence(void **state)
{
    struct coro *c = *state;
    open_net(c);
    eddy_stream_set_timeouts(&net.b, EDDY_FOREVER, EDDY_SEC(7));
    assert_int_equal(CORO_RUN(c, relay, .size = 1), 0);
    struct eddy_task *sender, *task;
    close_net();
    open_net(c);
    eddy_stream_set_timeouts(&net.a, EDDY_SEC(3), EDDY_FOREVER);
    eddy_stream_set_timeouts(&net.b, EDDY_FOREVER, EDDY_SEC(7));
    eddy_ns began = coro_elapsed(c);
    task = CORO_START(c, eddy_copy, .from = A, .to = B);
    coro_finish(c);
    assert_int_equal(EDDY_RESULT(task, eddy_copy), -ETIMEDOUT);
    assert_int_equal(coro_elapsed(c) - began, EDDY_SEC(3));
    eddy_task_release(task);
    began = coro_elapsed(c);
    sender = CORO_START(c, sends, .end = &net.client, .size = MUCH);
    task = CORO_START(c, eddy_copy, .from = A, .to = B);
    coro_advance(c, EDDY_SEC(60));
    assert_true(eddy_task_is_done(task));
    assert_int_equal(EDDY_RESULT(task, eddy_copy), -ETIMEDOUT);
    eddy_task_release(task);
    close_net();
    assert_int_equal(coro_end(c, sender), 0);
}

static void reading_that_is_ended_ends_a_copy(void **state)
{
    struct coro *c = *state;
    char rest[8];
    open_net(c);
    struct eddy_task *task = CORO_START(c, eddy_copy, .from = A, .to = B, .shutdown = true);
    coro_settle(c);
    assert_int_equal(eddy_stream_try_write(&net.client, "abc", 3), 3);
    coro_settle(c);
    eddy_stream_end_reading(&net.a);
    coro_finish(c);
    assert_int_equal(EDDY_RESULT(task, eddy_copy), 3);
    assert_int_equal(coro_end(c, task), 0);
    assert_int_equal(eddy_stream_try_read(&net.server, rest, sizeof rest), 3);
    coro_settle(c);
    assert_int_equal(eddy_stream_try_read(&net.server, rest, sizeof rest), 0);
    close_net();
}

/* All is there, and there is room for all: only the budget ends a turn. */
static void a_copy_leaves_others_their_turn(void **state)
{
    struct coro *c = *state;
    enum { FITS = 150000 };
    open_net(c);
    assert_int_equal(eddy_stream_try_write(&net.client, content, FITS), FITS);
    int budget = c->loop.scheduler.budget_max;
    c->loop.scheduler.budget_max = 1;
    uint64_t before = c->loop.scheduler.steps, copied = 0;
    struct eddy_task *task = CORO_START(c, eddy_copy, .from = A, .to = B, .limit = FITS, .copied = &copied);
    coro_finish(c);
    assert_int_equal(copied, FITS);
    assert_true(c->os.calls[TEST_SPLICE_OUT] >= 3);
    assert_true(c->loop.scheduler.steps - before > c->os.calls[TEST_SPLICE_OUT]);
    c->loop.scheduler.budget_max = budget;
    assert_int_equal(coro_end(c, task), 0);
    close_net();
}

/* ---- Both ways ------------------------------------------------------------------------- */

struct talk {
    EDDY_FRAME;
    size_t there, back;
    uint64_t from_a, from_b;
    struct eddy_group all;
    struct xor_layer first, second;
    bool is_layered;
    int error;
};

EDDY_CORO(talk)
{
    EDDY_BEGIN(talk) {
        EDDY_GROUP(&my->all) {
            EDDY_TRY(my->error, EDDY_SPAWN(&my->all, sends, .end = &net.client, .size = my->there));
            EDDY_TRY(my->error, EDDY_SPAWN(&my->all, sends, .end = &net.server, .size = my->back));
            EDDY_TRY(my->error, EDDY_SPAWN(&my->all, receives, .end = &net.server, .where = arrived));
            EDDY_TRY(my->error, EDDY_SPAWN(&my->all, receives, .end = &net.client, .where = arrived_back));
            EDDY_CALL(my->error, eddy_copy_both,
                      .a = my->is_layered ? xor_transport(&my->first, eddy_loop_current(), A, 5) : A,
                      .b = my->is_layered ? xor_transport(&my->second, eddy_loop_current(), B, 5) : B,
                      .from_a = &my->from_a, .from_b = &my->from_b);
            assert_int_equal(my->error, 0);
        }
        assert_int_equal(my->from_a, my->there);
        assert_int_equal(my->from_b, my->back);
        assert_memory_equal(arrived, content, my->there);
        assert_memory_equal(arrived_back, content, my->back);
    }
}

static void both_ways_end_each_for_itself(void **state)
{
    struct coro *c = *state;
    static const size_t sizes[] = {0, 10, 50000, MUCH};
    for (size_t i = 0; i < 16; i++) {
        open_net(c);
        assert_int_equal(CORO_RUN(c, talk, .there = sizes[i / 4], .back = sizes[i % 4]), 0);
        close_net();
    }
    open_net(c);
    assert_int_equal(CORO_RUN(c, talk, .there = 50000, .back = 3000, .is_layered = true), 0);
    close_net();
}

static void a_cancel_of_both_ways_leaves_no_descriptor(void **state)
{
    struct coro *c = *state;
    for (eddy_ns wakes = 0; wakes < 40; wakes++) {
        open_net(c);
        struct test_snapshot before = test_snapshot_take(&c->os, NULL);
        struct eddy_task *there = CORO_START(c, sends, .end = &net.client, .size = MUCH);
        struct eddy_task *back = CORO_START(c, sends, .end = &net.server, .size = MUCH);
        struct eddy_task *task = CORO_START(c, eddy_copy_both, .a = A, .b = B);
        for (eddy_ns i = 0; i < wakes; i++) {
            assert_true(eddy_loop_step(&c->loop) >= 0);
            drain(eddy_stream_fd(&net.server));
        }
        eddy_task_cancel(task, -ECANCELED);
        coro_settle(c);
        assert_true(eddy_task_is_done(task));
        struct test_snapshot after = test_snapshot_take(&c->os, NULL);
        assert_int_equal(before.fds, after.fds);
        close_net();
        eddy_task_release(task);
        eddy_task_release(there);
        assert_int_equal(coro_end(c, back), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(what_comes_in_bulk_goes_through_a_pipe),
        coro_test(what_is_little_needs_no_pipe),
        coro_test(nothing_beyond_the_limit_is_spliced),
        coro_test(what_the_limit_left_is_there_for_the_next),
        coro_test(where_it_cannot_be_spliced_a_buffer_does),
        coro_test(a_loop_that_keeps_sigpipe_does_not_splice),
        coro_test(short_transfers_arrive_whole),
        coro_test(every_error_is_said),
        coro_test(who_is_gone_in_the_middle_ends_a_copy),
        coro_test(a_reset_is_an_error_and_no_end),
        coro_test(who_does_not_read_slows_down_who_writes),
        coro_test(a_stall_ends_a_copy_and_so_does_silence),
        coro_test(reading_that_is_ended_ends_a_copy),
        coro_test(a_copy_leaves_others_their_turn),
        coro_test(both_ways_end_each_for_itself),
        coro_test(a_cancel_of_both_ways_leaves_no_descriptor),
    };
    return cmocka_run_group_tests_name("copy_sockets", tests, NULL, NULL);
}
