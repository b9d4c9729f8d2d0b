#include "task/lifetime.h"

#include "base/log.h"
#include "base/pool.h"
#include "task/children.h"
#include "task/block.h"
#include "task/trail.h"

#include <eddy/task.h>

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

_Static_assert(offsetof(struct eddy_task, waiter) == 0, "`me` is its task");

/* ---- Memory ---------------------------------------------------------------------------- */

void eddyi_frame_free(struct eddy_frame *frame)
{
    eddyi_pool_give(&eddyi_task_scheduler(frame->task)->pool, frame, frame->size);
}

static void free_task(struct eddy_task *task)
{
    struct eddy_pool *pool = &eddyi_task_scheduler(task)->pool;
    if (task->more != NULL) {
        eddyi_trail_restore(task, false);
        eddyi_trail_free(eddyi_task_scheduler(task), task->more->trail);
        eddy_pool_give(pool, task->more, sizeof *task->more);
    }
    eddy_pool_give(pool, task, sizeof *task + eddyi_task_root(task)->size);
}

bool eddy_task_is_done(const struct eddy_task *task)
{
    return (task->marks & EDDYI_TASK_DONE) != 0;
}

int eddy_task_retain(struct eddy_task *task)
{
    if (task->handles == UINT16_MAX) {
        return -EOVERFLOW;
    }
    if (task->handles++ == 0 && !eddy_task_is_done(task)) {
        eddyi_group_held(task->group, true);
    }
    return 0;
}

void eddy_task_release(struct eddy_task *task)
{
    if (task == NULL) {
        return;
    }
    assert(task->handles > 0 && "a handle is released once");
    if (--task->handles > 0) {
        return;
    }
    if (eddy_task_is_done(task)) {
        if ((task->marks & EDDYI_TASK_UNREAD) != 0) {
            eddyi_task_report(task, task->error, false);
        }
        eddy_list_remove(&task->link);
        free_task(task);
    } else {
        eddyi_group_held(task->group, false);
    }
}

/* ---- Joining --------------------------------------------------------------------------- */

static void unpark_join(struct eddy_waiter *waiter)
{
    struct eddy_task *task = waiter->queue;
    if (task->joiners == waiter) {
        struct eddy_list *next = eddy_list_first(&waiter->link);
        task->joiners = next != NULL ? EDDY_CONTAINER(next, struct eddy_waiter, link) : NULL;
    }
    eddy_list_remove(&waiter->link);
}

static const struct eddy_wait_kind join_kind = {.name = "end of a task", .unpark = unpark_join, .expiry = -ETIMEDOUT};

int eddy_task_join(struct eddy_task *task, struct eddy_waiter *waiter)
{
    if (eddyi_is_forked(waiter->scheduler)) {
        return -ECHILD;
    }
    if (&task->waiter == waiter) {
        return -EDEADLK;
    }
    if (eddy_task_is_done(task)) {
        task->marks &= (uint8_t)~EDDYI_TASK_UNREAD;
        return (int)eddy_wait_settle(waiter, task->error);
    }
    eddy_list_init(&waiter->link);
    if (task->joiners == NULL) {
        task->joiners = waiter;
    } else {
        eddy_list_append(&task->joiners->link, &waiter->link);
    }
    waiter->queue = task;
    return eddy_wait_park(waiter, &join_kind);
}

/* ---- Names ------------------------------------------------------------------------------ */

const char *eddy_task_name(const struct eddy_task *task)
{
    if (task->more != NULL && task->more->name[0] != '\0') {
        return task->more->name;
    }
    return eddyi_task_root(task)->site->function;
}

int eddy_task_set_name(struct eddy_task *task, const char *format, ...)
{
    struct eddyi_task_more *more = eddyi_task_more(task);
    if (more == NULL) {
        return -ENOMEM;
    }
    char name[sizeof more->name]; /* the old one may be among the arguments */
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name, sizeof name, format, arguments);
    va_end(arguments);
    memcpy(more->name, name, sizeof name);
    return 0;
}

/* ---- The end --------------------------------------------------------------------------- */

void eddyi_start_end(struct eddy_task *child, int result)
{
    struct eddy_task *starter = child->more->start.block.frame->task;
    assert(starter->block == &child->more->start.block && "who waits for a start opens no block");
    child->marks &= (uint8_t)~EDDYI_TASK_STARTING;
    eddyi_block_pop(starter);
    eddy_wait_wake(&starter->waiter, result);
}

int eddy_task_started(struct eddy_waiter *me, int value)
{
    struct eddy_task *task = eddy_task_of(me);
    if (value < 0) {
        return -EINVAL;
    }
    if ((task->marks & EDDYI_TASK_STARTING) == 0) {
        return -EALREADY;
    }
    eddyi_start_end(task, value);
    return 0;
}

/* Tell who waits until the task is ready that it will not be. Whether somebody does: then its error is theirs. */
static bool tell_starter(struct eddy_task *task, int outcome, int status)
{
    if ((task->marks & EDDYI_TASK_STARTING) == 0) {
        return false;
    }
    struct eddy_task *starter = task->more->start.block.frame->task;
    if (outcome == EDDYI_CANCELED && starter->cancelled) {
        starter->leaf->ending = EDDYI_CANCELED;
    }
    eddyi_start_end(task, status < 0 ? status : -EPIPE);
    return true;
}

void eddyi_task_report(const struct eddy_task *task, int error, bool owned)
{
    const struct eddyi_trail *trail = task->more != NULL ? task->more->trail : NULL;
    eddyi_log(&eddyi_task_scheduler(task)->log, &(struct eddy_log_record){
                                                    .level = owned ? EDDY_LOG_DEBUG : EDDY_LOG_ERROR,
                                                    .error = error,
                                                    .task = eddy_task_name(task),
                                                    .text = "failed",
                                                    .trail = trail != NULL ? trail->steps : NULL,
                                                    .trail_length = trail != NULL ? trail->length : 0,
                                                });
}

static void wake_joiners(struct eddy_task *task)
{
    struct eddy_waiter *waiter;
    while ((waiter = task->joiners) != NULL) {
        unpark_join(waiter);
        eddy_wait_wake(waiter, task->error);
    }
}

void eddyi_task_discard(struct eddy_task *task)
{
    eddyi_task_scheduler(task)->ended++;
    (void)eddy_wait_withdraw(&task->waiter);
    eddy_task_release(task);
    eddyi_group_left(task->group, task, EDDYI_CANCELED, false);
    free_task(task);
}

/* The end of a task that has failed or was cancelled, or whom others wait for. */
static __attribute__((noinline)) void end_fully(struct eddy_task *task, int outcome)
{
    int status = outcome == EDDYI_FAILED ? task->error : outcome == EDDYI_CANCELED ? -ECANCELED : 0;
    struct eddy_group *group = task->group;
    if (eddyi_is_observed(group->scheduler)) {
        eddyi_observe_end(group->scheduler, task, outcome);
    }
    task->error = status;
    bool owned = tell_starter(task, outcome, status);
    bool reports = !owned;
    owned = owned || task->joiners != NULL || task->handles > 0 || !eddyi_group_is_root(group);
    if (outcome == EDDYI_FAILED) {
        eddyi_task_report(task, status, owned);
        bool unread = task->joiners == NULL && reports && eddyi_group_is_root(group);
        task->marks |= unread ? EDDYI_TASK_UNREAD : 0;
    }
    task->marks |= EDDYI_TASK_DONE;
    while (task->held != NULL) {
        task->held->abandon(task->held);
    }
    wake_joiners(task);
    eddyi_group_left(group, task, outcome, reports);
    if (task->handles == 0) {
        free_task(task);
    }
}

/* An end that concerns the group alone. */
static bool is_plain(const struct eddy_task *task, int outcome)
{
    return outcome == EDDYI_ENDING && task->more == NULL && task->joiners == NULL && task->held == NULL;
}

void eddyi_task_end(struct eddy_task *task, int outcome)
{
    eddyi_task_scheduler(task)->ended++;
    if (!is_plain(task, outcome)) {
        end_fully(task, outcome);
        return;
    }
    task->error = 0;
    task->marks |= EDDYI_TASK_DONE;
    eddyi_group_left(task->group, task, EDDYI_ENDING, true);
    if (task->handles == 0) {
        eddyi_pool_give(&eddyi_task_scheduler(task)->pool, task, sizeof *task + eddyi_task_root(task)->size);
    }
}
