/* Wrong: EDDY_EACH of a coroutine without EDDY_FRAME_RET. */
/* expect: gcc=error text="has no member named 'ret'" */
/* expect: clang=error text="no member named 'ret'" */
#include <eddy.h>

struct nap {
    EDDY_FRAME;
    int count;
    const char *text;
    int *place;
};

EDDY_CORO(nap)
{
    EDDY_BEGIN(nap) {
        EDDY_AWAIT(eddy_yield(me));
    }
}

struct user {
    EDDY_FRAME_RET(int);
    int n;
    struct eddy_group group;
    struct eddy_task *task;
    struct eddy_generator generator;
};

EDDY_CORO(user)
{
    EDDY_BEGIN(user) {
#ifdef WRONG
        EDDY_EACH(my->n, &my->generator, nap) {
        }
#else
        EDDY_DO(nap);
#endif
    }
}

int main(void)
{
    return EDDY_RUN(user);
}
