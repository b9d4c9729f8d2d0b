/* The tasks of a group. */
#ifndef EDDYI_TASK_CHILDREN_H
#define EDDYI_TASK_CHILDREN_H

#include "task/inside.h"

#include <eddy/group.h>

/* The groups that a loop owns. */
struct eddyi_roots {
    struct eddy_group main; /* of EDDY_RUN */
    struct eddy_group detached;
    struct eddy_group daemons;
};

static inline bool eddyi_group_is_root(const struct eddy_group *group)
{
    return group->block.frame == NULL;
}

/* `task` is one of the group's, from now until eddyi_group_left(). */
static inline void eddyi_group_join(struct eddy_group *group, struct eddy_task *task)
{
    task->group = group;
    group->running++;
    eddy_list_append(&group->children, &task->link);
    if (group->daemons) {
        task->marks |= EDDYI_TASK_DAEMON;
        eddyi_task_scheduler(task)->daemons++;
    }
    task->cancelled = group->block.canceled;
    task->marks |= group->block.canceled ? EDDYI_TASK_CANCELED : 0;
}

/* `task`, still a member, has ended: EDDYI_ENDING, _CANCELED or _FAILED; `reports`: that counts for the group. */
void eddyi_group_left(struct eddy_group *group, struct eddy_task *task, int outcome, bool reports);

/* A handle of a task that still runs is the first, or was the last. */
void eddyi_group_held(struct eddy_group *group, bool held);

#endif
