/* Queues of every order, of capacity 0 to 3 and without a bound. */
#include "model.h"

#include <eddy/queue.h>
#include <stdint.h>

enum { SLOTS = 3, LONGEST = 600 };

static struct eddy_queue queue;
static struct eddy_queue_slot slots[SLOTS];
static void *got[ACTORS]; /* where the real one offers what an actor gets */
static bool made;

struct item {
    intptr_t number; /* from 1 on */
    int key;
};

static enum eddy_queue_order order;
static size_t capacity;
static bool is_shut_down;
static struct item buffer[LONGEST]; /* in the order of putting */
static size_t length;
static struct item offers[ACTORS]; /* what an actor waits to put */
static intptr_t taken[ACTORS];     /* what it got last */
static size_t in_work;
static intptr_t last_number;
static struct line getters;
static struct line putters;
static struct line joiners;

/* ---- The buffer ------------------------------------------------------------------------ */

static struct item pop(void)
{
    size_t chosen = order == EDDY_LIFO ? length - 1 : 0;
    for (size_t i = 1; i < length && order == EDDY_PRIORITY; i++) {
        chosen = buffer[i].key < buffer[chosen].key ? i : chosen;
    }
    struct item item = buffer[chosen];
    length--;
    for (size_t i = chosen; i < length; i++) {
        buffer[i] = buffer[i + 1];
    }
    return item;
}

static bool has_room(void)
{
    return length < capacity;
}

static void destroy(void *item)
{
    model_compare((intptr_t)item, length > 0 ? pop().number : 0, "what is destroyed");
}

static void begin(void)
{
    if (made) {
        model_compare(eddy_queue_fini(&queue), 0, "fini's result at the end");
        model_compare((long long)length, 0, "what was not destroyed");
    }
    made = true;
    order = (enum eddy_queue_order)model_dice(3);
    capacity = model_dice(SLOTS + 2);
    capacity = capacity > SLOTS ? EDDY_UNBOUNDED : capacity;
    is_shut_down = false;
    length = 0;
    in_work = 0;
    getters.length = 0;
    putters.length = 0;
    joiners.length = 0;
    for (int i = 0; i < ACTORS; i++) {
        got[i] = NULL;
        taken[i] = 0;
    }
    bool bounded = capacity > 0 && capacity != EDDY_UNBOUNDED;
    eddy_queue_init(&queue, bounded ? slots : NULL, capacity, order, destroy);
}

/* ---- Putting --------------------------------------------------------------------------- */

/* What an actor gets is in work from then on. */
static void give(struct actor *getter, struct item item)
{
    taken[getter->number] = item.number;
    in_work++;
}

static int expect_put(struct item item)
{
    if (is_shut_down) {
        return -ESHUTDOWN;
    }
    if (putters.length > 0 || (getters.length == 0 && !has_room())) {
        return -EAGAIN;
    }
    if (getters.length > 0) {
        give(getters.at[0], item);
        model_wake(getters.at[0], 0);
    } else {
        buffer[length++] = item;
    }
    return 0;
}

static void put(struct actor *actor, bool only_try)
{
    struct item item = {.number = ++last_number, .key = (int)model_dice(4) - 2};
    void *real_item = (void *)item.number; /* NOLINT: never followed */
    int real = only_try ? eddy_queue_try_put(&queue, real_item, item.key)
                        : eddy_queue_put_key(&queue, real_item, item.key, &actor->waiter);
    ssize_t expected = expect_put(item);
    if (!only_try && expected == 0) {
        expected = model_settle(actor, 0);
    } else if (!only_try && expected == -EAGAIN) {
        offers[actor->number] = item;
        expected = model_park(actor, &putters, 0);
    }
    model_compare(real, expected, "put's result");
}

/* ---- Getting --------------------------------------------------------------------------- */

static void admit(void)
{
    while (putters.length > 0 && has_room()) {
        buffer[length++] = offers[putters.at[0]->number];
        model_wake(putters.at[0], 0);
    }
}

static int expect_get(struct actor *actor)
{
    if (length > 0) {
        give(actor, pop());
        admit();
    } else if (putters.length > 0) {
        give(actor, offers[putters.at[0]->number]);
        model_wake(putters.at[0], 0);
    } else {
        return is_shut_down ? -ENODATA : -EAGAIN;
    }
    return 0;
}

static void get(struct actor *actor, bool only_try)
{
    void **item = &got[actor->number];
    int real = only_try ? eddy_queue_try_get(&queue, item) : eddy_queue_get(&queue, item, &actor->waiter);
    ssize_t expected = expect_get(actor);
    if (!only_try && expected == 0) {
        expected = model_settle(actor, 0);
    } else if (!only_try && expected == -EAGAIN) {
        expected = model_park(actor, &getters, 0);
    }
    model_compare(real, expected, "get's result");
}

/* ---- Working --------------------------------------------------------------------------- */

static void wake_joiners(void)
{
    if (length + in_work == 0) {
        model_wake_all(&joiners, 0);
    }
}

static void done(void)
{
    model_compare(eddy_queue_task_done(&queue), in_work > 0 ? 0 : -EINVAL, "task_done's result");
    if (in_work > 0) {
        in_work--;
        wake_joiners();
    }
}

static void join(struct actor *actor)
{
    int real = eddy_queue_join(&queue, &actor->waiter);
    ssize_t expected = length + in_work == 0 ? model_settle(actor, 0) : model_park(actor, &joiners, 0);
    model_compare(real, expected, "join's result");
}

static void shut_down(void)
{
    bool immediately = model_dice(2) > 0;
    eddy_queue_shut_down(&queue, immediately);
    is_shut_down = true;
    model_compare(immediately ? (long long)length : 0, 0, "what was not destroyed");
    model_wake_all(&putters, -ESHUTDOWN);
    if (immediately) {
        wake_joiners();
    }
    if (length == 0) {
        model_wake_all(&getters, -ENODATA);
    }
}

static void act(struct actor *actor)
{
    unsigned which = model_dice(500);
    if (which == 0) {
        shut_down();
    } else if (which < 100) {
        done();
    } else if (actor->state != AT_REST) {
        return;
    } else if (which < 130) {
        join(actor);
    } else if (which < 310) {
        put(actor, which < 160);
    } else {
        get(actor, which < 340);
    }
}

static void check(void)
{
    model_compare((long long)queue.length, (long long)length, "the length");
    model_compare((long long)queue.unfinished, (long long)(length + in_work), "how much is not done");
    for (int i = 0; i < ACTORS; i++) {
        model_compare((intptr_t)got[i], taken[i], "what somebody got");
    }
    if (getters.length + putters.length + joiners.length > 0) {
        model_compare(eddy_queue_fini(&queue), -EBUSY, "fini's result");
    }
}

const struct model model = {.name = "queue", .begin = begin, .act = act, .check = check};
