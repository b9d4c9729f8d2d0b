/* Programs with streams, a listener, intervals. */
#define _GNU_SOURCE
#include "sweep.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void close_stream(void *stream)
{
    eddy_stream_close(stream);
    sweep_balance(-1);
}

static void open_pair(struct eddy_stream *one, struct eddy_stream *other)
{
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0 ||
        eddy_stream_open(one, eddy_loop_current(), fds[0]) < 0 ||
        eddy_stream_open(other, eddy_loop_current(), fds[1]) < 0) {
        abort();
    }
    sweep_balance(2);
}

/* ---- There and back --------------------------------------------------------------------------- */

struct echo {
    EDDY_FRAME;
    struct life life;
    struct eddy_stream *stream;
    struct eddy_scope quiet;
    ssize_t n;
    char buffer[64];
};

/* Until the other end has finished, or is quiet for too long. */
EDDY_CORO(echo)
{
    EDDY_BEGIN(echo) {
        BODY();
        do {
            my->n = 0;
            EDDY_TIMEOUT(&my->quiet, EDDY_MS(50)) {
                EDDY_AWAIT(my->n, eddy_stream_read(my->stream, my->buffer, sizeof my->buffer, me));
            }
            if (my->n > 0) {
                EDDY_AWAIT(my->n, eddy_stream_write(my->stream, my->buffer, (size_t)my->n, me));
            }
        } while (my->n > 0);
    }
    EDDY_FINALLY
    {
        CLEANUP();
        close_stream(my->stream);
        CLEAN();
    }
}

struct ask {
    EDDY_FRAME;
    struct life life;
    struct eddy_stream *stream;
    ssize_t n;
    int i;
    char answer[64];
};

EDDY_CORO(ask)
{
    EDDY_BEGIN(ask) {
        BODY();
        for (my->i = 0; my->i < 3; my->i++) {
            EDDY_AWAIT(my->n, eddy_stream_write(my->stream, "hello", 5, me));
            EDDY_AWAIT(my->n, eddy_stream_read(my->stream, my->answer, sizeof my->answer, me));
            EXPECT(my->n <= 0 || my->n == 5);
            EDDY_AWAIT(eddy_sleep(EDDY_MS(2), me));
        }
    }
    EDDY_FINALLY
    {
        CLEANUP();
        close_stream(my->stream);
        CLEAN();
    }
}

struct pipe_echo {
    EDDY_FRAME;
    struct life life;
    struct eddy_stream ends[2];
    struct eddy_group group;
    int error;
};

EDDY_CORO(pipe_echo)
{
    EDDY_BEGIN(pipe_echo) {
        BODY();
        open_pair(&my->ends[0], &my->ends[1]);
        EDDY_GROUP(&my->group) {
            my->error = EDDY_SPAWN(&my->group, echo, .stream = &my->ends[0]);
            my->error = EDDY_SPAWN(&my->group, ask, .stream = &my->ends[1]);
        }
    }
    EDDY_FINALLY
    {
        CLEANUP();
        CLEAN();
    }
}

/* ---- More than fits ---------------------------------------------------------------------------- */

enum { MUCH = 1000000 };

struct sink {
    EDDY_FRAME;
    struct life life;
    struct eddy_stream *stream;
    struct eddy_defer defer;
    ssize_t n;
    size_t total;
    char buffer[100000];
};

EDDY_CORO(sink)
{
    EDDY_BEGIN(sink) {
        EDDY_DEFER(&my->defer, close_stream, my->stream);
        BODY();
        EDDY_AWAIT(eddy_sleep(EDDY_MS(1), me));
        for (;;) {
            EDDY_AWAIT(my->n, eddy_stream_read(my->stream, my->buffer, sizeof my->buffer, me));
            if (my->n <= 0) {
                break;
            }
            my->total += (size_t)my->n;
        }
        EXPECT(my->total <= MUCH);
    }
    EDDY_FINALLY
    {
        CLEANUP();
        CLEAN();
    }
}

struct floods {
    EDDY_FRAME;
    struct life life;
    struct eddy_stream ends[2];
    struct eddy_defer defer;
    struct eddy_group group;
    struct eddy_scope limit;
    int error;
    ssize_t n;
    char data[MUCH];
};

EDDY_CORO(floods)
{
    EDDY_BEGIN(floods) {
        BODY();
        open_pair(&my->ends[0], &my->ends[1]);
        EDDY_DEFER(&my->defer, close_stream, &my->ends[0]);
        EDDY_GROUP(&my->group) {
            my->error = EDDY_SPAWN(&my->group, sink, .stream = &my->ends[1]);
            EDDY_TIMEOUT(&my->limit, EDDY_MS(20)) {
                EDDY_AWAIT(my->n, eddy_stream_write(&my->ends[0], my->data, MUCH, me));
            }
            (void)eddy_stream_shutdown(&my->ends[0]);
        }
        EXPECT(my->n <= 0 || my->n == MUCH);
    }
    EDDY_FINALLY
    {
        CLEANUP();
        CLEAN();
    }
}

/* ---- A server ---------------------------------------------------------------------------------- */

struct serve {
    EDDY_FRAME;
    struct life life;
    struct eddy_listener *listener;
    struct eddy_stream stream;
    struct eddy_defer defer;
    ssize_t n;
    char buffer[64];
};

EDDY_CORO(serve)
{
    EDDY_BEGIN(serve) {
        BODY();
        EDDY_TRY(my->n, eddy_listener_accept(my->listener, &my->stream, me));
        sweep_balance(1);
        EDDY_DEFER(&my->defer, close_stream, &my->stream);
        eddy_task_started(me, 0);
        do {
            EDDY_AWAIT(my->n, eddy_stream_read(&my->stream, my->buffer, sizeof my->buffer, me));
            if (my->n > 0) {
                EDDY_AWAIT(my->n, eddy_stream_write(&my->stream, my->buffer, (size_t)my->n, me));
            }
        } while (my->n > 0);
    }
    EDDY_FINALLY
    {
        CLEANUP();
        CLEAN();
    }
}

struct client {
    EDDY_FRAME;
    struct life life;
    const struct eddy_address *address;
    struct eddy_stream stream;
    int error;
};

EDDY_CORO(client)
{
    EDDY_BEGIN(client) {
        BODY();
        EDDY_TRY(my->error, eddy_stream_connect(&my->stream, eddy_loop_current(), my->address, me));
        sweep_balance(1);
        EDDY_DO(ask, .stream = &my->stream);
    }
    EDDY_FINALLY
    {
        CLEANUP();
        CLEAN();
    }
}

struct server {
    EDDY_FRAME;
    struct life life;
    struct eddy_address address;
    struct eddy_listener listener;
    struct eddy_group peers, clients;
    struct eddy_scope limit;
    int error;
};

struct accepts {
    EDDY_FRAME;
    struct life life;
    struct server *server;
    struct eddy_group peers;
    int error;
};

EDDY_CORO(accepts)
{
    EDDY_BEGIN(accepts) {
        BODY();
        EDDY_GROUP(&my->peers, EDDY_COLLECT) {
            do {
                EDDY_START(my->error, &my->peers, serve, .listener = &my->server->listener);
            } while (my->error == 0);
        }
    }
    EDDY_FINALLY
    {
        CLEANUP();
        eddy_listener_close(&my->server->listener);
        CLEAN();
    }
}

EDDY_CORO(server)
{
    EDDY_BEGIN(server) {
        {
            char name[64];
            snprintf(name, sizeof name, "@eddy-sweep-%ld", (long)getpid());
            if (eddy_address_unix(&my->address, name) < 0 ||
                eddy_listener_open(&my->listener, eddy_loop_current(), &my->address, NULL) < 0) {
                abort();
            }
        }
        BODY();
        EDDY_TIMEOUT(&my->limit, EDDY_MS(40)) {
            EDDY_GROUP(&my->clients, EDDY_COLLECT) {
                my->error = EDDY_SPAWN(&my->clients, accepts, .server = my);
                my->error = EDDY_SPAWN(&my->clients, client, .address = &my->address);
                EDDY_AWAIT(eddy_sleep(EDDY_MS(3), me));
                my->error = EDDY_SPAWN(&my->clients, client, .address = &my->address);
                EDDY_AWAIT(eddy_sleep(EDDY_MS(9), me));
                eddy_listener_close(&my->listener);
            }
        }
    }
    EDDY_FINALLY
    {
        CLEANUP();
        eddy_listener_close(&my->listener);
        CLEAN();
    }
}

/* ---- Ticks ------------------------------------------------------------------------------------- */

struct ticks {
    EDDY_FRAME;
    struct life life;
    struct eddy_interval interval;
    struct eddy_scope limit;
    int policy;
    int missed;
    int i;
};

EDDY_CORO(ticks)
{
    EDDY_BEGIN(ticks) {
        BODY();
        for (my->policy = EDDY_BURST; my->policy <= EDDY_SKIP; my->policy++) {
            eddy_interval_init(&my->interval, EDDY_MS(2), (enum eddy_interval_policy)my->policy, me);
            EDDY_TIMEOUT(&my->limit, EDDY_MS(9)) {
                for (my->i = 0;; my->i++) {
                    EDDY_TRY(my->missed, eddy_interval_next(&my->interval, me));
                    if (my->i == 1) {
                        EDDY_AWAIT(eddy_sleep(EDDY_MS(5), me));
                    }
                }
            }
        }
    }
    EDDY_FINALLY
    {
        CLEANUP();
        CLEAN();
    }
}

PROGRAM(pipe_echo)
PROGRAM(floods)
PROGRAM(server)
PROGRAM(ticks)

const struct program programs_of_bytes[] = {
    PROGRAM_OF(pipe_echo), PROGRAM_OF(floods), PROGRAM_OF(server), PROGRAM_OF(ticks), {NULL, NULL}};
