/* What a cancel reaches. */
#ifndef EDDYI_TASK_CANCEL_H
#define EDDYI_TASK_CANCEL_H

#include "task/inside.h"

/* Cancel `block`, of which cancels stop; as eddy_scope_cancel(). */
void eddyi_cancel_block(struct eddyi_block *block, int reason);

/* Cancel what `task` has open at `depth` and deeper: an EDDY_FINALLY that took too long. */
void eddyi_cancel_depth(struct eddy_task *task, uint16_t depth);

#endif
