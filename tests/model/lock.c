/* Three locks, so that there are cycles of up to three. */
#include "model.h"

#include <eddy/lock.h>

enum { LOCKS = 3 };

static struct eddy_lock locks[LOCKS];

static struct {
    struct actor *owner;
    struct line line;
    unsigned acquired;
    unsigned contended;
} models[LOCKS];

static void begin(void)
{
    for (int i = 0; i < LOCKS; i++) {
        eddy_lock_init(&locks[i]);
        models[i].owner = NULL;
        models[i].line.length = 0;
        models[i].acquired = 0;
        models[i].contended = 0;
    }
}

/* Which lock a parked actor waits for; -1: none. */
static int waits_for(const struct actor *actor)
{
    for (int i = 0; i < LOCKS; i++) {
        if (actor->line == &models[i].line) {
            return i;
        }
    }
    return -1;
}

/* How many would wait for each other if `actor` waited for lock `i`; 0: that is no cycle. */
static unsigned cycle(int i, const struct actor *actor)
{
    unsigned length = 1;
    for (; i >= 0 && models[i].owner != actor; length++) {
        i = models[i].owner != NULL ? waits_for(models[i].owner) : -1;
    }
    return i >= 0 ? length : 0;
}

static void own(int i, struct actor *actor)
{
    models[i].owner = actor;
    models[i].acquired++;
}

static void acquire(int i, struct actor *actor)
{
    unsigned told = 0;
    unsigned before = model_records;
    int real = eddy_lock_acquire(&locks[i], &actor->waiter);
    ssize_t expected;
    if (models[i].owner == NULL) {
        own(i, actor);
        expected = model_settle(actor, 0);
    } else if (cycle(i, actor) > 0) {
        told = models[i].owner != actor ? cycle(i, actor) : 0;
        expected = -EDEADLK;
    } else {
        expected = model_park(actor, &models[i].line, 0);
    }
    model_compare(real, expected, "acquire's result");
    model_compare(model_records - before, told, "the number of records");
}

static void try(int i, struct actor *actor)
{
    int real = eddy_lock_try(&locks[i], &actor->waiter);
    int expected = models[i].owner == NULL ? 0 : models[i].owner == actor ? -EDEADLK : -EAGAIN;
    if (expected == 0) {
        own(i, actor);
    }
    model_compare(real, expected, "try's result");
}

static void release(int i)
{
    int real = eddy_lock_release(&locks[i]);
    struct actor *owner = models[i].owner;
    bool may = owner != NULL && (model_running == NULL || model_running == owner);
    model_compare(real, may ? 0 : -EPERM, "release's result");
    if (may) {
        struct actor *first = line_first(&models[i].line);
        models[i].owner = NULL;
        if (first != NULL) {
            own(i, first);
            models[i].contended++;
            model_wake(first, 0);
        }
    }
}

static void act(struct actor *actor)
{
    int i = (int)model_dice(LOCKS);
    unsigned which = model_dice(8);
    if (which < 3) {
        release(i);
    } else if (actor->state == AT_REST && which == 3) {
        try(i, actor);
    } else if (actor->state == AT_REST) {
        acquire(i, actor);
    }
}

static void check(void)
{
    for (int i = 0; i < LOCKS; i++) {
        model_compare(NUMBER_OF(ACTOR_OF(locks[i].owner)), NUMBER_OF(models[i].owner), "the owner");
        model_compare((long long)eddy_lock_waiting(&locks[i]), models[i].line.length, "the number that waits");
        model_compare((long long)locks[i].acquired, models[i].acquired, "how often it was acquired");
        model_compare((long long)locks[i].contended, models[i].contended, "how often after waiting");
        bool busy = models[i].owner != NULL || models[i].line.length > 0;
        model_compare(eddy_lock_fini(&locks[i]), busy ? -EBUSY : 0, "fini's result");
    }
}

const struct model model = {.name = "lock", .begin = begin, .act = act, .check = check};
