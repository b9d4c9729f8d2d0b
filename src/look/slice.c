#include "look/slice.h"

#include "task/inside.h"
#include "task/step.h"

#include <eddy/task.h>

#include <string.h>

struct eddy_task *eddyi_task_or_null(struct eddy_waiter *waiter)
{
    return waiter != NULL && waiter->wake == eddyi_task_run ? eddy_task_of(waiter) : NULL;
}

uint64_t eddyi_task_number(struct eddy_task *task)
{
    struct eddyi_task_more *more = eddyi_task_more(task);
    if (more != NULL && more->number == 0) {
        more->number = ++eddyi_task_scheduler(task)->numbered;
    }
    return more != NULL ? more->number : 0;
}

const char *eddyi_outcome_text(int outcome)
{
    return outcome == EDDYI_FAILED ? "failed" : outcome == EDDYI_CANCELED ? "cancelled" : "finished";
}

/* What is needed when it has ended. */
static void note_task(struct eddyi_slice *slice, const struct eddy_task *task)
{
    slice->ended = eddyi_task_scheduler(task)->ended;
    slice->coroutine = eddyi_task_root(task)->site->function;
    if (task->more != NULL) {
        memcpy(slice->name, task->more->name, sizeof slice->name);
    } else {
        slice->name[0] = '\0';
    }
}

void eddyi_slice_begin(struct eddyi_slice *slice, struct eddy_waiter *waiter, void (*code)(void), eddy_ns now)
{
    struct eddy_task *task = eddyi_task_or_null(waiter);
    slice->task = task;
    slice->code = code;
    slice->from = task != NULL ? task->leaf->site : NULL;
    slice->began = now;
    if (task != NULL) {
        note_task(slice, task);
    }
    slice->is_open = true;
    slice->is_post = waiter == NULL;
}

bool eddyi_slice_end(struct eddyi_slice *slice, const struct eddy_scheduler *scheduler)
{
    bool was_open = slice->is_open;
    if (was_open && slice->task != NULL && scheduler->ended != slice->ended) {
        slice->task = NULL; /* a task ends in a step of its own */
    }
    slice->is_open = false;
    return was_open;
}

const char *eddyi_slice_name(const struct eddyi_slice *slice)
{
    return slice->from == NULL ? NULL : slice->name[0] != '\0' ? slice->name : slice->coroutine;
}
