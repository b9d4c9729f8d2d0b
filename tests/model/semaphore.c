#include "model.h"

#include <eddy/semaphore.h>

enum { MAX = 5 };

static struct eddy_semaphore semaphore;

static int available;
static bool closed;
static struct line line;

static void begin(void)
{
    available = (int)model_dice(MAX + 1);
    closed = false;
    line.length = 0;
    eddy_semaphore_init(&semaphore, (uint32_t)available, MAX);
}

static void serve(void)
{
    while (line.length > 0 && line.at[0]->wish <= available) {
        available -= line.at[0]->wish;
        model_wake(line.at[0], 0);
    }
}

static void left(struct actor *actor)
{
    (void)actor;
    serve();
}

static int expect_try(int count)
{
    if (closed) {
        return -ESHUTDOWN;
    }
    if (count == 0 || count > MAX) {
        return -EINVAL;
    }
    if (line.length > 0 || count > available) {
        return -EAGAIN;
    }
    available -= count;
    return 0;
}

static void acquire(struct actor *actor, int count)
{
    int real = eddy_semaphore_acquire(&semaphore, (uint32_t)count, &actor->waiter);
    ssize_t expected = expect_try(count);
    if (expected == 0) {
        expected = model_settle(actor, 0);
    } else if (expected == -EAGAIN) {
        expected = model_park(actor, &line, count);
    }
    model_compare(real, expected, "acquire's result");
}

static void release(int count)
{
    int real = eddy_semaphore_release(&semaphore, (uint32_t)count);
    bool can = available + count <= MAX;
    model_compare(real, can ? 0 : -EINVAL, "release's result");
    if (can) {
        available += count;
        serve();
    }
}

static void act(struct actor *actor)
{
    int count = (int)model_dice(MAX + 2);
    unsigned which = model_dice(400);
    if (which == 0) {
        eddy_semaphore_close(&semaphore);
        closed = true;
        model_wake_all(&line, -ESHUTDOWN);
    } else if (which < 50) {
        model_compare(eddy_semaphore_try(&semaphore, (uint32_t)count), expect_try(count), "try's result");
    } else if (which < 200) {
        release(which < 60 ? count : (int)model_dice(3));
    } else if (actor->state == AT_REST) {
        acquire(actor, which < 240 ? count : 1 + (int)model_dice(3));
    }
}

static void check(void)
{
    model_compare(semaphore.available, available, "the number of permits");
    model_compare((long long)eddy_semaphore_waiting(&semaphore), line.length, "the number that waits");
    model_compare(eddy_semaphore_fini(&semaphore), line.length > 0 ? -EBUSY : 0, "fini's result");
}

const struct model model = {.name = "semaphore", .begin = begin, .act = act, .check = check, .left = left};
