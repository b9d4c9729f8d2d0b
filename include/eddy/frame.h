/* eddy/frame.h - coroutines: functions that wait in the middle, and read top to bottom.
 *
 *     struct echo { EDDY_FRAME; struct eddy_stream peer; ssize_t n; char buffer[4096]; };
 *
 *     EDDY_CORO(echo)
 *     {
 *         EDDY_BEGIN(echo) {
 *             for (;;) {
 *                 EDDY_AWAIT(my->n, eddy_stream_read(&my->peer, my->buffer, sizeof my->buffer, me));
 *                 if (my->n <= 0) break;
 *                 EDDY_AWAIT(my->n, eddy_stream_write(&my->peer, my->buffer, (size_t)my->n, me));
 *             }
 *         }
 *         EDDY_FINALLY {
 *             eddy_stream_close(&my->peer);
 *         }
 *     }
 *
 * Rules
 *  1. What must live across an await stands in the frame, as `my->x`: a local variable does not
 *     survive. gcc refuses a local with an initialiser that an await would skip: give it braces of its
 *     own that end before the await. `my` is the frame, zero but for the arguments; `me` its waiter.
 *  2. An await that is cancelled does not return: the coroutine unwinds, block by block, to the
 *     block that was cancelled, or to its end. EDDY_FINALLY runs once, whatever ended the body.
 *  3. No await, no interleaving and no cancel: between two awaits the program is yours.
 *  4. `return` and EDDY_RETURN() may stand anywhere in the body; `goto` out of a block may not.
 *
 * The frame and the function share a name. A frame is aligned to 16. Compilers that do not optimise build it on the C stack
 * first: what is larger than some 100 KiB belongs behind a pointer. A macro of your own may contain an await, but must not use
 * an argument twice that does. A block (EDDY_GROUP, ...) under an `if` wants braces around it.
 */
#ifndef EDDY_FRAME_H
#define EDDY_FRAME_H

#include <eddy/api.h>
#include <eddy/list.h>
#include <eddy/wait.h>
#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

EDDY_BEGIN_DECLS

struct eddy_frame;
struct eddy_group;
struct eddy_task;
struct eddyi_block;
struct eddyi_block_kind;

typedef void eddy_body_fn(struct eddy_frame *frame);

/* A place where a coroutine can wait: what it resumes at, and what a dump prints. */
struct eddyi_site {
    const void *label; /* NULL: nothing resumes there */
    const char *function;
    const char *file;
    const char *text;
    int line;
    const struct eddyi_block_kind *kind; /* of the block that begins there */
};

/* Something that a task owns, and must give back before it ends. */
struct eddyi_held {
    /* private */
    struct eddyi_held *next;
    struct eddyi_held **place;
    void (*abandon)(struct eddyi_held *held); /* its owner has ended */
};

/* What every frame begins with: EDDY_FRAME. */
struct eddy_frame {
    /* private */
    eddy_body_fn *body;
    const struct eddyi_site *site;
    struct eddy_task *task;
    struct eddy_frame *caller; /* NULL: a task's first */
    uint32_t size;
    uint8_t phase;  /* in the body, or in its EDDY_FINALLY */
    uint8_t ending; /* what is being closed, and why */
    uint8_t step;   /* of the block macro at work */
    uint8_t marks;
};

/* A task: a stack of frames of which the innermost runs. Its functions are in eddy/task.h. */
struct eddy_task {
    /* private; the waiter comes first */
    struct eddy_waiter waiter;
    struct eddy_frame *leaf;
    struct eddyi_block *block; /* innermost; NULL: none is open */
    struct eddy_group *group;
    struct eddyi_held *held;     /* what it must give back: locks */
    struct eddy_list link;       /* in the group's children, or its finished */
    struct eddy_waiter *joiners; /* a ring of their links */
    struct eddyi_task_more *more;
    int error;         /* what it fails with, or failed */
    uint32_t parked;   /* since when, in units of 2^20 ns */
    uint16_t handles;  /* that are held */
    uint16_t depth;    /* of nested EDDY_FINALLYs at work */
    int16_t reason;    /* of its cancel; 0: it was not cancelled itself */
    uint8_t cancelled; /* its next await unwinds */
    uint8_t marks;
};

/* Where a frame is. */
enum {
    EDDYI_BODY,
    EDDYI_FINALLY,
};

/* Why a frame is not simply running: the outermost way wins over those before it. */
enum {
    EDDYI_RUNNING,
    EDDYI_CLOSING,  /* its innermost block, of which the end was reached */
    EDDYI_BREAKING, /* its innermost block, by break */
    EDDYI_ENDING,   /* all its blocks, and itself: return */
    EDDYI_CANCELED, /* unwinding to the block that was cancelled */
    EDDYI_FAILED,   /* unwinding to an EDDY_CATCH */
};

/* The steps of a body, and of the block macro in it; 0 is the user's code. */
enum {
    EDDYI_START = 1, /* a body, or an EDDY_FINALLY, begins */
    EDDYI_OPEN,      /* a block is entered; its body comes next */
    EDDYI_INSIDE,    /* about to run the body */
    EDDYI_FELL,      /* the body's end was reached */
    EDDYI_BROKE,     /* closed; the user's loop is next to break */
    EDDYI_CLOSED,
    EDDYI_WAITING, /* to enter the block takes time */
};

/* ---- What the macros call ----------------------------------------------------------- */

/* A guard against code that is never reached; it stops the program. */
EDDY_API void eddyi_never(void);

/* Begin a child frame of `size` bytes. NULL: no memory, and the frame fails; or it is cancelled. */
EDDY_API void *eddyi_call_begin(struct eddy_frame *self, const struct eddyi_site *site, size_t size);
/* Hand over to the child, whose arguments are in place. */
EDDY_API void eddyi_call(struct eddy_frame *self, struct eddy_frame *child, eddy_body_fn *body, size_t size,
                         const struct eddyi_site *begin);
/* Free the child that has returned. */
EDDY_API void eddyi_call_end(struct eddy_frame *self);
/* The await whose result nobody takes has failed. */
EDDY_API void eddyi_await_failed(struct eddy_frame *self);
/* End the innermost block. As eddyi_block_outer(). */
EDDY_API int eddyi_block_close(struct eddy_frame *self);

/* An await begins. True: it is cancelled, and the body returns. */
static inline bool eddyi_await_begin(struct eddy_frame *self, struct eddy_waiter *me, const struct eddyi_site *site)
{
    self->site = site;
    if (__builtin_expect(((struct eddy_task *)(void *)me)->cancelled, 0)) {
        self->ending = EDDYI_CANCELED;
        return true;
    }
    return false;
}

/* True: the operation parked, and the body returns. */
static inline bool eddyi_await_pends(struct eddy_waiter *me, ssize_t result)
{
    if (result == EDDY_PENDING) {
        assert(me->state != 0 && "an await is of an operation that was given `me`");
#ifdef EDDY_DEBUG
        me->scheduler->awaits = 1;
#endif
        return true;
    }
    me->result = result;
    return false;
}

static inline struct eddy_frame *eddyi_call_child(const struct eddy_frame *self)
{
    return (struct eddy_frame *)(intptr_t)self->task->waiter.result;
}

/* At the label of a block: whether it was left by break. */
static inline bool eddyi_block_broke(struct eddy_frame *self)
{
    if (__builtin_expect(self->step == EDDYI_BROKE, 0)) {
        self->step = 0;
        return true;
    }
    return false;
}

enum {
    EDDYI_LEAVE, /* the block is over */
    EDDYI_ENTER,
    EDDYI_AGAIN,   /* look at eddyi_block_broke() */
    EDDYI_SUSPEND, /* the body returns */
};

/* Between enter and body, and again between body and end. */
static inline int eddyi_block_outer(struct eddy_frame *self)
{
    if (self->step == EDDYI_OPEN) {
        self->step = EDDYI_INSIDE;
        return EDDYI_ENTER;
    }
    return eddyi_block_close(self);
}

/* True once for each body; a break skips the second question. */
static inline bool eddyi_block_inner(struct eddy_frame *self)
{
    if (self->step == EDDYI_INSIDE) {
        self->step = 0;
        return true;
    }
    self->step = EDDYI_FELL;
    return false;
}

EDDY_END_DECLS

#ifndef __cplusplus

/* As a header of the system, as in /usr/include, it would lose its warnings: the line marker says it is none, and
   the pragma keeps -Wpedantic quiet about the marker. */
#pragma GCC system_header
# 225 "eddy/frame.h"

/* ---- Frames and bodies -------------------------------------------------------------- */

/* The first member of a frame; the second form adds `ret`, the result. */
#define EDDY_FRAME struct eddy_frame eddyi_frame
#define EDDY_FRAME_RET(type)       \
    struct eddy_frame eddyi_frame; \
    type ret

/* Begin the definition of the coroutine of `struct name`, or with a semicolon declare it. */
#define EDDY_CORO(name) \
    EDDYI_WATCH_LOCALS  \
    static void name(struct eddy_frame *eddyi_frame_of_##name)

/* The same for one that other files use; they say EDDY_CORO_DECLARE(name); */
#define EDDY_CORO_EXTERN(name) \
    EDDYI_WATCH_LOCALS         \
    void name(struct eddy_frame *eddyi_frame_of_##name)
#define EDDY_CORO_DECLARE(name) void name(struct eddy_frame *eddyi_frame_of_##name)

/* The body, in braces; it comes first. */
#define EDDY_BEGIN(name)                                                                                        \
    _Static_assert(offsetof(struct name, eddyi_frame) == 0, "EDDY_FRAME is the first member of struct " #name); \
    struct eddy_frame *const eddyi_self = eddyi_frame_of_##name;                                                \
    struct name *const my = (struct name *)(void *)eddyi_self;                                                  \
    struct eddy_waiter *const me __attribute__((unused)) = &eddyi_self->task->waiter;                           \
    (void)my;                                                                                                   \
    EDDYI_RESUME                                                                                                \
    switch ((int)eddyi_self->phase)                                                                             \
    case EDDYI_BODY:

/* Optional, in braces, after the body: runs once when the body is over: at its end, by return, failure or
 * cancel. It may await: a cancel from outside does not touch it until the loop's cleanup timeout
 * (eddy/scope.h) is over. If it fails, that failure takes the place of what ended the body. */
#define EDDY_FINALLY                \
    switch ((int)eddyi_self->phase) \
    case EDDYI_FINALLY:

/* End the body with this result. */
#define EDDY_RETURN(value) \
    do {                   \
        my->ret = (value); \
        return;            \
    } while (0)

/* ---- Awaits ------------------------------------------------------------------------- */

/* EDDY_AWAIT(dest, op): do `op`, an operation that was given `me`, wait until it is done, and assign its
 * result to `dest`, a signed integer: -errno is a value. EDDY_AWAIT(op) has no place for an error, so a
 * negative result fails the task (EDDY_FAIL). `op` is evaluated once, before the wait, `dest` after it.
 * A cancel before it is done unwinds: then it had no effect. */
#define EDDY_AWAIT(...) EDDYI_CONCAT(EDDYI_AWAIT_, EDDYI_COUNT(__VA_ARGS__))(__COUNTER__, #__VA_ARGS__, __VA_ARGS__)

/* EDDY_TRY(dest, op): the same, but a negative result fails the task, after it is in `dest`. */
#define EDDY_TRY(dest, ...) EDDYI_TRY(__COUNTER__, #dest ", " #__VA_ARGS__, dest, __VA_ARGS__)

/* EDDY_CALL(dest, name, .argument = ...): run the coroutine `name` to its end, and assign its `ret`. A negative
 * ret is a value. Like an await it unwinds instead when the task is cancelled already. Without memory for its frame (sizeof(struct name)) the task fails with -ENOMEM and
 * the arguments were not evaluated. EDDY_DO(name, ...) takes no result. */
#define EDDY_CALL(dest, ...) EDDYI_CALL(__COUNTER__, #dest ", " #__VA_ARGS__, dest, __VA_ARGS__, .eddyi_frame = {0})
#define EDDY_DO(...) EDDYI_DO(__COUNTER__, #__VA_ARGS__, __VA_ARGS__, .eddyi_frame = {0})

/* ---- How they are made -------------------------------------------------------------- */

#define EDDYI_JOIN(a, b) a##b
#define EDDYI_CONCAT(a, b) EDDYI_JOIN(a, b)
#define EDDYI_STRING(...) #__VA_ARGS__

/* 1, or 2 for two and more. */
#define EDDYI_COUNT(...) EDDYI_TENTH(__VA_ARGS__, 2, 2, 2, 2, 2, 2, 2, 2, 1, 0)
#define EDDYI_TENTH(a, b, c, d, e, f, g, h, i, n, ...) n

#define EDDYI_LABEL(n) EDDYI_JOIN(eddyi_label_, n)
#define EDDYI_SITE(n) EDDYI_JOIN(eddyi_site_, n)

#define EDDYI_DECLARE_SITE(n, text)                  \
    static const struct eddyi_site EDDYI_SITE(n) = { \
        __extension__ && EDDYI_LABEL(n), __func__, __FILE__, text, __LINE__, NULL}

/* clang-format off */

/* Go on at the site. clang wants a label in a function with a computed goto, though it may have no await. */
#define EDDYI_RESUME                                                                                                   \
    _Pragma("GCC diagnostic push")                                                                                     \
    _Pragma("GCC diagnostic ignored \"-Wpedantic\"")                                                                   \
    if (__builtin_expect(eddyi_self->step != EDDYI_START, 1)) {                                                        \
        goto *eddyi_self->site->label;                                                                                 \
    }                                                                                                                  \
    eddyi_self->step = 0;                                                                                              \
    eddyi_begin:                                                                                                       \
    (void)&&eddyi_begin;                                                                                               \
    _Pragma("GCC diagnostic pop")

/* A label in the body's switch that is never taken: by it the compiler sees that an await can be jumped to, and
 * that locals do not survive. In a user's own switch it is a real case, so release builds have none. */
#if !defined(NDEBUG) || defined(EDDY_LINT)
#define EDDYI_LOCALS_DO_NOT_SURVIVE(n)                                                                                 \
    _Pragma("GCC diagnostic push")                                                                                     \
    EDDYI_JUMPS_ARE_ERRORS                                                                                             \
    _Pragma("GCC diagnostic ignored \"-Wswitch\"")                                                                     \
    _Pragma("GCC diagnostic ignored \"-Wswitch-enum\"")                                                                \
    _Pragma("GCC diagnostic ignored \"-Wimplicit-fallthrough\"")                                                       \
    _Pragma("GCC diagnostic ignored \"-Wsign-conversion\"")                                                            \
    if (0) {                                                                                                           \
    case -0x5ED00000 - (n):                                                                                            \
        eddyi_never();                                                                                                 \
    }                                                                                                                  \
    _Pragma("GCC diagnostic pop")
#else
#define EDDYI_LOCALS_DO_NOT_SURVIVE(n)
#endif

/* gcc judges a local where it is declared, so this must stand before the first. */
#if defined(__clang__) || (defined(NDEBUG) && !defined(EDDY_LINT))
#define EDDYI_JUMPS_ARE_ERRORS
#define EDDYI_WATCH_LOCALS
#else
#define EDDYI_JUMPS_ARE_ERRORS                                                                                         \
    _Pragma("GCC diagnostic error \"-Wjump-misses-init\"")                                                             \
    _Pragma("GCC diagnostic ignored \"-Wswitch-outside-range\"")
#define EDDYI_WATCH_LOCALS                                                                                             \
    _Pragma("GCC diagnostic push")                                                                                     \
    _Pragma("GCC diagnostic error \"-Wjump-misses-init\"")                                                             \
    _Pragma("GCC diagnostic pop")
#endif

/* Arguments of the wrong type are errors, as in compilers of today. */
#define EDDYI_STRICT                                                                                                   \
    _Pragma("GCC diagnostic push")                                                                                     \
    _Pragma("GCC diagnostic error \"-Wint-conversion\"")                                                               \
    _Pragma("GCC diagnostic error \"-Wincompatible-pointer-types\"")                                                   \
    _Pragma("GCC diagnostic error \"-Woverride-init\"")
#define EDDYI_LENIENT _Pragma("GCC diagnostic pop")

/* clang-format on */

/* The assignment's cast would hide these from -Wconversion. */
#define EDDYI_CHECK_DEST(dest, ...)                                                                              \
    _Static_assert(sizeof(dest) >= sizeof(__VA_ARGS__), "the result does not fit into " #dest);                  \
    _Static_assert((__typeof__(dest))-1 < (__typeof__(dest))0, #dest " must be signed: a result may be -errno"); \
    _Static_assert((__typeof__(dest))3 / 2 * 2 == 2, #dest " must be an integer")

#define EDDYI_AWAIT_2(n, text, dest, ...)      \
    do {                                       \
        EDDYI_WAIT(n, text, __VA_ARGS__);      \
        EDDYI_CHECK_DEST(dest, __VA_ARGS__);   \
        (dest) = (__typeof__(dest))me->result; \
    } while (0)

#define EDDYI_AWAIT_1(n, text, ...)                \
    do {                                           \
        EDDYI_WAIT(n, text, __VA_ARGS__);          \
        if (__builtin_expect(me->result < 0, 0)) { \
            eddyi_await_failed(eddyi_self);        \
            return;                                \
        }                                          \
    } while (0)

#define EDDYI_TRY(n, text, dest, ...)              \
    do {                                           \
        EDDYI_WAIT(n, text, __VA_ARGS__);          \
        EDDYI_CHECK_DEST(dest, __VA_ARGS__);       \
        (dest) = (__typeof__(dest))me->result;     \
        if (__builtin_expect(me->result < 0, 0)) { \
            eddyi_await_failed(eddyi_self);        \
            return;                                \
        }                                          \
    } while (0)

#define EDDYI_WAIT(n, text, ...)                                                                     \
    EDDYI_DECLARE_SITE(n, text);                                                                     \
    if (eddyi_await_begin(eddyi_self, me, &EDDYI_SITE(n)) || eddyi_await_pends(me, (__VA_ARGS__))) { \
        return;                                                                                      \
    }                                                                                                \
    EDDYI_LOCALS_DO_NOT_SURVIVE(n)                                                                   \
    EDDYI_LABEL(n) :;

/* A body, and nothing else. */
#define EDDYI_CORO_OF(name) _Generic(&(name), void (*)(struct eddy_frame *) : (name))

#define EDDYI_CALL_CHILD(n, text, name, ...)                                                                        \
    EDDYI_DECLARE_SITE(n, text);                                                                                    \
    static const struct eddyi_site EDDYI_JOIN(eddyi_begin_, n) = {NULL, #name, __FILE__, "called", __LINE__, NULL}; \
    struct name *eddyi_new = eddyi_call_begin(eddyi_self, &EDDYI_SITE(n), sizeof(struct name));                     \
    if (eddyi_new != NULL) {                                                                                        \
        EDDYI_STRICT                                                                                                \
        *eddyi_new = (struct name){__VA_ARGS__};                                                                    \
        EDDYI_LENIENT                                                                                               \
        eddyi_call(eddyi_self, &eddyi_new->eddyi_frame, EDDYI_CORO_OF(name), sizeof(struct name),                   \
                   &EDDYI_JOIN(eddyi_begin_, n));                                                                   \
    }                                                                                                               \
    return;

#define EDDYI_CALL(n, text, dest, name, ...)                                                         \
    do {                                                                                             \
        {EDDYI_CALL_CHILD(n, text, name, __VA_ARGS__)} EDDYI_LOCALS_DO_NOT_SURVIVE(n) EDDYI_LABEL(n) \
            : (dest) = ((struct name *)(void *)eddyi_call_child(eddyi_self))->ret;                   \
        eddyi_call_end(eddyi_self);                                                                  \
    } while (0)

#define EDDYI_DO(n, text, name, ...)                                                                 \
    do {                                                                                             \
        {EDDYI_CALL_CHILD(n, text, name, __VA_ARGS__)} EDDYI_LOCALS_DO_NOT_SURVIVE(n) EDDYI_LABEL(n) \
            : eddyi_call_end(eddyi_self);                                                            \
    } while (0)

/* A block: `enter` pushes it; then the body, in braces. After a break in the body the user's own loop or switch
 * is broken, once the block is closed. */
#define EDDYI_BLOCK(n, block_kind, text, enter)                                                   \
    if (__extension__({                                                                           \
            static const struct eddyi_site EDDYI_SITE(n) = {                                      \
                __extension__ && EDDYI_LABEL(n), __func__, __FILE__, text, __LINE__, block_kind}; \
            enter;                                                                                \
            0;                                                                                    \
        })) {                                                                                     \
        EDDYI_LOCALS_DO_NOT_SURVIVE(n)                                                            \
    } else                                                                                        \
        EDDYI_LABEL(n) : if (eddyi_block_broke(eddyi_self)) break;                                \
    else while (__extension__({                                                                   \
        int EDDYI_JOIN(eddyi_next_, n) = eddyi_block_outer(eddyi_self);                           \
        if (EDDYI_JOIN(eddyi_next_, n) == EDDYI_SUSPEND) {                                        \
            return;                                                                               \
        }                                                                                         \
        if (EDDYI_JOIN(eddyi_next_, n) == EDDYI_AGAIN) {                                          \
            goto EDDYI_LABEL(n);                                                                  \
        }                                                                                         \
        EDDYI_JOIN(eddyi_next_, n);                                                               \
    })) while (eddyi_block_inner(eddyi_self))

#endif

#endif
