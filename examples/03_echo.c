/* 03_echo [--host H] [--port N] [--unix PATH] - the echo server of 01_echo.c in coroutines: a task for each connection.
 * SIGINT or SIGTERM: echo until a client is quiet for 50 ms, close, exit 0; after 5 s in any case. */
#include "options.h"

#include <eddy.h>

struct peer {
    EDDY_FRAME;
    struct eddy_connection *connection;
    ssize_t n;
    char buffer[16384];
};

EDDY_CORO(peer)
{
    EDDY_BEGIN(peer) {
        do {
            EDDY_AWAIT(my->n, eddy_stream_read(&my->connection->stream, my->buffer, sizeof my->buffer, me));
            if (my->n > 0) {
                EDDY_AWAIT(my->n, eddy_stream_write(&my->connection->stream, my->buffer, (size_t)my->n, me));
            }
        } while (my->n > 0);
    }
}

struct server {
    EDDY_FRAME_RET(int);
    const char *program;
    struct eddy_address *address;
    struct eddy_server server;
    struct eddy_signal signals[2];
    struct eddy_group all;
    struct eddy_scope shield; /* EDDY_RUN answers SIGINT with a cancel */
    int error;
};

struct stop_on {
    EDDY_FRAME;
    struct server *server;
    struct eddy_signal *signal;
};

static void close_signals(struct server *server)
{
    eddy_signal_close(&server->signals[0]);
    eddy_signal_close(&server->signals[1]);
}

EDDY_CORO(stop_on)
{
    EDDY_BEGIN(stop_on) {
        EDDY_AWAIT(eddy_signal_wait(my->signal, me));
        eddy_server_stop(&my->server->server, EDDY_SEC(5));
        close_signals(my->server); /* the next one kills */
    }
}

/* An echo has nothing to wait for but its peers, however long they take. */
static const struct eddy_server_options options = {
    .handshake = EDDY_FOREVER, .stall = EDDY_FOREVER, .quiet = EDDY_MS(50)};

EDDY_CORO(server)
{
    EDDY_BEGIN(server) {
        EDDY_TRY(my->error, eddy_server_init(&my->server, eddy_loop_current(), &options));
        my->error = eddy_server_listen(&my->server, my->address, NULL);
        if (my->error < 0) {
            EDDY_RETURN(options_fail(my->program, my->address, my->error));
        }
        EDDY_TRY(my->error, eddy_signal_open(&my->signals[0], eddy_loop_current(), SIGINT));
        EDDY_TRY(my->error, eddy_signal_open(&my->signals[1], eddy_loop_current(), SIGTERM));
        options_announce(eddy_server_address(&my->server, 0));
        EDDY_SHIELD(&my->shield, EDDY_FOREVER) {
            EDDY_GROUP(&my->all, EDDY_COLLECT) {
                EDDY_TRY(my->error, EDDY_SPAWN(&my->all, stop_on, .server = my, .signal = &my->signals[0]));
                EDDY_TRY(my->error, EDDY_SPAWN(&my->all, stop_on, .server = my, .signal = &my->signals[1]));
                EDDY_CALL(my->ret, eddy_serve, .server = &my->server, .handler = EDDY_HANDLER(peer));
                close_signals(my); /* which ends who waits for them */
            }
        }
    }
    EDDY_FINALLY
    {
        close_signals(my);
        eddy_server_fini(&my->server);
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
