#include "task/trail.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static struct eddyi_trail *trail_of(struct eddy_task *task)
{
    struct eddyi_task_more *more = eddyi_task_more(task);
    if (more != NULL && more->trail == NULL) {
        more->trail = eddy_pool_take(&eddyi_task_scheduler(task)->pool, sizeof *more->trail);
        if (more->trail != NULL) {
            more->trail->length = 0;
        }
    }
    return more != NULL ? more->trail : NULL;
}

void eddyi_trail_add(struct eddy_task *task, const struct eddyi_site *site, int error, const char *text)
{
    struct eddyi_trail *trail = trail_of(task);
    if (trail == NULL || trail->length == EDDY_TRAIL_MAX) {
        return;
    }
    struct eddy_failure *step = &trail->steps[trail->length++];
    step->error = error;
    step->line = site->line;
    step->file = site->file;
    step->function = site->function;
    snprintf(step->text, sizeof step->text, "%s", text);
}

static void forget(struct eddy_task *task)
{
    if (task->more != NULL && task->more->trail != NULL) {
        task->more->trail->length = 0;
    }
}

void eddyi_frame_fail(struct eddy_frame *frame, const struct eddyi_site *site, int error, const char *text)
{
    assert(error < 0 && "a failure has an error");
    struct eddy_task *task = frame->task;
    task->error = error;
    frame->ending = EDDYI_FAILED;
    forget(task);
    eddyi_trail_add(task, site, error, text);
}

void eddyi_fail(struct eddy_frame *self, const struct eddyi_site *site, int error, const char *format, ...)
{
    char text[EDDY_FAILURE_TEXT];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    self->site = site;
    eddyi_frame_fail(self, site, error, text);
}

void eddyi_await_failed(struct eddy_frame *self)
{
    eddyi_frame_fail(self, self->site, (int)self->task->waiter.result, self->site->text);
}

size_t eddy_failure_trail(const struct eddy_waiter *me, const struct eddy_failure **first)
{
    const struct eddy_task *task = (const struct eddy_task *)(const void *)me;
    const struct eddyi_trail *trail = task->more != NULL ? task->more->trail : NULL;
    if (trail == NULL && task->more != NULL) {
        trail = task->more->stashed;
    }
    *first = trail != NULL ? trail->steps : NULL;
    return trail != NULL ? trail->length : 0;
}

void eddyi_trail_stash(struct eddy_task *task)
{
    struct eddyi_trail *trail = eddyi_trail_take(task);
    if (trail != NULL) {
        trail->outer = task->more->stashed;
        task->more->stashed = trail;
    }
}

void eddyi_trail_restore(struct eddy_task *task, bool goes_on)
{
    struct eddyi_trail *trail = task->more != NULL ? task->more->stashed : NULL;
    if (trail == NULL) {
        return;
    }
    task->more->stashed = trail->outer;
    if (goes_on) {
        eddyi_trail_adopt(task, trail);
    } else {
        eddyi_trail_free(eddyi_task_scheduler(task), trail);
    }
}

struct eddyi_trail *eddyi_trail_take(struct eddy_task *task)
{
    struct eddyi_trail *trail = task->more != NULL ? task->more->trail : NULL;
    if (trail != NULL) {
        task->more->trail = NULL;
    }
    return trail;
}

void eddyi_trail_adopt(struct eddy_task *task, struct eddyi_trail *trail)
{
    struct eddyi_task_more *more = trail != NULL ? eddyi_task_more(task) : NULL;
    if (more == NULL) {
        eddyi_trail_free(eddyi_task_scheduler(task), trail);
        forget(task); /* what it had is of another failure */
        return;
    }
    eddyi_trail_free(eddyi_task_scheduler(task), more->trail);
    more->trail = trail;
}

void eddyi_trail_free(struct eddy_scheduler *scheduler, struct eddyi_trail *trail)
{
    eddy_pool_give(&scheduler->pool, trail, sizeof *trail);
}
