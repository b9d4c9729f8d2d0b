/* The deadlines of scopes, and of an EDDY_FINALLY. */
#ifndef EDDYI_TASK_DEADLINE_H
#define EDDYI_TASK_DEADLINE_H

#include "task/inside.h"

/* The EDDY_FINALLY of `task` at its present depth waits: it has a deadline from now on. */
void eddyi_cleanup_begin(struct eddy_task *task);

/* The EDDY_FINALLY at the task's present depth is over. */
void eddyi_cleanup_end(struct eddy_task *task);

#endif
