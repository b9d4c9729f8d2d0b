/* What the files of this room know about tasks and frames. */
#ifndef EDDYI_TASK_INSIDE_H
#define EDDYI_TASK_INSIDE_H

#include <eddy/frame.h>
#include <eddy/log.h>
#include <eddy/scope.h>

#include "base/wait.h"

/* struct eddy_frame.marks */
enum {
    EDDYI_FRAME_FRESH = 1,     /* a generator that has not begun */
    EDDYI_FRAME_GENERATOR = 2, /* its caller is its consumer */
    EDDYI_FRAME_DEEP = 4,      /* its EDDY_FINALLY counts in task->depth */
    EDDYI_FRAME_OUTCOME = 8,   /* times EDDYI_ENDING, _CANCELED or _FAILED: what the body ended with */
};

/* struct eddy_task.marks */
enum {
    EDDYI_TASK_CANCELED = 1, /* itself, or something unshielded around it */
    EDDYI_TASK_DONE = 2,
    EDDYI_TASK_DAEMON = 4,
    EDDYI_TASK_STARTING = 8, /* somebody waits until it is ready */
    EDDYI_TASK_UNREAD = 16,  /* it has failed, and nobody knows yet */
};

struct eddyi_trail {
    struct eddyi_trail *outer; /* of a failure that is unwinding outside */
    size_t length;
    struct eddy_failure steps[EDDY_TRAIL_MAX];
};

/* The deadline of an EDDY_FINALLY that waits. */
struct eddyi_cleanup {
    struct eddy_scope scope; /* in no chain: its frame is NULL */
    struct eddy_task *task;
    struct eddyi_cleanup *outer;
};

/* A task that waits until another is ready. */
struct eddyi_start {
    struct eddyi_block block;
    struct eddy_task *child;
    struct eddyi_start *next; /* to be cancelled */
};

/* What few tasks have. */
struct eddyi_task_more {
    struct eddyi_trail *trail;
    struct eddyi_trail *stashed;    /* of failures whose EDDY_FINALLY is at work, innermost first */
    struct eddyi_cleanup *cleanups; /* innermost first */
    struct eddyi_start start;
    uint64_t number; /* and the rest while somebody looks on; 0: nobody has yet */
    uint64_t steps;
    eddy_ns busy;
    uint64_t arrow; /* to its next step, in a trace; 0: none */
    bool traced;    /* its life is in the trace */
    char name[32];
};

/* NULL: no memory. */
struct eddyi_task_more *eddyi_task_more(struct eddy_task *task);

static inline struct eddy_scheduler *eddyi_task_scheduler(const struct eddy_task *task)
{
    return task->waiter.scheduler;
}

static inline struct eddy_frame *eddyi_task_root(const struct eddy_task *task)
{
    return (struct eddy_frame *)(void *)(uintptr_t)(task + 1);
}

/* The deadline of the EDDY_FINALLY at `depth`; NULL: it has none. */
static inline const struct eddyi_cleanup *eddyi_task_cleanup(const struct eddy_task *task, uint16_t depth)
{
    const struct eddyi_cleanup *cleanup = task->more != NULL ? task->more->cleanups : NULL;
    while (cleanup != NULL && cleanup->scope.block.depth > depth) {
        cleanup = cleanup->outer;
    }
    return cleanup != NULL && cleanup->scope.block.depth == depth ? cleanup : NULL;
}

/* Whether a cancel is felt at `depth` in `task`, directly inside `outer`. */
static inline uint8_t eddyi_outer_canceled(const struct eddy_task *task, const struct eddyi_block *outer,
                                           uint16_t depth)
{
    if (outer != NULL && outer->depth == depth) {
        return outer->canceled;
    }
    if (depth == 0) {
        return task->marks & EDDYI_TASK_CANCELED;
    }
    const struct eddyi_cleanup *cleanup = eddyi_task_cleanup(task, depth);
    return cleanup != NULL && cleanup->scope.expired;
}

/* After what is open has changed. */
static inline void eddyi_task_recheck(struct eddy_task *task)
{
    task->cancelled = eddyi_outer_canceled(task, task->block, task->depth);
}

/* struct eddyi_block.state */
enum {
    EDDYI_NEW,
    EDDYI_ENTERED,
    EDDYI_LEFT,
};

#endif
