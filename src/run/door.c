/* At the limit the doors stop accepting and queue up for a place, the one that took the last place behind the others;
 * so each has its turn. */
#include "run/door.h"

#include "base/log.h"
#include "run/connection.h"

#include <eddy/loop.h>
#include <eddy/sleep.h>

#include <errno.h>
#include <string.h>

#define LAST_STOP EDDY_SEC(5) /* when a listener is useless */
#define MEMORY_PAUSE EDDY_MS(100)

struct door {
    struct eddy_listener listener;
    struct eddy_waiter waiter; /* for a client, a place, or memory */
    struct eddy_server *server;
    struct eddy_list link;
    struct eddy_connection *next; /* made ready */
    bool is_accepting;
    bool has_client; /* `next` is open */
};

static struct door *door_of(struct eddy_list *link)
{
    return EDDY_CONTAINER(link, struct door, link);
}

/* ---- Accepting ------------------------------------------------------------------------- */

static void leave_queue(struct eddy_waiter *waiter)
{
    eddy_list_remove(&waiter->link);
}

static int wait_for_place(struct door *door)
{
    static const struct eddy_wait_kind kind = {.name = "place for a connection", .unpark = leave_queue};
    eddy_list_init(&door->waiter.link);
    eddy_list_append(&door->server->waiting, &door->waiter.link);
    return eddy_wait_park(&door->waiter, &kind);
}

/* The log is told of a shortage when it begins, not of each try. */
static int wait_for_memory(struct door *door, int error)
{
    struct eddy_server *server = door->server;
    if (!server->is_short) {
        server->is_short = true;
        eddyi_log(&server->loop->scheduler.log, &(struct eddy_log_record){
                                                    .level = EDDY_LOG_WARNING,
                                                    .error = error,
                                                    .text = "a server waits for memory before it accepts",
                                                });
    }
    return eddy_sleep(MEMORY_PAUSE, &door->waiter);
}

/* What an accept has come to. As next_step(). */
static int settle_accept(struct door *door, int result)
{
    door->is_accepting = result == EDDY_PENDING;
    if (result == 0) {
        door->has_client = true;
        door->server->is_short = false;
    }
    return result == -ENOMEM || result == -ENOSPC ? wait_for_memory(door, result) : result;
}

static void work_on(struct door *door, int result);

/* The limit is reached: no accept may be left. */
static void stop_accepting(struct door *last)
{
    struct eddy_server *server = last->server;
    server->stats.full++;
    for (struct eddy_list *link = last->link.next; link != &last->link; link = link->next) {
        struct door *door = link != &server->doors ? door_of(link) : last;
        if (door->is_accepting) {
            ssize_t result = eddy_wait_withdraw(&door->waiter);
            door->is_accepting = false;
            work_on(door, result == EDDY_PENDING ? 0 : settle_accept(door, (int)result));
        }
    }
}

static void take_in(struct door *door)
{
    struct eddy_connection *connection = door->next;
    struct eddy_server *server = door->server;
    door->next = NULL;
    door->has_client = false;
    connection->listener = &door->listener;
    eddyi_connection_start(server->serve, connection);
    if (eddyi_server_is_full(server)) {
        stop_accepting(door);
    }
}

/* Do what is next. 0: done; EDDY_PENDING: it takes time; or why there can be no next. */
static int next_step(struct door *door)
{
    struct eddy_server *server = door->server;
    if (eddyi_server_is_full(server)) {
        return wait_for_place(door);
    }
    if (door->has_client) {
        take_in(door);
        return 0;
    }
    if (door->next == NULL) {
        door->next = eddyi_connection_new(server->serve);
    }
    if (door->next == NULL) {
        return wait_for_memory(door, -ENOMEM);
    }
    return settle_accept(door, eddy_listener_accept(&door->listener, &door->next->stream, &door->waiter));
}

/* The last step had this result. */
static void work_on(struct door *door, int result)
{
    struct eddy_server *server = door->server;
    while (result == 0 && !server->is_stopping) {
        result = next_step(door);
    }
    if (result < 0 && result != EDDY_PENDING && !server->is_stopping) {
        server->serve->error = result;
        eddy_server_stop(server, LAST_STOP);
    }
}

static void on_turn(struct eddy_waiter *waiter)
{
    struct door *door = EDDY_CONTAINER(waiter, struct door, waiter);
    work_on(door, door->is_accepting ? settle_accept(door, (int)waiter->result) : 0);
}

/* ---- Doors ----------------------------------------------------------------------------- */

int eddyi_doors_open(struct eddy_server *server)
{
    for (struct eddy_list *link = server->doors.next; link != &server->doors; link = link->next) {
        work_on(door_of(link), 0);
    }
    return 0;
}

static void close_door(struct door *door)
{
    eddy_wait_withdraw(&door->waiter);
    door->is_accepting = false;
    door->has_client = false;
    if (door->next != NULL) {
        eddyi_connection_discard(door->server->serve, door->next);
        door->next = NULL;
    }
    eddy_listener_close(&door->listener);
}

void eddyi_doors_close(struct eddy_server *server)
{
    server->is_stopping = true;
    for (struct eddy_list *link = server->doors.next; link != &server->doors; link = link->next) {
        close_door(door_of(link));
    }
}

void eddyi_doors_free(struct eddy_server *server)
{
    struct eddy_list *link;
    while ((link = eddy_list_first(&server->doors)) != NULL) {
        eddy_list_remove(link);
        eddy_pool_give(&server->loop->scheduler.pool, door_of(link), sizeof(struct door));
    }
}

/* A door that is not open yet. */
static int add_door(struct eddy_server *server, struct door **added)
{
    if (server->serve != NULL || server->is_stopping) {
        return server->serve != NULL ? -EBUSY : -ESHUTDOWN;
    }
    struct door *door = eddy_pool_take(&server->loop->scheduler.pool, sizeof *door);
    if (door == NULL) {
        return -ENOMEM;
    }
    memset(door, 0, sizeof *door);
    door->server = server;
    eddy_waiter_init(&door->waiter, server->loop, on_turn);
    *added = door;
    return 0;
}

/* Once its listener was opened with this result. */
static int keep_door(struct door *door, int result)
{
    struct eddy_server *server = door->server;
    if (result < 0) {
        eddy_pool_give(&server->loop->scheduler.pool, door, sizeof *door);
    } else {
        eddy_list_append(&server->doors, &door->link);
    }
    return result;
}

int eddy_server_listen(struct eddy_server *server, const struct eddy_address *address,
                       const struct eddy_listener_options *options)
{
    struct door *door;
    int error = add_door(server, &door);
    return error < 0 ? error : keep_door(door, eddy_listener_open(&door->listener, server->loop, address, options));
}

int eddy_server_listen_inherited(struct eddy_server *server)
{
    int first = 0;
    int count = eddy_listener_inherited(server->loop, &first);
    for (int i = 0; i < count; i++) {
        struct door *door;
        int error = add_door(server, &door);
        error = error < 0 ? error : keep_door(door, eddy_listener_adopt(&door->listener, server->loop, first + i));
        if (error < 0) {
            return error;
        }
    }
    return count;
}

const struct eddy_address *eddy_server_address(const struct eddy_server *server, size_t index)
{
    struct eddy_list *link = server->doors.next;
    while (link != &server->doors && index > 0) {
        link = link->next;
        index--;
    }
    return link != &server->doors ? eddy_listener_address(&door_of(link)->listener) : NULL;
}
