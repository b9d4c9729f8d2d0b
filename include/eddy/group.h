/* eddy/group.h - tasks that run side by side, and cannot outlive the block they were started in.
 *
 *     EDDY_GROUP(&my->all) {
 *         EDDY_TRY(my->error, EDDY_SPAWN(&my->all, hello, .who = "Ada"));
 *         EDDY_TRY(my->error, EDDY_SPAWN(&my->all, hello, .who = "Brian"));
 *     }
 *     // both have finished here
 *
 * That is gather. With EDDY_ANY it is a race; inside EDDY_TIMEOUT it has a deadline.
 *
 * The block ends when its body and all its tasks have; left by return or break it waits for them, by cancel or
 * failure it cancels them and waits. It waits for no longer than they take: a cancel reaches the tasks, not the wait,
 * and what follows the block is not reached if one from outside it came meanwhile. After N. J. Smith, "Notes on structured concurrency" (2018).
 */
#ifndef EDDY_GROUP_H
#define EDDY_GROUP_H

#include <eddy/frame.h>
#include <eddy/list.h>
#include <eddy/scope.h>

EDDY_BEGIN_DECLS

/* When a group cancels the tasks it still has, and whether it fails. */
enum eddy_group_policy {
    EDDY_ALL,           /* when one fails; the block's end then fails its own task with that error */
    EDDY_ANY,           /* when one has finished or failed; fails as EDDY_ALL does if that one failed */
    EDDY_FIRST_SUCCESS, /* when one has finished without failing; fails with the first error if none did */
    EDDY_COLLECT,       /* never; it does not fail, and the errors stand in the record */
};

#define EDDY_GROUP_ERRORS 8

/* Zero it before its first use, as frames are. */
struct eddy_group {
    /* private */
    struct eddyi_block block;
    struct eddy_scheduler *scheduler;
    struct eddy_list children;
    struct eddy_list finished; /* whose handles are held */
    struct eddy_waiter *waiting;
    struct eddyi_trail *trail; /* of the first error */
    uint8_t cut;               /* a cancel of what is around it came while it waited for its tasks */
    uint8_t decided;           /* the policy has cancelled the rest */
    uint8_t won;               /* by a task that has succeeded */
    uint8_t daemons;
    uint8_t policy;
    /* read-only, valid until it is entered again */
    int error;                     /* the first, in the order of ending; 0: none */
    unsigned error_count;          /* of all errors; it stays at UINT_MAX */
    int errors[EDDY_GROUP_ERRORS]; /* the first ones */
    size_t running;                /* tasks that have not ended */
    size_t running_held;           /* of them, those whose handles are held */
    size_t succeeded;              /* tasks that ended without failing, and were not cancelled */
};

/* Cancel the group: its tasks, and its block's body. As eddy_scope_cancel(). */
EDDY_API void eddy_group_cancel(struct eddy_group *group, int reason);

/* Wait until the next task whose handle is held has ended, in the order of ending. 1: `*task` is it, each is given once;
 * 0: no such task is left. -EBUSY: somebody waits already; -ECHILD. The handle remains
 * yours to release. */
EDDY_API int eddy_group_next(struct eddy_group *group, struct eddy_task **task,
                             struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* The groups that the loop owns, for tasks that outlive who started them. Detached tasks keep eddy_loop_run() going;
 * daemons do not. EDDY_RUN() cancels the detached when main has ended, and then the daemons. A task
 * there whose error no join takes is told to the log. NULL: no memory, which EDDY_SPAWN answers with -ENOMEM. */
EDDY_API struct eddy_group *eddy_loop_detached(struct eddy_loop *loop);
EDDY_API struct eddy_group *eddy_loop_daemons(struct eddy_loop *loop);

/* ---- What the macros call ----------------------------------------------------------- */

EDDY_API extern const struct eddyi_block_kind eddyi_group_kind;

/* Where EDDY_RUN has its coroutine. */
EDDY_API struct eddy_group *eddyi_loop_main(struct eddy_loop *loop);

EDDY_API void eddyi_group_open(struct eddy_frame *self, struct eddy_group *group, const struct eddyi_site *site,
                               enum eddy_group_policy policy);

EDDY_END_DECLS

#ifndef __cplusplus
#pragma GCC system_header
# 87 "eddy/group.h"

/* EDDY_GROUP(&my->group) { } or EDDY_GROUP(&my->group, EDDY_COLLECT) { } */
#define EDDY_GROUP(...) EDDYI_GROUP(__COUNTER__, "EDDY_GROUP(" #__VA_ARGS__ ")", __VA_ARGS__, EDDY_ALL, 0)

#define EDDYI_GROUP(n, text, group, policy, ...) \
    EDDYI_BLOCK(n, &eddyi_group_kind, text, eddyi_group_open(eddyi_self, group, &EDDYI_SITE(n), policy))

#endif

#endif
