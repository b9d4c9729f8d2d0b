#include "model.h"

#include <eddy/rwlock.h>

enum { READ, WRITE };

static struct eddy_rwlock lock;

static struct actor *writer;
static unsigned readers;
static struct line line;

static void begin(void)
{
    eddy_rwlock_init(&lock);
    writer = NULL;
    readers = 0;
    line.length = 0;
}

static bool can(int wish)
{
    return writer == NULL && (wish == READ || readers == 0);
}

static void enter(struct actor *actor, int wish)
{
    if (wish == WRITE) {
        writer = actor;
    } else {
        readers++;
    }
}

static void serve(void)
{
    while (line.length > 0 && can(line.at[0]->wish)) {
        enter(line.at[0], line.at[0]->wish);
        model_wake(line.at[0], 0);
    }
}

static void left(struct actor *actor)
{
    (void)actor;
    serve();
}

static int expect_try(struct actor *actor, int wish)
{
    if (writer == actor) {
        return -EDEADLK;
    }
    if (line.length > 0 || !can(wish)) {
        return -EAGAIN;
    }
    enter(actor, wish);
    return 0;
}

static void try(struct actor *actor, int wish)
{
    int real =
        wish == WRITE ? eddy_rwlock_try_write(&lock, &actor->waiter) : eddy_rwlock_try_read(&lock, &actor->waiter);
    model_compare(real, expect_try(actor, wish), "try's result");
}

static void acquire(struct actor *actor, int wish)
{
    int real = wish == WRITE ? eddy_rwlock_write(&lock, &actor->waiter) : eddy_rwlock_read(&lock, &actor->waiter);
    ssize_t expected = expect_try(actor, wish);
    if (expected == 0) {
        expected = model_settle(actor, 0);
    } else if (expected == -EAGAIN) {
        expected = model_park(actor, &line, wish);
    }
    model_compare(real, expected, "acquire's result");
}

static bool may(void)
{
    return writer != NULL && (model_running == NULL || model_running == writer);
}

static void release(int wish)
{
    if (wish == READ) {
        model_compare(eddy_rwlock_read_release(&lock), readers > 0 ? 0 : -EPERM, "read_release's result");
        readers -= readers > 0;
    } else {
        model_compare(eddy_rwlock_write_release(&lock), may() ? 0 : -EPERM, "write_release's result");
        writer = may() ? NULL : writer;
    }
    serve();
}

static void downgrade(void)
{
    model_compare(eddy_rwlock_downgrade(&lock), may() ? 0 : -EPERM, "downgrade's result");
    if (may()) {
        writer = NULL;
        readers++;
        serve();
    }
}

static void act(struct actor *actor)
{
    int wish = model_dice(3) == 0 ? WRITE : READ;
    unsigned which = model_dice(8);
    if (which == 0) {
        downgrade();
    } else if (which < 4) {
        release(writer != NULL ? WRITE : model_dice(8) > 0 ? READ : wish);
    } else if (actor->state == AT_REST && which == 4) {
        try(actor, wish);
    } else if (actor->state == AT_REST) {
        acquire(actor, wish);
    }
}

static void check(void)
{
    model_compare(NUMBER_OF(ACTOR_OF(lock.writer)), NUMBER_OF(writer), "the writer");
    model_compare((long long)lock.readers, readers, "the number of readers");
    model_compare((long long)eddy_rwlock_waiting(&lock), line.length, "the number that waits");
    bool busy = writer != NULL || readers > 0 || line.length > 0;
    model_compare(eddy_rwlock_fini(&lock), busy ? -EBUSY : 0, "fini's result");
}

const struct model model = {.name = "rwlock", .begin = begin, .act = act, .check = check, .left = left};
