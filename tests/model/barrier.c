#include "model.h"

#include <eddy/barrier.h>

static struct eddy_barrier barrier;

static int parties;
static bool broken;
static unsigned generation;
static struct line line; /* who stands in it has arrived */

static void begin(void)
{
    parties = 1 + (int)model_dice(5);
    broken = false;
    generation = 0;
    line.length = 0;
    eddy_barrier_init(&barrier, (unsigned)parties);
}

static void wait(struct actor *actor)
{
    int real = eddy_barrier_wait(&barrier, &actor->waiter);
    ssize_t expected = -EPIPE;
    if (!broken && line.length + 1 < parties) {
        expected = model_park(actor, &line, 0);
    } else if (!broken) {
        int position = 0;
        for (; line.length > 0; position++) {
            model_wake(line.at[0], position);
        }
        generation++;
        expected = model_settle(actor, position);
    }
    model_compare(real, expected, "wait's result");
}

static void act(struct actor *actor)
{
    unsigned which = model_dice(40);
    if (which == 0) {
        eddy_barrier_abort(&barrier);
        broken = true;
        model_wake_all(&line, -EPIPE);
    } else if (which < 3) {
        eddy_barrier_reset(&barrier);
        broken = false;
        model_wake_all(&line, -EPIPE);
    } else if (actor->state == AT_REST) {
        wait(actor);
    }
}

static void check(void)
{
    model_compare(barrier.broken, broken, "whether it is broken");
    model_compare(barrier.arrived, line.length, "how many have arrived");
    model_compare((long long)barrier.generation, generation, "the generation");
    model_compare(eddy_barrier_fini(&barrier), line.length > 0 ? -EBUSY : 0, "fini's result");
}

const struct model model = {.name = "barrier", .begin = begin, .act = act, .check = check};
