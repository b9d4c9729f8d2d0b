/* eddy's locks, queues and the like. Some hundred operations that need not wait are done at a stretch; then others have
 * a turn, and that is in these figures. */
#include "bench.h"
#include "bench_tasks.h"
#include "bench_tasks_eddy.h"

#include <errno.h>

static tasks_run run_locks, run_lock_blocks, run_handoffs, run_permits, run_channel, run_queue, run_event,
    run_event_wakes, run_select_first, run_select_second, run_select_wakes;

/* ---- Locks ------------------------------------------------------------------------------- */

static struct eddy_lock lock;
static struct eddy_semaphore semaphore;

struct locks {
    EDDY_FRAME;
    size_t i;
};

EDDY_CORO(locks)
{
    EDDY_BEGIN(locks) {
        eddy_lock_init(&lock);
        spent = -tasks_clock();
        for (my->i = 0; my->i < count; my->i++) {
            EDDY_AWAIT(eddy_lock_acquire(&lock, me));
            (void)eddy_lock_release(&lock);
        }
        spent += tasks_clock();
    }
}
ROW(run_locks, locks)

struct lock_blocks {
    EDDY_FRAME;
    struct eddy_guard guard;
    size_t i;
};

EDDY_CORO(lock_blocks)
{
    EDDY_BEGIN(lock_blocks) {
        eddy_lock_init(&lock);
        spent = -tasks_clock();
        for (my->i = 0; my->i < count; my->i++) {
            EDDY_LOCK(&my->guard, &lock) {
            }
        }
        spent += tasks_clock();
    }
}
ROW(run_lock_blocks, lock_blocks)

/* It yields while it owns the lock, so the other always waits. */
struct owner {
    EDDY_FRAME;
    size_t i;
    bool has_clock;
};

EDDY_CORO(owner)
{
    EDDY_BEGIN(owner) {
        for (my->i = 0; my->has_clock ? my->i < count : !stopping; my->i += width) {
            EDDY_AWAIT(eddy_lock_acquire(&lock, me));
            EDDY_AWAIT(eddy_yield(me));
            (void)eddy_lock_release(&lock);
        }
    }
}

struct handoffs {
    EDDY_FRAME;
    struct eddy_group all;
    size_t i;
};

EDDY_CORO(handoffs)
{
    EDDY_BEGIN(handoffs) {
        eddy_lock_init(&lock);
        EDDY_GROUP(&my->all) {
            for (my->i = 1; my->i < width; my->i++) {
                check(EDDY_SPAWN(&my->all, owner));
            }
            spent = -tasks_clock();
            EDDY_DO(owner, .has_clock = true);
            spent += tasks_clock();
            stopping = true;
        }
    }
}
ROW(run_handoffs, handoffs)

struct permits {
    EDDY_FRAME;
    size_t i;
};

EDDY_CORO(permits)
{
    EDDY_BEGIN(permits) {
        eddy_semaphore_init(&semaphore, 10, 10);
        spent = -tasks_clock();
        for (my->i = 0; my->i < count; my->i++) {
            EDDY_AWAIT(eddy_semaphore_acquire(&semaphore, 1, me));
            (void)eddy_semaphore_release(&semaphore, 1);
        }
        spent += tasks_clock();
    }
}
ROW(run_permits, permits)

/* ---- Queues ------------------------------------------------------------------------------ */

static struct eddy_queue_slot slots[1024];
static struct eddy_channel channel;
static struct eddy_queue queue;

struct sender {
    EDDY_FRAME;
    struct eddy_sender to;
};

EDDY_CORO(sender)
{
    EDDY_BEGIN(sender) {
        eddy_sender_open(&my->to, &channel);
        for (;;) {
            EDDY_AWAIT(eddy_channel_send(&my->to, &channel, me));
        }
    }
    EDDY_FINALLY
    {
        eddy_sender_close(&my->to);
    }
}

struct channels {
    EDDY_FRAME;
    struct eddy_group all;
    struct eddy_receiver from;
    void *item;
    size_t i;
};

/* `width` is the capacity. */
EDDY_CORO(channels)
{
    EDDY_BEGIN(channels) {
        eddy_channel_init(&channel, slots, width, NULL);
        eddy_receiver_open(&my->from, &channel);
        EDDY_GROUP(&my->all) {
            check(EDDY_SPAWN(&my->all, sender));
            EDDY_AWAIT(eddy_channel_receive(&my->from, &my->item, me));
            spent = -tasks_clock();
            for (my->i = 0; my->i < count; my->i++) {
                EDDY_AWAIT(eddy_channel_receive(&my->from, &my->item, me));
            }
            spent += tasks_clock();
            eddy_group_cancel(&my->all, -ECANCELED);
        }
        eddy_receiver_close(&my->from);
        check(eddy_channel_fini(&channel));
    }
}
ROW(run_channel, channels)

struct queues {
    EDDY_FRAME;
    void *item;
    size_t i;
};

EDDY_CORO(queues)
{
    EDDY_BEGIN(queues) {
        eddy_queue_init(&queue, slots, width, EDDY_FIFO, NULL);
        spent = -tasks_clock();
        for (my->i = 0; my->i < count; my->i++) {
            EDDY_AWAIT(eddy_queue_put(&queue, &queue, me));
            EDDY_AWAIT(eddy_queue_get(&queue, &my->item, me));
        }
        spent += tasks_clock();
    }
}
ROW(run_queue, queues)

/* ---- Events ------------------------------------------------------------------------------ */

static struct eddy_event never;
static struct eddy_event event;

struct events {
    EDDY_FRAME;
    size_t i;
};

EDDY_CORO(events)
{
    EDDY_BEGIN(events) {
        eddy_event_init(&event);
        spent = -tasks_clock();
        for (my->i = 0; my->i < count; my->i++) {
            eddy_event_set(&event);
            EDDY_AWAIT(eddy_event_wait(&event, me));
            eddy_event_reset(&event);
        }
        spent += tasks_clock();
    }
}
ROW(run_event, events)

struct setter {
    EDDY_FRAME;
};

EDDY_CORO(setter)
{
    EDDY_BEGIN(setter) {
        while (!stopping) {
            eddy_event_set(&event);
            EDDY_AWAIT(eddy_yield(me));
        }
    }
}

struct event_wakes {
    EDDY_FRAME;
    struct eddy_group all;
    size_t i;
};

EDDY_CORO(event_wakes)
{
    EDDY_BEGIN(event_wakes) {
        eddy_event_init(&event);
        EDDY_GROUP(&my->all) {
            check(EDDY_SPAWN(&my->all, setter));
            spent = -tasks_clock();
            for (my->i = 0; my->i < count; my->i++) {
                EDDY_AWAIT(eddy_event_wait(&event, me));
                eddy_event_reset(&event);
            }
            spent += tasks_clock();
            stopping = true;
        }
    }
}
ROW(run_event_wakes, event_wakes)

/* ---- Select ------------------------------------------------------------------------------ */

struct selects {
    EDDY_FRAME;
    struct eddy_select select;
    struct eddy_arm first;
    struct eddy_arm second;
    struct eddy_event *events[2];
    size_t i;
    int which;
    bool reset;
};

/* The arms are `events`; after each, `event` is made to wait again if `reset` says so. */
EDDY_CORO(selects)
{
    EDDY_BEGIN(selects) {
        spent = -tasks_clock();
        for (my->i = 0; my->i < count; my->i++) {
            EDDY_SELECT(&my->select) {
                EDDY_ARM(&my->select, &my->first, eddy_event_wait(my->events[0], &my->first.waiter));
                EDDY_ARM(&my->select, &my->second, eddy_event_wait(my->events[1], &my->second.waiter));
                EDDY_AWAIT(my->which, eddy_select_wait(&my->select, me));
            }
            if (my->reset) {
                eddy_event_reset(&event);
            }
        }
        spent += tasks_clock();
        stopping = true;
    }
}

static int64_t select_of(size_t operations, struct eddy_event *first, struct eddy_event *second)
{
    loop_begin(1, operations);
    eddy_event_init(&never);
    eddy_event_init(&event);
    eddy_event_set(&event);
    return loop_end(EDDY_SPAWN(eddy_loop_detached(&loop), selects, .events = {first, second}));
}

static int64_t run_select_first(size_t tasks, size_t operations)
{
    (void)tasks;
    return select_of(operations, &event, &never);
}

static int64_t run_select_second(size_t tasks, size_t operations)
{
    (void)tasks;
    return select_of(operations, &never, &event);
}

static int64_t run_select_wakes(size_t tasks, size_t operations)
{
    loop_begin(tasks, operations);
    eddy_event_init(&never);
    eddy_event_init(&event);
    check(EDDY_SPAWN(eddy_loop_detached(&loop), selects, .events = {&never, &event}, .reset = true));
    return loop_end(EDDY_SPAWN(eddy_loop_detached(&loop), setter));
}

const struct tasks_row sync_rows[] = {
    {"lock", run_locks, 1, 1000000, false},
    {"lock-block", run_lock_blocks, 1, 500000, false},
    {"handoff", run_handoffs, 2, 500000, false},
    {"semaphore", run_permits, 1, 1000000, false},
    {"channel-1", run_channel, 1, 500000, false},
    {"channel-1k", run_channel, 1024, 1000000, false},
    {"queue", run_queue, 16, 500000, false},
    {"event", run_event, 1, 1000000, false},
    {"event-wake", run_event_wakes, 2, 200000, false},
    {"select-1st", run_select_first, 1, 200000, false},
    {"select-2nd", run_select_second, 1, 200000, false},
    {"select-wake", run_select_wakes, 2, 200000, false},
    {NULL, NULL, 0, 0, false},
};
