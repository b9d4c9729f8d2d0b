/* How blocks are opened and left. */
#ifndef EDDYI_TASK_BLOCK_H
#define EDDYI_TASK_BLOCK_H

#include "task/inside.h"

/* Put `block` on the task's chain. One that was left before begins anew; one that was cancelled before it
 * was ever entered is so now. */
static inline void eddyi_block_push(struct eddy_frame *self, struct eddyi_block *block, const struct eddyi_site *site)
{
    struct eddy_task *task = self->task;
    assert(block->state != EDDYI_ENTERED && "a block's record is used once at a time");
    if (block->state == EDDYI_LEFT) {
        block->called = 0;
        block->reason = 0;
    }
    block->outer = task->block;
    block->frame = self;
    block->site = site;
    block->depth = task->depth;
    block->state = EDDYI_ENTERED;
    block->canceled = task->cancelled | block->called;
    block->shield = 0;
    task->block = block;
    task->cancelled = block->canceled;
    self->step = EDDYI_OPEN;
}

/* After a guard's acquisition took time, or while it does. As eddyi_block_outer(). */
int eddyi_guard_acquired(struct eddy_frame *self);

/* Take the innermost block off the chain. */
static inline void eddyi_block_pop(struct eddy_task *task)
{
    struct eddyi_block *block = task->block;
    task->block = block->outer;
    block->state = EDDYI_LEFT;
    eddyi_task_recheck(task);
}

/* The innermost block of `frame`; NULL: it has none open. */
static inline struct eddyi_block *eddyi_block_of(const struct eddy_frame *frame)
{
    struct eddyi_block *block = frame->task->block;
    return block != NULL && block->frame == frame ? block : NULL;
}

#endif
