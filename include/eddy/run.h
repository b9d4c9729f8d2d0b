/* eddy/run.h - a whole program: its loop, its main coroutine, its end.
 *
 *     struct hello { EDDY_FRAME_RET(int); };
 *     EDDY_CORO(hello)
 *     {
 *         EDDY_BEGIN(hello) {
 *             EDDY_AWAIT(eddy_sleep(EDDY_SEC(1), me));
 *             puts("hello");
 *         }
 *     }
 *
 *     int main(void)
 *     {
 *         return EDDY_RUN(hello) != 0;
 *     }
 */
#ifndef EDDY_RUN_H
#define EDDY_RUN_H

#include <eddy/loop.h>
#include <eddy/signal.h>
#include <eddy/task.h>

EDDY_BEGIN_DECLS

/* A loop that runs one coroutine. */
struct eddy_runner {
    /* private */
    struct eddy_loop loop;
    struct eddy_signal signal;
    struct eddy_waiter interrupt;
    struct eddy_waiter end;
    struct eddy_task *main;
    bool interrupted;
    bool stuck;
    bool done;
};

/* ---- What the macros call ----------------------------------------------------------- */

EDDY_API int eddyi_run_begin(struct eddy_runner **runner, const struct eddy_loop_options *options);
/* 0: main has finished. */
EDDY_API int eddyi_run(struct eddy_runner *runner, int error);
EDDY_API int eddyi_run_end(struct eddy_runner *runner, int result);

EDDY_END_DECLS

#ifndef __cplusplus
#pragma GCC system_header
# 51 "eddy/run.h"

/* EDDY_RUN(name, .argument = ...): run the coroutine `name`, whose frame has EDDY_FRAME_RET(int), on a loop of
 * its own until it has ended; then cancel the detached tasks that are left, and when they have ended the daemons;
 * then end the loop. The first SIGINT cancels main with the reason -EINTR; a second one kills the program.
 *
 * The result is main's `ret`; or the error main failed with, which the log is told; -EINTR: it was unwound by SIGINT;
 * -ECANCELED: by another cancel; -EDEADLK: no task could ever be woken again (a dump of all tasks goes to stderr, and
 * they are cancelled); or the error with which eddy_loop_init(), eddy_loop_run(), eddy_signal_open() or EDDY_SPAWN failed.
 * A call of eddy_loop_stop() cancels main, too. -EBUSY: something of the loop that is not a task's was left open (it is leaked). */
#define EDDY_RUN(...) EDDYI_RUN(NULL, __VA_ARGS__, .eddyi_frame = {0})

/* The same on a loop with these options, a `const struct eddy_loop_options *`. */
#define EDDY_RUN_WITH(options, ...) EDDYI_RUN(options, __VA_ARGS__, .eddyi_frame = {0})

#define EDDYI_RUN(options, name, ...)                                                                                 \
    __extension__({                                                                                                   \
        struct eddy_runner *eddyi_runner;                                                                             \
        int eddyi_result = eddyi_run_begin(&eddyi_runner, options);                                                   \
        if (eddyi_result == 0) {                                                                                      \
            eddyi_result = EDDYI_SPAWN(&eddyi_runner->main, eddyi_loop_main(&eddyi_runner->loop), name, __VA_ARGS__); \
            eddyi_result = eddyi_run(eddyi_runner, eddyi_result);                                                     \
            if (eddyi_result == 0) {                                                                                  \
                eddyi_result = EDDY_RESULT(eddyi_runner->main, name);                                                 \
            }                                                                                                         \
            eddyi_result = eddyi_run_end(eddyi_runner, eddyi_result);                                                 \
        }                                                                                                             \
        eddyi_result;                                                                                                 \
    })

#endif

#endif
