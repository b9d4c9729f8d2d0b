#include "support/coro.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct coro *current;

static void on_log(const struct eddy_log_record *record, void *context)
{
    struct coro *c = context;
    if (record->level == EDDY_LOG_DEBUG) {
        return;
    }
    if (c->log_count < CORO_LOGS) {
        struct coro_log *copy = &c->logs[c->log_count];
        copy->level = record->level;
        copy->error = record->error;
        copy->trail_length = record->trail_length;
        snprintf(copy->task, sizeof copy->task, "%s", record->task != NULL ? record->task : "");
        snprintf(copy->text, sizeof copy->text, "%s", record->text);
    }
    c->log_count++;
}

int coro_setup(void **state)
{
    struct coro *c = calloc(1, sizeof *c);
    assert_non_null(c);
    test_os_init(&c->os);
    c->before = test_snapshot_take(&c->os, NULL);
    struct eddy_loop_options options = {.os = &c->os.os, .allocator = c->os.allocator};
    assert_int_equal(eddy_loop_init(&c->loop, &options), 0);
    eddy_loop_set_log(&c->loop, on_log, c);
    assert_non_null(eddy_loop_detached(&c->loop));
    c->bytes = c->loop.scheduler.pool.bytes_used;
    c->began = c->os.now;
    current = c;
    *state = c;
    return 0;
}

bool coro_is_clean(const struct coro *c)
{
    const struct eddy_scheduler *scheduler = &c->loop.scheduler;
    bool clean = scheduler->pool.bytes_used == c->bytes && scheduler->external == 0 && scheduler->internal == 0 &&
                 scheduler->background == 0 && scheduler->daemons == 0 && scheduler->timers.armed == 0 &&
                 scheduler->ready_first == NULL;
    if (!clean) {
        print_error("left: %zd bytes, %zu external and %zu other waits, %zu in the background, %zu daemons, "
                    "%zu deadlines, %s ready\n",
                    (ssize_t)(scheduler->pool.bytes_used - c->bytes), scheduler->external, scheduler->internal,
                    scheduler->background, scheduler->daemons, scheduler->timers.armed,
                    scheduler->ready_first == NULL ? "nobody" : "somebody");
    }
    return clean;
}

/* After a test that failed: have what is left unwind. */
static void cancel_what_is_left(struct coro *c)
{
    c->loop.entered = false; /* an assertion in a coroutine jumps out of the run */
    eddy_dump(&c->loop, stderr);
    c->os.hung = false;
    c->os.waits = 0;
    eddy_group_cancel(eddy_loop_detached(&c->loop), -ECANCELED);
    eddy_group_cancel(eddy_loop_daemons(&c->loop), -ECANCELED);
    for (int i = 0; i < 100 && eddy_loop_step(&c->loop) >= 0; i++) {
        test_os_advance(&c->os, EDDY_SEC(1));
    }
}

int coro_teardown(void **state)
{
    struct coro *c = *state;
    coro_no_memory(c, false);
    bool clean = coro_is_clean(c);
    if (!clean || c->loop.entered) {
        cancel_what_is_left(c);
    }
    if (eddy_loop_fini(&c->loop) != 0) {
        print_error("something still waits, is open or was posted: the tests that follow have no loop\n");
        return -1;
    }
    struct test_snapshot after = test_snapshot_take(&c->os, NULL);
    const char *leak = test_snapshot_compare(&c->before, &after);
    if (leak != NULL) {
        print_error("%s\n", leak);
    }
    current = NULL;
    free(c);
    return clean && leak == NULL ? 0 : -1;
}

struct coro *coro_current(void)
{
    return current;
}

/* ---- Running --------------------------------------------------------------------------- */

void coro_finish(struct coro *c)
{
    c->os.waits = 0;
    int error = eddy_loop_run(&c->loop);
    if (error != 0) {
        eddy_dump(&c->loop, stderr);
    }
    assert_int_equal(error, 0);
    assert_false(c->os.hung);
}

static void ignore(struct eddy_waiter *waiter)
{
    (void)waiter;
}

int coro_end(struct coro *c, struct eddy_task *task)
{
    coro_finish(c);
    if (!eddy_task_is_done(task)) {
        eddy_dump(&c->loop, stderr);
        fail_msg("the task has not ended");
    }
    struct eddy_waiter waiter;
    eddy_waiter_init(&waiter, &c->loop, ignore);
    int status = eddy_task_join(task, &waiter);
    eddy_task_release(task);
    assert_true(coro_is_clean(c));
    return status;
}

void coro_settle(struct coro *c)
{
    uint64_t steps;
    int more;
    do {
        c->os.waits = 0;
        steps = c->loop.scheduler.steps;
        more = eddy_loop_step(&c->loop);
        assert_true(more >= 0);
    } while (more > 0 || steps != c->loop.scheduler.steps);
}

static void stop_loop(struct eddy_waiter *waiter)
{
    eddy_loop_stop((struct eddy_loop *)(void *)waiter->scheduler);
}

void coro_advance(struct coro *c, eddy_ns span)
{
    struct eddy_waiter stopper;
    eddy_waiter_init(&stopper, &c->loop, stop_loop);
    assert_int_equal(eddy_sleep(span, &stopper), EDDY_PENDING);
    c->os.waits = 0;
    int error = eddy_loop_run(&c->loop);
    eddy_wait_withdraw(&stopper);
    assert_int_equal(error, 0);
}

eddy_ns coro_elapsed(const struct coro *c)
{
    return c->os.now - c->began;
}

/* ---- Memory ---------------------------------------------------------------------------- */

static void *no_more(void *context, void *block, size_t old_size, size_t new_size)
{
    return new_size > old_size ? NULL : test_os_resize(context, block, old_size, new_size);
}

/* The pool forgets its free blocks for a while: they stay parts of their slabs, which it gives back at its end. */
void coro_no_memory(struct coro *c, bool none)
{
    struct eddy_pool *pool = &c->loop.scheduler.pool;
    if (none && pool->allocator.resize != no_more) {
        c->reserve = *pool;
        pool->allocator.resize = no_more;
        pool->fresh_bytes = 0;
        memset(pool->free_blocks, 0, sizeof pool->free_blocks);
    } else if (!none && pool->allocator.resize == no_more) {
        pool->allocator.resize = c->reserve.allocator.resize;
        pool->fresh = c->reserve.fresh;
        pool->fresh_bytes = c->reserve.fresh_bytes;
        memcpy(pool->free_blocks, c->reserve.free_blocks, sizeof pool->free_blocks);
    }
}

/* ---- Trace ----------------------------------------------------------------------------- */

void coro_say(const char *format, ...)
{
    char *trace = current->trace;
    size_t length = strlen(trace);
    if (length > 0 && length + 1 < CORO_TRACE) {
        trace[length++] = ' ';
    }
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(trace + length, CORO_TRACE - length, format, arguments);
    va_end(arguments);
}
