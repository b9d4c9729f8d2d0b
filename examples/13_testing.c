/* 13_testing - a handler, and its test: without a socket, on a virtual clock, cancelled everywhere, in any order.
 *
 * The handler answers each line with its length. It knows nothing of sockets, only of something that carries bytes; so
 * a test can talk to it through memory. */
#include <eddy.h>
#include <stdio.h>
#include <string.h>

struct count {
    EDDY_FRAME;
    struct eddy_transport peer;
    struct eddy_reader reader;
    struct eddy_writer writer;
    struct eddy_scope patience;
    struct eddy_slice line;
    ssize_t n;
    int error;
};

EDDY_CORO(count)
{
    EDDY_BEGIN(count) {
        eddy_reader_init(&my->reader, eddy_loop_current(), my->peer, 64); /* 64: the longest line */
        EDDY_TRY(my->error, eddy_writer_init(&my->writer, eddy_loop_current(), my->peer, NULL));
        for (;;) {
            EDDY_TIMEOUT_FAIL(&my->patience, EDDY_SEC(60)) {
                EDDY_TRY(my->n, eddy_reader_line(&my->reader, &my->line, me));
            }
            if (my->n == 0) {
                break;
            }
            EDDY_TRY(my->error, eddy_writer_printf(&my->writer, "%zu\n", my->line.size));
            EDDY_TRY(my->error, eddy_writer_drain(&my->writer, me)); /* waits if the peer is slow */
        }
        EDDY_TRY(my->error, eddy_writer_flush(&my->writer, me));
    }
    EDDY_FINALLY
    {
        eddy_writer_fini(&my->writer);
        eddy_reader_fini(&my->reader);
        eddy_transport_close(my->peer);
    }
}

struct test {
    EDDY_FRAME_RET(int);
    eddy_ns pause; /* before the second line */
    struct eddy_memory here, there;
    struct eddy_reader answers;
    struct eddy_group both;
    struct eddy_catch caught;
    ssize_t n;
    int error;
    char in[8], out[8], text[16]; /* small buffers: somebody always waits */
};

/* Returns 0; what the handler failed with; or 1: it answered something else. */
EDDY_CORO(test)
{
    EDDY_BEGIN(test) {
        eddy_memory_open(&my->here, my->in, sizeof my->in, &my->there, my->out, sizeof my->out);
        eddy_reader_init(&my->answers, eddy_loop_current(), eddy_memory_transport(&my->here), 0);
        EDDY_CATCH(&my->caught) {
            EDDY_GROUP(&my->both) {
                EDDY_TRY(my->error, EDDY_SPAWN(&my->both, count, .peer = eddy_memory_transport(&my->there)));
                EDDY_TRY(my->n, eddy_memory_write(&my->here, "hello\n", 6, me));
                EDDY_AWAIT(eddy_sleep(my->pause, me));
                EDDY_TRY(my->n, eddy_memory_write(&my->here, "wide world\n\n", 12, me));
                EDDY_TRY(my->error, eddy_memory_shutdown(&my->here));
                EDDY_TRY(my->n, eddy_reader_read_exactly(&my->answers, my->text, sizeof my->text, me));
            }
        }
        EDDY_RETURN(my->caught.error != 0 ? my->caught.error : strcmp(my->text, "5\n10\n0\n") != 0);
    }
    EDDY_FINALLY
    {
        eddy_reader_fini(&my->answers);
        eddy_memory_close(&my->here);
    }
}

int main(void)
{
    static struct eddy_trials trials;
    struct eddy_sim sim;
    eddy_sim_init(&sim);
    struct eddy_loop_options options = {.os = &sim.os, .allocator = sim.allocator};
    eddy_ns began = sim.now;
    int result = EDDY_RUN_WITH(&options, test, .pause = EDDY_SEC(90));
    printf("%s, after %d s that took no time\n", strerror(-result), (int)((sim.now - began) / EDDY_SEC(1)));

    EDDY_CANCEL_SWEEP(&trials, test, .pause = EDDY_SEC(5));
    printf("cancelled at each place in turn: %zu failures\n", trials.failures);
    size_t failures = trials.failures;
    EDDY_SHUFFLE(&trials, test, .pause = EDDY_SEC(5));
    printf("in %zu random orders: %zu failures\n", trials.runs, trials.failures);
    return failures + trials.failures > 0 || trials.result != 0;
}
