/* An await, a call and a try in every statement that can hold them, with and without braces. */
#include <eddy.h>

struct awaits {
    EDDY_FRAME_RET(int);
    int n;
    ssize_t size;
    long count;
    signed char i;
    bool flag;
    struct eddy_stream peer;
    char buffer[64];
    int many[4];
    int *where;
};

struct helper {
    EDDY_FRAME_RET(int);
    int from;
    const char *text;
};

EDDY_CORO(helper)
{
    EDDY_BEGIN(helper) {
        EDDY_RETURN(my->from + (my->text != NULL));
    }
}

struct results {
    EDDY_FRAME;
    char *text;
    struct point {
        double x, y;
    } at;
    const char *name;
};

EDDY_CORO(results);

EDDY_CORO(awaits)
{
    EDDY_BEGIN(awaits) {
        if (my->flag)
            EDDY_AWAIT(eddy_yield(me));
        if (my->flag)
            EDDY_AWAIT(my->n, eddy_yield(me));
        else
            EDDY_AWAIT(eddy_sleep(EDDY_MS(1), me));
        if (my->flag)
            EDDY_TRY(my->n, eddy_yield(me));
        else if (my->n > 1)
            EDDY_CALL(my->n, helper, .from = 1, .text = "a, b");
        else
            EDDY_DO(helper);

        for (my->i = 0; my->i < 3; my->i++)
            EDDY_AWAIT(eddy_yield(me));
        for (;;)
            if (my->flag)
                break;
            else
                EDDY_CALL(my->n, helper, .from = my->n);
        while (my->n > 0)
            EDDY_TRY(my->n, eddy_sleep(EDDY_MS(1), me));
        do
            EDDY_DO(helper, .from = 2);
        while (my->n > 3);
        do {
            EDDY_AWAIT(my->n, eddy_yield(me));
            if (my->n < 0)
                continue;
            EDDY_AWAIT(my->n, eddy_yield(me));
        } while (my->n > 0);

        /* clang-format off */
        EDDY_AWAIT(eddy_yield(me)); EDDY_AWAIT(my->n, eddy_yield(me)); EDDY_DO(helper);
        /* clang-format on */
        {
            EDDY_AWAIT(eddy_yield(me));
            {
                EDDY_AWAIT(eddy_yield(me));
                {
                    EDDY_CALL(my->many[my->n & 3], helper, .from = 1);
                }
            }
        }

        /* Commas, strings, the width of results, and places that are more than a name. */
        EDDY_AWAIT(my->size, eddy_stream_read(&my->peer, my->buffer, sizeof my->buffer, me));
        EDDY_TRY(my->size, eddy_stream_write(&my->peer, ",", 1, me));
        EDDY_AWAIT(eddy_stream_write(&my->peer, my->buffer, (size_t)my->size, me));
        EDDY_AWAIT(my->count, eddy_yield(me));
        EDDY_AWAIT(*my->where, eddy_yield(me));
        EDDY_AWAIT(my->many[2], eddy_yield(me));
        EDDY_AWAIT(my->n, my->flag ? eddy_yield(me) : eddy_sleep(EDDY_MS(1), me));
        EDDY_AWAIT(my->n, (my->many[0]++, eddy_yield(me)));
        EDDY_AWAIT((my->n), (eddy_yield(me)));
        EDDY_AWAIT(my->n, 7);
        EDDY_DO(results);
        if (my->flag)
            return;
        if (my->n < 0)
            EDDY_RETURN(my->n);
        EDDY_RETURN(0);
    }
}

/* Without an await, with an empty body, and with nothing but an end. */
struct hurried {
    EDDY_FRAME;
    int done;
};

EDDY_CORO(hurried)
{
    EDDY_BEGIN(hurried) {
        my->done = 1;
    }
}

struct empty {
    EDDY_FRAME;
};

EDDY_CORO(empty)
{
    EDDY_BEGIN(empty) {
    }
}

struct brief {
    EDDY_FRAME_RET(char *);
};

EDDY_CORO(brief)
{
    EDDY_BEGIN(brief) {
        EDDY_RETURN(NULL);
    }
    EDDY_FINALLY
    {
    }
}

/* Calls whose result is no int. */
struct place {
    EDDY_FRAME_RET(struct point);
};

EDDY_CORO(place)
{
    EDDY_BEGIN(place) {
        my->ret.y = 1;
        EDDY_RETURN(((struct point){1, 2}));
    }
}

EDDY_CORO(results)
{
    EDDY_BEGIN(results) {
        EDDY_CALL(my->text, brief);
        EDDY_CALL(my->name, brief);
        EDDY_CALL(my->at, place);
        EDDY_DO(hurried, .done = 0);
        EDDY_DO(empty);
        EDDY_DO(brief);
        EDDY_DO(awaits, .buffer = "text", .many = {1, 2, 3}, .peer = {0});
    }
}

int main(void)
{
    if (EDDY_RUN(awaits, .n = 1) < 0)
        return EDDY_RUN(helper, .text = "");
    return EDDY_RUN_WITH(NULL, awaits);
}
