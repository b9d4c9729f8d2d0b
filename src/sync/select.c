/* An arm's waiter is marked, so that eddy_wait_wake() calls on_arm() at once, inside the grant: no second arm can be granted
 * anything before the losers are out of their queues. */
#include "sync/select.h"

#include "task/block.h"
#include "task/step.h"

#include <errno.h>

/* The arm waits no longer. */
static void leave(struct eddy_arm *arm)
{
    eddy_list_remove(&arm->link);
    if (arm->is_waiting) {
        arm->is_waiting = false;
        arm->waiter.scheduler->arms--;
    }
}

/* All leave their queues before any is withdrawn: that may serve others, but not one of these. */
static void disarm(struct eddy_select *select)
{
    struct eddy_list *link;
    for (link = select->arms.next; link != &select->arms; link = link->next) {
        struct eddy_waiter *waiter = &EDDY_CONTAINER(link, struct eddy_arm, link)->waiter;
        if (waiter->queued && waiter->state == EDDYI_PARKED) {
            eddy_list_remove(&waiter->link);
        }
    }
    while ((link = eddy_list_first(&select->arms)) != NULL) {
        struct eddy_arm *arm = EDDY_CONTAINER(link, struct eddy_arm, link);
        leave(arm);
        (void)eddy_wait_withdraw(&arm->waiter);
    }
}

static void unpark_select(struct eddy_waiter *waiter)
{
    disarm(waiter->queue);
}

static const struct eddy_wait_kind select_kind = {.name = "select", .unpark = unpark_select, .expiry = -ETIMEDOUT};

/* An arm has its result. */
static void win(struct eddy_arm *arm, ssize_t result)
{
    struct eddy_select *select = arm->select;
    arm->result = result;
    select->winner = arm->index;
    leave(arm);
    disarm(select);
}

static void on_arm(struct eddy_waiter *waiter)
{
    struct eddy_arm *arm = EDDY_CONTAINER(waiter, struct eddy_arm, waiter);
    struct eddy_select *select = arm->select;
    win(arm, waiter->result);
    struct eddy_waiter *principal = select->principal;
    if ((principal->state == EDDYI_PARKED || principal->state == EDDYI_RETRY) && principal->kind == &select_kind &&
        principal->queue == select) {
        eddy_wait_wake(principal, select->winner);
    }
}

void eddy_select_begin(struct eddy_select *select, struct eddy_waiter *waiter)
{
    select->principal = waiter;
    eddy_list_init(&select->arms);
    select->count = 0;
    select->winner = -1;
}

bool eddyi_arm_begin(struct eddy_select *select, struct eddy_arm *arm)
{
    struct eddy_waiter *principal = eddyi_principal(select->principal);
    bool canceled = principal->wake == eddyi_task_run && ((struct eddy_task *)(void *)principal)->cancelled;
    arm->index = (int)select->count++;
    if (select->winner >= 0 || canceled) {
        return false;
    }
    eddy_waiter_init(&arm->waiter, (struct eddy_loop *)(void *)principal->scheduler, on_arm);
    arm->waiter.arm = 1;
    arm->select = select;
    arm->is_waiting = false;
    eddy_list_append(&select->arms, &arm->link);
    return true;
}

void eddyi_arm_end(struct eddy_arm *arm, ssize_t result)
{
    if (arm->select->winner >= 0) { /* one that waited has been granted its own by this very operation */
        if (result == EDDY_PENDING) {
            (void)eddy_wait_withdraw(&arm->waiter);
        }
    } else if (result != EDDY_PENDING) {
        win(arm, result);
    } else {
        arm->is_waiting = true;
        arm->waiter.scheduler->arms++;
    }
}

int eddy_select_wait(struct eddy_select *select, struct eddy_waiter *waiter)
{
    if (eddyi_is_forked(waiter->scheduler)) {
        return -ECHILD;
    }
    if (select->winner >= 0) {
        return (int)eddy_wait_settle(waiter, select->winner);
    }
    if (eddy_list_is_empty(&select->arms)) {
        return -EINVAL;
    }
    waiter->queue = select;
    return eddy_wait_park(waiter, &select_kind);
}

void eddy_select_end(struct eddy_select *select)
{
    disarm(select);
}

static int select_close(struct eddyi_block *block, int ending)
{
    (void)ending;
    disarm(EDDY_CONTAINER(block, struct eddy_select, block));
    return 0;
}

const struct eddyi_block_kind eddyi_select_kind = {.name = "select", .close = select_close};

void eddyi_select_open(struct eddy_frame *self, struct eddy_select *select, const struct eddyi_site *site)
{
    eddy_select_begin(select, &self->task->waiter);
    eddyi_block_push(self, &select->block, site);
}
