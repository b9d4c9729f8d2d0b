/* A lock with two conditions. */
#include "model.h"

#include <eddy/condition.h>

enum { CONDITIONS = 2, TO_LOCK, TO_REGAIN };

static struct eddy_lock lock;
static struct eddy_condition conditions[CONDITIONS];

static struct actor *owner;
static struct line to_lock;
static struct line sleepers[CONDITIONS];
static ssize_t outcomes[ACTORS]; /* of those who are to regain the lock */

static void begin(void)
{
    eddy_lock_init(&lock);
    owner = NULL;
    to_lock.length = 0;
    for (int i = 0; i < CONDITIONS; i++) {
        eddy_condition_init(&conditions[i], &lock);
        sleepers[i].length = 0;
    }
}

static void hand_over(void)
{
    owner = line_first(&to_lock);
    if (owner != NULL) {
        model_wake(owner, owner->wish == TO_REGAIN ? outcomes[owner->number] : 0);
    }
}

static bool may(void)
{
    return owner != NULL && (model_running == NULL || model_running == owner);
}

/* A sleeper is to wake up with `result`, and the lock. */
static void regain(struct actor *actor, ssize_t result)
{
    line_remove(actor);
    actor->deadline = EDDY_FOREVER;
    if (owner == NULL) {
        owner = actor;
        model_wake(actor, result);
    } else {
        actor->stubborn = true;
        outcomes[actor->number] = result;
        model_park(actor, &to_lock, TO_REGAIN);
    }
}

static bool abort_wait(struct actor *actor, ssize_t result)
{
    if (actor->line == &to_lock) {
        return false;
    }
    regain(actor, result);
    return true;
}

static void acquire(struct actor *actor)
{
    int real = eddy_lock_acquire(&lock, &actor->waiter);
    ssize_t expected;
    if (owner == NULL) {
        owner = actor;
        expected = model_settle(actor, 0);
    } else {
        expected = owner == actor ? -EDEADLK : model_park(actor, &to_lock, TO_LOCK);
    }
    model_compare(real, expected, "acquire's result");
}

static void release(void)
{
    int real = eddy_lock_release(&lock);
    model_compare(real, may() ? 0 : -EPERM, "release's result");
    if (may()) {
        hand_over();
    }
}

static void sleep_on(int i, struct actor *actor)
{
    int real = eddy_condition_wait(&conditions[i], &actor->waiter);
    ssize_t expected = -EPERM;
    if (owner == actor) {
        hand_over();
        expected = model_park(actor, &sleepers[i], 0);
    }
    model_compare(real, expected, "wait's result");
}

static void notify(int i, size_t count)
{
    ssize_t real = eddy_condition_notify(&conditions[i], count);
    ssize_t expected = -EPERM;
    if (may()) {
        for (expected = 0; (size_t)expected < count && sleepers[i].length > 0; expected++) {
            regain(sleepers[i].at[0], 0);
        }
    }
    model_compare(real, expected, "notify's result");
}

static void act(struct actor *actor)
{
    int i = (int)model_dice(CONDITIONS);
    unsigned which = model_dice(10);
    if (which < 2) {
        release();
    } else if (which < 5) {
        notify(i, which == 2 ? SIZE_MAX : model_dice(3));
    } else if (actor->state == AT_REST && owner != actor) {
        acquire(actor);
    } else if (owner != NULL && owner->state == AT_REST) {
        sleep_on(i, which == 5 && actor->state == AT_REST ? actor : owner);
    }
}

static void check(void)
{
    model_compare(NUMBER_OF(ACTOR_OF(lock.owner)), NUMBER_OF(owner), "the owner");
    model_compare((long long)eddy_lock_waiting(&lock), to_lock.length, "the number that waits for the lock");
    for (int i = 0; i < CONDITIONS; i++) {
        model_compare((long long)eddy_condition_waiting(&conditions[i]), sleepers[i].length, "the number that waits");
        model_compare(eddy_condition_fini(&conditions[i]), sleepers[i].length > 0 ? -EBUSY : 0, "fini's result");
    }
}

const struct model model = {.name = "condition", .begin = begin, .act = act, .check = check, .abort = abort_wait};
