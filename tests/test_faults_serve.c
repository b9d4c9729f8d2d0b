/* A server and its clients while the system fails, call by call: it survives, or says why not. */
#define _GNU_SOURCE
#include "support/serve.h"
#include "support/stage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { VISITORS = 3 };

struct play {
    struct stage *stage;
    struct eddy_server server;
    struct eddy_address address;
    struct eddy_task *task;
    int visitors; /* that have not ended */
};

struct echo {
    EDDY_FRAME;
    struct eddy_connection *connection;
    ssize_t n;
    char buffer[64];
};

EDDY_CORO(echo)
{
    EDDY_BEGIN(echo) {
        eddy_connection_ready(my->connection);
        eddy_connection_phase(my->connection, EDDY_SEC(30));
        do {
            EDDY_TRY(my->n, eddy_stream_read(&my->connection->stream, my->buffer, sizeof my->buffer, me));
            EDDY_TRY(my->n, eddy_stream_write(&my->connection->stream, my->buffer, (size_t)my->n, me));
        } while (my->n > 0);
    }
}

struct serving {
    EDDY_FRAME;
    struct play *play;
    int error;
};

EDDY_CORO(serving)
{
    EDDY_BEGIN(serving) {
        EDDY_CALL(my->error, eddy_serve, .server = &my->play->server, .handler = EDDY_HANDLER(echo));
        stage_failed(my->play->stage, my->error);
    }
    EDDY_FINALLY
    {
        stage_done(my->play->stage);
    }
}

/* A client that the network may take away, as may the server's failures. */
struct visitor {
    EDDY_FRAME;
    struct play *play;
    struct eddy_stream stream;
    struct eddy_scope patience;
    ssize_t n;
    char byte;
};

/* Only while there is never again memory to register with is the backlog the place to be. */
static void give_up(struct stage *stage)
{
    bool is_short = stage->os->struck == TEST_EPOLL_ADD && stage->os->fault.forever;
    stage_expect(stage, is_short, "nobody waits for ever");
    stage_failed(stage, -stage->os->fault.error);
}

EDDY_CORO(visitor)
{
    EDDY_BEGIN(visitor) {
        EDDY_TIMEOUT(&my->patience, EDDY_SEC(3)) {
            EDDY_AWAIT(my->n, eddy_stream_connect(&my->stream, my->play->stage->loop, &my->play->address, me));
            if (my->n == 0) {
                EDDY_AWAIT(my->n, eddy_stream_write(&my->stream, "e", 1, me));
            }
            if (my->n > 0) {
                EDDY_AWAIT(my->n, eddy_stream_read(&my->stream, &my->byte, 1, me));
            }
        }
        if (my->patience.expired) {
            give_up(my->play->stage);
        }
    }
    EDDY_FINALLY
    {
        eddy_stream_close(&my->stream);
        if (--my->play->visitors == 0) {
            eddy_server_stop(&my->play->server, EDDY_SEC(1));
        }
    }
}

static void quiet(const struct eddy_log_record *record, void *context)
{
    (void)record;
    (void)context;
}

static bool start(struct play *play)
{
    struct stage *stage = play->stage;
    struct eddy_group *group = eddy_loop_detached(stage->loop);
    if (stage_failed(stage, EDDY_SPAWN_TASK(&play->task, group, serving, .play = play))) {
        return false;
    }
    for (int i = 0; i < VISITORS; i++) {
        if (stage_failed(stage, EDDY_SPAWN(group, visitor, .play = play))) {
            break;
        }
        play->visitors++;
    }
    return true;
}

/* What is left of it after a failure unwinds here. */
static void end(struct play *play)
{
    struct stage *stage = play->stage;
    struct eddy_group *group = eddy_loop_detached(stage->loop);
    if (group != NULL && group->running > 0) {
        eddy_group_cancel(group, -ECANCELED);
        while (group->running > 0 && eddy_loop_step(stage->loop) >= 0) {
            test_os_advance(stage->os, EDDY_MS(1));
        }
    }
    eddy_task_release(play->task);
    const struct eddy_server_stats *stats = &play->server.stats;
    stage_expect(stage, stats->connections == 0 && stats->accepted == stats->finished, "the figures are right");
    stage_expect(stage, eddy_server_fini(&play->server) == 0, "a server that has served ends");
}

static void serve_at(struct stage *stage, const struct eddy_address *address, size_t limit)
{
    static struct play play;
    memset(&play, 0, sizeof play);
    eddy_loop_set_log(stage->loop, quiet, NULL);
    play.stage = stage;
    if (stage_failed(
            stage, eddy_server_init(&play.server, stage->loop, &(struct eddy_server_options){.connections = limit}))) {
        return;
    }
    if (!stage_failed(stage, eddy_server_listen(&play.server, address, NULL))) {
        play.address = *eddy_server_address(&play.server, 0);
        if (start(&play)) {
            stage_run(stage, 1);
        }
    }
    end(&play);
}

static void serve_unix(struct stage *stage)
{
    struct eddy_address address;
    char path[64];
    snprintf(path, sizeof path, "/tmp/eddy-faults-serve-%d", (int)getpid());
    stage_expect(stage, eddy_address_unix(&address, path) == 0, "the path is short enough");
    serve_at(stage, &address, 2);
    unlink(path); /* where that has failed */
}

static void serve_tcp(struct stage *stage)
{
    struct eddy_address address;
    stage_expect(stage, eddy_address_parse(&address, "127.0.0.1", 0) == 0, "it is an address");
    serve_at(stage, &address, 100);
}

static void a_server_over_unix_survives_every_failure(void **state)
{
    (void)state;
    assert_int_equal(sweep("serve_unix", serve_unix), 0);
}

static void a_server_over_tcp_survives_every_failure(void **state)
{
    (void)state;
    assert_int_equal(sweep("serve_tcp", serve_tcp), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_over_unix_survives_every_failure),
        cmocka_unit_test(a_server_over_tcp_survives_every_failure),
    };
    return cmocka_run_group_tests_name("servers while the system fails", tests, NULL, NULL);
}
