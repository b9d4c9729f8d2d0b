/* eddy/generator.h - coroutines that produce one value after another, with awaits in between.
 *
 *     struct countdown { EDDY_FRAME_RET(int); int from; };
 *     EDDY_CORO(countdown)
 *     {
 *         EDDY_BEGIN(countdown) {
 *             for (; my->from > 0; my->from--) {
 *                 EDDY_AWAIT(eddy_sleep(EDDY_MS(100), me));
 *                 EDDY_YIELD(my->from);
 *             }
 *         }
 *     }
 *
 *     EDDY_EACH(my->i, &my->generator, countdown, .from = 3) {
 *         printf("%d\n", my->i);
 *     }
 *
 * The generator runs in the task of its consumer, one step for each value. However the loop is left, the
 * generator is closed: at its EDDY_YIELD it unwinds, its EDDY_FINALLY runs, and only then the loop is over. `break` ends
 * the loop, `continue` asks for the next value. To ask is a checkpoint: it unwinds when the task is cancelled already.
 */
#ifndef EDDY_GENERATOR_H
#define EDDY_GENERATOR_H

#include <eddy/frame.h>
#include <eddy/scope.h>

EDDY_BEGIN_DECLS

/* A generator at work: the record of an EDDY_EACH. */
struct eddy_generator {
    /* private */
    struct eddyi_block block;
    struct eddy_frame *frame;
    struct eddyi_block *parked; /* its own blocks, while it does not run */
};

/* ---- What the macros call ----------------------------------------------------------- */

EDDY_API extern const struct eddyi_block_kind eddyi_each_kind;

EDDY_API void *eddyi_each_begin(struct eddy_frame *self, struct eddy_generator *generator,
                                const struct eddyi_site *site, size_t size);
EDDY_API void eddyi_each_open(struct eddy_generator *generator, struct eddy_frame *frame, eddy_body_fn *body,
                              size_t size, const struct eddyi_site *begin);
/* As eddyi_block_outer(). EDDYI_ENTER: a value is there. */
EDDY_API int eddyi_each_outer(struct eddy_frame *self);
/* The frame that has yielded. */
EDDY_API const struct eddy_frame *eddyi_each_frame(const struct eddy_frame *self);
EDDY_API void eddyi_yield(struct eddy_frame *self, const struct eddyi_site *site);

EDDY_END_DECLS

#ifndef __cplusplus
#pragma GCC system_header
# 57 "eddy/generator.h"

/* In a generator (EDDY_FRAME_RET): hand this value to the consumer, and wait to be asked for the next. The
 * generator must not hold a block open there (-EINVAL: it fails), since the deadline or the tasks of that
 * block would be at work in the consumer's code; deferred calls may stand. So a generator does not yield from inside an EDDY_EACH of
 * its own. */
#define EDDY_YIELD(value) EDDYI_YIELD(__COUNTER__, "EDDY_YIELD(" #value ")", value)

/* EDDY_EACH(dest, &generator, name, .argument = ...) { }: run the body with each value of `name` in dest. Without
 * memory the task fails with -ENOMEM. */
#define EDDY_EACH(dest, generator, ...)                                                                             \
    EDDYI_EACH(__COUNTER__, "EDDY_EACH(" #dest ", " #generator ", " #__VA_ARGS__ ")", dest, generator, __VA_ARGS__, \
               .eddyi_frame = {0})

/* ---- How they are made -------------------------------------------------------------- */

#define EDDYI_YIELD(n, text, value)              \
    do {                                         \
        EDDYI_DECLARE_SITE(n, text);             \
        my->ret = (value);                       \
        eddyi_yield(eddyi_self, &EDDYI_SITE(n)); \
        return;                                  \
        EDDYI_LOCALS_DO_NOT_SURVIVE(n)           \
        EDDYI_LABEL(n) :;                        \
    } while (0)

#define EDDYI_EACH(n, text, dest, generator, name, ...)                                                             \
    if (__extension__({                                                                                             \
            static const struct eddyi_site EDDYI_SITE(n) = {                                                        \
                __extension__ && EDDYI_LABEL(n), __func__, __FILE__, text, __LINE__, &eddyi_each_kind};             \
            static const struct eddyi_site EDDYI_JOIN(eddyi_begin_, n) = {NULL,     #name,    __FILE__,             \
                                                                          "called", __LINE__, NULL};                \
            struct eddy_generator *const eddyi_generator = (generator);                                             \
            struct name *const eddyi_new =                                                                          \
                eddyi_each_begin(eddyi_self, eddyi_generator, &EDDYI_SITE(n), sizeof(struct name));                 \
            if (eddyi_new != NULL) {                                                                                \
                EDDYI_STRICT                                                                                        \
                *eddyi_new = (struct name){__VA_ARGS__};                                                            \
                EDDYI_LENIENT                                                                                       \
                eddyi_each_open(eddyi_generator, &eddyi_new->eddyi_frame, EDDYI_CORO_OF(name), sizeof(struct name), \
                                &EDDYI_JOIN(eddyi_begin_, n));                                                      \
            }                                                                                                       \
            0;                                                                                                      \
        })) {                                                                                                       \
        EDDYI_LOCALS_DO_NOT_SURVIVE(n)                                                                              \
    } else                                                                                                          \
        EDDYI_LABEL(n)                                                                                              \
            : while (__extension__({                                                                                \
                  int EDDYI_JOIN(eddyi_next_, n) = eddyi_each_outer(eddyi_self);                                    \
                  if (EDDYI_JOIN(eddyi_next_, n) == EDDYI_SUSPEND) {                                                \
                      return;                                                                                       \
                  }                                                                                                 \
                  if (EDDYI_JOIN(eddyi_next_, n) == EDDYI_ENTER) {                                                  \
                      (dest) = ((const struct name *)(const void *)eddyi_each_frame(eddyi_self))->ret;              \
                  }                                                                                                 \
                  EDDYI_JOIN(eddyi_next_, n);                                                                       \
              })) while (eddyi_block_inner(eddyi_self))

#endif

#endif
