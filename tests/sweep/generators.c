/* A program of generators: inside each other, in cleanup, failing, and left in every way. */
#include "sweep.h"

#include <errno.h>

struct numbers {
    EDDY_FRAME_RET(int);
    struct life life;
    struct eddy_defer defer;
    struct eddy_scope limit;
    struct eddy_generator inside;
    int levels;
    int i;
    int fails_at;
};

static void undo_one(void *argument)
{
    (void)argument;
    sweep_balance(-1);
}

EDDY_CORO(numbers)
{
    EDDY_BEGIN(numbers) {
        BODY();
        sweep_balance(1);
        EDDY_DEFER(&my->defer, undo_one, NULL);
        for (my->i = 1;; my->i++) {
            EDDY_SCOPE(&my->limit) { /* whose end looks at what is around it anew */
            }
            EDDY_TIMEOUT(&my->limit, EDDY_MS(2)) {
                EDDY_AWAIT(eddy_sleep(EDDY_MS(my->i % 2 == 0 ? 1 : 3), me));
            }
            if (my->i == my->fails_at) {
                EDDY_FAIL(-EPROTO);
            }
            EDDY_YIELD(my->i);
        }
    }
    EDDY_FINALLY
    {
        CLEANUP();
        EDDY_AWAIT(eddy_sleep(EDDY_MS(2), me));
        if (my->levels > 0) {
            EDDY_EACH(my->i, &my->inside, numbers, .levels = my->levels - 1) {
                if (my->i == 2) {
                    break;
                }
            }
        }
        CLEAN();
    }
}

struct generators {
    EDDY_FRAME;
    struct life life;
    struct eddy_generator outer, inner;
    struct eddy_catch caught;
    struct eddy_scope limit;
    int i, j;
    int sum;
};

EDDY_CORO(generators)
{
    EDDY_BEGIN(generators) {
        BODY();
        EDDY_EACH(my->i, &my->outer, numbers, .levels = 1) {
            EDDY_EACH(my->j, &my->inner, numbers) {
                if (my->j == 1) {
                    continue;
                }
                EDDY_AWAIT(eddy_sleep(EDDY_MS(1), me));
                if (my->j > my->i) {
                    break;
                }
            }
            if (my->i == 2) {
                break;
            }
        }
        EDDY_CATCH(&my->caught) {
            EDDY_EACH(my->i, &my->outer, numbers, .fails_at = 3) {
                my->sum += my->i;
            }
        }
        EXPECT(my->caught.error == -EPROTO && my->sum == 3);
        EDDY_TIMEOUT(&my->limit, EDDY_MS(7)) {
            EDDY_EACH(my->i, &my->outer, numbers) {
                EDDY_AWAIT(eddy_sleep(EDDY_MS(2), me));
            }
        }
        EDDY_EACH(my->i, &my->outer, numbers) {
            return;
        }
    }
    EDDY_FINALLY
    {
        CLEANUP();
        EDDY_EACH(my->i, &my->outer, numbers) {
            break;
        }
        CLEAN();
    }
}

PROGRAM(generators)

const struct program programs_of_generators[] = {PROGRAM_OF(generators), {NULL, NULL}};
