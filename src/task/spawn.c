/* The birth of tasks: a task and its first frame are one block. */
#include "base/pool.h"
#include "task/children.h"
#include "task/step.h"

#include <eddy/task.h>

#include <errno.h>

_Static_assert(sizeof(struct eddy_task) % 16 == 0, "the frame that follows a task is aligned");

void *eddyi_spawn_begin(struct eddy_group *group, size_t size)
{
    if (group == NULL || size > UINT32_MAX || eddyi_is_forked(group->scheduler)) {
        return NULL;
    }
    assert(group->block.state == EDDYI_ENTERED && "a task is spawned in a group that is open");
    struct eddy_task *task = eddyi_pool_take(&group->scheduler->pool, sizeof *task + size);
    return task != NULL ? task + 1 : NULL;
}

static void begin_waiter(struct eddy_waiter *waiter, struct eddy_scheduler *scheduler)
{
    waiter->wake = eddyi_task_run;
    waiter->scheduler = scheduler;
    waiter->state = EDDYI_IDLE;
    waiter->expired = 0;
    waiter->arm = 0;
    eddy_timer_init(&waiter->timer);
    eddyi_wait_queue(waiter, 0);
}

int eddyi_spawn(struct eddy_task **handle, struct eddy_group *group, struct eddy_frame *frame, eddy_body_fn *body,
                size_t size, const struct eddyi_site *begin)
{
    struct eddy_task *task = (struct eddy_task *)(void *)frame;
    if (frame == NULL) {
        if (handle != NULL) {
            *handle = NULL;
        }
        return group != NULL && eddyi_is_forked(group->scheduler) ? -ECHILD : -ENOMEM;
    }
    task--;
    *frame =
        (struct eddy_frame){.body = body, .site = begin, .task = task, .size = (uint32_t)size, .step = EDDYI_START};
    task->leaf = frame;
    task->block = NULL;
    task->held = NULL;
    task->joiners = NULL;
    task->more = NULL;
    task->error = 0;
    task->parked = group->scheduler->stamp;
    task->handles = 0;
    task->depth = 0;
    task->reason = 0;
    task->marks = 0;
    begin_waiter(&task->waiter, group->scheduler);
    eddyi_group_join(group, task);
    group->scheduler->spawned++;
    if (handle != NULL) {
        task->handles = 1;
        group->running_held++;
        *handle = task;
    }
    return 0;
}

const struct eddy_frame *eddyi_task_frame(const struct eddy_task *task, eddy_body_fn *body)
{
    const struct eddy_frame *frame = eddyi_task_root(task);
    assert((task->marks & EDDYI_TASK_DONE) != 0 && task->error == 0 && frame->body == body &&
           "a result is that of a finished task of this coroutine");
    (void)body;
    return frame;
}
