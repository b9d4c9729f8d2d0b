/* The test kit has the same runs in debug and in release builds, whoever looks on: every wake is a step that it sees. */
#include "support/coro.h"

#include <eddy/memory.h>
#include <eddy/reader.h>
#include <eddy/test.h>
#include <eddy/watchdog.h>
#include <string.h>
#include <sys/socket.h>

static struct eddy_trials trials;
static int unseen; /* runs in which somebody was woken before whom the kit was not asked */

static int setup(void **state)
{
    (void)state;
    memset(&trials, 0, sizeof trials);
    unseen = 0;
    return 0;
}

static void assert_clean(void)
{
    if (trials.failures > 0) {
        fail_msg("%zu of %zu runs failed, first: %s", trials.failures, trials.runs, trials.text);
    }
    assert_int_equal(unseen, 0);
}

/* Last thing in a main coroutine. */
static void count_wakes(void)
{
    unseen += eddy_loop_current()->scheduler.steps > trials.step;
}

/* ---- Through memory: a reader's own wait inside its user's ------------------------------- */

struct writes_late {
    EDDY_FRAME;
    struct eddy_memory *to;
    ssize_t n;
};

EDDY_CORO(writes_late)
{
    EDDY_BEGIN(writes_late) {
        EDDY_AWAIT(eddy_sleep(10, me));
        EDDY_TRY(my->n, eddy_memory_write(my->to, "hello\n", 6, me));
    }
}

struct reads_memory {
    EDDY_FRAME_RET(int);
    eddy_ns watchdog;
    struct eddy_group group;
    char in[8], out[8];
    struct eddy_memory here, there;
    struct eddy_reader reader;
    struct eddy_slice line;
    ssize_t n;
};

EDDY_CORO(reads_memory)
{
    EDDY_BEGIN(reads_memory) {
        eddy_loop_set_watchdog(eddy_loop_current(), my->watchdog);
        eddy_memory_open(&my->here, my->in, sizeof my->in, &my->there, my->out, sizeof my->out);
        eddy_reader_init(&my->reader, eddy_loop_current(), eddy_memory_transport(&my->there), 0);
        EDDY_GROUP(&my->group) {
            EDDY_TRY(my->n, EDDY_SPAWN(&my->group, writes_late, .to = &my->here));
            EDDY_TRY(my->n, eddy_reader_line(&my->reader, &my->line, me));
        }
        EDDY_RETURN((int)my->n);
    }
    EDDY_FINALLY
    {
        eddy_reader_fini(&my->reader);
        eddy_memory_close(&my->here);
        eddy_memory_close(&my->there);
        count_wakes();
    }
}

static void who_looks_on_changes_no_run(void **state)
{
    (void)state;
    const eddy_ns spans[] = {EDDY_FOREVER, EDDY_MS(10)};
    for (int i = 0; i < 2; i++) {
        EDDY_CANCEL_SWEEP(&trials, reads_memory, .watchdog = spans[i]);
        assert_clean();
        assert_int_equal(trials.result, 6);
        /* main, the writer, its sleep's end, the reader's own wait, main's, the end of the run */
        assert_int_equal(trials.steps_first, 6);
        assert_int_equal(trials.runs, 1 + 6 + 1); /* and one instant */
        trials.cancels = true;
        EDDY_EXPLORE(&trials, reads_memory, .watchdog = spans[i]);
        assert_clean();
        assert_true(trials.complete);
    }
}

/* ---- Through the kernel: a reader that the poller's event completes ----------------------- */

struct sends {
    EDDY_FRAME;
    struct eddy_stream *to;
    ssize_t n;
};

EDDY_CORO(sends)
{
    EDDY_BEGIN(sends) {
        EDDY_TRY(my->n, eddy_stream_write(my->to, "x", 1, me));
    }
}

struct reads_stream {
    EDDY_FRAME_RET(int);
    eddy_ns watchdog;
    struct eddy_group group;
    struct eddy_stream ends[2];
    int fds[2];
    char byte;
    ssize_t n;
};

EDDY_CORO(reads_stream)
{
    EDDY_BEGIN(reads_stream) {
        eddy_loop_set_watchdog(eddy_loop_current(), my->watchdog);
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, my->fds), 0);
        assert_int_equal(eddy_stream_open(&my->ends[0], eddy_loop_current(), my->fds[0]), 0);
        assert_int_equal(eddy_stream_open(&my->ends[1], eddy_loop_current(), my->fds[1]), 0);
        EDDY_GROUP(&my->group) {
            EDDY_TRY(my->n, EDDY_SPAWN(&my->group, sends, .to = &my->ends[1]));
            EDDY_TRY(my->n, eddy_stream_read(&my->ends[0], &my->byte, 1, me));
        }
        EDDY_RETURN((int)my->n);
    }
    EDDY_FINALLY
    {
        eddy_stream_close(&my->ends[0]);
        eddy_stream_close(&my->ends[1]);
        count_wakes();
    }
}

static void a_wake_that_comes_of_the_poller_is_a_step_too(void **state)
{
    (void)state;
    const eddy_ns spans[] = {EDDY_FOREVER, EDDY_MS(10)};
    for (int i = 0; i < 2; i++) {
        EDDY_CANCEL_SWEEP(&trials, reads_stream, .watchdog = spans[i]);
        assert_clean();
        assert_int_equal(trials.result, 1);
        assert_int_equal(trials.steps_first, 4); /* main, the sender, main's read, the end of the run */
        assert_int_equal(trials.runs, 1 + 4);
        EDDY_SHUFFLE(&trials, reads_stream, .watchdog = spans[i]);
        assert_clean();
    }
}

/* ---- The watchdog of a debug build -------------------------------------------------------- */

static int told;

static void on_record(const struct eddy_log_record *record, void *context)
{
    (void)record;
    (void)context;
    told++;
}

struct moves_time {
    EDDY_FRAME_RET(int);
};

EDDY_CORO(moves_time)
{
    EDDY_BEGIN(moves_time) {
        eddy_loop_set_log(eddy_loop_current(), on_record, NULL);
        EDDY_AWAIT(eddy_yield(me));
        eddy_sim_advance(&trials.sim, EDDY_SEC(1));
        EDDY_AWAIT(eddy_yield(me));
    }
}

static void no_watchdog_tells_of_the_time_that_a_test_lets_pass(void **state)
{
    (void)state;
    told = 0;
    EDDY_CANCEL_SWEEP(&trials, moves_time);
    assert_clean();
    assert_int_equal(told, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(who_looks_on_changes_no_run, setup),
        cmocka_unit_test_setup(a_wake_that_comes_of_the_poller_is_a_step_too, setup),
        cmocka_unit_test_setup(no_watchdog_tells_of_the_time_that_a_test_lets_pass, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
