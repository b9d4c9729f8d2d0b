/* Each actor borrows for itself. */
#include "model.h"

#include <eddy/limiter.h>

static struct eddy_limiter limiter;
static struct eddy_loan loans[ACTORS];

static bool has[ACTORS];
static int lent;
static int total;
static struct line line;

static void begin(void)
{
    total = (int)model_dice(4);
    lent = 0;
    line.length = 0;
    for (int i = 0; i < ACTORS; i++) {
        has[i] = false;
    }
    eddy_limiter_init(&limiter, (size_t)total);
}

static void lend(struct actor *actor)
{
    has[actor->number] = true;
    lent++;
}

static void serve(void)
{
    while (line.length > 0 && lent < total) {
        lend(line.at[0]);
        model_wake(line.at[0], 0);
    }
}

static void borrow(struct actor *actor, bool only_try)
{
    struct eddy_loan *loan = &loans[actor->number];
    int real = only_try ? eddy_limiter_try(&limiter, loan, &actor->waiter)
                        : eddy_limiter_borrow(&limiter, loan, &actor->waiter);
    ssize_t expected;
    if (has[actor->number]) {
        expected = -EDEADLK;
    } else if (line.length == 0 && lent < total) {
        lend(actor);
        expected = only_try ? 0 : model_settle(actor, 0);
    } else {
        expected = only_try ? -EAGAIN : model_park(actor, &line, 0);
    }
    model_compare(real, expected, "borrow's result");
}

static void give_back(struct actor *actor)
{
    int real = eddy_limiter_give_back(&limiter, &actor->waiter);
    model_compare(real, has[actor->number] ? 0 : -EPERM, "give_back's result");
    if (has[actor->number]) {
        has[actor->number] = false;
        lent--;
        serve();
    }
}

static void act(struct actor *actor)
{
    unsigned which = model_dice(20);
    if (which == 0) {
        total = (int)model_dice(5);
        eddy_limiter_set_total(&limiter, (size_t)total);
        serve();
    } else if (which < 8) {
        give_back(actor);
    } else if (actor->state == AT_REST) {
        borrow(actor, which < 11);
    }
}

static void check(void)
{
    model_compare((long long)limiter.lent, lent, "how many are lent");
    model_compare((long long)eddy_limiter_waiting(&limiter), line.length, "the number that waits");
    model_compare(eddy_limiter_fini(&limiter), lent > 0 || line.length > 0 ? -EBUSY : 0, "fini's result");
}

const struct model model = {.name = "limiter", .begin = begin, .act = act, .check = check};
