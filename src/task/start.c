/* EDDY_START: a task waits until another, which it has spawned, is ready. The waiting task has a block for that, so that
 * a cancel finds its way to the other. */
#include "task/block.h"
#include "task/lifetime.h"

#include <eddy/task.h>

#include <errno.h>

static int start_close(struct eddyi_block *block, int ending)
{
    (void)block;
    (void)ending;
    return 0;
}

static const struct eddyi_block_kind start_block_kind = {.name = "start", .close = start_close, .is_start = true};
static const struct eddy_wait_kind start_kind = {.name = "start of a task", .uncancellable = true};

int eddyi_start(struct eddy_frame *starter, struct eddy_task *task, int error)
{
    if (error < 0) {
        return error;
    }
    struct eddyi_task_more *more = eddyi_task_more(task);
    if (more == NULL) {
        eddyi_task_discard(task);
        return -ENOMEM;
    }
    static const struct eddyi_site site = {NULL, "EDDY_START", __FILE__, "EDDY_START", __LINE__, &start_block_kind};
    eddyi_block_push(starter, &more->start.block, &site);
    starter->step = 0;
    more->start.child = task;
    task->marks |= EDDYI_TASK_STARTING;
    eddy_task_release(task);
    return eddyi_wait_park(&starter->task->waiter, &start_kind);
}
