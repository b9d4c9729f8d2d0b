/* What the example servers on eddy/server.h share: listen, announce, serve, and on SIGINT or SIGTERM end in good order.
 *
 *     return EDDY_RUN(serve, .program = argv[0], .address = &address, .handler = EDDY_HANDLER(peer)) != 0;
 *
 * A second signal kills. After `grace` the connections that are left are cancelled. */
#ifndef EXAMPLES_SERVE_H
#define EXAMPLES_SERVE_H

#include "options.h"

#include <eddy/run.h>
#include <eddy/server.h>
#include <errno.h>

struct serve {
    EDDY_FRAME_RET(int);
    /* arguments */
    const char *program;
    const struct eddy_address *address;
    const struct eddy_handler *handler;
    struct eddy_server_options options;
    eddy_ns grace;                                        /* 0: 5 s */
    void (*announce)(const struct eddy_address *address); /* NULL: options_announce */
    /* private */
    struct eddy_server server;
    struct eddy_signal signals[2];
    struct eddy_group stops;
    struct eddy_scope shield; /* EDDY_RUN answers SIGINT with a cancel */
    int error;
};

struct serve_stop {
    EDDY_FRAME;
    struct serve *serve;
    struct eddy_signal *signal;
};

/* Wait for a signal, and stop the server; the next one kills. */
EDDY_CORO(serve_stop)
{
    EDDY_BEGIN(serve_stop) {
        EDDY_AWAIT(eddy_signal_wait(my->signal, me));
        eddy_server_stop(&my->serve->server, my->serve->grace != 0 ? my->serve->grace : EDDY_SEC(5));
        eddy_signal_close(&my->serve->signals[0]);
        eddy_signal_close(&my->serve->signals[1]);
    }
}

/* Returns 0 after a stop, or the exit status 1 when nothing could be served. */
EDDY_CORO(serve)
{
    EDDY_BEGIN(serve) {
        EDDY_TRY(my->error, eddy_server_init(&my->server, eddy_loop_current(), &my->options));
        my->error = eddy_server_listen(&my->server, my->address, NULL);
        if (my->error < 0) {
            EDDY_RETURN(options_fail(my->program, my->address, my->error));
        }
        EDDY_TRY(my->error, eddy_signal_open(&my->signals[0], eddy_loop_current(), SIGINT));
        EDDY_TRY(my->error, eddy_signal_open(&my->signals[1], eddy_loop_current(), SIGTERM));
        (my->announce != NULL ? my->announce : options_announce)(eddy_server_address(&my->server, 0));
        EDDY_SHIELD(&my->shield, EDDY_FOREVER) {
            EDDY_GROUP(&my->stops, EDDY_COLLECT) {
                EDDY_TRY(my->error, EDDY_SPAWN(&my->stops, serve_stop, .serve = my, .signal = &my->signals[0]));
                EDDY_TRY(my->error, EDDY_SPAWN(&my->stops, serve_stop, .serve = my, .signal = &my->signals[1]));
                EDDY_CALL(my->error, eddy_serve, .server = &my->server, .handler = my->handler);
                eddy_group_cancel(&my->stops, -ECANCELED);
            }
        }
        if (my->error < 0) {
            EDDY_RETURN(options_fail(my->program, my->address, my->error));
        }
    }
    EDDY_FINALLY
    {
        eddy_signal_close(&my->signals[0]);
        eddy_signal_close(&my->signals[1]);
        eddy_server_fini(&my->server);
    }
}

#endif
