/* EDDY_YIELD and EDDY_EACH in every place. */
#include <eddy.h>

struct countdown {
    EDDY_FRAME_RET(int);
    int from;
    struct eddy_scope limit;
};

EDDY_CORO(countdown)
{
    EDDY_BEGIN(countdown) {
        for (; my->from > 0; my->from--)
            EDDY_YIELD(my->from);
        if (my->from)
            EDDY_YIELD(1);
        else
            EDDY_YIELD(2);
        while (my->from < 2) {
            EDDY_TIMEOUT(&my->limit, EDDY_MS(1)) {
                EDDY_AWAIT(eddy_yield(me));
            }
            switch (my->from++) {
            case 0:
                EDDY_YIELD(0);
                continue;
            case 1:
                EDDY_YIELD(1);
                break;
            default:
                EDDY_YIELD(2);
            }
        }
        do
            EDDY_YIELD(my->from);
        while (my->from-- > 0);
    }
    EDDY_FINALLY
    {
        EDDY_AWAIT(eddy_yield(me));
    }
}

struct words {
    EDDY_FRAME_RET(const char *);
};

EDDY_CORO(words)
{
    EDDY_BEGIN(words) {
        /* clang-format off */
        EDDY_YIELD("one"); EDDY_YIELD("two");
        /* clang-format on */
        EDDY_YIELD(NULL);
    }
}

struct consumer {
    EDDY_FRAME_RET(int);
    int i, j;
    long sum;
    const char *word;
    struct eddy_generator outer, inner;
    struct eddy_scope limit;
    struct eddy_group group;
};

EDDY_CORO(consumer)
{
    EDDY_BEGIN(consumer) {
        EDDY_EACH(my->i, &my->outer, countdown, .from = 3) {
            my->sum += my->i;
        }
        EDDY_EACH(my->sum, &my->outer, countdown) {
        }
        EDDY_EACH(my->word, &my->outer, words) {
            EDDY_EACH(my->j, &my->inner, countdown, .from = my->i) {
                if (my->j == 1)
                    continue;
                if (my->j == 2)
                    break;
                if (my->j == 3)
                    return;
                if (my->j == 4)
                    EDDY_RETURN(4);
                if (my->j == 5)
                    EDDY_FAIL(-1);
                EDDY_AWAIT(eddy_yield(me));
            }
            if (my->i == 1)
                break;
        }
        for (my->i = 0; my->i < 2; my->i++) {
            EDDY_EACH(my->j, &my->outer, countdown) {
                EDDY_TIMEOUT(&my->limit, EDDY_MS(1)) {
                    EDDY_AWAIT(eddy_yield(me));
                    if (my->j == 1)
                        break;
                    if (my->j == 2)
                        continue;
                    EDDY_DO(countdown);
                }
                EDDY_GROUP(&my->group) {
                    EDDY_TRY(my->i, EDDY_SPAWN(&my->group, countdown));
                    switch (my->j) {
                    case 1:
                        EDDY_AWAIT(eddy_yield(me));
                        break;
                    case 2:
                        continue;
                    default:
                        return;
                    }
                }
            }
            if (my->j == 9)
                continue;
            break;
        }
        EDDY_TIMEOUT(&my->limit, EDDY_SEC(1)) {
            EDDY_EACH(my->j, &my->outer, countdown, .from = 10) {
                break;
            }
        }
    }
}

int main(void)
{
    return EDDY_RUN(consumer);
}
