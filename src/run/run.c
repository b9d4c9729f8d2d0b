#include <eddy/run.h>

#include "base/log.h"
#include "base/wait.h"
#include "loop/loop.h"
#include "task/lifetime.h"

#include <eddy/dump.h>

#include <errno.h>

static void on_interrupt(struct eddy_waiter *waiter)
{
    struct eddy_runner *runner = EDDY_CONTAINER(waiter, struct eddy_runner, interrupt);
    if (waiter->result > 0) {
        runner->loop.scheduler.background--;
        runner->interrupted = true;
        eddy_signal_close(&runner->signal); /* the next one has its old disposition: it kills */
        eddy_task_cancel(runner->main, -EINTR);
    }
}

static void on_end(struct eddy_waiter *waiter)
{
    struct eddy_runner *runner = EDDY_CONTAINER(waiter, struct eddy_runner, end);
    runner->done = true;
    eddy_loop_stop(&runner->loop);
}

int eddyi_run_begin(struct eddy_runner **made, const struct eddy_loop_options *options)
{
    bool given = options != NULL && options->allocator.resize != NULL;
    struct eddy_allocator allocator = given ? options->allocator : eddy_allocator_default;
    struct eddy_runner *runner = allocator.resize(allocator.context, NULL, 0, sizeof *runner);
    if (runner == NULL) {
        return -ENOMEM;
    }
    int error = eddy_loop_init(&runner->loop, options);
    if (error == 0) {
        error = eddy_signal_open(&runner->signal, &runner->loop, SIGINT);
        if (error < 0) {
            (void)eddy_loop_fini(&runner->loop);
        }
    }
    if (error < 0) {
        allocator.resize(allocator.context, runner, sizeof *runner, 0);
        return error;
    }
    eddy_waiter_init(&runner->interrupt, &runner->loop, on_interrupt);
    eddy_waiter_init(&runner->end, &runner->loop, on_end);
    if (eddy_signal_wait(&runner->signal, &runner->interrupt) == EDDY_PENDING) {
        runner->loop.scheduler.background++;
    }
    runner->main = NULL;
    runner->interrupted = false;
    runner->stuck = false;
    *made = runner;
    return 0;
}

static void tell_stuck(struct eddy_runner *runner)
{
    runner->stuck = true;
    eddyi_log(&runner->loop.scheduler.log, &(struct eddy_log_record){
                                               .level = EDDY_LOG_ERROR,
                                               .error = -EDEADLK,
                                               .text = "no task can ever be woken again",
                                           });
    eddy_dump(&runner->loop, stderr);
}

/* Run until `task`, of which a handle is held, has ended. A deadlock, or a stop, is answered by cancelling it. */
static int run_until_done(struct eddy_runner *runner, struct eddy_task *task)
{
    runner->done = false;
    if (eddy_task_join(task, &runner->end) != EDDY_PENDING) {
        return 0;
    }
    for (bool asked = false; !runner->done; asked = true) {
        int error = eddy_loop_run(&runner->loop);
        if (runner->done) {
            break;
        }
        if (error == -EDEADLK && !runner->stuck) {
            tell_stuck(runner);
        } else if (error < 0 || asked) {
            (void)eddy_wait_withdraw(&runner->end);
            return error < 0 ? error : -ECANCELED;
        }
        eddy_task_cancel(task, -ECANCELED);
    }
    return 0;
}

static int run_until_empty(struct eddy_runner *runner, struct eddy_group *group)
{
    int error = 0;
    if (group == NULL) {
        return 0;
    }
    eddy_group_cancel(group, -ECANCELED);
    while (group->running > 0 && error == 0) {
        struct eddy_task *task = EDDY_CONTAINER(eddy_list_first(&group->children), struct eddy_task, link);
        error = eddy_task_retain(task);
        if (error == 0) {
            error = run_until_done(runner, task);
            eddy_task_release(task);
        }
    }
    return error;
}

int eddyi_run(struct eddy_runner *runner, int error)
{
    if (error == 0) {
        error = run_until_done(runner, runner->main);
    }
    struct eddy_group *detached = eddy_loop_detached(&runner->loop);
    struct eddy_group *daemons = eddy_loop_daemons(&runner->loop);
    int left = run_until_empty(runner, detached);
    while (left == 0 && daemons != NULL && daemons->running > 0) {
        left = run_until_empty(runner, daemons);
        left = left == 0 ? run_until_empty(runner, detached) : left; /* that they have detached in the end */
    }
    if (runner->stuck) {
        return -EDEADLK;
    }
    if (error < 0 || left < 0) {
        return error < 0 ? error : left;
    }
    int status = runner->main->error;
    if (status < 0 && status != -ECANCELED) {
        eddyi_task_report(runner->main, status, false);
        runner->main->marks &= (uint8_t)~EDDYI_TASK_UNREAD;
    }
    return status == -ECANCELED && runner->interrupted ? -EINTR : status;
}

int eddyi_run_end(struct eddy_runner *runner, int result)
{
    eddy_task_release(runner->main);
    if (eddy_waiter_is_waiting(&runner->interrupt)) {
        (void)eddy_wait_withdraw(&runner->interrupt);
        runner->loop.scheduler.background = 0;
    }
    eddy_signal_close(&runner->signal);
    struct eddy_allocator allocator = runner->loop.allocator;
    if (eddy_loop_fini(&runner->loop) < 0) {
        eddyi_log(&runner->loop.scheduler.log, &(struct eddy_log_record){
                                                   .level = EDDY_LOG_ERROR,
                                                   .error = -EBUSY,
                                                   .text = "main has ended, and something of the loop is still open",
                                               });
        eddyi_loop_abandon(&runner->loop);
        return result < 0 ? result : -EBUSY;
    }
    allocator.resize(allocator.context, runner, sizeof *runner, 0);
    return result;
}
