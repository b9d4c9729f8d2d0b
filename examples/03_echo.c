/* 03_echo [--host H] [--port N] [--unix PATH] - the echo server of 01_echo.c in coroutines: a task for each connection.
 * SIGINT or SIGTERM: echo until a client is quiet for 50 ms, close, exit 0; after 5 s in any case. */
#include "options.h"

#include <eddy.h>
#include <errno.h>

struct server {
    EDDY_FRAME_RET(int);
    const char *program;
    struct eddy_address *address;
    struct eddy_listener listener;
    struct eddy_signal signals[2];
    struct eddy_group all;
    struct eddy_scope grace; /* around it all: a shield, as EDDY_RUN answers SIGINT with a cancel */
    struct eddy_list peers;
    eddy_ns quiet; /* how long a client may be */
    int error;
};

struct peer {
    EDDY_FRAME;
    struct server *server;
    struct eddy_stream stream;
    struct eddy_list link;
    struct eddy_defer end;
    struct eddy_scope reading;
    ssize_t n;
    char buffer[16384];
};

static void hang_up(void *argument)
{
    struct peer *peer = argument;
    eddy_stream_close(&peer->stream);
    eddy_list_remove(&peer->link);
}

/* Accept a connection, and echo what comes. */
EDDY_CORO(peer)
{
    EDDY_BEGIN(peer) {
        EDDY_TRY(my->n, eddy_listener_accept(&my->server->listener, &my->stream, me));
        eddy_list_append(&my->server->peers, &my->link);
        EDDY_DEFER(&my->end, hang_up, my);
        eddy_task_started(me, 0); /* the next one may be accepted */
        do {
            my->n = 0;
            EDDY_TIMEOUT(&my->reading, my->server->quiet) {
                EDDY_AWAIT(my->n, eddy_stream_read(&my->stream, my->buffer, sizeof my->buffer, me));
            }
            if (my->n > 0) {
                EDDY_AWAIT(my->n, eddy_stream_write(&my->stream, my->buffer, (size_t)my->n, me));
            }
        } while (my->n > 0);
    }
}

static void stop(struct server *server)
{
    eddy_ns now = eddy_loop_now(eddy_loop_current());
    server->quiet = EDDY_MS(50);
    eddy_scope_set_deadline(&server->grace, now + EDDY_SEC(5));
    for (struct eddy_list *link = server->peers.next; link != &server->peers; link = link->next) {
        eddy_scope_set_deadline(&EDDY_CONTAINER(link, struct peer, link)->reading, now + server->quiet);
    }
    eddy_listener_close(&server->listener);
    eddy_signal_close(&server->signals[0]); /* the next one kills */
    eddy_signal_close(&server->signals[1]);
}

struct stop_on {
    EDDY_FRAME;
    struct server *server;
    struct eddy_signal *signal;
};

EDDY_CORO(stop_on)
{
    EDDY_BEGIN(stop_on) {
        EDDY_AWAIT(eddy_signal_wait(my->signal, me));
        stop(my->server);
    }
}

EDDY_CORO(server)
{
    EDDY_BEGIN(server) {
        my->quiet = EDDY_FOREVER;
        eddy_list_init(&my->peers);
        my->error = eddy_listener_open(&my->listener, eddy_loop_current(), my->address, NULL);
        if (my->error < 0) {
            EDDY_RETURN(options_fail(my->program, my->address, my->error));
        }
        EDDY_TRY(my->error, eddy_signal_open(&my->signals[0], eddy_loop_current(), SIGINT));
        EDDY_TRY(my->error, eddy_signal_open(&my->signals[1], eddy_loop_current(), SIGTERM));
        options_announce(eddy_listener_address(&my->listener));
        EDDY_SHIELD(&my->grace, EDDY_FOREVER) {
            EDDY_GROUP(&my->all, EDDY_COLLECT) {
                EDDY_TRY(my->error, EDDY_SPAWN(&my->all, stop_on, .server = my, .signal = &my->signals[0]));
                EDDY_TRY(my->error, EDDY_SPAWN(&my->all, stop_on, .server = my, .signal = &my->signals[1]));
                while (my->error != -ESHUTDOWN) {
                    EDDY_START(my->error, &my->all, peer, .server = my);
                    if (my->error < 0 && my->error != -ESHUTDOWN) {
                        EDDY_AWAIT(eddy_sleep(EDDY_MS(100), me)); /* memory may come back */
                    }
                }
            }
        }
    }
    EDDY_FINALLY
    {
        eddy_signal_close(&my->signals[0]);
        eddy_signal_close(&my->signals[1]);
        eddy_listener_close(&my->listener);
    }
}

int main(int argc, char **argv)
{
    struct eddy_address address;
    if (!options_parse(argc, argv, 7777, &address)) {
        return 2;
    }
    return EDDY_RUN(server, .program = argv[0], .address = &address) != 0;
}
