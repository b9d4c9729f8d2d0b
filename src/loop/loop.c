/* A loop's life: its parts, its end, and what is asked of it between turns. */
#define _GNU_SOURCE
#include "loop/loop.h"

#include "base/log.h"
#include "base/post.h"
#include "loop/poller.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define BUDGET 128

_Static_assert(offsetof(struct eddy_loop, scheduler) == 0, "a waiter takes its loop for a scheduler");

static _Thread_local struct eddy_loop *current;

/* ---- Life ------------------------------------------------------------------------------ */

static int ignore_sigpipe(const struct eddy_os *os)
{
    struct sigaction action;
    int error = os->sigaction(os->context, SIGPIPE, NULL, &action);
    if (error < 0 || (action.sa_flags & SA_SIGINFO) != 0 || action.sa_handler != SIG_DFL) {
        return error;
    }
    memset(&action, 0, sizeof action);
    action.sa_handler = SIG_IGN;
    return os->sigaction(os->context, SIGPIPE, &action, NULL);
}

static int open_waker(struct eddy_loop *loop)
{
    const struct eddy_os *os = loop->os;
    loop->wake_fd = os->eventfd(os->context);
    if (loop->wake_fd < 0) {
        return loop->wake_fd;
    }
    int error = eddyi_poller_add_waker(&loop->poller, loop->wake_fd);
    if (error < 0) {
        os->close(os->context, loop->wake_fd);
    }
    return error;
}

static int open_parts(struct eddy_loop *loop)
{
    const struct eddy_os *os = loop->os;
    int error = os->fork_mark(os->context, &loop->alive);
    if (error < 0) {
        return error;
    }
    error = eddyi_poller_init(&loop->poller, os, loop->allocator);
    if (error == 0) {
        error = open_waker(loop);
        if (error == 0) {
            return 0;
        }
        eddyi_poller_fini(&loop->poller);
    }
    os->fork_unmark(os->context, loop->alive);
    return error;
}

static void close_descriptors(struct eddy_loop *loop)
{
    const struct eddy_os *os = loop->os;
    int *const fds[] = {&loop->wake_fd, &loop->signals.fd};
    for (int i = 0; i < 2; i++) {
        if (*fds[i] >= 0) {
            os->close(os->context, *fds[i]);
            *fds[i] = -1;
        }
    }
    eddyi_poller_close(&loop->poller);
}

static void close_parts(struct eddy_loop *loop)
{
    close_descriptors(loop);
    eddyi_poller_fini(&loop->poller);
    loop->os->fork_unmark(loop->os->context, loop->alive);
}

int eddy_loop_init(struct eddy_loop *loop, const struct eddy_loop_options *options)
{
    static const struct eddy_loop_options defaults;
    options = options != NULL ? options : &defaults;
    if (options->budget < 0 || (options->flags & ~(EDDY_KEEP_SIGPIPE | EDDY_WORK_INLINE)) != 0) {
        return -EINVAL;
    }
    if (current != NULL && !current->abandoned && !eddyi_is_forked(&current->scheduler)) {
        return -EBUSY;
    }
    loop->os = options->os != NULL ? options->os : &eddy_os_linux;
    loop->allocator = options->allocator.resize != NULL ? options->allocator : eddy_allocator_default;
    loop->signals.fd = -1;
    eddy_list_init(&loop->signals.open);
    loop->posts = NULL;
    eddy_list_init(&loop->preludes);
    loop->holds = 0;
    loop->listeners = 0;
    loop->pipes = 0;
    loop->traces = 0;
    loop->pools = 0;
    loop->attached = NULL;
    loop->threads = options->threads;
    loop->posted = 0;
    loop->watchdog = (struct eddyi_watchdog){.span = EDDY_FOREVER};
    loop->flags = options->flags;
    loop->entered = false;
    loop->abandoned = false;
    int error = open_parts(loop);
    if (error < 0) {
        return error;
    }
    error = (options->flags & EDDY_KEEP_SIGPIPE) != 0 ? 0 : ignore_sigpipe(loop->os);
    if (error < 0) {
        close_parts(loop);
        return error;
    }
    eddyi_scheduler_init(&loop->scheduler, loop->os->clock, loop->os->context, loop->alive,
                         options->budget > 0 ? options->budget : BUDGET, &loop->allocator);
    loop->scheduler.choose = options->choose;
    loop->scheduler.choose_context = options->choose_context;
    current = loop;
#ifdef EDDY_DEBUG
    if (options->choose == NULL) { /* a test's time is its own */
        eddyi_watchdog_begin(loop);
    }
#endif
    return 0;
}

static bool is_in_use(const struct eddy_loop *loop)
{
    return loop->entered || loop->scheduler.external > 0 || loop->scheduler.internal > 0 ||
           loop->scheduler.ready_first != NULL || loop->poller.open > 0 || loop->listeners > 0 || loop->pipes > 0 ||
           loop->traces > 0 || loop->pools > 0 || !eddy_list_is_empty(&loop->preludes);
}

/* What there is now; to end it may make more. */
static void end_attached(struct eddy_loop *loop)
{
    struct eddyi_attached *attached = loop->attached;
    loop->attached = NULL;
    while (attached != NULL) {
        struct eddyi_attached *next = attached->next;
        attached->end(loop, attached);
        attached = next;
    }
}

/* In a child of fork nothing was given back, and nothing had to be. */
static void end_loop_pool(struct eddy_loop *loop)
{
    struct eddy_scheduler *scheduler = &loop->scheduler;
    size_t bytes = scheduler->pool.bytes_used;
    if (eddy_pool_fini(&scheduler->pool) == 0 || !eddyi_loop_is_usable(loop)) {
        return;
    }
    char text[80];
    snprintf(text, sizeof text, "the loop has ended, and %zu bytes of its pool were not given back", bytes);
    eddyi_log(&scheduler->log, &(struct eddy_log_record){.level = EDDY_LOG_WARNING, .text = text});
}

int eddy_loop_fini(struct eddy_loop *loop)
{
    if (eddyi_loop_is_usable(loop) && is_in_use(loop)) {
        return -EBUSY;
    }
    if (loop->entered) { /* a child still inside a wake: the loop's memory is needed until it comes home */
        close_descriptors(loop);
        return 0;
    }
    do {
        end_attached(loop); /* threads among it have posted */
        if (eddyi_loop_is_usable(loop) && (is_in_use(loop) || eddyi_posts_waiting(&loop->posts))) {
            return -EBUSY;
        }
    } while (loop->attached != NULL);
    end_loop_pool(loop);
    close_parts(loop);
    if (current == loop) {
        current = NULL;
    }
    return 0;
}

void eddyi_loop_abandon(struct eddy_loop *loop)
{
    loop->abandoned = true;
}

struct eddy_loop *eddy_loop_current(void)
{
    return current;
}

void eddy_loop_set_log(struct eddy_loop *loop, eddy_log_fn *hook, void *context)
{
    loop->scheduler.log = (struct eddy_log){hook, context};
}

void eddy_loop_hold(struct eddy_loop *loop)
{
    if (eddyi_loop_is_usable(loop)) {
        loop->holds++;
    }
}

void eddy_loop_release(struct eddy_loop *loop)
{
    if (eddyi_loop_is_usable(loop)) {
        assert(loop->holds > 0 && "a loop is released as often as it is held");
        loop->holds--;
    }
}

void eddy_loop_stop(struct eddy_loop *loop)
{
    if (eddyi_loop_is_usable(loop)) {
        loop->scheduler.stopping = true;
    }
}

eddy_ns eddy_loop_now(struct eddy_loop *loop)
{
    if (!loop->entered) {
        loop->scheduler.now_is_old = true; /* between turns there is no turn's clock */
    }
    return eddyi_scheduler_now(&loop->scheduler);
}

void eddy_post(struct eddy_loop *loop, struct eddy_post *node)
{
    if (*loop->alive == 0) {
        return; /* a child of fork shares the eventfd, and must not wake its parent */
    }
    if (eddyi_posts_push(&loop->posts, node)) {
        /* The eventfd is edge-triggered: each write is an event, and nobody need ever read it. */
        const uint64_t one = 1;
        while (loop->os->write(loop->os->context, loop->wake_fd, &one, sizeof one) == -EINTR) {
        }
    }
}
