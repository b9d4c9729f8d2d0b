/* An echo server in coroutines, as a library for Python: its loop runs inside asyncio's, by the three calls of eddy/loop.h
 * for foreign loops. eddy_in_asyncio.py loads it. */
#include <eddy.h>

#include <errno.h>
#include <stdlib.h>

struct server {
    struct eddy_loop loop;
    struct eddy_listener listener;
    struct eddy_task *task;
    uint64_t ticks;  /* of a coroutine that only sleeps */
    uint64_t echoed; /* bytes */
};

struct echo {
    EDDY_FRAME;
    struct server *server;
    struct eddy_stream peer;
    ssize_t n;
    char buffer[4096];
};

/* Accept a connection, and echo what comes. */
EDDY_CORO(echo)
{
    EDDY_BEGIN(echo) {
        EDDY_TRY(my->n, eddy_listener_accept(&my->server->listener, &my->peer, me));
        eddy_task_started(me, 0); /* the next one may be accepted */
        for (;;) {
            EDDY_AWAIT(my->n, eddy_stream_read(&my->peer, my->buffer, sizeof my->buffer, me));
            if (my->n <= 0) {
                break;
            }
            EDDY_AWAIT(my->n, eddy_stream_write(&my->peer, my->buffer, (size_t)my->n, me));
            if (my->n < 0) {
                break;
            }
            my->server->echoed += (uint64_t)my->n;
        }
    }
    EDDY_FINALLY
    {
        eddy_stream_close(&my->peer);
    }
}

struct tick {
    EDDY_FRAME;
    struct server *server;
};

EDDY_CORO(tick)
{
    EDDY_BEGIN(tick) {
        for (;;) {
            EDDY_AWAIT(eddy_sleep(EDDY_MS(5), me));
            my->server->ticks++;
        }
    }
}

struct serve {
    EDDY_FRAME;
    struct server *server;
    struct eddy_group clients;
    int error;
};

EDDY_CORO(serve)
{
    EDDY_BEGIN(serve) {
        EDDY_GROUP(&my->clients, EDDY_COLLECT) {
            EDDY_TRY(my->error, EDDY_SPAWN(&my->clients, tick, .server = my->server));
            for (;;) {
                EDDY_START(my->error, &my->clients, echo, .server = my->server);
                if (my->error < 0) {
                    EDDY_AWAIT(eddy_sleep(EDDY_MS(100), me)); /* memory may come back */
                }
            }
        }
    }
}

/* Nothing but these is for Python. */
#define EXPORT __attribute__((visibility("default")))
EXPORT struct server *server_new(uint16_t port, int *error);
EXPORT int server_free(struct server *server);
EXPORT int server_port(const struct server *server);
EXPORT int server_fd(struct server *server);
EXPORT int64_t server_timeout(struct server *server);
EXPORT int server_step(struct server *server);
EXPORT uint64_t server_ticks(const struct server *server);
EXPORT uint64_t server_echoed(const struct server *server);

static int start(struct server *server, uint16_t port)
{
    struct eddy_address address;
    int error = eddy_address_parse(&address, "127.0.0.1", port);
    if (error == 0) {
        error = eddy_listener_open(&server->listener, &server->loop, &address, NULL);
    }
    if (error == 0) {
        error = EDDY_SPAWN_TASK(&server->task, eddy_loop_detached(&server->loop), serve, .server = server);
    }
    if (error < 0) {
        eddy_listener_close(&server->listener);
    }
    return error;
}

/* On 127.0.0.1, on this thread, which has it from now on. NULL: *error says why. */
struct server *server_new(uint16_t port, int *error)
{
    struct server *server = calloc(1, sizeof *server);
    if (server == NULL) {
        *error = -ENOMEM;
        return NULL;
    }
    *error = eddy_loop_init(&server->loop, NULL);
    if (*error == 0) {
        *error = start(server, port);
        if (*error == 0) {
            return server;
        }
        (void)eddy_loop_fini(&server->loop);
    }
    free(server);
    return NULL;
}

/* Cancel everything, let it clean up, and end the loop. */
int server_free(struct server *server)
{
    eddy_task_cancel(server->task, -ECANCELED);
    int error = eddy_loop_run(&server->loop);
    eddy_task_release(server->task);
    eddy_listener_close(&server->listener);
    error = error < 0 ? error : eddy_loop_fini(&server->loop);
    if (error == 0) {
        free(server);
    }
    return error;
}

int server_port(const struct server *server)
{
    return eddy_address_port(eddy_listener_address(&server->listener));
}

int server_fd(struct server *server)
{
    return eddy_loop_fd(&server->loop);
}

/* In ns; -1: none. */
int64_t server_timeout(struct server *server)
{
    eddy_ns span = eddy_loop_timeout(&server->loop);
    return span == EDDY_FOREVER ? -1 : span;
}

int server_step(struct server *server)
{
    return eddy_loop_step(&server->loop);
}

uint64_t server_ticks(const struct server *server)
{
    return server->ticks;
}

uint64_t server_echoed(const struct server *server)
{
    return server->echoed;
}
