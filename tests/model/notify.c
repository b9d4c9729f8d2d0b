#include "model.h"

#include <eddy/notify.h>

static struct eddy_notify notify;

static bool permit;
static struct line line;

static void begin(void)
{
    eddy_notify_init(&notify);
    permit = false;
    line.length = 0;
}

static void notify_whom(bool last)
{
    if (line.length > 0) {
        model_wake(line.at[last ? line.length - 1 : 0], 0);
    } else {
        permit = true;
    }
}

static void wait(struct actor *actor)
{
    int real = eddy_notify_wait(&notify, &actor->waiter);
    ssize_t expected = permit ? model_settle(actor, 0) : model_park(actor, &line, 0);
    permit = false;
    model_compare(real, expected, "wait's result");
}

static void act(struct actor *actor)
{
    unsigned which = model_dice(14);
    if (which == 0) {
        int expected = line.length;
        model_compare((long long)eddy_notify_all(&notify), expected, "notify_all's result");
        model_wake_all(&line, 0);
    } else if (which < 4) {
        eddy_notify_one(&notify);
        notify_whom(false);
    } else if (which < 6) {
        eddy_notify_last(&notify);
        notify_whom(true);
    } else if (which == 6) {
        model_compare(eddy_notify_try(&notify), permit ? 0 : -EAGAIN, "try's result");
        permit = false;
    } else if (actor->state == AT_REST) {
        wait(actor);
    }
}

static void check(void)
{
    model_compare(notify.permit, permit, "whether a notification is kept");
    model_compare((long long)eddy_notify_waiting(&notify), line.length, "the number that waits");
    model_compare(eddy_notify_fini(&notify), line.length > 0 ? -EBUSY : 0, "fini's result");
}

const struct model model = {.name = "notify", .begin = begin, .act = act, .check = check};
