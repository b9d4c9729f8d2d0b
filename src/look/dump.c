#include <eddy/dump.h>

#include "base/wait.h"
#include "look/walk.h"

#include <eddy/loop.h>
#include <eddy/task.h>

#include <stdbool.h>

static void print_state(FILE *file, const struct eddy_task *task)
{
    const struct eddy_waiter *waiter = &task->waiter;
    const char *what = eddyi_task_waits_for(task);
    if (what != NULL) {
        fprintf(file, ", waits for: %s since %.1f s", what, (double)eddyi_task_age(task) * 1e-9);
    } else if (waiter->state == EDDYI_READY) {
        fputs(", ready", file);
    } else if (waiter->scheduler->running == waiter) {
        fputs(", running", file);
    }
    if (task->cancelled) {
        fputs(", cancelled", file);
    }
    fputc('\n', file);
}

static void print_task(FILE *file, const struct eddy_task *task, int indent)
{
    fprintf(file, "%*stask %s", indent, "", eddy_task_name(task));
    print_state(file, task);
    for (const struct eddy_frame *frame = task->leaf; frame != NULL; frame = frame->caller) {
        const struct eddyi_site *site = frame->site;
        fprintf(file, "%*s%s at %s:%d: %s\n", indent + 2, "", site->function, site->file, site->line, site->text);
    }
}

size_t eddy_dump(struct eddy_loop *loop, FILE *file)
{
    const struct eddy_scheduler *scheduler = &loop->scheduler;
    size_t count = 0;
    struct eddyi_walk walk;
    eddyi_walk_begin(&walk, scheduler);
    for (const struct eddy_task *task; (task = eddyi_walk_next(&walk)) != NULL; count++) {
        print_task(file, task, walk.depth * 2);
    }
    fprintf(file, "%zu tasks; %zu waits that the kernel can end, %zu others, %zu deadlines\n", count,
            scheduler->external, scheduler->internal, scheduler->timers.armed);
    return count;
}
