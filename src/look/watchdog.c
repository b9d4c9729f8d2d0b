#include <eddy/watchdog.h>

#include "base/log.h"
#include "look/slice.h"
#include "loop/loop.h"

#include <inttypes.h>
#include <stdio.h>

#define DEBUG_SPAN EDDY_MS(10)

static void describe_slow(const struct eddyi_slice *slice, char *text, size_t size)
{
    const struct eddyi_site *from = slice->from;
    if (from == NULL) {
        snprintf(text, size, ", in %s at %#" PRIxPTR, slice->is_post ? "a post" : "a waiter's wake",
                 (uintptr_t)slice->code);
    } else if (slice->task == NULL) {
        snprintf(text, size, ", from %s at %s:%d to its end", from->function, from->file, from->line);
    } else {
        const struct eddyi_site *to = slice->task->leaf->site;
        snprintf(text, size, ", from %s at %s:%d to %s at %s:%d", from->function, from->file, from->line, to->function,
                 to->file, to->line);
    }
}

static void tell_slow(struct eddyi_watchdog *dog, struct eddy_scheduler *scheduler, eddy_ns took)
{
    char where[384];
    char text[448];
    describe_slow(&dog->slice, where, sizeof where);
    snprintf(text, sizeof text, "kept the loop for %" PRId64 ".%d ms%s", took / EDDY_MS(1),
             (int)(took % EDDY_MS(1) / (EDDY_MS(1) / 10)), where);
    eddyi_log(&scheduler->log, &(struct eddy_log_record){
                                   .level = EDDY_LOG_WARNING,
                                   .task = eddyi_slice_name(&dog->slice),
                                   .text = text,
                               });
}

static void watchdog_begin(struct eddyi_observer *observer, struct eddy_waiter *waiter, void (*code)(void), eddy_ns now)
{
    eddyi_slice_begin(&EDDY_CONTAINER(observer, struct eddyi_watchdog, observer)->slice, waiter, code, now);
}

static void watchdog_end(struct eddyi_observer *observer, eddy_ns now)
{
    struct eddyi_watchdog *dog = EDDY_CONTAINER(observer, struct eddyi_watchdog, observer);
    struct eddy_loop *loop = EDDY_CONTAINER(dog, struct eddy_loop, watchdog);
    if (!eddyi_slice_end(&dog->slice, &loop->scheduler)) {
        return;
    }
    eddy_ns took = now - dog->slice.began;
    dog->longest = took > dog->longest ? took : dog->longest;
    if (took > dog->span) {
        dog->told++;
        tell_slow(dog, &loop->scheduler, took);
    }
}

static void watchdog_pause(struct eddyi_observer *observer, eddy_ns now)
{
    (void)now;
    EDDY_CONTAINER(observer, struct eddyi_watchdog, observer)->slice.is_open = false;
}

void eddy_loop_set_watchdog(struct eddy_loop *loop, eddy_ns span)
{
    struct eddyi_watchdog *dog = &loop->watchdog;
    if (!eddyi_loop_is_usable(loop)) {
        return;
    }
    if (dog->span != EDDY_FOREVER) {
        eddyi_observer_remove(&loop->scheduler, &dog->observer);
    }
    dog->span = span;
    dog->slice.is_open = false;
    if (span != EDDY_FOREVER) {
        dog->observer.begin = watchdog_begin;
        dog->observer.end = watchdog_end;
        dog->observer.pause = watchdog_pause;
        eddyi_observer_add(&loop->scheduler, &dog->observer);
    }
}

void eddyi_watchdog_begin(struct eddy_loop *loop)
{
    eddy_loop_set_watchdog(loop, DEBUG_SPAN);
}
