/* What led to a failure. */
#ifndef EDDYI_TASK_TRAIL_H
#define EDDYI_TASK_TRAIL_H

#include "task/inside.h"

/* `frame` fails with `error`: it is to unwind. The trail begins here. */
void eddyi_frame_fail(struct eddy_frame *frame, const struct eddyi_site *site, int error, const char *text);

/* Add a step to the trail of a failure that comes by `site`. */
void eddyi_trail_add(struct eddy_task *task, const struct eddyi_site *site, int error, const char *text);

/* The EDDY_FINALLY of a failure begins: failures in there have trails of their own; and it ends: the failure goes on
 * with its trail. */
void eddyi_trail_stash(struct eddy_task *task);
void eddyi_trail_restore(struct eddy_task *task, bool goes_on);

/* The trail is the caller's, to free; NULL: there is none. */
struct eddyi_trail *eddyi_trail_take(struct eddy_task *task);

/* Have `task` go on with a trail that was taken; the task owns it. */
void eddyi_trail_adopt(struct eddy_task *task, struct eddyi_trail *trail);

void eddyi_trail_free(struct eddy_scheduler *scheduler, struct eddyi_trail *trail);

#endif
