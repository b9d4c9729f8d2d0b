#include "task/deadline.h"

#include "base/log.h"
#include "base/timers.h"
#include "task/cancel.h"
#include "task/block.h"

#include <eddy/group.h>
#include <eddy/task.h>

#include <errno.h>
#include <string.h>

static void expire_cleanup(struct eddyi_cleanup *cleanup)
{
    cleanup->scope.expired = true;
    eddyi_cancel_depth(cleanup->task, cleanup->scope.block.depth);
}

/* A deadline that is not a waiter's has come. */
static void expire(struct eddy_timer *timer)
{
    struct eddy_scope *scope = EDDY_CONTAINER(timer, struct eddy_scope, timer);
    if (scope->block.frame == NULL) {
        expire_cleanup(EDDY_CONTAINER(scope, struct eddyi_cleanup, scope));
    } else if (!scope->block.called) {
        scope->expired = true;
        eddyi_cancel_block(&scope->block, -ETIMEDOUT);
    }
}

static void arm(struct eddy_scheduler *scheduler, struct eddy_scope *scope, eddy_ns deadline)
{
    scheduler->expire = expire;
    eddy_timers_arm(&scheduler->timers, &scope->timer, deadline);
}

void eddyi_deadline_open(struct eddy_frame *self, struct eddy_scope *scope, const struct eddyi_site *site,
                         eddy_ns deadline)
{
    eddyi_scope_open(self, scope, site);
    if (deadline == EDDY_FOREVER) {
        return;
    }
    struct eddy_scheduler *scheduler = eddyi_task_scheduler(self->task);
    if (deadline > eddyi_scheduler_now(scheduler)) {
        arm(scheduler, scope, deadline);
        return;
    }
    scope->timer.deadline = deadline;
    if (!scope->block.called) {
        scope->expired = true;
        eddyi_cancel_block(&scope->block, -ETIMEDOUT);
    }
}

void eddyi_timeout_open(struct eddy_frame *self, struct eddy_scope *scope, const struct eddyi_site *site, eddy_ns span)
{
    struct eddy_scheduler *scheduler = eddyi_task_scheduler(self->task);
    eddy_ns deadline = INT64_MIN;
    if (span > 0) { /* not from the turn's clock: the step may have been at work for a while */
        deadline = span == EDDY_FOREVER ? span : eddy_ns_add(scheduler->clock(scheduler->clock_context), span);
    }
    eddyi_deadline_open(self, scope, site, deadline);
}

void eddyi_shield_open(struct eddy_frame *self, struct eddy_scope *scope, const struct eddyi_site *site, eddy_ns span)
{
    eddyi_timeout_open(self, scope, site, span);
    scope->block.shield = 1;
    scope->block.canceled = scope->block.called;
    self->task->cancelled = scope->block.called;
}

void eddy_scope_set_deadline(struct eddy_scope *scope, eddy_ns deadline)
{
    if (scope->block.state == EDDYI_ENTERED && !scope->block.called) {
        struct eddy_scheduler *scheduler = eddyi_task_scheduler(scope->block.frame->task);
        if (!eddyi_timers_put_off(&scheduler->timers, &scope->timer, deadline)) {
            arm(scheduler, scope, deadline);
            scope->timer.deadline = deadline;
        }
    }
}

eddy_ns eddy_scope_deadline(const struct eddy_scope *scope)
{
    return scope->block.state == EDDYI_NEW ? EDDY_FOREVER : scope->timer.deadline;
}

eddy_ns eddy_deadline(const struct eddy_waiter *me)
{
    const struct eddy_task *task = (const struct eddy_task *)(const void *)me;
    const struct eddyi_block *block = task->block;
    uint16_t depth = task->depth;
    eddy_ns earliest = EDDY_FOREVER;
    for (;;) {
        for (; block != NULL && block->depth == depth; block = block->outer) {
            const struct eddyi_block_kind *kind = block->site->kind;
            if (kind == &eddyi_scope_kind || kind == &eddyi_deadline_kind) {
                eddy_ns deadline = EDDY_CONTAINER(block, struct eddy_scope, block)->timer.deadline;
                earliest = deadline < earliest ? deadline : earliest;
            }
            if (block->shield) {
                return earliest;
            }
        }
        if (depth > 0) {
            const struct eddyi_cleanup *cleanup = eddyi_task_cleanup(task, depth);
            eddy_ns deadline = cleanup != NULL ? cleanup->scope.timer.deadline : EDDY_FOREVER;
            return deadline < earliest ? deadline : earliest;
        }
        block = &task->group->block;
        if (block->frame == NULL) {
            return earliest;
        }
        task = block->frame->task;
        depth = block->depth;
    }
}

void eddy_loop_set_cleanup_timeout(struct eddy_loop *loop, eddy_ns span)
{
    struct eddy_scheduler *scheduler = (struct eddy_scheduler *)(void *)loop; /* a loop begins with its scheduler */
    scheduler->cleanup_timeout = span;
}

/* ---- EDDY_FINALLY ---------------------------------------------------------------------- */

/* Give the EDDY_FINALLY at `depth` its deadline. */
static void limit_cleanup(struct eddy_task *task, struct eddyi_task_more *more, uint16_t depth)
{
    struct eddy_scheduler *scheduler = eddyi_task_scheduler(task);
    struct eddyi_cleanup *cleanup = more != NULL ? eddy_pool_take(&scheduler->pool, sizeof *cleanup) : NULL;
    if (cleanup == NULL) {
        eddyi_log(&scheduler->log, &(struct eddy_log_record){
                                       .level = EDDY_LOG_WARNING,
                                       .error = -ENOMEM,
                                       .task = eddy_task_name(task),
                                       .text = "its EDDY_FINALLY waits without a deadline",
                                   });
        return;
    }
    memset(cleanup, 0, sizeof *cleanup);
    cleanup->task = task;
    cleanup->scope.block.depth = depth;
    eddy_timer_init(&cleanup->scope.timer);
    cleanup->scope.timer.order = 1;
    cleanup->outer = more->cleanups;
    more->cleanups = cleanup;
    arm(scheduler, &cleanup->scope,
        eddy_ns_add(scheduler->clock(scheduler->clock_context), scheduler->cleanup_timeout));
}

void eddyi_cleanup_begin(struct eddy_task *task)
{
    if (eddyi_task_scheduler(task)->cleanup_timeout == EDDY_FOREVER) {
        return;
    }
    struct eddyi_task_more *more = eddyi_task_more(task);
    unsigned depth = more != NULL && more->cleanups != NULL ? more->cleanups->scope.block.depth : 0;
    while (depth < task->depth) { /* also those around it that have only called so far */
        limit_cleanup(task, more, (uint16_t)++depth);
    }
}

void eddyi_cleanup_end(struct eddy_task *task)
{
    struct eddyi_cleanup *cleanup = task->more != NULL ? task->more->cleanups : NULL;
    if (cleanup != NULL && cleanup->scope.block.depth == task->depth) {
        struct eddy_scheduler *scheduler = eddyi_task_scheduler(task);
        task->more->cleanups = cleanup->outer;
        eddy_timers_disarm(&scheduler->timers, &cleanup->scope.timer);
        eddy_pool_give(&scheduler->pool, cleanup, sizeof *cleanup);
    }
}
