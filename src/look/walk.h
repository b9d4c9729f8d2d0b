/* Every task of a loop, by the pointers that the tree has: no recursion, no memory. */
#ifndef EDDYI_LOOK_WALK_H
#define EDDYI_LOOK_WALK_H

#include "task/children.h"

struct eddyi_walk {
    struct eddyi_roots *roots;
    struct eddy_group *root; /* which of the loop's own groups it is in */
    struct eddy_task *task;  /* the last one given */
    int depth;               /* of that */
};

void eddyi_walk_begin(struct eddyi_walk *walk, const struct eddy_scheduler *scheduler);

/* The next task: below a task come those of its groups, the outermost group first. NULL: that were all. The last one given
 * must still be there. */
struct eddy_task *eddyi_walk_next(struct eddyi_walk *walk);

/* What `task` waits for; NULL: it does not wait. */
const char *eddyi_task_waits_for(const struct eddy_task *task);

/* Since when, roughly. */
eddy_ns eddyi_task_age(const struct eddy_task *task);

#endif
