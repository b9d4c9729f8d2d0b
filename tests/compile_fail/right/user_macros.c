/* eddy's macros out of a user's macros, each more than once on a line, and with macros as arguments. */
#include <eddy.h>
#include <errno.h>

#define NAP(ms) EDDY_AWAIT(eddy_sleep(EDDY_MS(ms), me))
#define NAP_INTO(dest, ms) EDDY_AWAIT(dest, eddy_sleep(EDDY_MS(ms), me))
#define NAP_TWICE(ms) \
    do {              \
        NAP(ms);      \
        NAP(ms);      \
    } while (0)
#define AWAIT(...) EDDY_AWAIT(__VA_ARGS__)
#define SPAWN(...) EDDY_SPAWN(&my->group, __VA_ARGS__)
#define GO(...) EDDY_TRY(my->n, EDDY_SPAWN(__VA_ARGS__))
#define WITHIN(ms) EDDY_TIMEOUT(&my->limit, EDDY_MS(ms))
#define TOGETHER EDDY_GROUP(&my->group)
#define GUARDED EDDY_CATCH(&my->caught)
#define NUMBERS(dest, ...) EDDY_EACH(dest, &my->generator, numbers, __VA_ARGS__)
#define CALL_NUMBERS(top) EDDY_CALL(my->n, numbers, .to = (top))
#define ENSURE(condition)                         \
    do {                                          \
        if (!(condition))                         \
            EDDY_FAIL(-EINVAL, "%s", #condition); \
    } while (0)
#define CORO(name) EDDY_CORO(name)
#define BEGIN(name) EDDY_BEGIN(name)
#define SPAN 3
#define ME me
#define PAIR 1, 2

struct numbers {
    EDDY_FRAME_RET(int);
    int to;
    int both[2];
};

CORO(numbers)
{
    BEGIN(numbers)
    {
        ENSURE(my->to >= 0);
        for (my->ret = 0; my->ret < my->to; my->ret++) {
            EDDY_YIELD(my->ret);
        }
    }
}

struct user {
    EDDY_FRAME_RET(int);
    int n;
    struct eddy_scope limit;
    struct eddy_group group;
    struct eddy_catch caught;
    struct eddy_generator generator;
    struct eddy_task *task;
};

CORO(user)
{
    BEGIN(user)
    {
        NAP(1);
        if (my->n)
            NAP(SPAN);
        else
            NAP_TWICE(SPAN);
        /* clang-format off */
        NAP(1); NAP_INTO(my->n, 2); NAP_TWICE(3);
        /* clang-format on */
        AWAIT(eddy_yield(ME));
        AWAIT(my->n, eddy_yield(ME));
        WITHIN(SPAN)
        {
            TOGETHER
            {
                GO(&my->group, numbers, .to = SPAN);
                EDDY_TRY(my->n, SPAWN(numbers));
                EDDY_TRY(my->n, SPAWN(numbers, .to = SPAN, .both = {PAIR}));
                GUARDED
                {
                    if (my->n)
                        break;
                    ENSURE(my->n == 0);
                    NUMBERS(my->n, .to = 3)
                    {
                        NAP(SPAN);
                    }
                }
            }
            CALL_NUMBERS(SPAN);
        }
    }
    EDDY_FINALLY
    {
        NAP_TWICE(1);
    }
}

int main(void)
{
    return EDDY_RUN(user);
}
