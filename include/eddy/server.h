/* eddy/server.h - serve: a task for each connection, limits and deadlines that are on, and an end in good order.
 *
 *     struct echo { EDDY_FRAME; struct eddy_connection *connection; ssize_t n; char buffer[4096]; };
 *     EDDY_CORO(echo) { ... eddy_stream_read(&my->connection->stream, ...) ... }
 *
 *     EDDY_TRY(my->error, eddy_server_init(&my->server, loop, NULL));
 *     EDDY_TRY(my->error, eddy_server_listen(&my->server, &my->address, NULL));
 *     EDDY_CALL(my->error, eddy_serve, .server = &my->server, .handler = EDDY_HANDLER(echo));
 *     ...
 *     EDDY_FINALLY { eddy_server_fini(&my->server); }
 *
 * A handler is a coroutine whose frame has a member `struct eddy_connection *connection`, and is otherwise zero when
 * it begins. When it has ended, in whatever way, EDDY_FINALLY included, its connection is closed. A handler that fails
 * ends its connection alone: the log is told, as an error, but of -ECONNRESET, -EPIPE and -ETIMEDOUT at the level of
 * debug, as those are the peer's doing; and the server goes on.
 *
 * Defaults are for a hostile world: no more connections than descriptors allow, a read waits 10 s for a new peer's
 * first words and 60 s for what follows, a write that makes no progress 30 s: then it is -ETIMEDOUT. EDDY_FOREVER must
 * be written out.
 */
#ifndef EDDY_SERVER_H
#define EDDY_SERVER_H

#include <eddy/frame.h>
#include <eddy/group.h>
#include <eddy/list.h>
#include <eddy/listener.h>
#include <eddy/scope.h>
#include <eddy/stream.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

EDDY_BEGIN_DECLS

/* Zero stands for the default in every field. */
struct eddy_server_options {
    size_t connections; /* at once: 90 % of the descriptors the process may have. More wait in the backlog */
    eddy_ns handshake;  /* how long a read may wait until eddy_connection_ready(): 10 s */
    eddy_ns idle;       /* and afterwards: 60 s */
    eddy_ns stall;      /* how long a write may go without any progress: 30 s */
    eddy_ns quiet; /* after a stop: how long an idle connection may still wait for what is on its way: not at all */
    void *context; /* yours: connection->server->options.context */
};

/* What a server has seen. Once a handler has ended it stands in `finished`, and no longer in `connections`. */
struct eddy_server_stats {
    uint64_t accepted;  /* connections that got a handler */
    uint64_t finished;  /* handlers that ended, in whatever way; of them: */
    uint64_t failed;    /* that failed */
    uint64_t canceled;  /* that were unwound by a cancel: of a stop whose span was over, of the server, their own */
    uint64_t timed_out; /* of which a read, a write or a phase came to its end of time */
    uint64_t full;      /* how often the limit made it stop accepting */
    size_t connections; /* now */
    size_t peak;
};

struct eddy_serve;
struct eddy_server;

/* A connection, from accept to the end of its handler. */
struct eddy_connection {
    /* yours */
    struct eddy_stream stream;
    void *context;
    /* read-only */
    struct eddy_server *server;
    struct eddy_listener *listener; /* that it came by */
    /* private */
    struct eddy_task *task;
    struct eddy_list link;
    struct eddyi_held held;
    struct eddy_waiter phase; /* sleeps until it is over */
    bool is_ready;
    bool is_idle;
    bool is_late; /* its phase was over */
};

struct eddy_handler {
    /* private */
    eddy_body_fn *body;
    size_t size;
    size_t connection; /* the offset of the frame's pointer */
    struct eddyi_site begin;
};

/* The caller owns the memory; it must not move until it is ended. */
struct eddy_server {
    /* read-only */
    struct eddy_server_options options; /* with the defaults filled in */
    struct eddy_server_stats stats;
    bool is_stopping; /* or has stopped */
    /* private */
    bool is_short; /* of memory, and the log knows */
    struct eddy_loop *loop;
    struct eddy_list doors; /* its listeners */
    struct eddy_list connections;
    struct eddy_list waiting; /* doors, for a place */
    struct eddy_serve *serve; /* that runs */
    eddy_ns stop_deadline;
};

/* Prepare a server; it makes no call that waits, and opens nothing. 0; -EINVAL: a negative span. */
EDDY_API int eddy_server_init(struct eddy_server *server, struct eddy_loop *loop,
                              const struct eddy_server_options *options) EDDY_CHECK_RESULT;

/* Listen at `address` too, before eddy_serve runs. As eddy_listener_open(); -EBUSY: it serves; -ESHUTDOWN: it was
 * stopped. */
EDDY_API int eddy_server_listen(struct eddy_server *server, const struct eddy_address *address,
                                const struct eddy_listener_options *options) EDDY_CHECK_RESULT;

/* Listen at all sockets that were passed by a service manager. > 0: how many; 0: none was passed; or as
 * eddy_listener_inherited(), eddy_listener_adopt() and eddy_server_listen(): then those before the one that failed are
 * the server's, and the others still open. */
EDDY_API int eddy_server_listen_inherited(struct eddy_server *server) EDDY_CHECK_RESULT;

/* The address of the listener number `index`, from 0 in the order of listening; NULL: there is no such. */
EDDY_API const struct eddy_address *eddy_server_address(const struct eddy_server *server, size_t index);

/* Close the listeners, free what the server holds. 0; -EBUSY: eddy_serve is running. Allowed twice, and on zeroed
 * memory. */
EDDY_API int eddy_server_fini(struct eddy_server *server);

/* Stop in good order, from wherever: close the listeners; end the reads of connections that are idle: they give 0, as
 * if the peer had finished, or, with the option `quiet`, -ETIMEDOUT once no byte has come for so long; after `span`
 * cancel the handlers that are left, with the reason -ETIMEDOUT. eddy_serve returns when all have ended, and at once
 * if it was not running yet. A second stop can only make it sooner. */
EDDY_API void eddy_server_stop(struct eddy_server *server, eddy_ns span);

/* ---- In a handler ------------------------------------------------------------------- */

/* The peer has said who it is, or need not: from now on reads may wait for `idle`. */
EDDY_API void eddy_connection_ready(struct eddy_connection *connection);

/* Between requests (true): a stop ends the connection here, by ending its reads. In one (false), it lets the handler
 * go on until it is idle, or the stop's span is over. A new connection is idle. */
EDDY_API void eddy_connection_set_idle(struct eddy_connection *connection, bool is_idle);

/* The handler has `span` for what comes now, all in all: past it its task is cancelled, with the reason -ETIMEDOUT.
 * EDDY_FOREVER: no longer. Each call replaces the one before. EDDY_FINALLY has its own time (eddy/scope.h). */
EDDY_API void eddy_connection_phase(struct eddy_connection *connection, eddy_ns span);

/* ---- To serve ----------------------------------------------------------------------- */

/* EDDY_CALL(error, eddy_serve, .server = ..., .handler = EDDY_HANDLER(name)): accept and handle connections until the
 * server is stopped. `ret` is 0 after a stop, also one from before; -EINVAL: it listens nowhere; -EBUSY: it serves
 * already; or what made a listener useless (-EINVAL, -EOPNOTSUPP, ...): the server then stopped, with 5 s to end. When
 * descriptors or memory are short it waits for them; clients wait in the backlog. A cancel, also while it stops, closes
 * the listeners and cancels the handlers. Either way the server has served then, and is to be ended. */
#ifndef __cplusplus
struct eddy_serve {
    EDDY_FRAME_RET(int);
    /* arguments */
    struct eddy_server *server;
    const struct eddy_handler *handler;
    /* private */
    struct eddy_scope drain;
    struct eddy_group handlers;
    struct eddy_guard doors;
    struct eddy_waiter *parked; /* until there is a stop */
    int error;
};
EDDY_API EDDY_CORO_DECLARE(eddy_serve);

/* The handler that coroutine `name` is: a constant. */
#define EDDY_HANDLER(name) EDDYI_HANDLER(name)

#define EDDYI_HANDLER(name_)                                                                       \
    __extension__({                                                                                \
        _Static_assert(_Generic(&((struct name_ *)0)->connection, struct eddy_connection * * : 1), \
                       "a handler's frame has a member `struct eddy_connection *connection`");     \
        static const struct eddy_handler eddyi_handler = {                                         \
            EDDYI_CORO_OF(name_),                                                                  \
            sizeof(struct name_),                                                                  \
            offsetof(struct name_, connection),                                                    \
            {NULL, #name_, __FILE__, "serves a connection", __LINE__, NULL},                       \
        };                                                                                         \
        &eddyi_handler;                                                                            \
    })
#endif

EDDY_END_DECLS

#endif
