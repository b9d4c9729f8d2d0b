/* Selects over two semaphores and a lock, among others who wait for one of these alone. An actor has up to three arms,
 * several of them perhaps at one place. */
#include "model.h"

#include <eddy/lock.h>
#include <eddy/select.h>
#include <eddy/semaphore.h>

enum { ARMS = 3, PLACES = 3, LOCK = 2, MAX = 3, LONGEST = ARMS * ACTORS, ALONE = -1 };

static struct eddy_semaphore semaphores[LOCK];
static struct eddy_lock lock;
static struct eddy_select selects[ACTORS];
static struct eddy_arm arms[ACTORS][ARMS];

struct entry {
    struct actor *actor;
    int arm; /* or ALONE */
    int count;
};

static struct place {
    struct entry at[LONGEST];
    int length;
} places[PLACES];
static int available[LOCK];
static struct actor *owner;
static int where[ACTORS][ARMS]; /* at which place an arm waits; -1: it does not */

static void begin(void)
{
    for (int i = 0; i < PLACES; i++) {
        places[i].length = 0;
    }
    for (int i = 0; i < LOCK; i++) {
        available[i] = (int)model_dice(MAX + 1);
        eddy_semaphore_init(&semaphores[i], (uint32_t)available[i], MAX);
    }
    eddy_lock_init(&lock);
    owner = NULL;
    for (int i = 0; i < ACTORS; i++) {
        for (int k = 0; k < ARMS; k++) {
            where[i][k] = -1;
        }
    }
}

/* ---- Who is served --------------------------------------------------------------------- */

static bool can(int place, int count)
{
    return place == LOCK ? owner == NULL : count <= available[place];
}

static void take(int place, struct actor *actor, int count)
{
    if (place == LOCK) {
        owner = actor;
    } else {
        available[place] -= count;
    }
}

static void append(int place, struct actor *actor, int arm, int count)
{
    places[place].at[places[place].length++] = (struct entry){actor, arm, count};
    if (arm != ALONE) {
        where[actor->number][arm] = place;
    }
}

static void remove_entry(int place, const struct actor *actor, int arm)
{
    struct place *p = &places[place];
    int i = 0;
    while (p->at[i].actor != actor || p->at[i].arm != arm) {
        i++;
    }
    p->length--;
    for (; i < p->length; i++) {
        p->at[i] = p->at[i + 1];
    }
    if (arm != ALONE) {
        where[actor->number][arm] = -1;
    }
}

static void serve(int place);

/* All arms of the actor leave, before anybody is let in where they stood: that could be one of them. */
static void disarm(struct actor *actor)
{
    int were[ARMS];
    for (int arm = 0; arm < ARMS; arm++) {
        were[arm] = where[actor->number][arm];
        if (were[arm] >= 0) {
            remove_entry(were[arm], actor, arm);
        }
    }
    for (int arm = 0; arm < ARMS; arm++) {
        if (were[arm] >= 0) {
            serve(were[arm]);
        }
    }
}

static void serve(int place)
{
    struct place *p = &places[place];
    while (p->length > 0 && can(place, p->at[0].count)) {
        struct entry first = p->at[0];
        take(place, first.actor, first.count);
        remove_entry(place, first.actor, first.arm);
        disarm(first.actor);
        model_wake(first.actor, first.arm == ALONE ? 0 : first.arm);
    }
}

static void left(struct actor *actor)
{
    if (actor->wish == ALONE) {
        for (int place = 0; place < PLACES; place++) {
            for (int i = 0; i < places[place].length; i++) {
                if (places[place].at[i].actor == actor) {
                    remove_entry(place, actor, ALONE);
                    serve(place);
                    return;
                }
            }
        }
    }
    disarm(actor);
}

/* ---- Operations ------------------------------------------------------------------------ */

static ssize_t expect_acquire(int place, struct actor *actor, int arm, int count)
{
    if (place == LOCK && owner == actor) {
        return -EDEADLK;
    }
    if (places[place].length == 0 && can(place, count)) {
        take(place, actor, count);
        return 0;
    }
    append(place, actor, arm, count);
    return EDDY_PENDING;
}

static int acquire(int place, int count, struct eddy_waiter *waiter)
{
    return place == LOCK ? eddy_lock_acquire(&lock, waiter)
                         : eddy_semaphore_acquire(&semaphores[place], (uint32_t)count, waiter);
}

static void acquire_alone(struct actor *actor)
{
    int place = (int)model_dice(PLACES);
    int count = 1 + (int)model_dice(MAX);
    int real = acquire(place, count, &actor->waiter);
    ssize_t expected = expect_acquire(place, actor, ALONE, count);
    if (expected == 0) {
        expected = model_settle(actor, 0);
    } else if (expected == EDDY_PENDING) {
        model_park(actor, NULL, ALONE);
    }
    model_compare(real, expected, "acquire's result");
}

static void select_one(struct actor *actor)
{
    struct eddy_select *select = &selects[actor->number];
    int count_of_arms = 1 + (int)model_dice(ARMS);
    int winner = -1;
    ssize_t result = 0;
    eddy_select_begin(select, &actor->waiter);
    for (int i = 0; i < count_of_arms; i++) {
        int place = (int)model_dice(PLACES);
        int count = 1 + (int)model_dice(MAX);
        struct eddy_arm *arm = &arms[actor->number][i];
        bool evaluated = false;
        EDDY_ARM(select, arm, (evaluated = true, acquire(place, count, &arm->waiter)));
        model_compare(evaluated, winner < 0, "whether an arm is evaluated");
        if (winner < 0) {
            result = expect_acquire(place, actor, i, count);
            if (result != EDDY_PENDING) {
                winner = i;
                if (result == 0) {
                    model_settle_arm();
                }
                disarm(actor);
            }
        }
    }
    int real = eddy_select_wait(select, &actor->waiter);
    if (winner >= 0) {
        model_compare(arms[actor->number][winner].result, result, "the winner's result");
    }
    model_compare(real, winner >= 0 ? model_settle(actor, winner) : model_park(actor, NULL, 0), "select's result");
}

static void release(int place)
{
    if (place == LOCK) {
        bool may = owner != NULL && (model_running == NULL || model_running == owner);
        model_compare(eddy_lock_release(&lock), may ? 0 : -EPERM, "release's result");
        owner = may ? NULL : owner;
    } else {
        bool may = available[place] < MAX;
        model_compare(eddy_semaphore_release(&semaphores[place], 1), may ? 0 : -EINVAL, "release's result");
        available[place] += may;
    }
    serve(place);
}

static void act(struct actor *actor)
{
    unsigned which = model_dice(10);
    if (which < 5) {
        release((int)model_dice(PLACES));
    } else if (actor->state == AT_REST && which < 7) {
        acquire_alone(actor);
    } else if (actor->state == AT_REST) {
        select_one(actor);
    }
}

static void check(void)
{
    model_compare(NUMBER_OF(ACTOR_OF(lock.owner)), NUMBER_OF(owner), "the owner");
    model_compare((long long)eddy_lock_waiting(&lock), places[LOCK].length, "the number that waits for the lock");
    for (int i = 0; i < LOCK; i++) {
        model_compare(semaphores[i].available, available[i], "the number of permits");
        model_compare((long long)eddy_semaphore_waiting(&semaphores[i]), places[i].length, "the number that waits");
    }
}

const struct model model = {.name = "select", .begin = begin, .act = act, .check = check, .left = left};
