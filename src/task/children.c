/* A group counts its tasks, and acts by its policy when one ends. */
#include "task/children.h"

#include "base/pool.h"
#include "task/cancel.h"
#include "task/block.h"
#include "task/trail.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

static const struct eddy_wait_kind group_end_kind = {.name = "end of its group", .uncancellable = true};

/* ---- Life ------------------------------------------------------------------------------ */

static void clear(struct eddy_group *group, struct eddy_scheduler *scheduler, enum eddy_group_policy policy)
{
    group->scheduler = scheduler;
    eddy_list_init(&group->children);
    eddy_list_init(&group->finished);
    group->waiting = NULL;
    group->trail = NULL;
    group->cut = false;
    group->decided = false;
    group->won = false;
    group->daemons = false;
    group->policy = (uint8_t)policy;
    group->error = 0;
    group->error_count = 0;
    memset(group->errors, 0, sizeof group->errors);
    group->running = 0;
    group->running_held = 0;
    group->succeeded = 0;
}

void eddyi_group_open(struct eddy_frame *self, struct eddy_group *group, const struct eddyi_site *site,
                      enum eddy_group_policy policy)
{
    clear(group, eddyi_task_scheduler(self->task), policy);
    group->daemons = (self->task->marks & EDDYI_TASK_DAEMON) != 0;
    eddyi_block_push(self, &group->block, site);
}

static bool has_failed(const struct eddy_group *group)
{
    return group->error < 0 && group->policy != EDDY_COLLECT && !group->won;
}

/* Take the oldest of the tasks that have ended and are held. As eddy_group_next(). */
static ssize_t take_finished(struct eddy_group *group, struct eddy_task **task)
{
    struct eddy_list *link = eddy_list_first(&group->finished);
    if (link != NULL) {
        eddy_list_remove(link);
        *task = EDDY_CONTAINER(link, struct eddy_task, link);
        return 1;
    }
    return group->running_held > 0 ? EDDY_PENDING : 0;
}

/* Tasks whose handles are held outlive the group. */
static void let_go(struct eddy_group *group)
{
    struct eddy_list *link;
    if (group->waiting != NULL) {
        struct eddy_waiter *waiter = group->waiting;
        group->waiting = NULL;
        eddy_wait_wake(waiter, take_finished(group, (struct eddy_task **)(void *)waiter->transfer.data));
    }
    while ((link = eddy_list_first(&group->finished)) != NULL) {
        eddy_list_remove(link);
    }
}

static int group_close(struct eddyi_block *block, int ending)
{
    struct eddy_group *group = EDDY_CONTAINER(block, struct eddy_group, block);
    struct eddy_task *owner = block->frame->task;
    if (ending >= EDDYI_CANCELED) {
        eddyi_cancel_block(block, ending == EDDYI_FAILED ? -ECANCELED : eddy_cancel_reason(&owner->waiter));
    }
    if (group->running > 0) {
        return eddyi_wait_park(&owner->waiter, &group_end_kind);
    }
    let_go(group);
    struct eddyi_trail *trail = group->trail;
    group->trail = NULL;
    if (!has_failed(group) || ending == EDDYI_FAILED) { /* the first failure is the task's */
        eddyi_trail_free(eddyi_task_scheduler(owner), trail);
        return group->cut && ending < EDDYI_ENDING ? EDDYI_UNWIND : 0; /* who returns has finished */
    }
    owner->error = group->error;
    eddyi_trail_adopt(owner, trail);
    eddyi_trail_add(owner, block->site, group->error, block->site->text);
    return group->error;
}

const struct eddyi_block_kind eddyi_group_kind = {
    .name = "group", .close = group_close, .stops_cancel = true, .is_group = true};

/* ---- Members --------------------------------------------------------------------------- */

static void record_error(struct eddy_group *group, struct eddy_task *task, int error)
{
    if (group->error_count < EDDY_GROUP_ERRORS) {
        group->errors[group->error_count] = error;
    }
    unsigned before = group->error_count;
    group->error_count += before < UINT_MAX;
    if (before == 0) {
        group->error = error;
        if (!eddyi_group_is_root(group)) {
            group->trail = eddyi_trail_take(task);
        }
    }
}

/* Whether a task that ended so decides over the rest. */
static bool decides(const struct eddy_group *group, int outcome)
{
    switch ((enum eddy_group_policy)group->policy) {
    case EDDY_ALL:
        return outcome == EDDYI_FAILED;
    case EDDY_ANY:
        return outcome != EDDYI_CANCELED;
    case EDDY_FIRST_SUCCESS:
        return outcome == EDDYI_ENDING;
    case EDDY_COLLECT:
        break;
    }
    return false;
}

/* Who waits in eddy_group_next() has a task to take, or none is left. */
static void serve_next(struct eddy_group *group)
{
    struct eddy_waiter *waiter = group->waiting;
    if (waiter != NULL && (!eddy_list_is_empty(&group->finished) || group->running_held == 0)) {
        eddy_wait_retry(waiter);
    }
}

/* A task has ended otherwise than by finishing, or in a race. */
static void judge(struct eddy_group *group, struct eddy_task *task, int outcome)
{
    if (outcome == EDDYI_FAILED) {
        record_error(group, task, task->error);
    }
    if (!group->decided && decides(group, outcome)) {
        group->decided = true;
        group->won = outcome == EDDYI_ENDING;
        eddyi_cancel_block(&group->block, -ECANCELED);
    }
}

/* The last task has ended; its owner may wait for that. */
static void end_group(struct eddy_group *group)
{
    struct eddy_task *owner = group->block.frame->task;
    if (owner->waiter.state == EDDYI_PARKED && owner->waiter.kind == &group_end_kind && owner->block == &group->block) {
        group->cut = eddyi_outer_canceled(owner, group->block.outer, group->block.depth) != 0;
        eddy_wait_wake(&owner->waiter, 0);
    }
}

void eddyi_group_left(struct eddy_group *group, struct eddy_task *task, int outcome, bool reports)
{
    eddy_list_remove(&task->link);
    group->running--;
    if (task->handles > 0) {
        group->running_held--;
        eddy_list_append(&group->finished, &task->link);
    }
    if ((task->marks & EDDYI_TASK_DAEMON) != 0) {
        group->scheduler->daemons--;
    }
    group->succeeded += reports && outcome == EDDYI_ENDING;
    if (reports && (outcome != EDDYI_ENDING || group->policy != EDDY_ALL)) {
        judge(group, task, outcome);
    }
    if (group->waiting != NULL) {
        serve_next(group);
    }
    if (group->running == 0 && !eddyi_group_is_root(group)) {
        end_group(group);
    }
}

void eddyi_group_held(struct eddy_group *group, bool held)
{
    group->running_held += held ? (size_t)1 : (size_t)-1;
    serve_next(group);
}

/* ---- In the order of ending ------------------------------------------------------------ */

static ssize_t complete_next(struct eddy_waiter *waiter)
{
    struct eddy_group *group = waiter->transfer.subject;
    ssize_t result = take_finished(group, (struct eddy_task **)(void *)waiter->transfer.data);
    if (result != EDDY_PENDING) {
        group->waiting = NULL;
    }
    return result;
}

static void unpark_next(struct eddy_waiter *waiter)
{
    ((struct eddy_group *)waiter->transfer.subject)->waiting = NULL;
}

static const struct eddy_wait_kind group_next_kind = {
    .name = "next task of its group", .unpark = unpark_next, .complete = complete_next, .expiry = -ETIMEDOUT};

int eddy_group_next(struct eddy_group *group, struct eddy_task **task, struct eddy_waiter *waiter)
{
    if (eddyi_is_forked(waiter->scheduler)) {
        return -ECHILD;
    }
    if (group->waiting != NULL) {
        return -EBUSY;
    }
    ssize_t result = take_finished(group, task);
    if (result != EDDY_PENDING) {
        return (int)eddy_wait_settle(waiter, result);
    }
    group->waiting = waiter;
    waiter->transfer.subject = group;
    waiter->transfer.data = (char *)(void *)task;
    return eddy_wait_park(waiter, &group_next_kind);
}

/* ---- The loop's own groups ------------------------------------------------------------- */

static void open_root(struct eddy_group *group, struct eddy_scheduler *scheduler)
{
    clear(group, scheduler, EDDY_COLLECT);
    group->block.state = EDDYI_ENTERED;
}

static struct eddyi_roots *roots_of(struct eddy_loop *loop)
{
    struct eddy_scheduler *scheduler = (struct eddy_scheduler *)(void *)loop; /* a loop begins with its scheduler */
    if (scheduler->roots == NULL) {
        struct eddyi_roots *roots = eddyi_pool_keep(&scheduler->pool, sizeof *roots);
        if (roots != NULL) {
            memset(roots, 0, sizeof *roots);
            open_root(&roots->main, scheduler);
            open_root(&roots->detached, scheduler);
            open_root(&roots->daemons, scheduler);
            roots->daemons.daemons = true;
            scheduler->roots = roots;
        }
    }
    return scheduler->roots;
}

struct eddy_group *eddyi_loop_main(struct eddy_loop *loop)
{
    struct eddyi_roots *roots = roots_of(loop);
    return roots != NULL ? &roots->main : NULL;
}

struct eddy_group *eddy_loop_detached(struct eddy_loop *loop)
{
    struct eddyi_roots *roots = roots_of(loop);
    return roots != NULL ? &roots->detached : NULL;
}

struct eddy_group *eddy_loop_daemons(struct eddy_loop *loop)
{
    struct eddyi_roots *roots = roots_of(loop);
    return roots != NULL ? &roots->daemons : NULL;
}
