/* The end of tasks, and their memory. */
#ifndef EDDYI_TASK_LIFETIME_H
#define EDDYI_TASK_LIFETIME_H

#include "task/inside.h"

/* Give a frame that is not a task's first back. */
void eddyi_frame_free(struct eddy_frame *frame);

/* The wait until `child` is ready is over: wake its starter with `result`. */
void eddyi_start_end(struct eddy_task *child, int result);

/* Undo the spawn of a task that has not run; its one handle goes with it. */
void eddyi_task_discard(struct eddy_task *task);

/* Tell the log that `task` has failed; `owned`: somebody else has the error. */
void eddyi_task_report(const struct eddy_task *task, int error, bool owned);

/* `task` is over; it may be gone when this returns. `outcome`: EDDYI_ENDING, EDDYI_CANCELED or EDDYI_FAILED. */
void eddyi_task_end(struct eddy_task *task, int outcome);

#endif
