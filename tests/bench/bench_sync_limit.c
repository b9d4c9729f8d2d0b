/* Locks, queues and the like for the hand-written contender: the fewest loads and stores that are still first come,
 * first served. */
#include "bench_tasks.h"
#include "bench_tasks_limit.h"

/* ---- Locks ------------------------------------------------------------------------------- */

static struct lock {
    struct task *owner;
    struct waiters waiters;
} lock;

/* Whether it need not wait. */
static inline bool acquire(struct task *task)
{
    if (lock.owner != NULL) {
        wait_in(&lock.waiters, task);
        return false;
    }
    lock.owner = task;
    return true;
}

static inline void release(void)
{
    lock.owner = first_of(&lock.waiters);
    if (lock.owner != NULL) {
        push(lock.owner);
    }
}

static int64_t run_locks(size_t tasks, size_t operations)
{
    struct task task;
    (void)tasks;
    lock = (struct lock){.owner = NULL};
    spent = -tasks_clock();
    for (size_t i = 0; i < operations; i++) {
        if (acquire(&task)) {
            KEEP();
            release();
            KEEP();
        }
    }
    return spent + tasks_clock();
}

enum {
    BEGINS,
    OWNS,
    HAS_YIELDED,
};

static void owner(struct task *task)
{
    switch (task->state) {
    case HAS_YIELDED:
        release();
        if (++done >= count) {
            spent += stopping ? 0 : tasks_clock();
            stopping = true;
            end(task);
            return;
        }
        /* fall through */
    case BEGINS:
        task->state = OWNS;
        if (!acquire(task)) {
            return;
        }
        /* fall through */
    default:
        task->state = HAS_YIELDED;
        push(task);
    }
}

static void handoffs(struct task *task)
{
    lock = (struct lock){.owner = NULL};
    for (size_t i = 0; i < width; i++) {
        spawn(owner);
    }
    spent = -tasks_clock();
    end(task);
}

static int64_t run_handoffs(size_t tasks, size_t operations)
{
    return begin(tasks, operations, handoffs);
}

static int64_t run_permits(size_t tasks, size_t operations)
{
    static struct {
        size_t available;
        struct waiters waiters;
    } permits;
    (void)tasks;
    permits.available = 10;
    spent = -tasks_clock();
    for (size_t i = 0; i < operations; i++) {
        if (permits.available > 0 && permits.waiters.first == NULL) {
            permits.available--;
            KEEP();
            permits.available++;
            wake_one(&permits.waiters);
            KEEP();
        }
    }
    return spent + tasks_clock();
}

/* ---- Events ------------------------------------------------------------------------------ */

static struct event {
    bool is_set;
    struct list waiters;
} events[2];

/* Of the one task that waits, in the queue of each event. */
static struct list places[2];
static struct task *waiter;

static void clear_events(void)
{
    for (int i = 0; i < 2; i++) {
        events[i] = (struct event){.waiters = {&events[i].waiters, &events[i].waiters}};
    }
}

/* Wake who waits, for so many events. */
static inline void set(struct event *event, size_t arms)
{
    event->is_set = true;
    while (event->waiters.next != &event->waiters) {
        for (size_t i = 0; i < arms; i++) {
            take(&places[i]);
        }
        push(waiter);
    }
}

static int64_t run_event(size_t tasks, size_t operations)
{
    clear_events();
    spent = -tasks_clock();
    for (size_t i = 0; i < operations; i++) {
        set(&events[0], tasks);
        KEEP();
        if (events[0].is_set) {
            events[0].is_set = false;
        }
        KEEP();
    }
    return spent + tasks_clock();
}

static void setter(struct task *task)
{
    if (stopping) {
        end(task);
        return;
    }
    set(&events[0], width);
    push(task);
}

/* It waits for `width` events, of which the first comes. */
static void selector(struct task *task)
{
    if (events[0].is_set) {
        events[0].is_set = false;
        if (++done >= count) {
            spent += tasks_clock();
            stopping = true;
            end(task);
            return;
        }
    }
    waiter = task;
    for (size_t i = 0; i < width; i++) {
        insert(&events[i].waiters, &places[i]);
    }
}

static void selects(struct task *task)
{
    clear_events();
    spawn(selector);
    spawn(setter);
    spent = -tasks_clock();
    end(task);
}

static int64_t run_wakes(size_t arms, size_t operations)
{
    reserve(3);
    return begin(arms, operations, selects);
}

/* The last of so many arms is ready. */
static int64_t run_select(size_t arms, size_t operations)
{
    static volatile size_t which __attribute__((unused));
    clear_events();
    events[arms - 1].is_set = true;
    spent = -tasks_clock();
    for (size_t i = 0; i < operations; i++) {
        size_t arm = 0;
        while (!events[arm].is_set) {
            arm++;
        }
        which = arm;
        KEEP();
    }
    return spent + tasks_clock();
}

const struct tasks_row sync_rows[] = {
    {"lock", run_locks, 1, 1000000, false},
    {"lock-block", run_locks, 1, 1000000, false},
    {"handoff", run_handoffs, 2, 1000000, false},
    {"semaphore", run_permits, 1, 1000000, false},
    {"channel-1", run_channel, 1, 1000000, false},
    {"channel-1-direct", run_direct, 1, 1000000, false},
    {"channel-1k", run_channel, 1024, 1000000, false},
    {"queue", run_queue, 16, 1000000, false},
    {"event", run_event, 1, 1000000, false},
    {"event-wake", run_wakes, 1, 1000000, false},
    {"select-1st", run_select, 1, 1000000, false},
    {"select-2nd", run_select, 2, 1000000, false},
    {"select-wake", run_wakes, 2, 1000000, false},
    {NULL, NULL, 0, 0, false},
};
