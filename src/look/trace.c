/* A step is written when it is over, since its event tells how long it took; whom it spawned and woke is then what has
 * come to the ready queue meanwhile. So the events stand in the order of time, and nothing is kept for later. */
#include <eddy/trace.h>

#include "loop/loop.h"
#include "look/json.h"
#include "look/slice.h"
#include "look/walk.h"

#include <eddy/task.h>

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define TEXT_SIZE 65536
#define EVENT_MAX 8192 /* no event is longer */
#define FLUSH_SPAN EDDY_SEC(1)

/* What counters tell. */
struct eddyi_trace_counts {
    size_t ready, waiting, timers, open;
};

struct eddyi_trace {
    struct eddyi_observer observer;
    struct eddy_loop *loop;
    FILE *file;
    bool is_ours; /* to be closed */
    int error;
    eddy_ns began;
    eddy_ns flushed;
    uint64_t arrows; /* numbered so far */
    uint64_t arrow;  /* to this step; 0: none */
    uint64_t ended;  /* the number of the task that has ended in it; 0: none */
    int outcome;     /* of that */
    int status;
    struct eddyi_slice slice;
    struct eddyi_trace_counts counts;
    struct eddyi_json out;
    char text[TEXT_SIZE];
};

/* ---- Events ---------------------------------------------------------------------------- */

/* Write the events that there are; all are whole. */
static void flush_trace(struct eddyi_trace *trace)
{
    assert(!trace->out.is_cut && "EVENT_MAX is enough");
    if (trace->error == 0 && trace->out.used > 0) {
        errno = 0;
        if (fwrite(trace->text, 1, trace->out.used, trace->file) != trace->out.used || fflush(trace->file) != 0) {
            trace->error = errno != 0 ? -errno : -EIO;
        }
    }
    trace->out.used = 0;
}

static struct eddyi_json *begin_event(struct eddyi_trace *trace, const char *phase, eddy_ns instant)
{
    if (trace->out.size - trace->out.used < EVENT_MAX) {
        flush_trace(trace);
    }
    eddy_ns at = instant - trace->began;
    eddyi_json_add(&trace->out, ",\n{\"ph\":\"%s\",\"pid\":1,\"tid\":1,\"ts\":%" PRId64 ".%03d", phase, at / EDDY_US(1),
                   (int)(at % EDDY_US(1)));
    return &trace->out;
}

static void add_text(struct eddyi_json *json, const char *key, const char *text)
{
    eddyi_json_put(json, "\"");
    eddyi_json_put(json, key);
    eddyi_json_put(json, "\":");
    eddyi_json_string(json, text);
}

static void add_place(struct eddyi_json *json, const char *key, const struct eddyi_site *site)
{
    size_t length = strlen(site->file);
    eddyi_json_put(json, "\"");
    eddyi_json_put(json, key);
    eddyi_json_put(json, "\":\"");
    eddyi_json_escaped(json, site->function);
    eddyi_json_put(json, " at ");
    eddyi_json_escaped(json, site->file + (length > EDDYI_JSON_STRING ? length - EDDYI_JSON_STRING : 0));
    eddyi_json_add(json, ":%d\"", site->line);
}

static void add_arrow(struct eddyi_trace *trace, const char *phase, uint64_t arrow, eddy_ns instant)
{
    eddyi_json_add(begin_event(trace, phase, instant), ",\"cat\":\"wake\",\"name\":\"wake\",\"id\":%" PRIu64 "%s}",
                   arrow, phase[0] == 'f' ? ",\"bp\":\"e\"" : "");
}

/* The life of `task` begins, unless it is known. */
static void begin_life(struct eddyi_trace *trace, struct eddy_task *task, eddy_ns instant)
{
    uint64_t number = eddyi_task_number(task);
    if (number == 0 || task->more->traced) {
        return;
    }
    task->more->traced = true;
    task->more->arrow = 0;
    struct eddyi_json *json = begin_event(trace, "b", instant);
    eddyi_json_add(json, ",\"cat\":\"task\",\"id\":\"%#" PRIx64 "\",", number);
    add_text(json, "name", eddy_task_name(task));
    eddyi_json_add(json, ",\"args\":{\"task\":%" PRIu64 ",", number);
    add_place(json, "at", task->leaf->site);
    eddyi_json_put(json, "}}");
}

static void end_life(struct eddyi_trace *trace, eddy_ns now)
{
    struct eddyi_json *json = begin_event(trace, "e", now);
    eddyi_json_add(json, ",\"cat\":\"task\",\"id\":\"%#" PRIx64 "\",", trace->ended);
    add_text(json, "name", eddyi_slice_name(&trace->slice));
    eddyi_json_put(json, "}");
}

/* ---- Steps ----------------------------------------------------------------------------- */

/* How the step of a task was left. */
static void add_rest(struct eddyi_trace *trace, struct eddyi_json *json)
{
    const struct eddy_task *task = trace->slice.task;
    eddyi_json_put(json, ",");
    if (task == NULL) {
        add_text(json, "ended", eddyi_outcome_text(trace->outcome));
        eddyi_json_add(json, ",\"error\":%d", trace->status);
        return;
    }
    const struct eddyi_site *site = task->leaf->site;
    const char *waits_for = eddyi_task_waits_for(task);
    add_text(json, "waits_for", waits_for != NULL ? waits_for : "its turn");
    eddyi_json_put(json, ",");
    add_place(json, "at", site);
    eddyi_json_put(json, ",");
    add_text(json, "text", site->text);
}

static void add_slice(struct eddyi_trace *trace, eddy_ns now)
{
    struct eddyi_slice *slice = &trace->slice;
    const char *name = eddyi_slice_name(slice);
    const char *category = name != NULL ? "step" : slice->is_post ? "post" : "wake";
    eddy_ns took = now - slice->began;
    struct eddyi_json *json = begin_event(trace, "X", slice->began);
    eddyi_json_add(json, ",\"dur\":%" PRId64 ".%03d,\"cat\":\"%s\",", took / EDDY_US(1), (int)(took % EDDY_US(1)),
                   category);
    add_text(json, "name", name != NULL ? name : category);
    eddyi_json_put(json, ",\"args\":{");
    if (slice->from != NULL) {
        add_place(json, "from", slice->from);
        add_rest(trace, json);
    } else {
        eddyi_json_add(json, "\"code\":\"%#" PRIxPTR "\"", (uintptr_t)slice->code);
    }
    eddyi_json_put(json, "}}");
}

/* Tell of the tasks that have become ready in the step: they were spawned, or woken. The arrows begin in its midst: at its end
 * another may begin. */
static void add_wakes(struct eddyi_trace *trace, eddy_ns instant)
{
    struct eddy_waiter **place = trace->loop->scheduler.observed;
    for (struct eddy_waiter *at = place != NULL ? *place : NULL; at != NULL; at = at->ready_next) {
        struct eddy_task *task = eddyi_task_or_null(at);
        if (task == NULL || task == trace->slice.task) {
            continue;
        }
        begin_life(trace, task, instant);
        if (task->more != NULL) {
            task->more->arrow = ++trace->arrows;
            add_arrow(trace, "s", trace->arrows, instant);
        }
    }
}

static void trace_begin(struct eddyi_observer *observer, struct eddy_waiter *waiter, void (*code)(void), eddy_ns now)
{
    struct eddyi_trace *trace = EDDY_CONTAINER(observer, struct eddyi_trace, observer);
    struct eddy_task *task = eddyi_task_or_null(waiter);
    trace->arrow = 0;
    trace->ended = 0;
    if (task != NULL) {
        begin_life(trace, task, now);
    }
    if (task != NULL && task->more != NULL) {
        trace->arrow = task->more->arrow;
        task->more->arrow = 0;
    }
    eddyi_slice_begin(&trace->slice, waiter, code, now);
}

static void trace_ends(struct eddyi_observer *observer, struct eddy_task *task, int outcome)
{
    struct eddyi_trace *trace = EDDY_CONTAINER(observer, struct eddyi_trace, observer);
    if (trace->slice.is_open && trace->slice.task == task) {
        trace->ended = eddyi_task_number(task);
        trace->outcome = outcome;
        trace->status = outcome == EDDYI_FAILED ? task->error : 0;
    }
}

static void trace_end(struct eddyi_observer *observer, eddy_ns now)
{
    struct eddyi_trace *trace = EDDY_CONTAINER(observer, struct eddyi_trace, observer);
    eddy_ns began = trace->slice.began;
    if (!eddyi_slice_end(&trace->slice, &trace->loop->scheduler)) {
        return;
    }
    add_slice(trace, now);
    if (trace->arrow != 0) {
        add_arrow(trace, "f", trace->arrow, began);
    }
    add_wakes(trace, began + (now - began) / 2);
    if (trace->ended != 0) {
        end_life(trace, now);
    }
}

/* ---- Counters -------------------------------------------------------------------------- */

static struct eddyi_trace_counts count(const struct eddy_loop *loop)
{
    const struct eddy_scheduler *scheduler = &loop->scheduler;
    struct eddyi_trace_counts counts = {
        .waiting = scheduler->external + scheduler->internal,
        .timers = scheduler->timers.armed,
        .open = loop->poller.open,
    };
    for (const struct eddy_waiter *at = scheduler->ready_first; at != NULL; at = at->ready_next) {
        counts.ready++;
    }
    return counts;
}

static void add_counter(struct eddyi_trace *trace, const char *name, size_t *old, size_t now, eddy_ns instant)
{
    if (*old != now) {
        *old = now;
        eddyi_json_add(begin_event(trace, "C", instant), ",\"name\":\"%s\",\"args\":{\"%s\":%zu}}", name, name, now);
    }
}

static void trace_pause(struct eddyi_observer *observer, eddy_ns now)
{
    struct eddyi_trace *trace = EDDY_CONTAINER(observer, struct eddyi_trace, observer);
    struct eddyi_trace_counts counts = count(trace->loop);
    trace->slice.is_open = false;
    add_counter(trace, "ready", &trace->counts.ready, counts.ready, now);
    add_counter(trace, "waiting", &trace->counts.waiting, counts.waiting, now);
    add_counter(trace, "timers", &trace->counts.timers, counts.timers, now);
    add_counter(trace, "descriptors", &trace->counts.open, counts.open, now);
    if (now - trace->flushed >= FLUSH_SPAN) {
        trace->flushed = now;
        flush_trace(trace);
    }
}

/* ---- Start and stop -------------------------------------------------------------------- */

static struct eddyi_trace *trace_of(const struct eddy_loop *loop)
{
    for (struct eddyi_observer *at = loop->scheduler.observers; at != NULL; at = at->next) {
        if (at->begin == trace_begin) {
            return EDDY_CONTAINER(at, struct eddyi_trace, observer);
        }
    }
    return NULL;
}

static void add_head(struct eddyi_trace *trace)
{
    eddyi_json_add(&trace->out,
                   "[\n{\"ph\":\"M\",\"pid\":1,\"tid\":1,\"name\":\"process_name\",\"args\":{\"name\":\"eddy %s\"}},\n"
                   "{\"ph\":\"M\",\"pid\":1,\"tid\":1,\"name\":\"thread_name\",\"args\":{\"name\":\"loop\"}}",
                   EDDY_VERSION_STRING);
}

/* The tasks that are there already; or, in the end, forget what their records know of this trace. */
static void visit_tasks(struct eddyi_trace *trace, bool begins)
{
    struct eddyi_walk walk;
    struct eddy_task *task;
    eddyi_walk_begin(&walk, &trace->loop->scheduler);
    while ((task = eddyi_walk_next(&walk)) != NULL) {
        if (begins) {
            begin_life(trace, task, trace->began);
        } else if (task->more != NULL) {
            task->more->traced = false;
            task->more->arrow = 0;
        }
    }
}

static int start_trace(struct eddy_loop *loop, FILE *file, bool is_ours)
{
    struct eddy_scheduler *scheduler = &loop->scheduler;
    struct eddyi_trace *trace = loop->allocator.resize(loop->allocator.context, NULL, 0, sizeof *trace);
    if (trace == NULL) {
        return -ENOMEM;
    }
    memset(trace, 0, offsetof(struct eddyi_trace, text));
    trace->observer =
        (struct eddyi_observer){.begin = trace_begin, .end = trace_end, .ends = trace_ends, .pause = trace_pause};
    trace->loop = loop;
    trace->file = file;
    trace->is_ours = is_ours;
    trace->out = (struct eddyi_json){.text = trace->text, .size = sizeof trace->text};
    trace->began = scheduler->clock(scheduler->clock_context);
    trace->flushed = trace->began;
    loop->traces++;
    add_head(trace);
    visit_tasks(trace, true);
    eddyi_observer_add(scheduler, &trace->observer);
    return 0;
}

/* Why no trace can start; 0: it can. */
static int refuse_trace(const struct eddy_loop *loop)
{
    return !eddyi_loop_is_usable(loop) ? -ECHILD : trace_of(loop) != NULL ? -EALREADY : 0;
}

int eddy_trace_start_file(struct eddy_loop *loop, FILE *file)
{
    int error = refuse_trace(loop);
    return error < 0 ? error : start_trace(loop, file, false);
}

int eddy_trace_start(struct eddy_loop *loop, const char *path)
{
    int error = refuse_trace(loop);
    if (error < 0) {
        return error;
    }
    errno = 0;
    FILE *file = fopen(path, "we");
    if (file == NULL) {
        return errno != 0 ? -errno : -ENOMEM;
    }
    setvbuf(file, NULL, _IONBF, 0); /* the trace has a buffer, of whole events */
    error = start_trace(loop, file, true);
    if (error < 0) {
        fclose(file);
    }
    return error;
}

/* Close the file, if it is ours, and free the memory. */
static int close_trace(struct eddyi_trace *trace)
{
    struct eddy_loop *loop = trace->loop;
    int error = trace->error;
    if (trace->is_ours && fclose(trace->file) != 0 && error == 0) {
        error = errno != 0 ? -errno : -EIO;
    }
    eddyi_observer_remove(&loop->scheduler, &trace->observer);
    loop->traces--;
    loop->allocator.resize(loop->allocator.context, trace, sizeof *trace, 0);
    return error;
}

int eddy_trace_stop(struct eddy_loop *loop)
{
    struct eddyi_trace *trace = trace_of(loop);
    if (trace == NULL) {
        return -EINVAL;
    }
    if (!eddyi_loop_is_usable(loop)) {
        (void)close_trace(trace); /* nothing is in the file's own buffer */
        return -ECHILD;
    }
    eddy_ns now = loop->scheduler.clock(loop->scheduler.clock_context);
    if (trace->slice.is_open) { /* it is stopped from inside a step */
        trace_end(&trace->observer, now);
    }
    trace_pause(&trace->observer, now);
    visit_tasks(trace, false);
    flush_trace(trace);
    eddyi_json_add(&trace->out, "\n]\n");
    flush_trace(trace);
    return close_trace(trace);
}
