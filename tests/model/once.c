#include "model.h"

#include <eddy/once.h>

static struct eddy_once once;

static struct actor *runner;
static bool done;
static struct line line;

static void begin(void)
{
    eddy_once_init(&once);
    runner = NULL;
    done = false;
    line.length = 0;
}

static void enter(struct actor *actor)
{
    int real = eddy_once_begin(&once, &actor->waiter);
    ssize_t expected;
    if (done) {
        expected = model_settle(actor, 0);
    } else if (runner == NULL) {
        runner = actor;
        expected = model_settle(actor, 1);
    } else {
        expected = runner == actor ? -EDEADLK : model_park(actor, &line, 0);
    }
    model_compare(real, expected, "begin's result");
}

static void try(struct actor *actor)
{
    int real = eddy_once_try(&once, &actor->waiter);
    model_compare(real, done ? 0 : runner == NULL ? 1 : runner == actor ? -EDEADLK : -EAGAIN, "try's result");
    if (!done && runner == NULL) {
        runner = actor;
    }
}

static void act(struct actor *actor)
{
    unsigned which = model_dice(100);
    if (which == 0) {
        model_compare(eddy_once_done(&once), runner != NULL ? 0 : -EINVAL, "done's result");
        if (runner != NULL) {
            runner = NULL;
            done = true;
            model_wake_all(&line, 0);
        }
    } else if (which < 40) {
        model_compare(eddy_once_give_up(&once), runner != NULL ? 0 : -EINVAL, "give_up's result");
        runner = runner != NULL ? line_first(&line) : NULL;
        if (runner != NULL) {
            model_wake(runner, 1);
        }
    } else if (actor->state == AT_REST && which < 50) {
        try(actor);
    } else if (actor->state == AT_REST) {
        enter(actor);
    }
}

static void check(void)
{
    model_compare(once.done, done, "whether it is done");
    model_compare(NUMBER_OF(ACTOR_OF(once.runner)), NUMBER_OF(runner), "who is at it");
    bool busy = runner != NULL || line.length > 0;
    model_compare(eddy_once_fini(&once), busy ? -EBUSY : 0, "fini's result");
}

const struct model model = {.name = "once", .begin = begin, .act = act, .check = check};
