#include "look/walk.h"

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
    struct eddy_list *link = eddy_list_first(&group->children);
    return link != NULL ? EDDY_CONTAINER(link, struct eddy_task, link) : NULL;
}

/* The first task of the next of the loop's own groups that has one. */
static struct eddy_task *next_root(struct eddyi_walk *walk)
{
    struct eddyi_roots *roots = walk->roots;
    struct eddy_task *task = NULL;
    walk->depth = 0;
    while (task == NULL && walk->root != &roots->daemons) {
        walk->root = walk->root == NULL           ? &roots->main
                     : walk->root == &roots->main ? &roots->detached
                                                  : &roots->daemons;
        task = first_of(walk->root);
    }
    return task;
}

/* The task after `task` and all below it: of its group, of the next group outward, or above. */
static struct eddy_task *next_beside(struct eddyi_walk *walk, struct eddy_task *task)
{
    for (;;) {
        struct eddy_group *group = task->group;
        if (task->link.next != &group->children) {
            return EDDY_CONTAINER(task->link.next, struct eddy_task, link);
        }
        if (group == walk->root) {
            return next_root(walk);
        }
        struct eddy_group *outward = next_group(group->block.outer);
        if (outward != NULL) {
            return first_of(outward);
        }
        task = group->block.frame->task;
        walk->depth--;
    }
}

void eddyi_walk_begin(struct eddyi_walk *walk, const struct eddy_scheduler *scheduler)
{
    *walk = (struct eddyi_walk){.roots = scheduler->roots};
}

struct eddy_task *eddyi_walk_next(struct eddyi_walk *walk)
{
    if (walk->roots == NULL) {
        return NULL;
    }
    if (walk->task == NULL) {
        walk->task = walk->root == NULL ? next_root(walk) : NULL;
        return walk->task;
    }
    struct eddy_group *group = next_group(walk->task->block);
    if (group != NULL) {
        walk->depth++;
        walk->task = first_of(group);
    } else {
        walk->task = next_beside(walk, walk->task);
    }
    return walk->task;
}

/* ---- What a task does ------------------------------------------------------------------ */

const char *eddyi_task_waits_for(const struct eddy_task *task)
{
    bool waits = task->waiter.state == EDDYI_PARKED || task->waiter.state == EDDYI_RETRY;
    return waits ? task->waiter.kind->name : NULL;
}

eddy_ns eddyi_task_age(const struct eddy_task *task)
{
    uint32_t age = eddyi_task_scheduler(task)->stamp - task->parked;
    return age < UINT32_MAX / 2 ? (eddy_ns)age << 20 : 0;
}
