/* A handler's task owns its connection as a task owns a lock: what is left when the task has ended is given back then.
 * So there is no frame around the handler's own. */
#include "run/connection.h"

#include "base/pool.h"
#include "base/wait.h"
#include "io/stream.h"
#include "sync/held.h"
#include "task/lifetime.h"

#include <eddy/loop.h>
#include <eddy/sleep.h>
#include <eddy/task.h>

#include <errno.h>
#include <string.h>

/* ---- Memory ---------------------------------------------------------------------------- */

static size_t frame_size(const struct eddy_handler *handler)
{
    return (handler->size + 15) / 16 * 16;
}

/* Of the frame and the connection behind it: to the task it is all one frame. */
static size_t block_size(const struct eddy_handler *handler)
{
    return frame_size(handler) + sizeof(struct eddy_connection);
}

struct eddy_connection *eddyi_connection_new(struct eddy_serve *serve)
{
    const struct eddy_handler *handler = serve->handler;
    char *frame = eddyi_spawn_begin(&serve->handlers, block_size(handler));
    if (frame == NULL) {
        return NULL;
    }
    memset(frame, 0, block_size(handler));
    struct eddy_connection *connection = (struct eddy_connection *)(void *)(frame + frame_size(handler));
    connection->server = serve->server;
    connection->task = (struct eddy_task *)(void *)frame - 1;
    memcpy(frame + handler->connection, &connection, sizeof connection);
    return connection;
}

void eddyi_connection_discard(struct eddy_serve *serve, struct eddy_connection *connection)
{
    eddy_stream_close(&connection->stream);
    eddyi_pool_give(&serve->server->loop->scheduler.pool, connection->task,
                    sizeof(struct eddy_task) + block_size(serve->handler));
}

/* ---- The end of a handler -------------------------------------------------------------- */

/* Whether a handler that fails so has only met with what peers do. */
static bool is_of_peer(int error)
{
    return error == -ECONNRESET || error == -EPIPE || error == -ETIMEDOUT;
}

/* Whether the peer has made it wait too long; at a stop that is what idle connections are told. */
static bool is_timed_out(const struct eddy_connection *connection, int error)
{
    bool was_let_go = connection->is_idle && connection->server->is_stopping;
    return error == -ETIMEDOUT || (error == -ECANCELED && connection->is_late) ||
           ((connection->stream.state & EDDYI_LATE) != 0 && !was_let_go);
}

static void count_end(struct eddy_server_stats *stats, const struct eddy_connection *connection, int error)
{
    stats->connections--;
    stats->finished++;
    stats->canceled += error == -ECANCELED && !connection->is_late;
    stats->failed += error < 0 && error != -ECANCELED;
    stats->timed_out += is_timed_out(connection, error);
}

/* There is a place again: everybody who waits for one may ask, as the first may find that his client has gone. */
static void offer_place(struct eddy_server *server)
{
    struct eddy_list *link;
    while (!eddyi_server_is_full(server) && (link = eddy_list_first(&server->waiting)) != NULL) {
        eddy_list_remove(link);
        eddy_wait_wake(EDDY_CONTAINER(link, struct eddy_waiter, link), 0);
    }
}

/* The task that had the connection has ended; its memory is given back next. */
static void hang_up(struct eddyi_held *held)
{
    struct eddy_connection *connection = EDDY_CONTAINER(held, struct eddy_connection, held);
    struct eddy_server *server = connection->server;
    int error = connection->task->error;
    eddyi_held_give(held);
    eddy_list_remove(&connection->link);
    eddy_wait_withdraw(&connection->phase);
    eddy_stream_close(&connection->stream);
    count_end(&server->stats, connection, error);
    if (error < 0 && error != -ECANCELED && !is_of_peer(error)) {
        eddyi_task_report(connection->task, error, false);
    }
    offer_place(server);
}

/* ---- How long reads may wait ------------------------------------------------------------ */

static bool is_let_go(const struct eddy_connection *connection)
{
    return connection->is_idle && connection->server->is_stopping;
}

static void limit_reads(struct eddy_connection *connection)
{
    const struct eddy_server_options *options = &connection->server->options;
    eddy_ns span = connection->is_ready ? options->idle : options->handshake;
    if (is_let_go(connection)) {
        span = options->quiet < span ? options->quiet : span;
    }
    eddy_stream_set_timeouts(&connection->stream, span, options->stall);
}

/* Also the one that waits now. */
static void end_reads(struct eddy_connection *connection)
{
    eddy_ns quiet = connection->server->options.quiet;
    if (quiet == 0) {
        eddy_stream_end_reading(&connection->stream);
        return;
    }
    limit_reads(connection);
    struct eddy_waiter *reader = connection->stream.reader;
    if (reader != NULL && quiet != EDDY_FOREVER) {
        const struct eddy_loop *loop = connection->server->loop;
        eddy_ns deadline = eddy_ns_add(loop->os->clock(loop->os->context), quiet);
        if (!eddy_timer_is_armed(&reader->timer) || deadline < reader->timer.deadline) { /* it only makes it sooner */
            eddy_wait_until(reader, deadline);
        }
    }
}

void eddyi_connection_stop(struct eddy_connection *connection)
{
    if (is_let_go(connection)) {
        end_reads(connection);
    }
}

void eddy_connection_ready(struct eddy_connection *connection)
{
    connection->is_ready = true;
    limit_reads(connection);
}

void eddy_connection_set_idle(struct eddy_connection *connection, bool is_idle)
{
    connection->is_idle = is_idle;
    if (connection->server->is_stopping) {
        limit_reads(connection);
        eddyi_connection_stop(connection);
    }
}

/* ---- Its beginning --------------------------------------------------------------------- */

/* One that a stop has already unwound is not late. */
static void on_phase_over(struct eddy_waiter *waiter)
{
    struct eddy_connection *connection = EDDY_CONTAINER(waiter, struct eddy_connection, phase);
    if ((connection->task->marks & EDDYI_TASK_CANCELED) == 0) {
        connection->is_late = true;
        eddy_task_cancel(connection->task, -ETIMEDOUT);
    }
}

void eddyi_connection_start(struct eddy_serve *serve, struct eddy_connection *connection)
{
    const struct eddy_handler *handler = serve->handler;
    struct eddy_server *server = serve->server;
    struct eddy_server_stats *stats = &server->stats;
    struct eddy_frame *frame = (struct eddy_frame *)(void *)(connection->task + 1);
    connection->is_idle = true;
    limit_reads(connection);
    eddy_waiter_init(&connection->phase, server->loop, on_phase_over);
    eddy_list_append(&server->connections, &connection->link);
    stats->accepted++;
    stats->connections++;
    stats->peak = stats->connections > stats->peak ? stats->connections : stats->peak;
    int error = eddyi_spawn(NULL, &serve->handlers, frame, handler->body, block_size(handler), &handler->begin);
    assert(error == 0 && "what can fail was done before");
    (void)error;
    eddyi_held_take(&connection->held, &connection->task->waiter, hang_up);
}

/* ---- For handlers ---------------------------------------------------------------------- */

void eddy_connection_phase(struct eddy_connection *connection, eddy_ns span)
{
    struct eddy_waiter *waiter = &connection->phase;
    if (span == EDDY_FOREVER) {
        eddy_wait_withdraw(waiter);
        return;
    }
    const struct eddy_loop *loop = connection->server->loop;
    eddy_ns deadline = eddy_ns_add(loop->os->clock(loop->os->context), span);
    if (waiter->state == EDDYI_PARKED) {
        eddy_wait_until(waiter, deadline);
        return;
    }
    eddy_wait_withdraw(waiter);
    int parked = eddy_sleep_until(deadline, waiter);
    (void)parked; /* in a child of fork nothing is late */
}
