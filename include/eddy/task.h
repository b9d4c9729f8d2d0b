/* eddy/task.h - tasks: coroutines that run side by side, each in a group.
 *
 *     EDDY_TRY(my->error, EDDY_SPAWN(&my->group, fetch, .url = url));
 *     EDDY_TRY(my->error, EDDY_SPAWN_TASK(&my->task, &my->group, fetch, .url = url));
 *     EDDY_AWAIT(my->status, eddy_task_join(my->task, me));
 *     if (my->status == 0) use(EDDY_RESULT(my->task, fetch));
 *     eddy_task_release(my->task);
 *
 * A task starts in its group's loop's next pass, in the order of spawning, also when it was cancelled before: then
 * its first await unwinds. It is over when its coroutine is; its memory is given back then, or with the last
 * handle. Release handles before the loop ends.
 */
#ifndef EDDY_TASK_H
#define EDDY_TASK_H

#include <eddy/frame.h>
#include <eddy/group.h>

EDDY_BEGIN_DECLS

/* Wait until `task` has ended. 0: it finished; its failure's error; -ECANCELED: it was unwound by a
 * cancel. To be cancelled while waiting does nothing to `task`. -EDEADLK: a task joins itself;
 * -ECHILD. Any number may join; needs a handle, or that the task still runs. */
EDDY_API int eddy_task_join(struct eddy_task *task, struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* Ask that `task` unwinds, to its end, at the await it is in or its next. As eddy_scope_cancel(); does
 * nothing to a task that has ended. */
EDDY_API void eddy_task_cancel(struct eddy_task *task, int reason);

/* Whether it has ended. */
EDDY_API bool eddy_task_is_done(const struct eddy_task *task);

/* One more handle. -EOVERFLOW: there are 65,535. */
EDDY_API int eddy_task_retain(struct eddy_task *task) EDDY_CHECK_RESULT;

/* Give a handle back; the task goes on. NULL is allowed. */
EDDY_API void eddy_task_release(struct eddy_task *task);

/* The task that `me` belongs to: inside a coroutine, the one that runs. */
static inline struct eddy_task *eddy_task_of(struct eddy_waiter *me)
{
    return (struct eddy_task *)(void *)me;
}

#define EDDY_TASK_NAME 32

/* Its name, for logs and dumps: its coroutine's, until one is given. Valid until it is renamed or over. */
EDDY_API const char *eddy_task_name(const struct eddy_task *task);

/* Name it, with the first EDDY_TASK_NAME - 1 bytes of what printf would print. 0; -ENOMEM. */
EDDY_API int eddy_task_set_name(struct eddy_task *task, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* In a task started by EDDY_START: it is ready, and that await gets `value` >= 0. -EALREADY: it was
 * said before, or nobody waits for it; -EINVAL: value < 0. */
EDDY_API int eddy_task_started(struct eddy_waiter *me, int value);

/* ---- What the macros call ----------------------------------------------------------- */

EDDY_API void *eddyi_spawn_begin(struct eddy_group *group, size_t size);
EDDY_API int eddyi_spawn(struct eddy_task **handle, struct eddy_group *group, struct eddy_frame *frame,
                         eddy_body_fn *body, size_t size, const struct eddyi_site *begin);
/* Make `task`, just spawned, tell `starter` when it is ready, and give its handle back. */
EDDY_API int eddyi_start(struct eddy_frame *starter, struct eddy_task *task, int error);
EDDY_API const struct eddy_frame *eddyi_task_frame(const struct eddy_task *task, eddy_body_fn *body);

static inline int EDDY_CHECK_RESULT eddyi_spawned(int error)
{
    return error;
}

EDDY_END_DECLS

#ifndef __cplusplus
#pragma GCC system_header
# 76 "eddy/task.h"

/* EDDY_SPAWN(group, name, .argument = ...): start a task of coroutine `name` in `group`. 0; -ENOMEM: then
 * nothing was taken, and the arguments were not evaluated; -ECHILD. The group may be cancelled: the task
 * starts all the same. Not to be used on a group whose block has ended. No checkpoint in itself; EDDY_TRY around it is one, as
 * around anything. */
#define EDDY_SPAWN(...) EDDYI_SPAWN(NULL, __VA_ARGS__, .eddyi_frame = {0})

/* EDDY_SPAWN_TASK(&task, group, name, .argument = ...): the same, and a handle, for which you owe
 * eddy_task_release(). On error it is NULL. */
#define EDDY_SPAWN_TASK(handle, ...) EDDYI_SPAWN(handle, __VA_ARGS__, .eddyi_frame = {0})

/* EDDY_START(dest, group, name, .argument = ...): start a task and wait until it is ready: until it calls
 * eddy_task_started(me, value), which is then the result. Or an error: -ENOMEM; its failure's, which is then not its
 * group's; -ECANCELED: the task was cancelled before it was ready; -EPIPE: it finished without being.
 * A cancel of this await cancels the task and waits for it. */
#define EDDY_START(dest, ...) EDDYI_START(__COUNTER__, #dest ", " #__VA_ARGS__, dest, __VA_ARGS__, .eddyi_frame = {0})

/* What a finished task of coroutine `name` returned; a handle is held. */
#define EDDY_RESULT(task, name) (((const struct name *)(const void *)eddyi_task_frame(task, EDDYI_CORO_OF(name)))->ret)

/* ---- How they are made -------------------------------------------------------------- */

#define EDDYI_SPAWN(handle, group, name, ...)                                                                     \
    eddyi_spawned(__extension__({                                                                                 \
        static const struct eddyi_site eddyi_begin_site = {NULL, #name, __FILE__, "spawned", __LINE__, NULL};     \
        struct eddy_group *const eddyi_group = (group);                                                           \
        struct name *const eddyi_new = eddyi_spawn_begin(eddyi_group, sizeof(struct name));                       \
        if (eddyi_new != NULL) {                                                                                  \
            EDDYI_STRICT                                                                                          \
            *eddyi_new = (struct name){__VA_ARGS__};                                                              \
            EDDYI_LENIENT                                                                                         \
        }                                                                                                         \
        eddyi_spawn(handle, eddyi_group, eddyi_new != NULL ? &eddyi_new->eddyi_frame : NULL, EDDYI_CORO_OF(name), \
                    sizeof(struct name), &eddyi_begin_site);                                                      \
    }))

#define EDDYI_START(n, text, dest, group, ...)                                                \
    do {                                                                                      \
        EDDYI_DECLARE_SITE(n, text);                                                          \
        if (eddyi_await_begin(eddyi_self, me, &EDDYI_SITE(n))) {                              \
            return;                                                                           \
        }                                                                                     \
        {                                                                                     \
            struct eddy_task *eddyi_started = NULL;                                           \
            int eddyi_error = EDDYI_SPAWN(&eddyi_started, group, __VA_ARGS__);                \
            if (eddyi_await_pends(me, eddyi_start(eddyi_self, eddyi_started, eddyi_error))) { \
                return;                                                                       \
            }                                                                                 \
        }                                                                                     \
        EDDYI_LOCALS_DO_NOT_SURVIVE(n)                                                        \
        EDDYI_LABEL(n) :;                                                                     \
        EDDYI_CHECK_DEST(dest, 0);                                                            \
        (dest) = (__typeof__(dest))me->result;                                                \
    } while (0)

#endif

#endif
