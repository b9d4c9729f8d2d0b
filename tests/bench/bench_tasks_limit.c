/* The hand-written contender: its scheduler, turns and calls. */
#include "bench.h"
#include "bench_tasks.h"
#include "bench_tasks_limit.h"

#include <stdlib.h>

struct task *ready_first;
struct task *ready_last;
struct task *free_tasks;
struct group group;
size_t width;
size_t count;
size_t done;
bool stopping;
int64_t spent;
static struct list timers = {&timers, &timers}; /* one slot of a wheel */

/* In passes: who is ready already stands in a list that nobody changes, so the next is known ahead. */
static void run(void)
{
    struct task *task;
    while ((task = ready_first) != NULL) {
        ready_first = NULL;
        while (task != NULL) {
            struct task *next = task->next;
            task->step(task);
            task = next;
        }
    }
}

void reserve(size_t tasks)
{
    static size_t reserved;
    if (reserved < tasks) {
        struct task *slab = malloc((tasks - reserved) * sizeof *slab);
        if (slab == NULL) {
            bench_die("no memory");
        }
        for (size_t i = tasks - reserved; i > 0; i--) {
            slab[i - 1].next = free_tasks;
            free_tasks = &slab[i - 1];
        }
        reserved = tasks;
    }
}

int64_t begin(size_t tasks, size_t operations, void (*first)(struct task *task))
{
    width = tasks;
    count = operations;
    done = 0;
    stopping = false;
    reserve(tasks + 1);
    spawn(first);
    run();
    return spent;
}

/* ---- Turns -------------------------------------------------------------------------------- */

static void yielder(struct task *task)
{
    if (stopping) {
        end(task);
    } else {
        push(task);
    }
}

static void yields(struct task *task)
{
    switch (task->state) {
    case 0:
        for (size_t i = 1; i < width; i++) {
            spawn(yielder);
        }
        task->state = 1;
        push(task);
        return;
    case 1:
        spent = -tasks_clock();
        task->state = 2;
        break;
    default:
        done += width;
        break;
    }
    if (done < count) {
        push(task);
        return;
    }
    spent += tasks_clock();
    stopping = true;
    end(task);
}

static int64_t run_yields(size_t tasks, size_t operations)
{
    return begin(tasks, operations, yields);
}

/* A deadline is armed before the yield, and taken away after it; the clock is that of the turn. */
static void timeouts(struct task *task)
{
    switch (task->state) {
    case 0:
        spent = -tasks_clock();
        task->state = 1;
        if (width-- > 1) {
            spawn(timeouts);
        }
        break;
    default:
        take(&task->link);
        done++;
        break;
    }
    if (done >= count) {
        spent += stopping ? 0 : tasks_clock();
        stopping = true;
        end(task);
        return;
    }
    insert(&timers, &task->link);
    push(task);
}

static int64_t run_timeouts(size_t tasks, size_t operations)
{
    return begin(tasks, operations, timeouts);
}

/* ---- Calls -------------------------------------------------------------------------------- */

/* A state machine calls another by its function, whose state is part of its own. */
static __attribute__((noinline)) bool nothing(struct task *task)
{
    switch (task->state) {
    case 0:
        task->state = -1;
        return true;
    default:
        return false;
    }
}

static int64_t run_calls(size_t tasks, size_t operations)
{
    struct task child;
    (void)tasks;
    spent = -tasks_clock();
    for (size_t i = 0; i < operations; i++) {
        child.state = 0;
        if (!nothing(&child)) {
            abort();
        }
    }
    return spent + tasks_clock();
}

/* It keeps the innermost machine as `step`, so that a wake does not go through the others. */
static int64_t run_chain(size_t depth, size_t operations)
{
    (void)depth;
    return begin(2, operations, yields);
}

static __attribute__((noinline)) bool number(struct task *task)
{
    switch (task->state) {
    case 0:
        task->value = 0;
        task->state = 1;
        return true;
    default:
        return (size_t)++task->value < count;
    }
}

static int64_t run_items(size_t tasks, size_t operations)
{
    struct task generator = {.state = 0};
    static volatile unsigned result __attribute__((unused));
    unsigned sum = 0;
    (void)tasks;
    count = operations;
    spent = -tasks_clock();
    while (number(&generator)) {
        sum += (unsigned)generator.value;
    }
    result = sum;
    return spent + tasks_clock();
}

const struct tasks_row tasks_rows[] = {
    {"yield-2", run_yields, 2, 1000000, false},
    {"yield-64", run_yields, 64, 1000000, false},
    {"yield-10k", run_yields, 10000, 1000000, false},
    {"spawn-1", run_spawns, 1, 200000, false},
    {"group-1", run_spawns, 1, 200000, false},
    {"spawn-1k", run_spawns, 1000, 200000, false},
    {"gather-1k", run_gathers, 1000, 200000, false},
    {"call", run_calls, 1, 500000, false},
    {"chain-1", run_chain, 1, 1000000, false},
    {"chain-4", run_chain, 4, 1000000, false},
    {"chain-16", run_chain, 16, 1000000, false},
    {"sleep0-1", run_yields, 1, 1000000, false},
    {"sleep0-1k", run_yields, 1000, 1000000, false},
    {"timeout", run_timeouts, 2, 200000, false},
    {"item", run_items, 1, 500000, false},
    {"cancel-1k", run_idlers, 1000, 1000, false},
    {"cancel-10k", run_idlers, 10000, 10000, false},
    {"cancel-100k", run_idlers, 100000, 100000, false},
    {"cancel-1M", run_idlers, 1000000, 1000000, false},
    {"bytes-100k", run_used, 100000, 100000, true},
    {"bytes-1M", run_used, 1000000, 1000000, true},
    {"rss-100k", run_resident, 100000, 100000, true},
    {"rss-1M", run_resident, 1000000, 1000000, true},
    {NULL, NULL, 0, 0, false},
};
