/* The values of eddy/scope.h: looked up where they are bound, so nothing is copied when tasks are spawned. */
#include "task/block.h"

#include <eddy/group.h>

void *eddy_local_get(const void *key, const struct eddy_waiter *me)
{
    const struct eddy_task *task = (const struct eddy_task *)(const void *)me;
    const struct eddyi_block *block = task->block;
    for (;;) {
        for (; block != NULL; block = block->outer) {
            if (block->site->kind == &eddyi_local_kind) {
                const struct eddy_local *local = EDDY_CONTAINER(block, struct eddy_local, block);
                if (local->key == key) {
                    return local->value;
                }
            }
        }
        block = &task->group->block;
        if (block->frame == NULL) {
            return NULL;
        }
        task = block->frame->task;
        block = block->outer;
    }
}
