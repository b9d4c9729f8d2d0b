/* eddy/select.h - wait for whichever of several operations is done first.
 *
 *     EDDY_SELECT(&my->select) {
 *         EDDY_ARM(&my->select, &my->job, eddy_queue_get(&jobs, &my->item, &my->job.waiter));
 *         EDDY_ARM(&my->select, &my->stop, eddy_event_wait(&stopping, &my->stop.waiter));
 *         EDDY_AWAIT(my->which, eddy_select_wait(&my->select, me));
 *     }
 *     if (my->which == 0) work(my->item);
 *
 * Each arm is any operation, given its own waiter instead of `me`. They are tried in order; the first that is done is the
 * winner, and those after it are not begun. If none is, all of them wait, and the moment one is granted what it
 * waits for the others are withdrawn: exactly one operation has happened, however many could have. What is owned (a
 * lock) is owned by who selects. Two arms must not wait for each other, as a put and a get of one queue.
 */
#ifndef EDDY_SELECT_H
#define EDDY_SELECT_H

#include <eddy/frame.h>
#include <eddy/scope.h>
#include <eddy/wait.h>

EDDY_BEGIN_DECLS

struct eddy_select {
    /* private */
    struct eddyi_block block;
    struct eddy_waiter *principal;
    struct eddy_list arms;
    unsigned count;
    int winner; /* -1: none yet */
};

/* One operation. */
struct eddy_arm {
    struct eddy_waiter waiter; /* for the operation */
    /* private */
    struct eddy_list link;
    struct eddy_select *select;
    int index;
    bool is_waiting;
    /* read-only */
    ssize_t result; /* of the winner */
};

/* Begin a select for `waiter`, which a program without coroutines does itself; it then owes eddy_select_end(). */
EDDY_API void eddy_select_begin(struct eddy_select *select, struct eddy_waiter *waiter);

/* Wait for the winner: the number of its arm, from 0, in the order of EDDY_ARM; its own result is in the arm.
 * -EINVAL: there is no arm, or none that waits any more; -ECHILD. Cancelled or timed out no operation has happened: so no
 * other await may stand between the arms and this one. */
EDDY_API int eddy_select_wait(struct eddy_select *select, struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* Withdraw what still waits. EDDY_SELECT does it at its end. */
EDDY_API void eddy_select_end(struct eddy_select *select);

/* Add an arm: EDDY_ARM(select, arm, op). Is not evaluated once there is a winner, or when the task is cancelled. */
#define EDDY_ARM(select, arm, op)           \
    do {                                    \
        if (eddyi_arm_begin(select, arm)) { \
            eddyi_arm_end(arm, op);         \
        }                                   \
    } while (0)

/* ---- What the macros call ----------------------------------------------------------- */

EDDY_API extern const struct eddyi_block_kind eddyi_select_kind;

EDDY_API bool eddyi_arm_begin(struct eddy_select *select, struct eddy_arm *arm);
EDDY_API void eddyi_arm_end(struct eddy_arm *arm, ssize_t result);
EDDY_API void eddyi_select_open(struct eddy_frame *self, struct eddy_select *select, const struct eddyi_site *site);

EDDY_END_DECLS

#ifndef __cplusplus

/* The block in which a coroutine selects. */
#define EDDY_SELECT(select) \
    EDDYI_OPEN_BLOCK(__COUNTER__, &eddyi_select_kind, "EDDY_SELECT(" #select ")", eddyi_select_open, select)

#endif

#endif
