/* Queues and channels for the hand-written contender. */
#include "bench_tasks.h"
#include "bench_tasks_limit.h"

#define SLOTS 1024

/* The capacity is a power of two. */
static struct queue {
    size_t head;
    size_t tail;
    size_t capacity;
    struct waiters putters;
    struct waiters getters;
    void *slots[SLOTS];
} queue;

/* Whether there was room; otherwise `task` waits, and tries again. */
static inline bool put(struct task *task, void *item)
{
    if (queue.tail - queue.head == queue.capacity) {
        wait_in(&queue.putters, task);
        return false;
    }
    queue.slots[queue.tail++ & (queue.capacity - 1)] = item;
    wake_one(&queue.getters);
    return true;
}

static inline bool get(struct task *task, void **item)
{
    if (queue.tail == queue.head) {
        wait_in(&queue.getters, task);
        return false;
    }
    *item = queue.slots[queue.head++ & (queue.capacity - 1)];
    wake_one(&queue.putters);
    return true;
}

int64_t run_queue(size_t tasks, size_t operations)
{
    struct task task;
    static void *item;
    queue = (struct queue){.capacity = tasks};
    spent = -tasks_clock();
    for (size_t i = 0; i < operations; i++) {
        (void)put(&task, &queue);
        KEEP();
        (void)get(&task, &item);
        KEEP();
    }
    return spent + tasks_clock();
}

static void sender(struct task *task)
{
    do {
        if (stopping) {
            end(task);
            return;
        }
    } while (put(task, &queue));
}

static void *volatile got; /* so that items are really moved */

static void receiver(struct task *task)
{
    void *item;
    size_t items = done;
    while (get(task, &item)) {
        got = item;
        if (++items == count) {
            spent += tasks_clock();
            stopping = true;
            wake_one(&queue.putters);
            end(task);
            return;
        }
    }
    done = items;
}

static void channels(struct task *task)
{
    queue = (struct queue){.capacity = width};
    spawn(sender);
    spawn(receiver);
    spent = -tasks_clock();
    end(task);
}

/* With capacity 1 each item takes two wakes, as with any lock and two conditions. */
int64_t run_channel(size_t capacity, size_t operations)
{
    reserve(3);
    return begin(capacity, operations, channels);
}

/* Capacity 1 at its best: an item goes straight to who waits for it, and who waits to put has its item taken, so that
 * three items take two wakes. */
static struct {
    bool is_full;
    int slot;
    struct task *putter; /* its item is in its value */
    struct task *getter; /* gets it in its value */
} direct;

static void direct_sender(struct task *task)
{
    while (!stopping) {
        if (direct.getter != NULL) {
            direct.getter->value = 1;
            push(direct.getter);
            direct.getter = NULL;
        } else if (!direct.is_full) {
            direct.is_full = true;
            direct.slot = 1;
        } else {
            task->value = 1;
            direct.putter = task;
            return;
        }
    }
    end(task);
}

static volatile int got_value;

/* In state 1 it has got an item with its wake. */
static void direct_receiver(struct task *task)
{
    if (task->state == 1) {
        task->state = 0;
        got_value = task->value;
        done++;
    }
    while (done < count) {
        if (!direct.is_full) {
            task->state = 1;
            direct.getter = task;
            return;
        }
        got_value = direct.slot;
        direct.is_full = false;
        done++;
        if (direct.putter != NULL) {
            direct.slot = direct.putter->value;
            direct.is_full = true;
            push(direct.putter);
            direct.putter = NULL;
        }
    }
    spent += tasks_clock();
    stopping = true;
    if (direct.putter != NULL) {
        push(direct.putter);
    }
    end(task);
}

static void directs(struct task *task)
{
    direct.is_full = false;
    direct.putter = NULL;
    direct.getter = NULL;
    spawn(direct_sender);
    spawn(direct_receiver);
    spent = -tasks_clock();
    end(task);
}

int64_t run_direct(size_t capacity, size_t operations)
{
    reserve(3);
    return begin(capacity, operations, directs);
}
