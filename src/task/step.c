/* A body returns to this trampoline when it waits, calls, ends or is to unwind. So a chain of calls takes no C stack,
 * and a wake goes straight to the innermost frame.
 *
 *     running ──► a block ends: closing, breaking ──────────────────► running, after the block
 *        │
 *        └──► ending, canceled, failed: its blocks are closed, innermost first ──► (canceled or failed: caught) running,
 *                  │                                                                      after the block that caught
 *                  └──► its EDDY_FINALLY runs ──► its caller: running, or canceled, or failed
 *
 * To close a block may take time: then the task's waiter is parked, or another frame (a generator's) is the
 * innermost for a while, and afterwards the same step is taken again. */
#include "task/step.h"

#include "base/log.h"
#include "base/pool.h"
#include "task/deadline.h"
#include "task/block.h"
#include "task/lifetime.h"
#include "task/trail.h"

#include <eddy/generator.h>
#include <eddy/task.h>

#include <errno.h>
#include <string.h>

/* What a step of a task that does not simply run ends with. */
enum verdict {
    GO_ON,
    WAITING,
    OVER,
};

/* The innermost block is closed, and `frame` runs again after it. */
static void resume_after(struct eddy_frame *frame, const struct eddyi_block *block, uint8_t step)
{
    frame->ending = EDDYI_RUNNING;
    frame->step = step;
    frame->site = block->site;
}

/* Close the innermost block, `block`. EDDY_PENDING: it takes time; 0; EDDYI_UNWIND; or the error that `frame` fails with. */
static inline int close_innermost(struct eddy_frame *frame, struct eddyi_block *block)
{
    int error = block->site->kind->close(block, frame->ending);
    if (error != EDDY_PENDING) {
        eddyi_block_pop(frame->task);
        frame->ending = error < 0 ? EDDYI_FAILED : error == EDDYI_UNWIND ? EDDYI_CANCELED : frame->ending;
    }
    return error;
}

int eddyi_block_close(struct eddy_frame *self)
{
    if (self->ending != EDDYI_RUNNING) {
        return EDDYI_SUSPEND; /* to enter it has failed */
    }
    if (self->step == EDDYI_CLOSED) {
        self->step = 0;
        return EDDYI_LEAVE;
    }
    if (self->step == EDDYI_WAITING) {
        return eddyi_guard_acquired(self);
    }
    struct eddyi_block *block = eddyi_block_of(self);
    assert(block != NULL && block->site->kind != &eddyi_defer_kind && "a block is not left by goto");
    bool broke = self->step != EDDYI_FELL;
    self->site = block->site;
    self->ending = broke ? EDDYI_BREAKING : EDDYI_CLOSING;
    if (close_innermost(self, block) != 0) {
        return EDDYI_SUSPEND;
    }
    self->ending = EDDYI_RUNNING;
    self->step = broke ? EDDYI_BROKE : 0;
    return broke ? EDDYI_AGAIN : EDDYI_LEAVE;
}

/* The end of a block took time, and may be over now. */
static __attribute__((noinline)) enum verdict finish_block(struct eddy_frame *frame)
{
    struct eddyi_block *block = frame->task->block;
    bool breaks = frame->ending == EDDYI_BREAKING && !block->site->kind->is_loop;
    int error = close_innermost(frame, block);
    if (error == 0) {
        resume_after(frame, block, breaks ? EDDYI_BROKE : EDDYI_CLOSED);
    }
    return error == EDDY_PENDING && frame->task->leaf == frame ? WAITING : GO_ON;
}

/* ---- Unwinding ------------------------------------------------------------------------- */

/* Whether the unwinding of `frame` ends with `block`, which was just closed. */
static bool stops_at(struct eddy_frame *frame, const struct eddyi_block *block, bool shielded)
{
    const struct eddyi_block_kind *kind = block->site->kind;
    if (frame->ending == EDDYI_FAILED) {
        return kind->stops_failure;
    }
    return frame->ending == EDDYI_CANCELED && kind->stops_cancel && block->called &&
           (shielded || !frame->task->cancelled);
}

static void caught(struct eddy_frame *frame, struct eddyi_block *block)
{
    const struct eddyi_block_kind *kind = block->site->kind;
    resume_after(frame, block, EDDYI_CLOSED);
    if (kind == &eddyi_scope_kind || kind == &eddyi_deadline_kind) {
        struct eddy_scope *scope = EDDY_CONTAINER(block, struct eddy_scope, block);
        scope->caught = true;
        if (kind == &eddyi_deadline_kind && scope->expired) {
            eddyi_frame_fail(frame, block->site, -ETIMEDOUT, block->site->text);
        }
    }
}

static enum verdict unwind_block(struct eddy_frame *frame, struct eddyi_block *block)
{
    bool shielded = block->shield != 0;
    if (close_innermost(frame, block) == EDDY_PENDING) {
        return frame->task->leaf == frame ? WAITING : GO_ON;
    }
    if (stops_at(frame, block, shielded)) {
        caught(frame, block);
    }
    return GO_ON;
}

/* ---- The end of a frame ---------------------------------------------------------------- */

static void begin_finally(struct eddy_frame *frame)
{
    struct eddy_task *task = frame->task;
    frame->marks |= (uint8_t)((frame->ending - EDDYI_ENDING) * EDDYI_FRAME_OUTCOME);
    if (frame->ending == EDDYI_FAILED) {
        eddyi_trail_stash(task);
    }
    frame->phase = EDDYI_FINALLY;
    frame->ending = EDDYI_RUNNING;
    frame->step = EDDYI_START;
    if (task->depth < UINT16_MAX) { /* in a deeper one the outer's shield does as well */
        frame->marks |= EDDYI_FRAME_DEEP;
        task->depth++;
        task->cancelled = 0;
    }
}

/* An EDDY_FINALLY that took too long, or that comes after a failure, or fails. */
static __attribute__((noinline)) uint8_t judge_finally(struct eddy_frame *frame, uint8_t outcome)
{
    struct eddy_task *task = frame->task;
    uint8_t ending = frame->ending;
    if (ending == EDDYI_CANCELED) {
        eddyi_log(&eddyi_task_scheduler(task)->log, &(struct eddy_log_record){
                                                        .level = EDDY_LOG_WARNING,
                                                        .error = -ETIMEDOUT,
                                                        .task = eddy_task_name(task),
                                                        .text = "its EDDY_FINALLY took longer than the cleanup timeout",
                                                    });
    }
    if (outcome == EDDYI_FAILED) {
        eddyi_trail_restore(task, ending != EDDYI_FAILED);
    }
    return ending == EDDYI_FAILED ? ending : outcome;
}

/* What the frame ends with, all in all. */
static inline uint8_t end_finally(struct eddy_frame *frame)
{
    struct eddy_task *task = frame->task;
    uint8_t outcome = (uint8_t)(EDDYI_ENDING + frame->marks / EDDYI_FRAME_OUTCOME);
    if ((frame->marks & EDDYI_FRAME_DEEP) != 0) {
        if (task->more != NULL) {
            eddyi_cleanup_end(task);
        }
        task->depth--;
        eddyi_task_recheck(task);
    }
    bool usual = frame->ending <= EDDYI_ENDING && outcome != EDDYI_FAILED;
    return __builtin_expect(usual, 1) ? outcome : judge_finally(frame, outcome);
}

/* A generator is over, either by itself or because its consumer's loop is. */
static void end_generator(struct eddy_frame *frame, uint8_t outcome)
{
    struct eddy_frame *consumer = frame->caller;
    struct eddyi_block *block = frame->task->block;
    EDDY_CONTAINER(block, struct eddy_generator, block)->frame = NULL;
    if (outcome == EDDYI_FAILED || (outcome == EDDYI_CANCELED && consumer->ending == EDDYI_RUNNING)) {
        consumer->ending = outcome;
    } else if (consumer->ending == EDDYI_RUNNING) {
        consumer->ending = EDDYI_CLOSING;
    }
    eddyi_frame_free(frame);
}

static inline enum verdict end_frame(struct eddy_frame *frame, uint8_t outcome)
{
    struct eddy_task *task = frame->task;
    struct eddy_frame *caller = frame->caller;
    if (caller == NULL) {
        eddyi_task_end(task, outcome);
        return OVER;
    }
    task->leaf = caller;
    if (outcome == EDDYI_FAILED) {
        eddyi_trail_add(task, caller->site, task->error, caller->site->text);
    }
    if ((frame->marks & EDDYI_FRAME_GENERATOR) != 0) {
        end_generator(frame, outcome);
    } else if (outcome == EDDYI_ENDING) {
        task->waiter.result = (intptr_t)frame; /* the caller takes its result, and frees it */
    } else {
        caller->ending = outcome;
        eddyi_frame_free(frame);
    }
    return GO_ON;
}

static __attribute__((noinline)) enum verdict unwind(struct eddy_frame *frame)
{
    struct eddyi_block *block = eddyi_block_of(frame);
    if (block != NULL) {
        return unwind_block(frame, block);
    }
    if (frame->phase == EDDYI_FINALLY) {
        return end_frame(frame, end_finally(frame));
    }
    if ((frame->marks & EDDYI_FRAME_FRESH) != 0) {
        return end_frame(frame, frame->ending);
    }
    begin_finally(frame);
    return GO_ON;
}

/* ---- The turn -------------------------------------------------------------------------- */

static inline void stay_parked(struct eddy_task *task)
{
    task->parked = eddyi_task_scheduler(task)->stamp;
    if (__builtin_expect(task->depth != 0, 0)) {
        eddyi_cleanup_begin(task);
    }
}

#ifdef EDDY_DEBUG
/* Spoil the C stack that the next body uses, so that a local which was to survive an await is noticed the first time. */
static __attribute__((noinline)) void spoil_stack(void)
{
    char spoiled[4096];
    memset(spoiled, 0xA5, sizeof spoiled);
    __asm__ volatile("" : : "r"(spoiled) : "memory"); /* or it would be left out */
}

/* A body that began an operation and returned without awaiting it would be run again in its wake. */
static void check_awaited(const struct eddy_frame *frame)
{
    const struct eddy_task *task = frame->task;
    if (task->leaf == frame && task->waiter.state != EDDYI_IDLE && frame->ending == EDDYI_RUNNING &&
        frame->step != EDDYI_WAITING) {
        assert(frame->site->label != NULL && eddyi_task_scheduler(task)->awaits != 2 &&
               "what a coroutine begins with `me` it awaits");
    }
}

static void run_body(struct eddy_frame *frame)
{
    struct eddy_scheduler *scheduler = eddyi_task_scheduler(frame->task);
    spoil_stack();
    scheduler->awaits = scheduler->awaits != 0 ? 2 : 0; /* programs that are no debug builds never say */
    frame->body(frame);
    check_awaited(frame);
}
#else
static inline void run_body(struct eddy_frame *frame)
{
    frame->body(frame);
}
#endif

/* An EDDY_FINALLY begins, after a body that ended by itself. */
static inline enum verdict run_finally(struct eddy_task *task, struct eddy_frame *frame)
{
    run_body(frame);
    if (task->leaf == frame && task->waiter.state != EDDYI_IDLE) {
        return WAITING;
    }
    if (task->leaf != frame || frame->ending != EDDYI_RUNNING) {
        return GO_ON;
    }
    if (eddyi_block_of(frame) != NULL) {
        frame->ending = EDDYI_ENDING;
        return GO_ON;
    }
    return end_frame(frame, end_finally(frame));
}

/* The body of `frame`, the innermost, has returned and does not wait. */
static inline enum verdict returned(struct eddy_task *task, struct eddy_frame *frame)
{
    if (task->leaf != frame) {
        return GO_ON; /* a call, or a generator's value */
    }
    if (frame->ending == EDDYI_RUNNING) {
        frame->ending = EDDYI_ENDING;
        if (frame->phase == EDDYI_BODY && eddyi_block_of(frame) == NULL) { /* the usual end */
            begin_finally(frame);
            return run_finally(task, frame);
        }
    }
    return frame->ending <= EDDYI_BREAKING ? finish_block(frame) : unwind(frame);
}

/* Not inlined: a wake that just waits again, the usual one, saves fewer registers so. */
static __attribute__((noinline)) void go_on(struct eddy_task *task, enum verdict verdict)
{
    while (verdict == GO_ON) {
        struct eddy_frame *frame = task->leaf;
        if (frame->ending == EDDYI_RUNNING) {
            run_body(frame);
            if (task->leaf == frame && task->waiter.state != EDDYI_IDLE) {
                verdict = WAITING;
                break;
            }
        }
        verdict = returned(task, frame);
    }
    if (verdict == WAITING) {
        stay_parked(task);
    }
}

static __attribute__((noinline)) void go_on_after(struct eddy_task *task, struct eddy_frame *frame)
{
    enum verdict verdict = returned(task, frame);
    if (verdict != OVER) {
        go_on(task, verdict);
    }
}

void eddyi_task_run(struct eddy_waiter *me)
{
    struct eddy_task *task = (struct eddy_task *)(void *)me;
    struct eddy_frame *frame = task->leaf;
    if (__builtin_expect(frame->ending != EDDYI_RUNNING, 0)) {
        go_on(task, GO_ON);
        return;
    }
    run_body(frame);
    if (__builtin_expect(task->leaf == frame && me->state != EDDYI_IDLE, 1)) {
        stay_parked(task);
        return;
    }
    go_on_after(task, frame);
}

/* ---- Calls ----------------------------------------------------------------------------- */

void *eddyi_call_begin(struct eddy_frame *self, const struct eddyi_site *site, size_t size)
{
    self->site = site;
    if (self->task->cancelled) {
        self->ending = EDDYI_CANCELED;
        return NULL;
    }
    void *child = size <= UINT32_MAX ? eddyi_pool_take(&eddyi_task_scheduler(self->task)->pool, size) : NULL;
    if (child == NULL) {
        eddyi_frame_fail(self, site, -ENOMEM, site->text);
    }
    return child;
}

void eddyi_call(struct eddy_frame *self, struct eddy_frame *child, eddy_body_fn *body, size_t size,
                const struct eddyi_site *begin)
{
    *child = (struct eddy_frame){
        .body = body, .site = begin, .task = self->task, .caller = self, .size = (uint32_t)size, .step = EDDYI_START};
    self->task->leaf = child;
}

void eddyi_call_end(struct eddy_frame *self)
{
    eddyi_frame_free(eddyi_call_child(self));
}
