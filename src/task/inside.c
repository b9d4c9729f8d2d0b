#include "task/inside.h"

#include <stdlib.h>
#include <string.h>

void eddyi_never(void)
{
    abort();
}

struct eddyi_task_more *eddyi_task_more(struct eddy_task *task)
{
    if (task->more == NULL) {
        struct eddyi_task_more *more = eddy_pool_take(&eddyi_task_scheduler(task)->pool, sizeof *more);
        if (more != NULL) {
            memset(more, 0, sizeof *more);
            task->more = more;
        }
    }
    return task->more;
}
