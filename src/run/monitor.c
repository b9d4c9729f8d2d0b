/* Nothing here counts as the program's: what its waiters wait for is in the background. */
#include <eddy/monitor.h>

#include "look/slice.h"
#include "look/walk.h"
#include "loop/loop.h"

#include <eddy/sleep.h>
#include <eddy/stats.h>
#include <eddy/task.h>

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PATIENCE EDDY_SEC(2) /* for a client that does not read */
#define RETRY_SPAN EDDY_MS(100)
#define TEXT_MAX 200 /* of a field, before it is escaped */
#define BACKLOG_MAX 16
#define FIRST_SIZE 4096

/* ---- Text ------------------------------------------------------------------------------ */

struct snapshot {
    const struct eddy_allocator *allocator;
    char *text;
    size_t used;
    size_t size;
    bool failed;
};

/* Have room for `length` bytes and a NUL. */
static bool reserve_text(struct snapshot *shot, size_t length)
{
    size_t size = shot->size == 0 ? FIRST_SIZE : shot->size;
    while (size - shot->used <= length) {
        size *= 2;
    }
    if (size > shot->size && !shot->failed) {
        char *text = shot->allocator->resize(shot->allocator->context, shot->text, shot->size, size);
        shot->failed = text == NULL;
        shot->text = text != NULL ? text : shot->text;
        shot->size = text != NULL ? size : shot->size;
    }
    return !shot->failed;
}

static __attribute__((format(printf, 2, 3))) void put(struct snapshot *shot, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0 || !reserve_text(shot, (size_t)length)) {
        return;
    }
    va_start(arguments, format);
    shot->used += (size_t)vsnprintf(shot->text + shot->used, shot->size - shot->used, format, arguments);
    va_end(arguments);
}

/* A field of somebody's text, and what follows it. */
static void put_field(struct snapshot *shot, const char *text, const char *after)
{
    static const char plain[] = "\t\n\r\\";
    static const char escaped[] = "tnr\\";
    size_t length = strnlen(text, TEXT_MAX);
    if (!reserve_text(shot, 2 * length)) {
        return;
    }
    for (size_t i = 0; i < length; i++) {
        const char *found = strchr(plain, text[i]);
        if (found != NULL) {
            shot->text[shot->used++] = '\\';
        }
        shot->text[shot->used++] = found != NULL ? escaped[found - plain] : text[i];
    }
    put(shot, "%s", after);
}

/* ---- A snapshot ------------------------------------------------------------------------ */

static void put_loop(struct snapshot *shot, const struct eddy_loop_stats *stats)
{
    const struct {
        const char *name;
        uint64_t value;
    } rows[] = {
        {"turns", stats->turns},
        {"events", stats->events},
        {"stale_events", stats->stale_events},
        {"epoll_changes", stats->epoll_changes},
        {"wakes", stats->wakes},
        {"posts", stats->posts},
        {"timers_fired", stats->timers_fired},
        {"tasks_spawned", stats->tasks_spawned},
        {"slow_wakes", stats->slow_wakes},
        {"longest_wake", (uint64_t)stats->longest_wake},
        {"tasks", stats->tasks},
        {"daemons", stats->daemons},
        {"ready", stats->ready},
        {"waits_external", stats->waits_external},
        {"waits_internal", stats->waits_internal},
        {"timers", stats->timers},
        {"streams", stats->streams},
        {"watches", stats->watches},
        {"listeners", stats->listeners},
        {"pool_used", stats->pool_used},
        {"pool_reserved", stats->pool_reserved},
    };
    put(shot, "loop");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        put(shot, "\t%s=%" PRIu64, rows[i].name, rows[i].value);
    }
    put(shot, "\n");
}

static void put_task(struct snapshot *shot, struct eddy_task *task, int depth)
{
    const struct eddyi_site *site = task->leaf->site;
    const char *what = eddyi_task_waits_for(task);
    bool runs = what == NULL && task->waiter.state == EDDYI_IDLE;
    put(shot, "task\t%" PRIu64 "\t%d\t", eddyi_task_number(task), depth);
    put_field(shot, eddy_task_name(task), "\t");
    put(shot, "%s%s\t", what != NULL ? "waits" : runs ? "running" : "ready", task->cancelled ? "*" : "");
    put_field(shot, what != NULL ? what : "-", "\t");
    put(shot, "%" PRId64 "\t", what != NULL ? eddyi_task_age(task) / EDDY_MS(1) : 0);
    put(shot, "%" PRIu64 "\t%" PRId64 "\t", task->more != NULL ? task->more->steps : 0,
        task->more != NULL ? task->more->busy : 0);
    put_field(shot, site->function, "\t");
    put_field(shot, site->file, "");
    put(shot, ":%d\t", site->line);
    put_field(shot, site->text, "\n");
}

static void put_tasks(struct snapshot *shot, const struct eddy_scheduler *scheduler, size_t tasks)
{
    size_t count = 0;
    struct eddyi_walk walk;
    struct eddy_task *task;
    eddyi_walk_begin(&walk, scheduler);
    while (count < EDDY_MONITOR_TASKS && (task = eddyi_walk_next(&walk)) != NULL) {
        put_task(shot, task, walk.depth);
        count++;
    }
    if (tasks > count) {
        put(shot, "more\t%zu\n", tasks - count);
    }
}

/* The text, for its client to free; false: no memory. */
static bool take_snapshot(struct eddy_monitor *monitor, struct eddyi_monitor_client *client, struct snapshot *shot)
{
    struct eddy_loop_stats stats;
    eddy_loop_stats(monitor->loop, &stats);
    *shot = (struct snapshot){.allocator = &monitor->loop->allocator};
    put(shot, "eddy\t1\n");
    put_loop(shot, &stats);
    put_tasks(shot, &monitor->loop->scheduler, stats.tasks);
    put(shot, "end\n");
    client->text = shot->text;
    client->size = shot->size;
    return !shot->failed;
}

/* ---- Clients --------------------------------------------------------------------------- */

static void accept_clients(struct eddy_monitor *monitor);

/* Whether a waiter was parked; then it is in the background. */
static bool goes_on(struct eddy_monitor *monitor, ssize_t result)
{
    monitor->loop->scheduler.background += result == EDDY_PENDING;
    return result == EDDY_PENDING;
}

static void end_client(struct eddyi_monitor_client *client, ssize_t result)
{
    struct eddy_loop *loop = client->monitor->loop;
    if (result < 0) {
        client->monitor->dropped++;
    }
    eddy_stream_close(&client->stream);
    if (client->text != NULL) {
        loop->allocator.resize(loop->allocator.context, client->text, client->size, 0);
    }
    client->text = NULL;
    client->is_taken = false;
}

static void on_sent(struct eddy_waiter *waiter)
{
    struct eddyi_monitor_client *client = EDDY_CONTAINER(waiter, struct eddyi_monitor_client, waiter);
    struct eddy_monitor *monitor = client->monitor;
    monitor->loop->scheduler.background--;
    end_client(client, waiter->result);
    accept_clients(monitor);
}

static void serve_client(struct eddy_monitor *monitor, struct eddyi_monitor_client *client)
{
    struct snapshot shot;
    ssize_t result = -ENOMEM;
    client->is_taken = true;
    monitor->served++;
    if (take_snapshot(monitor, client, &shot)) {
        result = eddy_stream_write(&client->stream, shot.text, shot.used, &client->waiter);
    }
    if (goes_on(monitor, result)) {
        eddy_wait_until(&client->waiter, eddy_ns_add(eddyi_scheduler_now(&monitor->loop->scheduler), PATIENCE));
    } else {
        end_client(client, result);
    }
}

static struct eddyi_monitor_client *free_place(struct eddy_monitor *monitor)
{
    for (int i = 0; i < EDDY_MONITOR_CLIENTS; i++) {
        if (!monitor->clients[i].is_taken) {
            return &monitor->clients[i];
        }
    }
    return NULL;
}

/* An accept has failed: not for want of descriptors, which the listener knows how to wait for. */
static void accept_later(struct eddy_monitor *monitor)
{
    monitor->next = NULL;
    (void)goes_on(monitor, eddy_sleep(RETRY_SPAN, &monitor->acceptor));
}

/* Accept as long as there are places, unless that is under way. */
static void accept_clients(struct eddy_monitor *monitor)
{
    while (!eddy_waiter_is_waiting(&monitor->acceptor) && (monitor->next = free_place(monitor)) != NULL) {
        int result = eddy_listener_accept(&monitor->listener, &monitor->next->stream, &monitor->acceptor);
        if (goes_on(monitor, result)) {
            return;
        }
        if (result < 0) {
            accept_later(monitor);
            return;
        }
        serve_client(monitor, monitor->next);
    }
}

static void on_accepted(struct eddy_waiter *waiter)
{
    struct eddy_monitor *monitor = EDDY_CONTAINER(waiter, struct eddy_monitor, acceptor);
    struct eddyi_monitor_client *client = monitor->next;
    monitor->loop->scheduler.background--;
    monitor->next = NULL;
    if (client != NULL && waiter->result < 0) {
        accept_later(monitor);
        return;
    }
    if (client != NULL) {
        serve_client(monitor, client);
    }
    accept_clients(monitor);
}

/* ---- What tasks do --------------------------------------------------------------------- */

static void monitor_begin(struct eddyi_observer *observer, struct eddy_waiter *waiter, void (*code)(void), eddy_ns now)
{
    struct eddy_monitor *monitor = EDDY_CONTAINER(observer, struct eddy_monitor, observer);
    eddyi_slice_begin(&monitor->slice, waiter, code, now);
    if (monitor->slice.task != NULL) {
        (void)eddyi_task_number(monitor->slice.task); /* from now on it has a record to count in */
    }
}

static void monitor_end(struct eddyi_observer *observer, eddy_ns now)
{
    struct eddy_monitor *monitor = EDDY_CONTAINER(observer, struct eddy_monitor, observer);
    struct eddyi_slice *slice = &monitor->slice;
    if (eddyi_slice_end(slice, &monitor->loop->scheduler) && slice->task != NULL && slice->task->more != NULL) {
        slice->task->more->steps++;
        slice->task->more->busy += now - slice->began;
    }
}

static void monitor_pause(struct eddyi_observer *observer, eddy_ns now)
{
    (void)now;
    EDDY_CONTAINER(observer, struct eddy_monitor, observer)->slice.is_open = false;
}

static void clear_tasks(const struct eddy_scheduler *scheduler)
{
    struct eddyi_walk walk;
    struct eddy_task *task;
    eddyi_walk_begin(&walk, scheduler);
    while ((task = eddyi_walk_next(&walk)) != NULL) {
        if (task->more != NULL) {
            task->more->steps = 0;
            task->more->busy = 0;
        }
    }
}

/* The loop's monitor; NULL: it has none. */
static struct eddy_monitor *monitor_of(const struct eddy_scheduler *scheduler)
{
    struct eddyi_observer *at = scheduler->observers;
    while (at != NULL && at->begin != monitor_begin) {
        at = at->next;
    }
    return at != NULL ? EDDY_CONTAINER(at, struct eddy_monitor, observer) : NULL;
}

/* ---- Open and close -------------------------------------------------------------------- */

int eddy_monitor_open(struct eddy_monitor *monitor, struct eddy_loop *loop, const char *path)
{
    struct eddy_monitor *other = monitor_of(&loop->scheduler);
    if (other != monitor) {
        memset(monitor, 0, sizeof *monitor); /* so that it can be closed whatever comes of this */
    }
    if (!eddyi_loop_is_usable(loop)) {
        return -ECHILD;
    }
    if (other != NULL) {
        return -EALREADY;
    }
    struct eddy_address address;
    int error = eddy_address_unix(&address, path);
    if (error == 0) {
        error = eddy_listener_open(&monitor->listener, loop, &address,
                                   &(struct eddy_listener_options){.backlog = BACKLOG_MAX});
    }
    if (error < 0) {
        return error;
    }
    monitor->loop = loop;
    eddy_waiter_init(&monitor->acceptor, loop, on_accepted);
    for (int i = 0; i < EDDY_MONITOR_CLIENTS; i++) {
        monitor->clients[i].monitor = monitor;
        eddy_waiter_init(&monitor->clients[i].waiter, loop, on_sent);
    }
    monitor->observer = (struct eddyi_observer){.begin = monitor_begin, .end = monitor_end, .pause = monitor_pause};
    clear_tasks(&loop->scheduler);
    eddyi_observer_add(&loop->scheduler, &monitor->observer);
    accept_clients(monitor);
    return 0;
}

/* Take `waiter` back. Its result, if that was on the way; EDDY_PENDING. */
static ssize_t take_back(struct eddy_monitor *monitor, struct eddy_waiter *waiter)
{
    if (!eddy_waiter_is_waiting(waiter)) {
        return EDDY_PENDING;
    }
    monitor->loop->scheduler.background--;
    return eddy_wait_withdraw(waiter);
}

void eddy_monitor_close(struct eddy_monitor *monitor)
{
    struct eddy_loop *loop = monitor->loop;
    if (loop == NULL || !eddyi_loop_is_usable(loop)) {
        return;
    }
    ssize_t accepted = take_back(monitor, &monitor->acceptor);
    if (accepted == 0 && monitor->next != NULL) {
        eddy_stream_close(&monitor->next->stream);
    }
    for (int i = 0; i < EDDY_MONITOR_CLIENTS; i++) {
        struct eddyi_monitor_client *client = &monitor->clients[i];
        (void)take_back(monitor, &client->waiter);
        if (client->is_taken) {
            end_client(client, 0);
        }
    }
    eddy_listener_close(&monitor->listener);
    eddyi_observer_remove(&loop->scheduler, &monitor->observer);
    monitor->loop = NULL;
}
