/* eddy/scope.h - blocks that close themselves: cancel scopes and deadlines, shields, failures, cleanup.
 *
 *     EDDY_TIMEOUT(&my->limit, EDDY_SEC(5)) {
 *         EDDY_AWAIT(my->n, eddy_stream_read(&my->peer, my->buffer, sizeof my->buffer, me));
 *     }
 *     if (my->limit.expired) ...
 *
 * A block is closed however its body is left: at its end; by `continue`, which goes on after the block; by
 * `break`, which then breaks the loop or switch around it (or ends the coroutine's body); by `return`; by
 * failure; by cancel. Its record stands in the frame; it may be used again once the block is closed. To
 * enter or to leave a block is no checkpoint, but where that takes time: at a lock, at the end of a group.
 *
 * Cancel is level-triggered: while a scope is cancelled, every await inside it unwinds, also in the
 * coroutines it calls and in the tasks of the groups inside it. Only the scope that was cancelled stops
 * the unwinding, at its end. An operation that was done when the cancel came keeps its result; the next
 * await unwinds. After N. J. Smith, "Timeouts and cancellation for humans" (2018).
 */
#ifndef EDDY_SCOPE_H
#define EDDY_SCOPE_H

#include <eddy/frame.h>
#include <eddy/log.h>
#include <eddy/time.h>
#include <eddy/timer.h>

EDDY_BEGIN_DECLS

/* What is open in a task, innermost first. */
struct eddyi_block {
    /* private */
    struct eddyi_block *outer;
    struct eddy_frame *frame; /* that opened it; NULL: the loop's own group */
    const struct eddyi_site *site;
    int16_t reason;   /* of its cancel */
    uint16_t depth;   /* of the task when it was opened */
    uint8_t state;    /* never entered, open, left */
    uint8_t called;   /* it was cancelled */
    uint8_t canceled; /* it, or an unshielded one around it, was */
    uint8_t shield;   /* what is around it does not reach inside */
};

#define EDDYI_UNWIND 1

struct eddyi_block_kind {
    const char *name;
    /* Do what closes the block: 0: closed; EDDYI_UNWIND: closed, and a cancel goes on; EDDY_PENDING: the task's waiter is
     * parked, or another frame is to run first: then it is asked again; other < 0: closed, and the task fails. `ending` is
     * EDDYI_CLOSING, EDDYI_BREAKING, EDDYI_ENDING, EDDYI_CANCELED or EDDYI_FAILED. */
    int (*close)(struct eddyi_block *block, int ending);
    bool stops_cancel;
    bool stops_failure;
    bool is_loop; /* break ends it, and nothing else */
    bool is_group;
    bool is_start;
    int ends_loop_with; /* of a guard: with this result of its acquisition the user's loop is broken; 0: with none */
};

/* A cancel scope. Zero it before its first use, as frames are. */
struct eddy_scope {
    /* private */
    struct eddyi_block block;
    struct eddy_timer timer;
    /* read-only, valid until it is entered again */
    bool expired; /* its deadline came before its end, and before any other cancel of it */
    bool caught;  /* its body was unwound by its cancel or deadline */
};

/* The most negative reason. */
#define EDDY_REASON_MIN (-4095)

/* Cancel `scope`, from wherever: inside it, another task, a callback. `reason` is a -errno no less than
 * EDDY_REASON_MIN, such as -ECANCELED, for eddy_cancel_reason(). A scope that was never entered is
 * cancelled once it is; one that was left, or was cancelled before, keeps what it has. Nobody runs in
 * this call. O(tasks and blocks inside). */
EDDY_API void eddy_scope_cancel(struct eddy_scope *scope, int reason);

/* Whether its cancel was asked for, or its deadline came. */
static inline bool eddy_scope_is_canceled(const struct eddy_scope *scope)
{
    return scope->block.called != 0;
}

/* Change the deadline of an open scope, or take it away with EDDY_FOREVER; one that is past comes in the loop's
 * next turn. Without effect when the scope is cancelled, or is not open. */
EDDY_API void eddy_scope_set_deadline(struct eddy_scope *scope, eddy_ns deadline);

/* The scope's own deadline; EDDY_FOREVER: none. */
EDDY_API eddy_ns eddy_scope_deadline(const struct eddy_scope *scope);

/* The earliest deadline of what would unwind the task of `me` now: its scopes and those around its
 * group, up to a shield. EDDY_FOREVER: none. Past, once one has come. */
EDDY_API eddy_ns eddy_deadline(const struct eddy_waiter *me);

/* Why the next await of `me`'s task would unwind: the reason of the outermost cancel that concerns it;
 * -ETIMEDOUT for a deadline. 0: it would not. */
EDDY_API int eddy_cancel_reason(const struct eddy_waiter *me);

/* How long an EDDY_FINALLY may take, from its first await that waits; 5 s until it is set. After it the
 * EDDY_FINALLY is itself unwound, and the log told. */
EDDY_API void eddy_loop_set_cleanup_timeout(struct eddy_loop *loop, eddy_ns span);

/* ---- Failures ----------------------------------------------------------------------- */

/* Where a failure stops. */
struct eddy_catch {
    /* private */
    struct eddyi_block block;
    int saved;
    /* read-only */
    int error; /* 0: the body did not fail */
};

#define EDDY_TRAIL_MAX 8

/* What led to the latest failure of `me`'s task, from the cause outward: at most EDDY_TRAIL_MAX steps, the
 * first of them. `*first` is valid until the task fails again or ends. Returns their number, 0 when there was no
 * failure or no memory for its trail. */
EDDY_API size_t eddy_failure_trail(const struct eddy_waiter *me, const struct eddy_failure **first);

/* ---- Cleanup ------------------------------------------------------------------------ */

/* A call at the end of a coroutine. */
struct eddy_defer {
    /* private */
    struct eddyi_block block;
    void (*call)(void *argument);
    void *argument;
};

/* What a block gives back at its end: a lock, a permit, anything that is acquired by an operation. */
struct eddy_guard {
    /* private */
    struct eddyi_block block;
    void (*release)(void *subject);
    void *subject;
    bool acquired;
};

/* ---- Values of a task --------------------------------------------------------------- */

/* A value for everything inside a block. */
struct eddy_local {
    /* private */
    struct eddyi_block block;
    const void *key;
    void *value;
};

/* The value that `key` has for the task of `me`: of the innermost EDDY_LOCAL around it, through its callers and the
 * groups it belongs to. NULL: none. O(blocks around it). */
EDDY_API void *eddy_local_get(const void *key, const struct eddy_waiter *me);

/* ---- What the macros call ----------------------------------------------------------- */

EDDY_API extern const struct eddyi_block_kind eddyi_scope_kind;
EDDY_API extern const struct eddyi_block_kind eddyi_deadline_kind; /* it fails with -ETIMEDOUT */
EDDY_API extern const struct eddyi_block_kind eddyi_catch_kind;
EDDY_API extern const struct eddyi_block_kind eddyi_defer_kind;
EDDY_API extern const struct eddyi_block_kind eddyi_local_kind;
EDDY_API extern const struct eddyi_block_kind eddyi_guard_kind;

EDDY_API void eddyi_scope_open(struct eddy_frame *self, struct eddy_scope *scope, const struct eddyi_site *site);
EDDY_API void eddyi_timeout_open(struct eddy_frame *self, struct eddy_scope *scope, const struct eddyi_site *site,
                                 eddy_ns span);
EDDY_API void eddyi_deadline_open(struct eddy_frame *self, struct eddy_scope *scope, const struct eddyi_site *site,
                                  eddy_ns deadline);
EDDY_API void eddyi_shield_open(struct eddy_frame *self, struct eddy_scope *scope, const struct eddyi_site *site,
                                eddy_ns span);
EDDY_API void eddyi_catch_open(struct eddy_frame *self, struct eddy_catch *catch_, const struct eddyi_site *site);
/* False: the task is cancelled, and unwinds. */
EDDY_API bool eddyi_guard_open(struct eddy_frame *self, struct eddy_guard *guard, const struct eddyi_site *site,
                               void *subject, void (*release)(void *subject));
EDDY_API int eddyi_guard_close(struct eddyi_block *block, int ending);
EDDY_API void eddyi_guard_acquire(struct eddy_frame *self, ssize_t result);
EDDY_API void eddyi_local_open(struct eddy_frame *self, struct eddy_local *local, const struct eddyi_site *site,
                               const void *key, void *value);
EDDY_API void eddyi_defer(struct eddy_frame *self, struct eddy_defer *defer, const struct eddyi_site *site,
                          void (*call)(void *argument), void *argument);
EDDY_API void eddyi_fail(struct eddy_frame *self, const struct eddyi_site *site, int error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

EDDY_END_DECLS

#ifndef __cplusplus
#pragma GCC system_header
# 187 "eddy/scope.h"

/* A block that can be cancelled. */
#define EDDY_SCOPE(scope) \
    EDDYI_OPEN_BLOCK(__COUNTER__, &eddyi_scope_kind, "EDDY_SCOPE(" #scope ")", eddyi_scope_open, scope)

/* A scope that is cancelled when `span` is over, or at `deadline`, and leaves scope->expired. With a span <= 0 the
 * body starts, and unwinds at its first await. */
#define EDDY_TIMEOUT(scope, span)                                                                                     \
    EDDYI_OPEN_SPAN(__COUNTER__, &eddyi_scope_kind, "EDDY_TIMEOUT(" #scope ", " #span ")", eddyi_timeout_open, scope, \
                    span)
#define EDDY_TIMEOUT_UNTIL(scope, deadline)                                                          \
    EDDYI_OPEN_SPAN(__COUNTER__, &eddyi_scope_kind, "EDDY_TIMEOUT_UNTIL(" #scope ", " #deadline ")", \
                    eddyi_deadline_open, scope, deadline)

/* The same, but a body that was unwound by the deadline makes the task fail with -ETIMEDOUT. */
#define EDDY_TIMEOUT_FAIL(scope, span)                                                                                 \
    EDDYI_OPEN_SPAN(__COUNTER__, &eddyi_deadline_kind, "EDDY_TIMEOUT_FAIL(" #scope ", " #span ")", eddyi_timeout_open, \
                    scope, span)
#define EDDY_TIMEOUT_FAIL_UNTIL(scope, deadline)                                                             \
    EDDYI_OPEN_SPAN(__COUNTER__, &eddyi_deadline_kind, "EDDY_TIMEOUT_FAIL_UNTIL(" #scope ", " #deadline ")", \
                    eddyi_deadline_open, scope, deadline)

/* A scope whose inside no cancel from outside reaches; after `span` it is itself cancelled. */
#define EDDY_SHIELD(scope, span)                                                                                    \
    EDDYI_OPEN_SPAN(__COUNTER__, &eddyi_scope_kind, "EDDY_SHIELD(" #scope ", " #span ")", eddyi_shield_open, scope, \
                    span)

/* A block at whose end a failure stops, with its error in catch->error. A cancel goes through it. */
#define EDDY_CATCH(catch_) \
    EDDYI_OPEN_BLOCK(__COUNTER__, &eddyi_catch_kind, "EDDY_CATCH(" #catch_ ")", eddyi_catch_open, catch_)

/* A block in which `key`, the address of something, has this value: for its body, for the coroutines called and
 * the tasks spawned there. Who has the key reads it with eddy_local_get(). */
#define EDDY_LOCAL(local, key, value) EDDYI_OPEN_LOCAL(__COUNTER__, local, key, value)

/* EDDY_WITH(&my->guard, op, release, subject) { }: wait for `op`, an operation that was given `me`, like an await; with its
 * result >= 0 the body runs, and however it is left, release(subject) is called. With a negative one the task fails, and
 * neither happens. The scoped forms of locks and semaphores are made of it. */
#define EDDY_WITH(guard, op, release, subject) \
    EDDYI_WITH(__COUNTER__, "EDDY_WITH(" #guard ", " #op ")", guard, op, release, subject)

/* Fail: EDDY_FAIL(error) or EDDY_FAIL(error, "format", ...) with up to seven values, with error < 0. The task unwinds, running each EDDY_FINALLY,
 * to the innermost EDDY_CATCH, or ends as failed, which is then its group's error. */
#define EDDY_FAIL(...) EDDYI_CONCAT(EDDYI_FAIL_, EDDYI_COUNT(__VA_ARGS__))(__COUNTER__, __VA_ARGS__)

/* EDDY_DEFER(&my->defer, function, argument): when this coroutine is over and its blocks are closed, call
 * function(argument); last in, first out, before EDDY_FINALLY. Once for each record. */
#define EDDY_DEFER(defer, function, argument) EDDYI_DEFER(__COUNTER__, defer, function, argument)

/* ---- How they are made -------------------------------------------------------------- */

#define EDDYI_OPEN_BLOCK(n, kind, text, open, record) \
    EDDYI_BLOCK(n, kind, text, open(eddyi_self, record, &EDDYI_SITE(n)))

#define EDDYI_OPEN_SPAN(n, kind, text, open, record, span) \
    EDDYI_BLOCK(n, kind, text, open(eddyi_self, record, &EDDYI_SITE(n), span))

#define EDDYI_OPEN_LOCAL(n, record, key, value)                            \
    EDDYI_BLOCK(n, &eddyi_local_kind, "EDDY_LOCAL(" #record ", " #key ")", \
                eddyi_local_open(eddyi_self, record, &EDDYI_SITE(n), key, value))

#define EDDYI_WITH(n, text, guard, op, release, subject)                             \
    EDDYI_BLOCK(n, &eddyi_guard_kind, text, {                                        \
        if (eddyi_guard_open(eddyi_self, guard, &EDDYI_SITE(n), subject, release)) { \
            eddyi_guard_acquire(eddyi_self, op);                                     \
        }                                                                            \
    })

#define EDDYI_FAIL_1(n, error) EDDYI_FAIL_2(n, error, "%s", "")
#define EDDYI_FAIL_2(n, error, ...)                                                                             \
    do {                                                                                                        \
        static const struct eddyi_site EDDYI_SITE(n) = {NULL, __func__, __FILE__, "EDDY_FAIL", __LINE__, NULL}; \
        eddyi_fail(eddyi_self, &EDDYI_SITE(n), error, __VA_ARGS__);                                             \
        return;                                                                                                 \
    } while (0)

#define EDDYI_DEFER(n, defer, function, argument)                                                \
    do {                                                                                         \
        static const struct eddyi_site EDDYI_SITE(n) = {                                         \
            NULL, __func__, __FILE__, "EDDY_DEFER(" #function ")", __LINE__, &eddyi_defer_kind}; \
        eddyi_defer(eddyi_self, defer, &EDDYI_SITE(n), function, argument);                      \
    } while (0)

#endif

#endif
