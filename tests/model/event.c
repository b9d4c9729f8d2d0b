#include "model.h"

#include <eddy/event.h>

static struct eddy_event event;

static bool is_set;
static struct line line;

static void begin(void)
{
    eddy_event_init(&event);
    is_set = false;
    line.length = 0;
}

static void act(struct actor *actor)
{
    unsigned which = model_dice(10);
    if (which == 0) {
        eddy_event_set(&event);
        is_set = true;
        model_wake_all(&line, 0);
    } else if (which < 3) {
        eddy_event_reset(&event);
        is_set = false;
    } else if (which == 3) {
        model_compare(eddy_event_try(&event), is_set ? 0 : -EAGAIN, "try's result");
    } else if (actor->state == AT_REST) {
        int real = eddy_event_wait(&event, &actor->waiter);
        model_compare(real, is_set ? model_settle(actor, 0) : model_park(actor, &line, 0), "wait's result");
    }
}

static void check(void)
{
    model_compare(event.is_set, is_set, "whether it is set");
    model_compare((long long)eddy_event_waiting(&event), line.length, "the number that waits");
    model_compare(eddy_event_fini(&event), line.length > 0 ? -EBUSY : 0, "fini's result");
}

const struct model model = {.name = "event", .begin = begin, .act = act, .check = check};
