/* Opening and closing the blocks of eddy/scope.h; their deadlines are in deadline.c. */
#include "task/block.h"

#include "task/trail.h"

/* ---- Cancel scopes --------------------------------------------------------------------- */

static int scope_close(struct eddyi_block *block, int ending)
{
    (void)ending;
    struct eddy_scope *scope = EDDY_CONTAINER(block, struct eddy_scope, block);
    if (eddy_timer_is_armed(&scope->timer)) {
        eddy_timers_disarm(&eddyi_task_scheduler(block->frame->task)->timers, &scope->timer);
    }
    return 0;
}

const struct eddyi_block_kind eddyi_scope_kind = {.name = "scope", .close = scope_close, .stops_cancel = true};
const struct eddyi_block_kind eddyi_deadline_kind = {.name = "scope", .close = scope_close, .stops_cancel = true};

void eddyi_scope_open(struct eddy_frame *self, struct eddy_scope *scope, const struct eddyi_site *site)
{
    eddy_timer_init(&scope->timer);
    scope->timer.order = 1; /* not a waiter's */
    scope->timer.deadline = EDDY_FOREVER;
    scope->expired = false;
    scope->caught = false;
    eddyi_block_push(self, &scope->block, site);
}

/* ---- Failures -------------------------------------------------------------------------- */

static int catch_close(struct eddyi_block *block, int ending)
{
    struct eddy_catch *record = EDDY_CONTAINER(block, struct eddy_catch, block);
    struct eddy_task *task = block->frame->task;
    if (ending == EDDYI_FAILED) {
        record->error = task->error;
    }
    task->error = record->saved;
    return 0;
}

const struct eddyi_block_kind eddyi_catch_kind = {.name = "catch", .close = catch_close, .stops_failure = true};

void eddyi_catch_open(struct eddy_frame *self, struct eddy_catch *record, const struct eddyi_site *site)
{
    record->error = 0;
    record->saved = self->task->error;
    eddyi_block_push(self, &record->block, site);
}

/* ---- Deferred calls -------------------------------------------------------------------- */

static int defer_close(struct eddyi_block *block, int ending)
{
    (void)ending;
    struct eddy_defer *defer = EDDY_CONTAINER(block, struct eddy_defer, block);
    defer->call(defer->argument);
    return 0;
}

const struct eddyi_block_kind eddyi_defer_kind = {.name = "defer", .close = defer_close};

/* It stands outside the blocks that are open in this coroutine, since it runs when they are closed. */
void eddyi_defer(struct eddy_frame *self, struct eddy_defer *defer, const struct eddyi_site *site,
                 void (*call)(void *argument), void *argument)
{
    struct eddy_task *task = self->task;
    struct eddyi_block *block = &defer->block;
    assert(block->state != EDDYI_ENTERED && "a deferred call's record is used once at a time");
    struct eddyi_block **place = &task->block;
    while (*place != NULL && (*place)->frame == self && (*place)->site->kind != &eddyi_defer_kind) {
        place = &(*place)->outer;
    }
    defer->call = call;
    defer->argument = argument;
    block->outer = *place;
    block->frame = self;
    block->site = site;
    block->depth = task->depth;
    block->state = EDDYI_ENTERED;
    block->canceled = eddyi_outer_canceled(task, block->outer, block->depth);
    *place = block;
}

/* ---- Values ---------------------------------------------------------------------------- */

static int local_close(struct eddyi_block *block, int ending)
{
    (void)block;
    (void)ending;
    return 0;
}

const struct eddyi_block_kind eddyi_local_kind = {.name = "local", .close = local_close};

void eddyi_local_open(struct eddy_frame *self, struct eddy_local *local, const struct eddyi_site *site, const void *key,
                      void *value)
{
    local->key = key;
    local->value = value;
    eddyi_block_push(self, &local->block, site);
}

/* ---- Guards ---------------------------------------------------------------------------- */

int eddyi_guard_close(struct eddyi_block *block, int ending)
{
    (void)ending;
    struct eddy_guard *guard = EDDY_CONTAINER(block, struct eddy_guard, block);
    if (guard->acquired) {
        guard->acquired = false;
        guard->release(guard->subject);
    }
    return 0;
}

const struct eddyi_block_kind eddyi_guard_kind = {.name = "guard", .close = eddyi_guard_close};

/* The block is open while its acquisition takes time, so that a cancel finds something to close; there is nothing to
 * give back yet. */
bool eddyi_guard_open(struct eddy_frame *self, struct eddy_guard *guard, const struct eddyi_site *site, void *subject,
                      void (*release)(void *subject))
{
    self->site = site;
    if (self->task->cancelled) {
        self->step = 0;
        self->ending = EDDYI_CANCELED;
        return false;
    }
    guard->acquired = false;
    guard->subject = subject;
    guard->release = release;
    eddyi_block_push(self, &guard->block, site);
    return true;
}

void eddyi_guard_acquire(struct eddy_frame *self, ssize_t result)
{
    struct eddyi_block *block = self->task->block;
    if (result == EDDY_PENDING) {
        self->step = EDDYI_WAITING;
    } else if (result < 0 && result == block->site->kind->ends_loop_with) {
        eddyi_block_pop(self->task);
        self->step = EDDYI_BROKE;
    } else if (result < 0) {
        self->step = 0;
        eddyi_frame_fail(self, block->site, (int)result, block->site->text);
    } else {
        self->step = EDDYI_OPEN;
        EDDY_CONTAINER(block, struct eddy_guard, block)->acquired = true;
    }
}

int eddyi_guard_acquired(struct eddy_frame *self)
{
    if (self->task->waiter.state != EDDYI_IDLE) {
        return EDDYI_SUSPEND;
    }
    eddyi_guard_acquire(self, self->task->waiter.result);
    if (self->ending != EDDYI_RUNNING) {
        return EDDYI_SUSPEND;
    }
    return self->step == EDDYI_BROKE ? EDDYI_AGAIN : eddyi_block_outer(self);
}
