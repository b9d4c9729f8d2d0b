/* What a task must give back before it ends. */
#ifndef EDDYI_SYNC_HELD_H
#define EDDYI_SYNC_HELD_H

#include "base/log.h"
#include "task/step.h"

#include <eddy/task.h>

#include <errno.h>

/* The task that is this waiter; NULL: it is a callback's. */
static inline struct eddy_task *eddyi_held_task(struct eddy_waiter *owner)
{
    return owner->wake == eddyi_task_run ? eddy_task_of(owner) : NULL;
}

/* From now on `owner` has it: should it be a task that ends, `abandon` is called. */
static inline void eddyi_held_take(struct eddyi_held *held, struct eddy_waiter *owner,
                                   void (*abandon)(struct eddyi_held *held))
{
    struct eddy_task *task = eddyi_held_task(owner);
    held->place = NULL;
    if (task != NULL) {
        held->abandon = abandon;
        held->next = task->held;
        held->place = &task->held;
        if (task->held != NULL) {
            task->held->place = &held->next;
        }
        task->held = held;
    }
}

/* Tell the log that `task` has ended with it. */
static inline void eddyi_held_tell(const struct eddy_task *task, const char *text)
{
    eddyi_log(&task->waiter.scheduler->log, &(struct eddy_log_record){
                                                .level = EDDY_LOG_WARNING,
                                                .error = -EOWNERDEAD,
                                                .task = eddy_task_name(task),
                                                .text = text,
                                            });
}

/* It is given back. */
static inline void eddyi_held_give(struct eddyi_held *held)
{
    if (held->place != NULL) {
        *held->place = held->next;
        if (held->next != NULL) {
            held->next->place = held->place;
        }
        held->place = NULL;
    }
}

#endif
