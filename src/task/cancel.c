/* A cancel marks every block and task inside, so that each await knows by one test, and ends their waits. The walk is
 * over a tree: a task's blocks, from the innermost outward; for each group among them its tasks. It goes down
 * and up by the pointers the tree has: no recursion, no memory. What was marked before is not walked
 * again. */
#include "task/cancel.h"

#include <eddy/group.h>
#include <eddy/task.h>

#include <assert.h>
#include <errno.h>

/* A part of a task's chain: from `at` outward until `end`. */
struct span {
    struct eddyi_block *at;
    struct eddyi_block *end;
};

/* End the wait of a task that is to unwind. */
static void interrupt(struct eddy_task *task)
{
    task->cancelled = 1;
    if (eddy_wait_cancel(&task->waiter)) {
        task->leaf->ending = EDDYI_CANCELED;
    }
}

/* What lies inside `outermost` (NULL: the task itself), and is not shielded from it: an EDDY_SHIELD or an EDDY_FINALLY at
 * work hides what is inside them. A task that is not hidden is interrupted. */
static struct span unshielded(struct eddy_task *task, struct eddyi_block *outermost, uint16_t depth)
{
    struct eddyi_block *at = task->block;
    bool open = true;
    uint16_t inner_depth = task->depth;
    for (struct eddyi_block *block = task->block; block != outermost; block = block->outer) {
        if (block->depth < inner_depth) {
            at = block;
            open = false;
        }
        inner_depth = block->depth;
        if (block->shield) {
            at = block->outer;
            open = false;
        }
    }
    if (inner_depth > depth) {
        at = outermost;
        open = false;
    }
    if (open) {
        interrupt(task);
    }
    return (struct span){at, outermost != NULL ? outermost->outer : NULL};
}

/* A task inside a group that was cancelled. */
static struct span enter_task(struct eddy_task *task)
{
    if ((task->marks & EDDYI_TASK_CANCELED) != 0) {
        return (struct span){NULL, NULL};
    }
    task->marks |= EDDYI_TASK_CANCELED;
    return unshielded(task, NULL, 0);
}

static struct eddy_task *first_child(struct eddyi_block *block)
{
    if (!block->site->kind->is_group) {
        return NULL;
    }
    struct eddy_group *group = EDDY_CONTAINER(block, struct eddy_group, block);
    struct eddy_list *link = eddy_list_first(&group->children);
    return link != NULL ? EDDY_CONTAINER(link, struct eddy_task, link) : NULL;
}

static struct eddy_task *next_sibling(const struct eddy_task *task)
{
    struct eddy_list *link = task->link.next;
    return link != &task->group->children ? EDDY_CONTAINER(link, struct eddy_task, link) : NULL;
}

/* Mark everything in this part of `root`'s chain, and the tasks inside. Starts that are met are put on `starts`. */
static void walk(struct eddy_task *root, struct span span, struct eddyi_start **starts)
{
    struct eddyi_block *root_end = span.end;
    struct eddy_task *task = root;
    for (;;) {
        struct eddy_task *child = NULL;
        while (span.at != span.end && child == NULL) {
            struct eddyi_block *block = span.at;
            span.at = block->outer;
            if (!block->canceled) {
                block->canceled = 1;
                child = first_child(block);
                if (block->site->kind->is_start) {
                    struct eddyi_start *start = EDDY_CONTAINER(block, struct eddyi_start, block);
                    start->next = *starts;
                    *starts = start;
                }
            }
        }
        while (child == NULL) { /* the end of a task's chain: on to the next, or up */
            if (task == root) {
                return;
            }
            child = next_sibling(task);
            if (child == NULL) {
                struct eddyi_block *block = &task->group->block;
                task = block->frame->task;
                span = (struct span){block->outer, task == root ? root_end : NULL};
                if (span.at != span.end) {
                    break;
                }
            }
        }
        if (child != NULL) {
            task = child;
            span = enter_task(task);
        }
    }
}

/* Cancel tasks one by one whose starters were cancelled: each may be waiting for the start of another. */
static void cancel_starts(struct eddyi_start *starts)
{
    while (starts != NULL) {
        struct eddy_task *child = starts->child;
        starts = starts->next;
        if (child->reason == 0) {
            child->reason = -ECANCELED;
        }
        if ((child->marks & EDDYI_TASK_CANCELED) == 0) {
            walk(child, enter_task(child), &starts);
        }
    }
}

static void cancel_inside(struct eddy_task *task, struct span span)
{
    struct eddyi_start *starts = NULL;
    walk(task, span, &starts);
    cancel_starts(starts);
}

static int16_t checked(int reason)
{
    assert(reason < 0 && reason >= EDDY_REASON_MIN && "the reason of a cancel is a -errno");
    return (int16_t)reason;
}

void eddyi_cancel_block(struct eddyi_block *block, int reason)
{
    if (block->called || block->state == EDDYI_LEFT) {
        return;
    }
    block->called = 1;
    block->reason = checked(reason);
    if (block->state == EDDYI_ENTERED && !block->canceled) {
        struct eddy_task *task = block->frame->task;
        cancel_inside(task, unshielded(task, block, block->depth));
        block->canceled = 1; /* also when what is inside it is shielded */
    }
}

void eddyi_cancel_depth(struct eddy_task *task, uint16_t depth)
{
    struct eddyi_block *outermost = NULL;
    for (struct eddyi_block *block = task->block; block != NULL && block->depth >= depth; block = block->outer) {
        outermost = block->depth == depth ? block : NULL;
    }
    if (outermost != NULL) {
        cancel_inside(task, unshielded(task, outermost, depth));
    } else if (task->depth == depth) {
        interrupt(task);
    }
}

void eddy_scope_cancel(struct eddy_scope *scope, int reason)
{
    eddyi_cancel_block(&scope->block, reason);
}

static void cancel_task(struct eddy_task *task, int reason)
{
    if ((task->marks & EDDYI_TASK_DONE) != 0 || task->reason != 0) {
        return;
    }
    task->reason = checked(reason);
    if ((task->marks & EDDYI_TASK_CANCELED) == 0) {
        cancel_inside(task, enter_task(task));
    }
}

void eddy_task_cancel(struct eddy_task *task, int reason)
{
    cancel_task(task, reason);
}

void eddy_group_cancel(struct eddy_group *group, int reason)
{
    if (group->block.frame != NULL || group->block.state != EDDYI_ENTERED) {
        eddyi_cancel_block(&group->block, reason);
        return;
    }
    group->block.called = 1; /* the loop's own: there is no task around it */
    group->block.reason = checked(reason);
    group->block.canceled = 1;
    for (struct eddy_list *link = group->children.next; link != &group->children; link = link->next) {
        cancel_task(EDDY_CONTAINER(link, struct eddy_task, link), reason);
    }
}

/* Where a cancel of `block`'s reason is felt; the outermost is what counts. */
int eddy_cancel_reason(const struct eddy_waiter *me)
{
    const struct eddy_task *task = (const struct eddy_task *)(const void *)me;
    int reason = 0;
    const struct eddyi_block *block = task->block;
    uint16_t depth = task->depth;
    for (;;) {
        for (; block != NULL && block->depth == depth; block = block->outer) {
            reason = block->called ? block->reason : reason;
            if (block->shield) {
                return reason;
            }
        }
        if (depth > 0) {
            return eddyi_outer_canceled(task, NULL, depth) ? -ETIMEDOUT : reason;
        }
        reason = task->reason != 0 ? task->reason : reason;
        block = &task->group->block;
        if (block->frame == NULL) {
            return block->called ? block->reason : reason;
        }
        task = block->frame->task;
        depth = block->depth;
    }
}
