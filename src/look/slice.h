/* What one wake did, for those who tell of it. */
#ifndef EDDYI_LOOK_SLICE_H
#define EDDYI_LOOK_SLICE_H

#include <eddy/frame.h>
#include <eddy/loop.h>

/* `code`, the wake of `waiter`, or for NULL a post's, is about to be called. */
void eddyi_slice_begin(struct eddyi_slice *slice, struct eddy_waiter *waiter, void (*code)(void), eddy_ns now);

/* It is over. Whether it was seen to begin. From now on `task` is NULL if the task has ended. */
bool eddyi_slice_end(struct eddyi_slice *slice, const struct eddy_scheduler *scheduler);

/* The task's name when it began; NULL: it was no task's. */
const char *eddyi_slice_name(const struct eddyi_slice *slice);

/* The task that `waiter` is; NULL: it is none. */
struct eddy_task *eddyi_task_or_null(struct eddy_waiter *waiter);

/* The number by which `task` is told to people; 0: there is no memory for one. */
uint64_t eddyi_task_number(struct eddy_task *task);

/* "finished", "failed" or "cancelled". */
const char *eddyi_outcome_text(int outcome);

#endif
