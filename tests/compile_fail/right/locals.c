/* Local variables that are used as they should be: none lives across an await. */
#include <eddy.h>
#include <string.h>

struct locals {
    EDDY_FRAME_RET(int);
    int n;
    size_t used;
    char buffer[32];
    struct eddy_scope limit;
    struct eddy_generator generator;
};

static int measure(const char *text, int *length)
{
    *length = (int)strlen(text);
    return *length;
}

/* The first coroutine of a file counts: the guard must be quiet about it, too. */
EDDY_CORO(locals)
{
    EDDY_BEGIN(locals) {
        /* In braces of their own. */
        {
            int n = my->n + 1;
            const char *text = my->buffer;
            my->n = n + (int)strlen(text);
        }
        EDDY_AWAIT(my->n, eddy_yield(me));
        {
            int numbers[] = {1, 2, 3};
            struct eddy_scope *const limit = &my->limit;
            static const char *const names[] = {"a", "b"};
            my->n += numbers[0] + limit->expired + (names[0] != NULL);
        }
        EDDY_AWAIT(my->n, eddy_yield(me));

        /* Loops of their own between awaits. */
        for (int i = 0; i < 3; i++) {
            my->n += i;
        }
        EDDY_AWAIT(my->n, eddy_yield(me));
        for (size_t i = 0; i < sizeof my->buffer; i++)
            my->buffer[i] = 0;

        /* Inside of loops that await. */
        for (my->used = 0; my->used < 3; my->used++) {
            if (my->n > 0) {
                int rest = 3 - (int)my->used;
                char *end = my->buffer + rest;
                if (rest == 0)
                    break;
                if (rest == 1)
                    continue;
                if (rest == 2)
                    return;
                if (rest == 9)
                    EDDY_RETURN(rest);
                *end = 0;
            }
            EDDY_AWAIT(my->n, eddy_yield(me));
        }

        /* Without an initialiser, assigned and used between two awaits. */
        int length, other;
        char *place;
        length = 1;
        place = my->buffer + length;
        *place = 'x';
        EDDY_AWAIT(my->n, eddy_yield(me));
        length = my->n;
        place = my->buffer;
        my->used = (size_t)length + (size_t)*place;
        EDDY_AWAIT(my->n, eddy_yield(me));
        my->n = measure(my->buffer, &other) + other;
        EDDY_TIMEOUT(&my->limit, EDDY_MS(1)) {
            length = my->n;
            {
                eddy_ns span = EDDY_MS(length);
                my->used = (size_t)span;
            }
            EDDY_AWAIT(eddy_sleep((eddy_ns)my->used, me));
        }
        EDDY_EACH(my->n, &my->generator, locals) {
            length = my->n;
            {
                int twice = 2 * length;
                my->used += (size_t)twice;
            }
            EDDY_AWAIT(eddy_yield(me));
        }

        /* Arguments of an await are used before it waits. */
        {
            int span;
            span = my->n;
            EDDY_AWAIT(my->n, eddy_sleep(EDDY_MS(span), me));
        }

        /* A user's switch. */
        switch (my->n) {
        case 1: {
            int n = my->n;
            my->n = n + 1;
        }
            EDDY_AWAIT(eddy_yield(me));
            break;
        default:
            EDDY_AWAIT(eddy_yield(me));
        }

        /* After the last await. */
        int last = my->n;
        char copy[8] = "copy";
        my->n = last + copy[0];
    }
    EDDY_FINALLY
    {
        {
            int n = my->n;
            my->n = n - 1;
        }
        EDDY_AWAIT(eddy_yield(me));
        int end = my->n;
        my->n = end;
    }
}

/* A label and a goto inside the body, and a static. */
struct jumps {
    EDDY_FRAME_RET(int);
    int n;
};

EDDY_CORO(jumps)
{
    static int runs;
    EDDY_BEGIN(jumps) {
        runs++;
    again:
        EDDY_AWAIT(my->n, eddy_yield(me));
        if (my->n > 0)
            goto again;
        if (my->n < 0)
            goto out;
        EDDY_AWAIT(eddy_yield(me));
    out:
        EDDY_RETURN(runs);
    }
}

/* A plain function in the same file, which jumps as C allows. */
static int plain(int n)
{
    if (n < 0)
        goto out;
    int twice = n * 2;
    return twice;
out:
    return -1;
}

int main(void)
{
    return EDDY_RUN(locals) + EDDY_RUN(jumps) + plain(1);
}
