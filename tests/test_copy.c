/* Copies between streams in memory: ends, limits, failures, cancels at every point. */
#include "support/coro.h"
#include "support/xor.h"

#include <eddy/copy.h>
#include <eddy/memory.h>
#include <eddy/test.h>

#include <errno.h>
#include <string.h>

/* client <-> a, and b <-> server; what is copied goes between a and b. */
static struct {
    struct eddy_memory client, a, b, server;
    char to_client[64], to_a[64], to_b[64], to_server[64];
} net;

static void open_net(void)
{
    eddy_memory_open(&net.client, net.to_client, sizeof net.to_client, &net.a, net.to_a, sizeof net.to_a);
    eddy_memory_open(&net.b, net.to_b, sizeof net.to_b, &net.server, net.to_server, sizeof net.to_server);
}

static void close_net(void)
{
    eddy_memory_close(&net.client);
    eddy_memory_close(&net.a);
    eddy_memory_close(&net.b);
    eddy_memory_close(&net.server);
}

#define A eddy_memory_transport(&net.a)
#define B eddy_memory_transport(&net.b)

struct sends {
    EDDY_FRAME;
    struct eddy_memory *end;
    const char *text;
    size_t piece;
    size_t done;
    ssize_t n;
};

EDDY_CORO(sends)
{
    EDDY_BEGIN(sends) {
        while (my->done < strlen(my->text)) {
            EDDY_AWAIT(my->n, eddy_memory_write(my->end, my->text + my->done,
                                                my->piece < strlen(my->text + my->done) && my->piece > 0
                                                    ? my->piece
                                                    : strlen(my->text + my->done),
                                                me));
            if (my->n < 0) {
                return;
            }
            my->done += (size_t)my->n;
        }
        my->n = eddy_memory_shutdown(my->end);
    }
}

struct receives {
    EDDY_FRAME;
    struct eddy_memory *end;
    char *text; /* with room for TEXT bytes */
    size_t size;
    size_t piece;
    ssize_t n;
};

enum { TEXT = 2048 };

EDDY_CORO(receives)
{
    EDDY_BEGIN(receives) {
        do {
            EDDY_AWAIT(my->n, eddy_memory_read(my->end, my->text + my->size,
                                               my->piece > 0 ? my->piece : TEXT - 1 - my->size, me));
            my->size += my->n > 0 ? (size_t)my->n : 0;
            my->text[my->size] = '\0';
        } while (my->n > 0);
    }
}

static const char *long_text(void)
{
    static char text[TEXT];
    for (int i = 0; i < TEXT - 1; i++) {
        text[i] = (char)('a' + i % 23);
    }
    return text;
}

/* A copy from a to b while one end sends and the other receives. */
struct relay {
    EDDY_FRAME_RET(int);
    const char *text;
    size_t send_piece, receive_piece;
    char received[TEXT];
    uint64_t copied;
    ssize_t result;
    struct eddy_group all;
    int error;
};

EDDY_CORO(relay)
{
    EDDY_BEGIN(relay) {
        open_net();
        EDDY_GROUP(&my->all) {
            EDDY_TRY(my->error,
                     EDDY_SPAWN(&my->all, sends, .end = &net.client, .text = my->text, .piece = my->send_piece));
            EDDY_TRY(my->error, EDDY_SPAWN(&my->all, receives, .end = &net.server, .text = my->received,
                                           .piece = my->receive_piece));
            EDDY_CALL(my->result, eddy_copy, .from = A, .to = B, .copied = &my->copied, .shutdown = true);
        }
        assert_int_equal(my->copied, my->result);
        assert_int_equal(my->result, strlen(my->text));
        assert_string_equal(my->received, my->text);
    }
    EDDY_FINALLY
    {
        close_net();
    }
}

static void a_copy_ends_with_its_source(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, relay, .text = "hello, world"), 0);
    assert_int_equal(CORO_RUN(c, relay, .text = ""), 0);
    assert_int_equal(CORO_RUN(c, relay, .text = long_text()), 0);
}

static void pieces_of_any_size_arrive_as_they_were(void **state)
{
    struct coro *c = *state;
    static const size_t pieces[] = {1, 2, 63, 64, 65, 500};
    for (size_t i = 0; i < 36; i++) {
        assert_int_equal(
            CORO_RUN(c, relay, .text = long_text(), .send_piece = pieces[i / 6], .receive_piece = pieces[i % 6]), 0);
    }
}

static void nothing_beyond_the_limit_is_read(void **state)
{
    struct coro *c = *state;
    ssize_t copied = 0;
    char rest[64] = "";
    open_net();
    assert_int_equal(eddy_memory_try_write(&net.client, "0123456789", 10), 10);
    assert_int_equal(CORO_RUN_RET(c, &copied, eddy_copy, .from = A, .to = B, .limit = 4, .shutdown = true), 0);
    assert_int_equal(copied, 4);
    assert_int_equal(CORO_RUN_RET(c, &copied, eddy_copy, .from = A, .to = B, .limit = 1), 0);
    assert_int_equal(copied, 1);
    assert_int_equal(eddy_memory_try_read(&net.a, rest, sizeof rest), 5);
    assert_string_equal(rest, "56789");
    assert_int_equal(eddy_memory_try_read(&net.server, rest, sizeof rest), 5); /* and no end: `from` has none */
    assert_int_equal(eddy_memory_try_read(&net.server, rest, sizeof rest), -EAGAIN);
    close_net();
}

static void a_limit_holds_for_what_comes_after_a_wait(void **state)
{
    struct coro *c = *state;
    for (uint64_t limit = 1; limit <= 4; limit++) {
        char rest[64];
        open_net();
        struct eddy_task *task = CORO_START(c, eddy_copy, .from = A, .to = B, .limit = limit);
        coro_settle(c);
        assert_int_equal(eddy_memory_try_write(&net.client, "0123456789", 10), 10);
        assert_int_equal(coro_end(c, task), 0);
        assert_int_equal(eddy_memory_try_read(&net.a, rest, sizeof rest), 10 - limit);
        assert_int_equal(eddy_memory_try_read(&net.server, rest, sizeof rest), limit);
        close_net();
    }
}

static void a_copy_that_waits_for_bytes_holds_no_buffer(void **state)
{
    struct coro *c = *state;
    open_net();
    struct eddy_task *task = CORO_START(c, eddy_copy, .from = A, .to = B);
    coro_settle(c);
    for (int round = 0; round < 3; round++) {
        assert_true(c->loop.scheduler.pool.bytes_used - c->bytes < 1024);
        assert_int_equal(eddy_memory_try_write(&net.client, "abc", 3), 3);
        coro_settle(c);
    }
    eddy_task_cancel(task, -ECANCELED);
    assert_int_equal(coro_end(c, task), -ECANCELED);
    close_net();
}

static void ignore_wake(struct eddy_waiter *waiter)
{
    (void)waiter;
}

static void who_does_not_read_slows_down_who_writes(void **state)
{
    struct coro *c = *state;
    static char much[100000];
    struct eddy_waiter writer;
    uint64_t copied = 0;
    open_net();
    struct eddy_task *task = CORO_START(c, eddy_copy, .from = A, .to = B, .copied = &copied);
    eddy_waiter_init(&writer, &c->loop, ignore_wake);
    assert_int_equal(eddy_memory_write(&net.client, much, sizeof much, &writer), EDDY_PENDING);
    coro_settle(c);
    assert_int_equal(copied, 0);
    assert_true(eddy_memory_sent(&net.client) <= 16384 + 2 * 64); /* a buffer, and what is on its way */
    eddy_wait_withdraw(&writer);
    eddy_task_cancel(task, -ECANCELED);
    assert_int_equal(coro_end(c, task), -ECANCELED);
    assert_int_equal(copied, 64); /* what went out before the cancel */
    close_net();
}

/* ---- Failures -------------------------------------------------------------------------- */

static ssize_t copy_now(struct coro *c)
{
    ssize_t result = 0;
    assert_int_equal(CORO_RUN_RET(c, &result, eddy_copy, .from = A, .to = B, .shutdown = true), 0);
    return result;
}

static void an_error_of_either_side_ends_a_copy(void **state)
{
    struct coro *c = *state;
    open_net();
    eddy_memory_close(&net.a);
    assert_int_equal(copy_now(c), -ESHUTDOWN);
    close_net();
    open_net();
    assert_int_equal(eddy_memory_try_write(&net.client, "abc", 3), 3);
    eddy_memory_close(&net.server);
    assert_int_equal(copy_now(c), -EPIPE);
    close_net();
    open_net();
    eddy_memory_close(&net.client);
    assert_int_equal(eddy_memory_shutdown(&net.b), 0);
    assert_int_equal(copy_now(c), -ESHUTDOWN); /* the end cannot be passed on */
    close_net();
}

static void who_writes_already_is_not_counted(void **state)
{
    struct coro *c = *state;
    static char much[100];
    struct eddy_waiter writer;
    uint64_t copied = 7;
    open_net();
    eddy_waiter_init(&writer, &c->loop, ignore_wake);
    assert_int_equal(eddy_memory_write(&net.b, much, sizeof much, &writer), EDDY_PENDING);
    assert_int_equal(eddy_memory_try_write(&net.client, "abc", 3), 3);
    struct eddy_task *task = CORO_START(c, eddy_copy, .from = A, .to = B, .copied = &copied);
    coro_settle(c);
    assert_true(eddy_task_is_done(task));
    assert_int_equal(EDDY_RESULT(task, eddy_copy), -EBUSY);
    assert_int_equal(copied, 0);
    eddy_wait_withdraw(&writer);
    assert_int_equal(coro_end(c, task), 0);
    close_net();
}

static void a_side_that_is_closed_while_a_copy_waits_ends_it(void **state)
{
    struct coro *c = *state;
    open_net();
    struct eddy_task *task = CORO_START(c, eddy_copy, .from = A, .to = B);
    coro_settle(c);
    eddy_memory_close(&net.a);
    coro_finish(c);
    assert_int_equal(EDDY_RESULT(task, eddy_copy), -ESHUTDOWN);
    assert_int_equal(coro_end(c, task), 0);
    close_net();
}

static void without_memory_a_copy_says_so(void **state)
{
    struct coro *c = *state;
    open_net();
    struct eddy_task *task = CORO_START(c, eddy_copy, .from = A, .to = B);
    coro_settle(c);
    coro_no_memory(c, true);
    assert_int_equal(eddy_memory_try_write(&net.client, "abc", 3), 3);
    coro_finish(c);
    coro_no_memory(c, false);
    assert_int_equal(EDDY_RESULT(task, eddy_copy), -ENOMEM);
    assert_int_equal(coro_end(c, task), 0);
    close_net();
}

static bool is_brittle;

static ssize_t brittle_read(void *subject, void *buffer, size_t size, struct eddy_waiter *waiter)
{
    return eddy_memory_read(subject, buffer, size, waiter);
}

static ssize_t brittle_try_read(void *subject, void *buffer, size_t size)
{
    bool breaks = is_brittle;
    is_brittle = false; /* it is said once */
    return breaks ? -ECONNRESET : eddy_memory_try_read(subject, buffer, size);
}

static void an_error_after_the_last_byte_comes_after_it(void **state)
{
    struct coro *c = *state;
    static const struct eddy_transport_kind brittle = {.read = brittle_read, .try_read = brittle_try_read};
    char rest[8];
    open_net();
    struct eddy_task *task =
        CORO_START(c, eddy_copy, .from = (struct eddy_transport){&brittle, &net.a}, .to = B, .shutdown = true);
    coro_settle(c);
    is_brittle = true;
    assert_int_equal(eddy_memory_try_write(&net.client, "a", 1), 1);
    coro_settle(c);
    assert_true(eddy_task_is_done(task));
    assert_int_equal(EDDY_RESULT(task, eddy_copy), -ECONNRESET);
    assert_int_equal(eddy_memory_try_read(&net.server, rest, 8), 1);
    assert_int_equal(eddy_memory_try_read(&net.server, rest, 8), -EAGAIN); /* and no end */
    assert_int_equal(coro_end(c, task), 0);
    close_net();
}

/* ---- A transport of the user's --------------------------------------------------------- */

static void a_transport_of_ones_own_is_copied_like_any_other(void **state)
{
    struct coro *c = *state;
    struct xor_layer from, to;
    char received[64] = "";
    open_net();
    struct eddy_task *task = CORO_START(c, eddy_copy, .from = xor_transport(&from, &c->loop, A, 1),
                                        .to = xor_transport(&to, &c->loop, B, 2), .shutdown = true);
    coro_settle(c);
    assert_int_equal(eddy_memory_try_write(&net.client, "hello, all of you", 17), 17);
    assert_int_equal(eddy_memory_shutdown(&net.client), 0);
    assert_int_equal(coro_end(c, task), 0);
    assert_int_equal(eddy_memory_try_read(&net.server, received, sizeof received), 17);
    for (int i = 0; i < 17; i++) {
        received[i] = (char)(received[i] ^ 3);
    }
    assert_string_equal(received, "hello, all of you");
    assert_int_equal(eddy_memory_try_read(&net.server, received, sizeof received), 0);
    close_net();
}

/* ---- Both ways ------------------------------------------------------------------------- */

struct talk {
    EDDY_FRAME_RET(int);
    const char *there, *back;
    char received_there[TEXT], received_back[TEXT];
    uint64_t from_a, from_b;
    struct eddy_group all;
    struct xor_layer first, second;
    bool is_layered;
    int error;
};

EDDY_CORO(talk)
{
    EDDY_BEGIN(talk) {
        open_net();
        EDDY_GROUP(&my->all) {
            EDDY_TRY(my->error, EDDY_SPAWN(&my->all, sends, .end = &net.client, .text = my->there, .piece = 50));
            EDDY_TRY(my->error, EDDY_SPAWN(&my->all, sends, .end = &net.server, .text = my->back, .piece = 9));
            EDDY_TRY(my->error, EDDY_SPAWN(&my->all, receives, .end = &net.server, .text = my->received_there));
            EDDY_TRY(my->error,
                     EDDY_SPAWN(&my->all, receives, .end = &net.client, .text = my->received_back, .piece = 7));
            EDDY_CALL(my->error, eddy_copy_both,
                      .a = my->is_layered ? xor_transport(&my->first, eddy_loop_current(), A, 5) : A,
                      .b = my->is_layered ? xor_transport(&my->second, eddy_loop_current(), B, 5) : B,
                      .from_a = &my->from_a, .from_b = &my->from_b);
            assert_int_equal(my->error, 0);
        }
        assert_string_equal(my->received_there, my->there);
        assert_string_equal(my->received_back, my->back);
        assert_int_equal(my->from_a, strlen(my->there));
        assert_int_equal(my->from_b, strlen(my->back));
    }
    EDDY_FINALLY
    {
        close_net();
    }
}

static void both_ways_end_each_for_itself(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, talk, .there = "a question", .back = "an answer"), 0);
    assert_int_equal(CORO_RUN(c, talk, .there = "", .back = long_text()), 0);
    assert_int_equal(CORO_RUN(c, talk, .there = long_text(), .back = ""), 0);
    assert_int_equal(CORO_RUN(c, talk, .there = long_text(), .back = long_text(), .is_layered = true), 0);
}

static void an_error_of_one_way_cancels_the_other(void **state)
{
    struct coro *c = *state;
    uint64_t from_a = 7, from_b = 7;
    open_net();
    struct eddy_task *task = CORO_START(c, eddy_copy_both, .a = A, .b = B, .from_a = &from_a, .from_b = &from_b);
    coro_settle(c);
    assert_int_equal(eddy_memory_try_write(&net.client, "abc", 3), 3);
    coro_settle(c);
    assert_int_equal(eddy_memory_try_write(&net.client, "def", 3), 3);
    eddy_memory_close(&net.server);
    coro_finish(c);
    assert_int_equal(EDDY_RESULT(task, eddy_copy_both), -EPIPE);
    assert_int_equal(coro_end(c, task), 0);
    assert_int_equal(from_a, 3);
    assert_int_equal(from_b, 0);
    assert_int_equal(c->log_count, 0);
    assert_int_equal(eddy_memory_try_write(&net.client, "x", 1), 1); /* nothing was closed */
    close_net();
}

static void without_memory_neither_way_begins(void **state)
{
    struct coro *c = *state;
    open_net();
    struct eddy_task *task = CORO_START(c, eddy_copy_both, .a = A, .b = B);
    coro_no_memory(c, true);
    coro_finish(c);
    coro_no_memory(c, false);
    assert_int_equal(EDDY_RESULT(task, eddy_copy_both), -ENOMEM);
    assert_int_equal(coro_end(c, task), 0);
    close_net();
}

/* ---- Cancels --------------------------------------------------------------------------- */

struct cut_short {
    EDDY_FRAME_RET(int);
    uint64_t there, back;
    struct eddy_group all;
    int error;
    char heard_there[TEXT], heard_back[TEXT];
};

static struct {
    uint64_t there, back;
    size_t arrived_there, arrived_back;
} seen;

static size_t rest_of(struct eddy_memory *end)
{
    char text[TEXT];
    ssize_t n = eddy_memory_try_read(end, text, sizeof text);
    return n > 0 ? (size_t)n : 0;
}

/* However it is cut, what the counters say went out has arrived, or is on its way. */
EDDY_CORO(cut_short)
{
    EDDY_BEGIN(cut_short) {
        open_net();
        memset(&seen, 0, sizeof seen);
        EDDY_GROUP(&my->all) {
            EDDY_TRY(my->error,
                     EDDY_SPAWN(&my->all, sends, .end = &net.client, .text = long_text() + TEXT - 301, .piece = 70));
            EDDY_TRY(my->error, EDDY_SPAWN(&my->all, sends, .end = &net.server, .text = "short"));
            EDDY_TRY(my->error,
                     EDDY_SPAWN(&my->all, receives, .end = &net.server, .text = my->heard_there, .piece = 20));
            EDDY_TRY(my->error, EDDY_SPAWN(&my->all, receives, .end = &net.client, .text = my->heard_back));
            EDDY_CALL(my->error, eddy_copy_both, .a = A, .b = B, .from_a = &my->there, .from_b = &my->back);
        }
    }
    EDDY_FINALLY
    {
        seen.there = my->there;
        seen.back = my->back;
        seen.arrived_there = strlen(my->heard_there) + rest_of(&net.server);
        seen.arrived_back = strlen(my->heard_back) + rest_of(&net.client);
        close_net();
    }
}

static const char *check_counts(void *context, int result)
{
    (void)context;
    (void)result;
    return seen.there == seen.arrived_there && seen.back == seen.arrived_back ? NULL : "the counters are not exact";
}

static void a_cancel_anywhere_leaves_nothing_and_exact_counts(void **state)
{
    (void)state;
    static struct eddy_trials trials;
    trials = (struct eddy_trials){.check = check_counts};
    EDDY_CANCEL_SWEEP(&trials, cut_short);
    assert_int_equal(trials.failures, 0);
    assert_true(trials.complete);
    assert_in_range(trials.runs, 15, 10000);
    trials = (struct eddy_trials){.check = check_counts, .runs_max = 300};
    EDDY_SHUFFLE(&trials, cut_short);
    assert_int_equal(trials.failures, 0);
    trials = (struct eddy_trials){.check = check_counts, .runs_max = 3000, .cancels = true};
    EDDY_EXPLORE(&trials, cut_short);
    assert_int_equal(trials.failures, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(a_copy_ends_with_its_source),
        coro_test(pieces_of_any_size_arrive_as_they_were),
        coro_test(nothing_beyond_the_limit_is_read),
        coro_test(a_limit_holds_for_what_comes_after_a_wait),
        coro_test(a_copy_that_waits_for_bytes_holds_no_buffer),
        coro_test(who_does_not_read_slows_down_who_writes),
        coro_test(an_error_of_either_side_ends_a_copy),
        coro_test(who_writes_already_is_not_counted),
        coro_test(a_side_that_is_closed_while_a_copy_waits_ends_it),
        coro_test(without_memory_a_copy_says_so),
        coro_test(an_error_after_the_last_byte_comes_after_it),
        coro_test(a_transport_of_ones_own_is_copied_like_any_other),
        coro_test(both_ways_end_each_for_itself),
        coro_test(an_error_of_one_way_cancels_the_other),
        coro_test(without_memory_neither_way_begins),
        cmocka_unit_test(a_cancel_anywhere_leaves_nothing_and_exact_counts),
    };
    return cmocka_run_group_tests_name("copy", tests, NULL, NULL);
}
