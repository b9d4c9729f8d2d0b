/* EDDY_FINALLY in each form, and what EDDY_DEFER and EDDY_FAIL take. */
#include <eddy.h>
#include <errno.h>
#include <stdlib.h>

struct plain {
    EDDY_FRAME;
    char *memory;
};

EDDY_CORO(plain)
{
    EDDY_BEGIN(plain) {
        my->memory = malloc(1);
        EDDY_AWAIT(eddy_yield(me));
    }
    EDDY_FINALLY
    {
        free(my->memory);
    }
}

struct waits {
    EDDY_FRAME_RET(int);
    int n;
    struct eddy_scope limit;
    struct eddy_group group;
    struct eddy_catch caught;
};

EDDY_CORO(waits)
{
    EDDY_BEGIN(waits) {
        if (my->n == 1)
            EDDY_FAIL(-EIO);
        if (my->n == 2)
            EDDY_FAIL(-EIO, "no argument");
        if (my->n == 3)
            EDDY_FAIL(-EIO, "%d", my->n);
        if (my->n == 4)
            EDDY_FAIL(-EIO, "%s: %d", "it", my->n);
        else
            EDDY_RETURN(1);
        for (;;)
            EDDY_FAIL(-EIO, "%d %d %d", 1, 2, 3);
    }
    EDDY_FINALLY
    {
        EDDY_AWAIT(eddy_sleep(EDDY_MS(1), me));
        EDDY_AWAIT(my->n, eddy_sleep(EDDY_MS(1), me));
        EDDY_DO(plain);
        EDDY_CALL(my->ret, waits, .n = 4);
        EDDY_TIMEOUT(&my->limit, EDDY_SEC(1)) {
            EDDY_GROUP(&my->group) {
                EDDY_TRY(my->n, EDDY_SPAWN(&my->group, plain));
            }
        }
        EDDY_CATCH(&my->caught) {
            EDDY_FAIL(my->n);
        }
        while (my->n > 0) {
            EDDY_AWAIT(my->n, eddy_yield(me));
            if (my->n == 7)
                return;
        }
    }
}

/* A body that never ends by itself, and one that is nothing but return. */
struct forever {
    EDDY_FRAME;
};

EDDY_CORO(forever)
{
    EDDY_BEGIN(forever) {
        for (;;) {
            EDDY_AWAIT(eddy_sleep(EDDY_SEC(1), me));
        }
    }
    EDDY_FINALLY
    {
        EDDY_AWAIT(eddy_yield(me));
    }
}

struct gone {
    EDDY_FRAME;
};

EDDY_CORO(gone)
{
    EDDY_BEGIN(gone) {
        return;
    }
    EDDY_FINALLY
    {
        return;
    }
}

struct defers {
    EDDY_FRAME_RET(int);
    struct eddy_defer first, second;
    char *memory;
};

static void say(void *argument)
{
    (void)argument;
}

EDDY_CORO(defers)
{
    EDDY_BEGIN(defers) {
        my->memory = malloc(1);
        if (my->memory == NULL)
            EDDY_FAIL(-ENOMEM, "no memory for %s", "it");
        EDDY_DEFER(&my->first, free, my->memory);
        if (my->memory[0] == 0)
            EDDY_DEFER(&my->second, say, NULL);
        else
            EDDY_DEFER(&my->second, say, my);
        EDDY_AWAIT(eddy_yield(me));
        EDDY_DO(forever);
        EDDY_DO(gone);
        EDDY_DO(waits);
    }
}

int main(void)
{
    return EDDY_RUN(defers);
}
