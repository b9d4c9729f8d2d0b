/* The hand-written contender's tasks: how they begin and end, and what they take while they wait. */
#include "bench_tasks.h"
#include "bench_tasks_limit.h"

/* ---- Tasks that begin and end ---------------------------------------------------------------- */

static void leave(struct task *task)
{
    struct group *left = task->group;
    end(task);
    if (--left->running == 0) {
        push(left->owner);
    }
}

static void spawns(struct task *task)
{
    if (task->state == 0) {
        spent = -tasks_clock();
        task->state = 1;
        group.owner = task;
    } else {
        done += width;
    }
    if (done >= count) {
        spent += tasks_clock();
        end(task);
        return;
    }
    for (size_t i = 0; i < width; i++) {
        spawn(leave)->group = &group;
    }
    group.running = width;
}

int64_t run_spawns(size_t tasks, size_t operations)
{
    return begin(tasks, operations, spawns);
}

static int results[1000];

static void square(struct task *task)
{
    results[task->value] = task->value * task->value;
    leave(task);
}

static void gathers(struct task *task)
{
    static volatile unsigned result __attribute__((unused));
    unsigned sum = 0;
    if (task->state == 0) {
        spent = -tasks_clock();
        task->state = 1;
        group.owner = task;
    } else {
        for (size_t i = 0; i < width; i++) {
            sum += (unsigned)results[i];
        }
        result = sum;
        done += width;
    }
    if (done >= count) {
        spent += tasks_clock();
        end(task);
        return;
    }
    for (size_t i = 0; i < width; i++) {
        struct task *child = spawn(square);
        child->group = &group;
        child->value = (int)i;
    }
    group.running = width;
}

int64_t run_gathers(size_t tasks, size_t operations)
{
    return begin(tasks, operations, gathers);
}

/* ---- Many tasks that wait --------------------------------------------------------------------- */

static int64_t bytes_resident;

/* Waits; then it was cancelled. */
static void idler(struct task *task)
{
    if (task->state == 0) {
        task->state = 1;
        task->group = &group;
        insert(&group.tasks, &task->link);
        return;
    }
    if (group.cancelled) {
        take(&task->link);
        leave(task);
    }
}

static void idlers(struct task *task)
{
    switch (task->state) {
    case 0:
        group = (struct group){.tasks = {&group.tasks, &group.tasks}, .owner = task};
        for (size_t i = 0; i < width; i++) {
            spawn(idler);
        }
        group.running = width;
        task->state = 1;
        push(task);
        break;
    case 1:
        bytes_resident += tasks_resident();
        spent = -tasks_clock();
        group.cancelled = true;
        for (struct list *link = group.tasks.next; link != &group.tasks; link = link->next) {
            push((struct task *)(void *)((char *)link - offsetof(struct task, link)));
        }
        task->state = 2;
        break;
    default:
        spent += tasks_clock();
        end(task);
        break;
    }
}

int64_t run_idlers(size_t tasks, size_t operations)
{
    return begin(tasks, operations, idlers);
}

int64_t run_used(size_t tasks, size_t operations)
{
    (void)operations;
    return (int64_t)(tasks * sizeof(struct task));
}

int64_t run_resident(size_t tasks, size_t operations)
{
    bytes_resident = -tasks_resident();
    (void)run_idlers(tasks, operations);
    return bytes_resident;
}
