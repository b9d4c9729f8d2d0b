/* eddy/wait.h - the one way to wait.
 *
 * A function whose last parameter is a `struct eddy_waiter *` may park it, and returns
 *
 *     >= 0            done, this is the result; the waiter was not touched
 *     EDDY_PENDING    parked: the waiter is woken exactly once, with the result
 *     other < 0       failed with this -errno; the waiter was not touched
 *
 * To wake is to call `waiter->wake(waiter)` from the loop, with the outcome in
 * `waiter->result`. It is never called inside a call you make.
 *
 *     static void on_read(struct eddy_waiter *waiter)
 *     {
 *         struct peer *peer = EDDY_CONTAINER(waiter, struct peer, waiter);
 *         if (waiter->result <= 0) { peer_close(peer); return; }
 *         ...
 *     }
 *     eddy_waiter_init(&peer->waiter, loop, on_read);
 *     ssize_t n = eddy_stream_read(&peer->stream, buffer, sizeof buffer, &peer->waiter);
 *     if (n == EDDY_PENDING) eddy_wait_until(&peer->waiter, deadline);
 *
 * An operation that finds its result ready returns it, but not for ever: after a budget of such
 * operations in one wake it parks with the result, so that others get a turn. (Outside a wake, in
 * main() or a post, there is no budget.)
 */
#ifndef EDDY_WAIT_H
#define EDDY_WAIT_H

#include <eddy/api.h>
#include <eddy/list.h>
#include <eddy/log.h>
#include <eddy/pool.h>
#include <eddy/time.h>
#include <eddy/timers.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

EDDY_BEGIN_DECLS

struct eddy_loop;
struct eddy_scheduler;
struct eddy_task;
struct eddyi_roots;
struct eddy_wait_kind;
struct eddy_waiter;

#define EDDY_PENDING INT_MIN

typedef void eddy_wake_fn(struct eddy_waiter *waiter);

/* A parked read or write: of what, and the bytes still to go. */
struct eddyi_transfer {
    void *subject;
    char *data;
};

/* The caller owns the memory. While it is parked it must stay where it is; from the
 * moment its wake is called it may be used again or freed. */
struct eddy_waiter {
    /* private; in an order that lets a change of deadline touch one cache line */
    struct eddy_scheduler *scheduler;
    uint32_t size; /* of the transfer's data */
    uint8_t state;
    uint8_t expired;
    uint8_t arm;    /* of a select: its wake is the library's, and is called when the wait ends */
    uint8_t queued; /* of an arm: its link is in a queue */
    struct eddy_timer timer;
    /* read-only */
    union {
        ssize_t result;                    /* from the wake on */
        const struct eddy_wait_kind *kind; /* while parked */
    };
    eddy_wake_fn *wake;
    /* private */
    union {
        struct eddy_waiter *ready_next; /* in the ready queue */
        void *queue;                    /* while parked: whose `link` it is in, for the kind's unpark */
    };
    union {
        struct eddy_list link; /* in the queue of a lock, a channel, ... */
        struct eddyi_transfer transfer;
    };
};

/* Prepare a waiter of `loop` that calls `wake`. Allocates nothing; there is no fini. */
EDDY_API void eddy_waiter_init(struct eddy_waiter *waiter, struct eddy_loop *loop, eddy_wake_fn *wake);

/* Whether an operation has the waiter: it is parked, or its wake is on the way. */
EDDY_API bool eddy_waiter_is_waiting(const struct eddy_waiter *waiter);

/* Give the wait of a parked waiter a deadline, or change it: when it passes first, the
 * operation is withdrawn and the result is -ETIMEDOUT. EDDY_FOREVER takes it away.
 * A later deadline costs one store. Does nothing to a waiter that is not parked, or is in a wait that cannot be
 * cancelled. */
EDDY_API void eddy_wait_until(struct eddy_waiter *waiter, eddy_ns deadline);

/* Withdraw the operation and wake with -ECANCELED. Returns false, and changes nothing,
 * when the waiter is not parked: a wake that is on the way comes with its own result; or when it is
 * in a wait that cannot be cancelled. */
EDDY_API bool eddy_wait_cancel(struct eddy_waiter *waiter);

/* Take the waiter back at once: its wake will not be called, and its memory is yours
 * when this returns. EDDY_PENDING: the operation had not happened, and now will not;
 * any other value is the result that was on the way. 0 for a waiter that is not waiting.
 * O(1), or O(ready waiters) when it stood in the ready queue. */
EDDY_API ssize_t eddy_wait_withdraw(struct eddy_waiter *waiter);

/* ---- For those who write operations ------------------------------------------------ */

/* What a parked waiter waits for. */
struct eddy_wait_kind {
    const char *name; /* for dumps: "read", "lock" */
    /* Take the waiter out of what it waits for, and wake whom that lets through; not the waiter itself. NULL: there is
     * nothing to take it out of. */
    void (*unpark)(struct eddy_waiter *waiter);
    /* Or NULL. A cancel or a deadline ends the wait, with `result`, but not at once: the kind sees to it that the
     * waiter is woken with it. */
    void (*abort)(struct eddy_waiter *waiter, ssize_t result);
    /* Or NULL. Called in the waiter's turn after eddy_wait_retry(): try again; EDDY_PENDING
     * leaves it parked, anything else is the result and the waiter is out. */
    ssize_t (*complete)(struct eddy_waiter *waiter);
    /* The kernel ends this wait, so a loop with nothing else still has hope. */
    bool external;
    /* A cancel does not end this wait: eddy_wait_cancel() returns false. */
    bool uncancellable;
    /* The result when the deadline passes: 0 for a sleep, -ETIMEDOUT for most. EDDY_PENDING: eddy_wait_retry(). */
    int expiry;
};

/* Park `waiter` in a wait of this kind. What the kind needs to find it is set by the
 * caller. Returns EDDY_PENDING, for `return eddy_wait_park(...)`. */
EDDY_API int eddy_wait_park(struct eddy_waiter *waiter, const struct eddy_wait_kind *kind);

/* (To wake one waiter may take others out of what they wait for: the other arms of a select. Look anew after each.) */

/* The wait is over: put the parked waiter, already taken out of what it waited for, on the
 * ready queue with `result`. */
EDDY_API void eddy_wait_wake(struct eddy_waiter *waiter, ssize_t result);

/* The wait may be over: put the parked waiter on the ready queue; in its turn the kind's
 * `complete` decides. Until then it can be cancelled like any parked waiter. */
EDDY_API void eddy_wait_retry(struct eddy_waiter *waiter);

/* The result of an operation that need not wait: returns it, or, when this wake's budget is
 * spent, queues `waiter` to be woken with it and returns EDDY_PENDING. */
EDDY_API ssize_t eddy_wait_settle(struct eddy_waiter *waiter, ssize_t result);

/* Which of the `ready` (> 0) waiters of this pass is woken next: below `ready`; 0 is the first. Called before each wake;
 * it may cancel tasks. */
typedef size_t eddy_choose_fn(void *context, size_t ready);

/* Who looks on while a loop runs: a watchdog, a trace, a monitor. None of its functions may call into the loop. */
struct eddyi_observer {
    struct eddyi_observer *next;
    /* `code`, the wake of `waiter` or, if that is NULL, the run of a post, is about to be called; and it has returned:
     * then the waiter may be gone. */
    void (*begin)(struct eddyi_observer *observer, struct eddy_waiter *waiter, void (*code)(void), eddy_ns now);
    void (*end)(struct eddyi_observer *observer, eddy_ns now);
    /* The task of the present wake ends with this outcome; or NULL. Not told of tasks that have no side record. */
    void (*ends)(struct eddyi_observer *observer, struct eddy_task *task, int outcome);
    /* Nobody is woken for now: the loop goes to its poll, or on to another part of its turn. */
    void (*pause)(struct eddyi_observer *observer, eddy_ns now);
};

/* What runs now and what runs later: pure data that a loop embeds and drives. */
struct eddy_scheduler {
    /* read-only */
    struct eddy_waiter *running; /* whose wake is being called, or was last */
    size_t external;             /* waiters parked in a wait that the kernel can end */
    size_t internal;             /* waiters parked in any other wait */
    uint64_t steps;              /* wakes called so far */
    /* private */
    eddy_ns now;              /* the clock in this turn, once somebody needed it */
    bool now_is_old;          /* nobody has yet */
    uint32_t stamp;           /* the time of the latest poll that could wait, in units of 2^20 ns */
    struct eddy_waiter *pass; /* who is still to be woken in the pass in progress */
    struct eddy_waiter *ready_first;
    struct eddy_waiter **ready_end; /* where the next one is linked */
    int budget;
    int budget_max;
    bool stopping;
    const unsigned char *alive; /* the kernel clears it in a child of fork */
    const void *stack;          /* in debug builds: where the C stack of the present wake begins */
    uint8_t awaits;             /* and whether the present body returns by an await: 1: it does; 2: not yet */
    eddy_ns (*clock)(void *context);
    void *clock_context;
    struct eddy_log log;
    eddy_choose_fn *choose; /* a test's, or NULL */
    void *choose_context;
    struct eddyi_observer *observers; /* NULL: nobody looks on */
    struct eddy_waiter *
        *observed;           /* where the ready queue ended when the present wake began; NULL: no wake is observed */
    uint64_t observed_steps; /* wakes before it */
    uint64_t spawned;        /* tasks */
    uint64_t ended;          /* of them */
    uint64_t numbered;       /* of them, for who looks on */
    uint64_t fired;          /* timers */
    size_t background;       /* external waits that give no hope: they do not keep a run going */
    size_t daemons;          /* tasks that do not */
    size_t arms;             /* waits that are one of several of the same waiter */
    eddy_ns cleanup_timeout;
    void (*expire)(struct eddy_timer *timer); /* of a deadline that is not a waiter's */
    struct eddyi_roots *roots;                /* the loop's own groups of tasks */
    struct eddy_pool pool;                    /* of frames, and what tasks need beside them */
    struct eddy_timers timers;
};

EDDY_END_DECLS

#endif
