/* The tree of tasks is walked by the pointers it has, like a cancel does: no recursion. */
#include <eddy/dump.h>

#include "base/wait.h"
#include "task/children.h"

#include <eddy/loop.h>
#include <eddy/task.h>

#include <stdbool.h>

static void print_since(FILE *file, const struct eddy_task *task, uint32_t stamp)
{
    uint32_t age = stamp - task->parked;
    double seconds = age < UINT32_MAX / 2 ? (double)age * 1048576e-9 : 0;
    fprintf(file, " since %.1f s", seconds);
}

static void print_state(FILE *file, const struct eddy_task *task, uint32_t stamp)
{
    const struct eddy_waiter *waiter = &task->waiter;
    switch (waiter->state) {
    case EDDYI_PARKED:
    case EDDYI_RETRY:
        fprintf(file, ", waits for: %s", waiter->kind->name);
        print_since(file, task, stamp);
        break;
    case EDDYI_READY:
        fputs(", ready", file);
        break;
    default:
        fputs(waiter->scheduler->running == waiter ? ", running" : "", file);
        break;
    }
    if (task->cancelled) {
        fputs(", cancelled", file);
    }
    fputc('\n', file);
}

static void print_task(FILE *file, const struct eddy_task *task, int indent, uint32_t stamp)
{
    fprintf(file, "%*stask %s", indent, "", eddy_task_name(task));
    print_state(file, task, stamp);
    for (const struct eddy_frame *frame = task->leaf; frame != NULL; frame = frame->caller) {
        const struct eddyi_site *site = frame->site;
        fprintf(file, "%*s%s at %s:%d: %s\n", indent + 2, "", site->function, site->file, site->line, site->text);
    }
}

/* The outermost group at or inside `block` that has a task. */
static struct eddy_group *next_group(struct eddyi_block *block)
{
    for (; block != NULL; block = block->outer) {
        if (block->site->kind->is_group) {
            struct eddy_group *group = EDDY_CONTAINER(block, struct eddy_group, block);
            if (!eddy_list_is_empty(&group->children)) {
                return group;
            }
        }
    }
    return NULL;
}

static struct eddy_task *first_of(const struct eddy_group *group)
{
    return EDDY_CONTAINER(eddy_list_first(&group->children), struct eddy_task, link);
}

static size_t print_group(FILE *file, struct eddy_group *root, uint32_t stamp)
{
    if (eddy_list_is_empty(&root->children)) {
        return 0;
    }
    size_t count = 0;
    int depth = 0;
    struct eddy_task *task = first_of(root);
    for (;;) {
        print_task(file, task, depth * 2, stamp);
        count++;
        struct eddy_group *group = next_group(task->block);
        if (group != NULL) {
            task = first_of(group);
            depth++;
            continue;
        }
        for (;;) { /* the next task: of this group, of the next group outward, or above */
            group = task->group;
            if (task->link.next != &group->children) {
                task = EDDY_CONTAINER(task->link.next, struct eddy_task, link);
                break;
            }
            if (group == root) {
                return count;
            }
            struct eddy_group *outward = next_group(group->block.outer);
            if (outward != NULL) {
                task = first_of(outward);
                break;
            }
            task = group->block.frame->task;
            depth--;
        }
    }
}

size_t eddy_dump(struct eddy_loop *loop, FILE *file)
{
    const struct eddy_scheduler *scheduler = &loop->scheduler;
    size_t count = 0;
    if (scheduler->roots != NULL) {
        count += print_group(file, &scheduler->roots->main, scheduler->stamp);
        count += print_group(file, &scheduler->roots->detached, scheduler->stamp);
        count += print_group(file, &scheduler->roots->daemons, scheduler->stamp);
    }
    fprintf(file, "%zu tasks; %zu waits that the kernel can end, %zu others, %zu deadlines\n", count,
            scheduler->external, scheduler->internal, scheduler->timers.armed);
    return count;
}
