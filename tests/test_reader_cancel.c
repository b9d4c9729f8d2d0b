/* A program that reads is cancelled at every point there is; in its EDDY_FINALLY it reads on. All bytes have come, and
 * once. */
#define _GNU_SOURCE
#include "support/coro.h"

#include "support/source.h"

#include <eddy/sleep.h>
#include <eddy/test.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char text[] = "one\nkey;\4four\nline two\nxyz\n;\1!abcdefghijklmnop\n;;\2..and so\nlast;\3end";

enum { SIZE = sizeof text - 1, OVER_MEMORY = 0, OVER_SOCKET, OVER_PIPE, OVER_SOURCE, CARRIERS };

static struct eddy_trials trials;
static char collected[2 * SIZE];
static size_t count;

/* What carries the bytes, and how they are fed to it. */
struct carrier {
    int kind;
    int fd;
    size_t fed;
    struct eddy_memory here;
    struct eddy_memory there;
    struct eddy_stream stream;
    struct eddy_pipe pipe;
    struct source source;
    char ring[SIZE];
    char back[1];
};

static struct eddy_transport open_carrier(struct carrier *carrier, int kind)
{
    struct eddy_loop *loop = eddy_loop_current();
    int fds[2];
    carrier->kind = kind;
    carrier->fd = -1;
    switch (kind) {
    case OVER_MEMORY:
        eddy_memory_open(&carrier->here, carrier->ring, SIZE, &carrier->there, carrier->back, 1);
        eddy_memory_hold(&carrier->here, true);
        assert_int_equal(eddy_memory_try_write(&carrier->there, text, SIZE), SIZE);
        eddy_memory_shutdown(&carrier->there);
        return eddy_memory_transport(&carrier->here);
    case OVER_SOCKET:
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
        assert_int_equal(eddy_stream_open(&carrier->stream, loop, fds[0]), 0);
        carrier->fd = fds[1];
        return eddy_stream_transport(&carrier->stream);
    case OVER_PIPE:
        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        assert_int_equal(eddy_pipe_open(&carrier->pipe, loop, fds[0], 0), 0);
        carrier->fd = fds[1];
        return eddy_pipe_transport(&carrier->pipe);
    default:
        carrier->source = (struct source){.data = text, .size = SIZE, .has_end = true, .waits = true};
        return source_transport(&carrier->source);
    }
}

static void feed(struct carrier *carrier, size_t size)
{
    size = size < SIZE - carrier->fed ? size : SIZE - carrier->fed;
    if (size == 0) {
        return;
    }
    switch (carrier->kind) {
    case OVER_MEMORY:
        assert_int_equal(eddy_memory_pump(&carrier->here, size), size);
        break;
    case OVER_SOURCE:
        source_feed(&carrier->source, size);
        break;
    default:
        assert_int_equal(write(carrier->fd, text + carrier->fed, size), size);
        break;
    }
    carrier->fed += size;
    if (carrier->fed == SIZE && carrier->fd >= 0) {
        close(carrier->fd);
        carrier->fd = -1;
    }
}

static void close_carrier(struct carrier *carrier)
{
    eddy_memory_close(&carrier->here);
    eddy_memory_close(&carrier->there);
    eddy_stream_close(&carrier->stream);
    eddy_pipe_close(&carrier->pipe);
}

struct feeds {
    EDDY_FRAME;
    struct carrier *carrier;
    size_t step;
};

EDDY_CORO(feeds)
{
    EDDY_BEGIN(feeds) {
        while (my->carrier->fed < SIZE) {
            feed(my->carrier, my->step);
            EDDY_AWAIT(eddy_sleep(EDDY_MS(1), me));
        }
    }
}

/* What an operation that gave `result` has consumed; an error consumes nothing. */
static void collect(const char *data, ssize_t result)
{
    size_t size = result > 0 ? (size_t)result : 0;
    assert_true(count + size <= sizeof collected);
    if (size > 0) {
        memcpy(collected + count, data, size);
        count += size;
    }
}

static void collect_line(const struct eddy_slice *line, ssize_t result)
{
    collect(line->data, result > 0 ? (ssize_t)line->size : 0);
    collect("\n", result > 0 ? result - (ssize_t)line->size : 0);
}

struct interrupted {
    EDDY_FRAME_RET(int);
    int kind;
    size_t step;
    struct carrier carrier;
    struct eddy_reader reader;
    struct eddy_group group;
    struct eddy_scope limit;
    struct eddy_slice slice;
    ssize_t n;
    int round;
    int error;
    char buffer[8];
};

EDDY_CORO(interrupted)
{
    EDDY_BEGIN(interrupted) {
        count = 0;
        eddy_reader_init(&my->reader, eddy_loop_current(), open_carrier(&my->carrier, my->kind), 0);
        EDDY_GROUP(&my->group) {
            EDDY_TRY(my->error, EDDY_SPAWN(&my->group, feeds, .carrier = &my->carrier, .step = my->step));
            for (my->n = 1, my->round = 0; my->n != 0; my->round++) {
                switch (my->round % 6) {
                case 0:
                    EDDY_AWAIT(my->n, eddy_reader_line(&my->reader, &my->slice, me));
                    collect_line(&my->slice, my->n);
                    break;
                case 1:
                    EDDY_AWAIT(my->n, eddy_reader_until(&my->reader, ";", 1, 0, &my->slice, me));
                    collect(my->slice.data, my->n);
                    break;
                case 2:
                    EDDY_AWAIT(my->n, eddy_reader_frame(&my->reader, EDDY_PREFIX_U8, 0, &my->slice, me));
                    collect(my->slice.data - 1, my->n);
                    break;
                case 3:
                    EDDY_AWAIT(my->n, eddy_reader_read_exactly(&my->reader, my->buffer, 1, me));
                    collect(my->buffer, my->n);
                    break;
                case 4: /* one that is often too late */
                    EDDY_TIMEOUT(&my->limit, EDDY_MS(2)) {
                        EDDY_AWAIT(my->n, eddy_reader_line(&my->reader, &my->slice, me));
                        collect_line(&my->slice, my->n);
                    }
                    my->n = 1;
                    break;
                default:
                    EDDY_AWAIT(my->n, eddy_reader_peek(&my->reader, 2, &my->slice, me));
                    if (my->n > 0 && my->slice.data[0] == ';') { /* to where the next line begins */
                        collect(my->slice.data, 1);
                        eddy_reader_consume(&my->reader, 1);
                    }
                    break;
                }
            }
        }
    }
    EDDY_FINALLY
    {
        if (my->reader.loop != NULL) {
            feed(&my->carrier, SIZE);
        }
        for (;;) {
            EDDY_AWAIT(my->n, eddy_reader_read(&my->reader, my->buffer, sizeof my->buffer, me));
            if (my->n <= 0) {
                break;
            }
            collect(my->buffer, my->n);
        }
        eddy_reader_fini(&my->reader);
        close_carrier(&my->carrier);
    }
}

static const char *check_collected(void *context, int result)
{
    (void)context;
    if (result != 0 && result != -ECANCELED) {
        return "it neither finished nor was cancelled";
    }
    return count == 0 || (count == SIZE && memcmp(collected, text, SIZE) == 0) ? NULL : "bytes were lost or came twice";
}

static void sweep_carrier(int kind)
{
    for (size_t step = 1; step <= SIZE; step = step < 4 ? step + 1 : step * 3) {
        memset(&trials, 0, sizeof trials);
        trials.check = check_collected;
        EDDY_CANCEL_SWEEP(&trials, interrupted, .kind = kind, .step = step);
        if (trials.failures > 0) {
            fail_msg("step %zu: %zu of %zu runs failed, first: %s", step, trials.failures, trials.runs, trials.text);
        }
        assert_true(trials.complete && trials.runs > 5);
    }
}

static void no_byte_is_lost_over_memory(void **state)
{
    (void)state;
    sweep_carrier(OVER_MEMORY);
}

static void no_byte_is_lost_over_a_socket(void **state)
{
    (void)state;
    sweep_carrier(OVER_SOCKET);
}

static void no_byte_is_lost_over_a_pipe(void **state)
{
    (void)state;
    sweep_carrier(OVER_PIPE);
}

static void no_byte_is_lost_over_a_transport_of_ones_own(void **state)
{
    (void)state;
    sweep_carrier(OVER_SOURCE);
}

static void no_byte_is_lost_in_any_order(void **state)
{
    (void)state;
    for (int kind = 0; kind < CARRIERS; kind++) {
        memset(&trials, 0, sizeof trials);
        trials.check = check_collected;
        trials.runs_max = 200;
        EDDY_SHUFFLE(&trials, interrupted, .kind = kind, .step = 2);
        if (trials.failures > 0) {
            fail_msg("carrier %d: %zu runs failed, first: %s", kind, trials.failures, trials.text);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_byte_is_lost_over_memory),  cmocka_unit_test(no_byte_is_lost_over_a_socket),
        cmocka_unit_test(no_byte_is_lost_over_a_pipe),  cmocka_unit_test(no_byte_is_lost_over_a_transport_of_ones_own),
        cmocka_unit_test(no_byte_is_lost_in_any_order),
    };
    return cmocka_run_group_tests_name("reader_cancel", tests, NULL, NULL);
}
