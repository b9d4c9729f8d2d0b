/* The test kit on programs with a fault: each is found, and told so that it can be repeated; and the run after it is as
 * good as any. */
#include "support/trials.h"

#include <eddy/memory.h>
#include <eddy/reader.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- What is left after a cancel ------------------------------------------------------- */

struct leaks {
    EDDY_FRAME_RET(int);
    int fds[2], error;
    struct eddy_stream stream;
};

EDDY_CORO(leaks)
{
    EDDY_BEGIN(leaks) {
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, my->fds) < 0) {
            EDDY_FAIL(-errno);
        }
        close(my->fds[1]);
        my->error = eddy_stream_open(&my->stream, eddy_loop_current(), my->fds[0]);
        EDDY_AWAIT(eddy_sleep(10, me));
        eddy_stream_close(&my->stream); /* and not in an EDDY_FINALLY */
    }
}

static void a_stream_that_a_cancel_leaves_open_is_found(void **state)
{
    (void)state;
    begin();
    EDDY_CANCEL_SWEEP(&trials, leaks);
    assert_int_equal(trials.result, 0);
    assert_true(trials.failures > 0);
    assert_text("run 2 (cancelled before wake 1): ");
    assert_text("left open");
    assert_next_run_works();
}

static void one_fault_does_not_make_the_runs_after_it_fail(void **state)
{
    (void)state;
    begin();
    EDDY_CANCEL_SWEEP(&trials, leaks);
    assert_true(trials.failures < trials.runs - 1); /* the first was without a cancel, another cancelled too late */
    assert_next_run_works();
}

struct loses_memory {
    EDDY_FRAME_RET(int);
    void *block;
};

EDDY_CORO(loses_memory)
{
    EDDY_BEGIN(loses_memory) {
        my->block = trials.sim.allocator.resize(trials.sim.allocator.context, NULL, 0, 64);
        EDDY_AWAIT(eddy_sleep(10, me));
        trials.sim.allocator.resize(trials.sim.allocator.context, my->block, 64, 0);
        my->block = NULL;
    }
    EDDY_FINALLY
    {
        free(my->block); /* by way of another allocator: the count does not know */
    }
}

static void memory_that_a_cancel_leaves_is_found(void **state)
{
    (void)state;
    begin();
    EDDY_CANCEL_SWEEP(&trials, loses_memory);
    assert_int_equal(trials.result, 0);
    assert_true(trials.failures > 0);
    assert_text("memory is left");
    assert_text("cancelled before wake 1");
    assert_next_run_works();
}

struct forgets_reader {
    EDDY_FRAME_RET(int);
    char in[8], out[8];
    struct eddy_memory here, there;
    struct eddy_reader reader;
    struct eddy_slice line;
    ssize_t n;
};

EDDY_CORO(forgets_reader)
{
    EDDY_BEGIN(forgets_reader) {
        eddy_memory_open(&my->here, my->in, sizeof my->in, &my->there, my->out, sizeof my->out);
        eddy_reader_init(&my->reader, eddy_loop_current(), eddy_memory_transport(&my->there), 0);
        EDDY_TRY(my->n, eddy_memory_write(&my->here, "hello\n", 6, me));
        EDDY_TRY(my->n, eddy_reader_line(&my->reader, &my->line, me));
        EDDY_RETURN((int)my->n);
    }
    EDDY_FINALLY
    {
        eddy_memory_close(&my->here);
        eddy_memory_close(&my->there);
    }
}

static void memory_of_the_loops_pool_that_is_not_given_back_is_found(void **state)
{
    (void)state;
    begin();
    EDDY_CANCEL_SWEEP(&trials, forgets_reader);
    assert_int_equal(trials.result, 6);
    assert_int_equal(trials.failures, trials.runs - 1); /* one was cancelled before it had the reader */
    assert_text("run 1 (not cancelled): 1024 bytes of the loop's pool were not given back");
    assert_next_run_works();
}

/* ---- A lock that is lost --------------------------------------------------------------- */

static struct eddy_lock lock;

struct keeps_awake {
    EDDY_FRAME;
};

EDDY_CORO(keeps_awake)
{
    EDDY_BEGIN(keeps_awake) {
        EDDY_AWAIT(eddy_yield(me));
        EDDY_AWAIT(eddy_yield(me));
    }
}

struct forgets_lock {
    EDDY_FRAME_RET(int);
};

EDDY_CORO(forgets_lock)
{
    EDDY_BEGIN(forgets_lock) {
        eddy_lock_init(&lock);
        EDDY_AWAIT(EDDY_SPAWN(eddy_loop_detached(eddy_loop_current()), keeps_awake));
        EDDY_AWAIT(eddy_lock_acquire(&lock, me));
        EDDY_AWAIT(eddy_sleep(10, me));
        (void)eddy_lock_release(&lock); /* a cancel skips it */
    }
}

static const char *lock_is_free(void *context, int result)
{
    (void)context;
    (void)result;
    return lock.dead_owner[0] != '\0' ? "the lock was lost" : NULL;
}

static void a_lock_that_a_cancel_loses_is_found_by_the_programs_own_check(void **state)
{
    (void)state;
    begin();
    trials.check = lock_is_free;
    EDDY_CANCEL_SWEEP(&trials, forgets_lock);
    assert_int_equal(trials.result, 0);
    assert_true(trials.failures > 0);
    assert_text("run 3 (cancelled before wake 2): the lock was lost");
    begin();
    trials.check = lock_is_free;
    trials.cancels = true;
    EDDY_EXPLORE(&trials, forgets_lock);
    assert_true(trials.failures > 0);
    assert_text("choices");
    assert_text("the lock was lost");
    assert_next_run_works();
}

/* ---- What never ends ------------------------------------------------------------------- */

static struct eddy_event event;

struct waits_for_ever {
    EDDY_FRAME_RET(int);
};

EDDY_CORO(waits_for_ever)
{
    EDDY_BEGIN(waits_for_ever) {
        eddy_event_init(&event);
        EDDY_AWAIT(eddy_event_wait(&event, me));
    }
}

static void a_program_that_waits_for_ever_is_found(void **state)
{
    (void)state;
    begin();
    EDDY_CANCEL_SWEEP(&trials, waits_for_ever);
    assert_int_equal(trials.result, -EDEADLK);
    assert_true(trials.failures >= 1);
    assert_text("run 1 (not cancelled): it waits for ever");
    assert_next_run_works();
}

struct spins {
    EDDY_FRAME_RET(int);
    bool in_the_end;
};

EDDY_CORO(spins)
{
    EDDY_BEGIN(spins) {
        while (!my->in_the_end) {
            EDDY_AWAIT(eddy_yield(me));
        }
        EDDY_AWAIT(eddy_sleep(10, me));
    }
    EDDY_FINALLY
    {
        while (my->in_the_end) {
            EDDY_AWAIT(eddy_yield(me));
        }
    }
}

static void a_program_that_goes_on_for_ever_is_found(void **state)
{
    (void)state;
    begin();
    trials.steps_max = 1000;
    trials.runs_max = 3;
    EDDY_CANCEL_SWEEP(&trials, spins);
    assert_true(trials.failures > 0);
    assert_text("run 1 (not cancelled): it goes on for ever");
    assert_next_run_works();
}

static void a_cleanup_that_goes_on_for_ever_is_found(void **state)
{
    (void)state;
    begin();
    trials.steps_max = 1000;
    trials.runs_max = 3;
    EDDY_CANCEL_SWEEP(&trials, spins, .in_the_end = true);
    assert_int_equal(trials.failures, 3);
    assert_text("it goes on for ever");
    assert_next_run_works();
}

struct reads_for_ever {
    EDDY_FRAME_RET(int);
    int fds[2];
    struct eddy_stream stream;
    char byte;
};

EDDY_CORO(reads_for_ever)
{
    EDDY_BEGIN(reads_for_ever) {
        my->fds[1] = -1;
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, my->fds) < 0) {
            EDDY_FAIL(-errno);
        }
        EDDY_AWAIT(eddy_stream_open(&my->stream, eddy_loop_current(), my->fds[0]));
        EDDY_AWAIT(eddy_stream_read(&my->stream, &my->byte, 1, me));
    }
    EDDY_FINALLY
    {
        eddy_stream_close(&my->stream);
        if (my->fds[1] >= 0) {
            close(my->fds[1]);
        }
    }
}

static void a_program_that_the_kernel_never_wakes_is_found(void **state)
{
    (void)state;
    begin();
    trials.runs_max = 1;
    EDDY_CANCEL_SWEEP(&trials, reads_for_ever); /* takes two real seconds */
    assert_int_equal(trials.failures, 1);
    assert_text("it waits for ever");
    assert_next_run_works();
}

int main(void)
{
    LEAKS_ARE_MEANT();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_that_a_cancel_leaves_open_is_found),
        cmocka_unit_test(one_fault_does_not_make_the_runs_after_it_fail),
        cmocka_unit_test(memory_that_a_cancel_leaves_is_found),
        cmocka_unit_test(memory_of_the_loops_pool_that_is_not_given_back_is_found),
        cmocka_unit_test(a_lock_that_a_cancel_loses_is_found_by_the_programs_own_check),
        cmocka_unit_test(a_program_that_waits_for_ever_is_found),
        cmocka_unit_test(a_program_that_goes_on_for_ever_is_found),
        cmocka_unit_test(a_cleanup_that_goes_on_for_ever_is_found),
        cmocka_unit_test(a_program_that_the_kernel_never_wakes_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
