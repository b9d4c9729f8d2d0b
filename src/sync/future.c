#include <eddy/future.h>

#include "base/log.h"
#include "base/wait.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

static const struct eddy_wait_kind future_kind = {.name = "future", .unpark = eddy_waitq_unpark, .expiry = -ETIMEDOUT};

void eddyi_future_init(struct eddy_future *future, struct eddy_promise *promise, struct eddy_loop *loop,
                       const char *file, int line)
{
    *future = (struct eddy_future){
        .scheduler = (struct eddy_scheduler *)(void *)loop, /* a loop begins with its scheduler */
        .promise = promise,
        .file = file,
        .line = line,
    };
    eddy_waitq_init(&future->waiters);
    *promise = (struct eddy_promise){.future = future};
}

static void tell_unread(const struct eddy_future *future)
{
    char text[160];
    snprintf(text, sizeof text, "nobody read the error of the future made at %s:%d", future->file, future->line);
    eddyi_log(&future->scheduler->log,
              &(struct eddy_log_record){.level = EDDY_LOG_WARNING, .error = future->error, .text = text});
}

int eddy_future_fini(struct eddy_future *future)
{
    if (!eddy_waitq_is_empty(&future->waiters)) {
        return -EBUSY;
    }
    if (future->promise != NULL) {
        future->promise->future = NULL;
        future->promise = NULL;
    }
    if (future->error < 0 && !future->was_read) {
        tell_unread(future);
        future->was_read = true;
    }
    return 0;
}

static void resolve(struct eddy_promise *promise, void *value, int error)
{
    struct eddy_future *future = promise->future;
    promise->future = NULL;
    future->promise = NULL;
    future->value = value;
    future->error = error;
    future->is_done = true;
    if (eddy_waitq_wake_all(&future->waiters, error) > 0) {
        future->was_read = true;
    }
}

static int keep(struct eddy_promise *promise, void *value, int error)
{
    if (promise->was_set) {
        return -EINVAL;
    }
    if (promise->future == NULL) {
        return -EPIPE;
    }
    promise->was_set = true;
    resolve(promise, value, error);
    return 0;
}

int eddy_promise_set(struct eddy_promise *promise, void *value)
{
    return keep(promise, value, 0);
}

int eddy_promise_fail(struct eddy_promise *promise, int error)
{
    assert(error < 0 && "a failure has an error");
    return keep(promise, NULL, error);
}

void eddy_promise_drop(struct eddy_promise *promise)
{
    if (promise->future != NULL) {
        resolve(promise, NULL, -EPIPE);
    }
}

int eddy_future_wait(struct eddy_future *future, struct eddy_waiter *waiter)
{
    if (eddyi_is_forked(waiter->scheduler)) {
        return -ECHILD;
    }
    if (future->is_done) {
        future->was_read = true;
        return (int)eddyi_wait_settle(waiter, future->error);
    }
    return eddy_waitq_park(&future->waiters, waiter, &future_kind, future);
}

int eddy_future_then(struct eddy_future *future, struct eddy_waiter *waiter)
{
    if (eddyi_is_forked(waiter->scheduler)) {
        return -ECHILD;
    }
    if (future->is_done) {
        future->was_read = true;
        return eddyi_wait_queue(waiter, future->error);
    }
    return eddy_waitq_park(&future->waiters, waiter, &future_kind, future);
}

void *eddy_future_value(struct eddy_future *future)
{
    future->was_read = future->was_read || future->is_done;
    return future->value;
}
