/* A task's turn. */
#ifndef EDDYI_TASK_STEP_H
#define EDDYI_TASK_STEP_H

#include <eddy/wait.h>

/* The wake of every task: runs its innermost frame until it waits, and unwinds what is to be unwound. */
void eddyi_task_run(struct eddy_waiter *me);

#endif
