/* A small serving program, cancelled at every step, and with its turns in every order. */
#define _GNU_SOURCE
#include "support/serve.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct visitor {
    EDDY_FRAME;
    const struct eddy_address *address;
    struct eddy_stream stream;
    ssize_t n;
    char byte;
};

EDDY_CORO(visitor)
{
    EDDY_BEGIN(visitor) {
        EDDY_AWAIT(my->n, eddy_stream_connect(&my->stream, eddy_loop_current(), my->address, me));
        if (my->n == 0) {
            EDDY_AWAIT(my->n, eddy_stream_write(&my->stream, "e", 1, me));
            EDDY_AWAIT(my->n, eddy_stream_read(&my->stream, &my->byte, 1, me));
        }
    }
    EDDY_FINALLY
    {
        eddy_stream_close(&my->stream);
    }
}

struct play {
    EDDY_FRAME_RET(int);
    struct host host;
    struct eddy_group all;
    struct eddy_address address;
    char path[64];
    int error;
};

struct playing {
    EDDY_FRAME;
    struct host *host;
};

EDDY_CORO(playing)
{
    EDDY_BEGIN(playing) {
        EDDY_CALL(my->host->result, eddy_serve, .server = &my->host->server, .handler = host_handler());
    }
}

/* A server with a limit, more visitors than it has places, and a stop. */
EDDY_CORO(play)
{
    EDDY_BEGIN(play) {
        EDDY_TRY(my->error, eddy_server_init(&my->host.server, eddy_loop_current(),
                                             &(struct eddy_server_options){.connections = 1, .context = &my->host}));
        snprintf(my->path, sizeof my->path, "/tmp/eddy-test-serve-%d", (int)getpid());
        EDDY_TRY(my->error, eddy_address_unix(&my->address, my->path));
        EDDY_TRY(my->error, eddy_server_listen(&my->host.server, &my->address, NULL));
        EDDY_TRY(my->error, eddy_address_unix(&my->host.addresses[0], "@eddy-test-serve-play"));
        EDDY_TRY(my->error, eddy_server_listen(&my->host.server, &my->host.addresses[0], NULL));
        EDDY_GROUP(&my->all) {
            EDDY_TRY(my->error, EDDY_SPAWN(&my->all, playing, .host = &my->host));
            EDDY_TRY(my->error, EDDY_SPAWN(&my->all, visitor, .address = &my->address));
            EDDY_TRY(my->error, EDDY_SPAWN(&my->all, visitor, .address = &my->host.addresses[0]));
            EDDY_AWAIT(eddy_sleep(EDDY_MS(10), me));
            eddy_server_stop(&my->host.server, EDDY_MS(10));
        }
        EDDY_RETURN(my->host.result);
    }
    EDDY_FINALLY
    {
        EDDY_TRY(my->error, eddy_server_fini(&my->host.server));
    }
}

static const char *check(void *context, int result)
{
    (void)context;
    char path[64];
    snprintf(path, sizeof path, "/tmp/eddy-test-serve-%d", (int)getpid());
    if (access(path, F_OK) == 0) {
        unlink(path);
        return "the socket's file was left";
    }
    return result == 0 || result == -ECANCELED ? NULL : "an odd result";
}

static void expect_no_failure(const struct eddy_trials *trials)
{
    if (trials->failures > 0) {
        print_error("%s\n", trials->text);
    }
    assert_int_equal(trials->failures, 0);
}

static void a_cancel_at_every_step_leaves_nothing_behind(void **state)
{
    (void)state;
    static struct eddy_trials trials;
    memset(&trials, 0, sizeof trials);
    trials.check = check;
    EDDY_CANCEL_SWEEP(&trials, play);
    expect_no_failure(&trials);
    assert_true(trials.complete);
    assert_int_equal(trials.result, 0);
    assert_true(trials.runs > 15);
    print_message("%zu runs\n", trials.runs);
}

static void every_order_of_turns_is_as_good(void **state)
{
    (void)state;
    static struct eddy_trials trials;
    memset(&trials, 0, sizeof trials);
    trials.check = check;
    trials.runs_max = 500;
    EDDY_SHUFFLE(&trials, play);
    expect_no_failure(&trials);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cancel_at_every_step_leaves_nothing_behind),
        cmocka_unit_test(every_order_of_turns_is_as_good),
    };
    return cmocka_run_group_tests_name("servers at every step", tests, NULL, NULL);
}
