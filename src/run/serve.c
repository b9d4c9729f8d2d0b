/* eddy_serve only waits for a stop: the doors close with its guard, the handlers end with its group, and its scope is
 * the time that a stop leaves them. */
#include "loop/loop.h"
#include "run/connection.h"
#include "run/door.h"

#include <eddy/task.h>

#include <errno.h>
#include <string.h>

#define DEFAULT_HANDSHAKE EDDY_SEC(10)
#define DEFAULT_IDLE EDDY_SEC(60)
#define DEFAULT_STALL EDDY_SEC(30)
#define DEFAULT_DESCRIPTORS 1024 /* where the system does not tell */

/* ---- Life ------------------------------------------------------------------------------ */

static size_t most_connections(const struct eddy_os *os)
{
    size_t limit = 0;
    if (os->descriptor_limit(os->context, &limit) < 0) {
        limit = DEFAULT_DESCRIPTORS;
    }
    size_t most = limit - limit / 10 - (limit % 10 != 0);
    return most > 0 ? most : 1;
}

static eddy_ns or_default(eddy_ns span, eddy_ns usual)
{
    return span != 0 ? span : usual;
}

int eddy_server_init(struct eddy_server *server, struct eddy_loop *loop, const struct eddy_server_options *options)
{
    static const struct eddy_server_options defaults;
    const struct eddy_server_options *asked = options != NULL ? options : &defaults;
    memset(server, 0, sizeof *server);
    if (asked->handshake < 0 || asked->idle < 0 || asked->stall < 0 || asked->quiet < 0) {
        return -EINVAL;
    }
    server->options = (struct eddy_server_options){
        .connections = asked->connections != 0 ? asked->connections : most_connections(loop->os),
        .handshake = or_default(asked->handshake, DEFAULT_HANDSHAKE),
        .idle = or_default(asked->idle, DEFAULT_IDLE),
        .stall = or_default(asked->stall, DEFAULT_STALL),
        .quiet = asked->quiet,
        .context = asked->context,
    };
    server->loop = loop;
    server->stop_deadline = EDDY_FOREVER;
    eddy_list_init(&server->doors);
    eddy_list_init(&server->connections);
    eddy_list_init(&server->waiting);
    return 0;
}

int eddy_server_fini(struct eddy_server *server)
{
    if (server->loop == NULL) {
        return 0;
    }
    if (server->serve != NULL) {
        return -EBUSY;
    }
    eddyi_doors_close(server);
    eddyi_doors_free(server);
    return 0;
}

/* ---- Stopping -------------------------------------------------------------------------- */

static void end_idle_connections(struct eddy_server *server)
{
    for (struct eddy_list *link = server->connections.next; link != &server->connections; link = link->next) {
        eddyi_connection_stop(EDDY_CONTAINER(link, struct eddy_connection, link));
    }
}

static void unpark_serve(struct eddy_waiter *waiter)
{
    ((struct eddy_serve *)waiter->queue)->parked = NULL;
}

static int wait_for_stop(struct eddy_serve *serve, struct eddy_waiter *me)
{
    static const struct eddy_wait_kind kind = {.name = "stop of its server", .unpark = unpark_serve};
    if (serve->server->is_stopping) {
        return (int)eddy_wait_settle(me, 0);
    }
    me->queue = serve;
    serve->parked = me;
    return eddy_wait_park(me, &kind);
}

static void begin_stop(struct eddy_server *server)
{
    struct eddy_serve *serve = server->serve;
    eddyi_doors_close(server);
    end_idle_connections(server);
    if (serve != NULL && serve->parked != NULL) {
        struct eddy_waiter *waiter = serve->parked;
        serve->parked = NULL;
        eddy_wait_wake(waiter, 0);
    }
}

void eddy_server_stop(struct eddy_server *server, eddy_ns span)
{
    struct eddy_loop *loop = server->loop;
    if (loop == NULL || !eddyi_loop_is_usable(loop)) {
        return;
    }
    if (!server->is_stopping) {
        begin_stop(server);
    }
    eddy_ns deadline = span == EDDY_FOREVER ? span : eddy_ns_add(loop->os->clock(loop->os->context), span);
    if (deadline < server->stop_deadline) {
        server->stop_deadline = deadline;
        if (server->serve != NULL) {
            eddy_scope_set_deadline(&server->serve->drain, deadline);
        }
    }
}

/* ---- Serving --------------------------------------------------------------------------- */

static void close_doors(void *server)
{
    eddyi_doors_close(server);
}

EDDY_CORO_EXTERN(eddy_serve)
{
    EDDY_BEGIN(eddy_serve) {
        if (my->server->serve != NULL || my->server->is_stopping) {
            EDDY_RETURN(my->server->serve != NULL ? -EBUSY : 0);
        }
        if (eddy_list_is_empty(&my->server->doors)) {
            EDDY_RETURN(-EINVAL);
        }
        my->server->serve = my;
        EDDY_SCOPE(&my->drain) {
            EDDY_GROUP(&my->handlers, EDDY_COLLECT) {
                EDDY_WITH(&my->doors, eddyi_doors_open(my->server), close_doors, my->server) {
                    EDDY_AWAIT(wait_for_stop(my, me));
                }
            }
        }
        EDDY_RETURN(my->error);
    }
    EDDY_FINALLY
    {
        if (my->server->serve == my) {
            my->server->serve = NULL;
        }
    }
}
