/* What the files of the hand-written contender share: what honest C can do at best, state machines and a FIFO ready
 * queue. No task can be cancelled but where a row says so, no error can be told, nothing is freed if the program is
 * left; a task is 48 bytes. */
#ifndef BENCH_TASKS_LIMIT_H
#define BENCH_TASKS_LIMIT_H

#include "bench_tasks.h"

struct list {
    struct list *next;
    struct list *prev;
};

struct group;

struct task {
    struct task *next; /* in the ready queue, or among the free */
    void (*step)(struct task *task);
    struct group *group;
    struct list link;
    int state;
    int value;
};

struct group {
    struct list tasks;
    struct task *owner;
    size_t running;
    bool cancelled;
};

extern struct task *ready_first;
extern struct task *ready_last;
extern struct task *free_tasks;
extern struct group group;
extern size_t width;
extern size_t count;
extern size_t done;
extern bool stopping;
extern int64_t spent;

static inline void push(struct task *task)
{
    task->next = NULL;
    if (ready_first == NULL) {
        ready_first = task;
    } else {
        ready_last->next = task;
    }
    ready_last = task;
}

static inline struct task *spawn(void (*step)(struct task *task))
{
    struct task *task = free_tasks;
    free_tasks = task->next;
    task->step = step;
    task->state = 0;
    push(task);
    return task;
}

static inline void end(struct task *task)
{
    task->next = free_tasks;
    free_tasks = task;
}

static inline void insert(struct list *list, struct list *link)
{
    link->next = list;
    link->prev = list->prev;
    list->prev->next = link;
    list->prev = link;
}

static inline void take(struct list *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
}

/* ---- Who waits for another -------------------------------------------------------------------- */

/* What is in memory is read and written there, each time. */
#define KEEP() __asm__ volatile("" : : : "memory")

/* Who waits, oldest first; linked by task->next. */
struct waiters {
    struct task *first;
    struct task *last;
};

static inline void wait_in(struct waiters *waiters, struct task *task)
{
    task->next = NULL;
    if (waiters->first == NULL) {
        waiters->first = task;
    } else {
        waiters->last->next = task;
    }
    waiters->last = task;
}

static inline struct task *first_of(struct waiters *waiters)
{
    struct task *task = waiters->first;
    if (task != NULL) {
        waiters->first = task->next;
    }
    return task;
}

static inline void wake_one(struct waiters *waiters)
{
    struct task *task = first_of(waiters);
    if (task != NULL) {
        push(task);
    }
}

/* ---- Runs ------------------------------------------------------------------------------------ */

/* Memory for so many tasks, so that spawn() need not ask; begin() reserves for its own. */
void reserve(size_t tasks);
/* Run `first`, and whom it spawns, to the end; the time that they took down. */
int64_t begin(size_t tasks, size_t operations, void (*first)(struct task *task));

tasks_run run_spawns;
tasks_run run_gathers;
tasks_run run_idlers;
tasks_run run_used;
tasks_run run_resident;

tasks_run run_queue;
tasks_run run_channel;
tasks_run run_direct;

#endif
