/* Wrong: the result of EDDY_SPAWN is not looked at: there may be no task. */
/* expect: gcc=warning clang=warning text="unused-result" */
/* expect: gcc=error clang=error text="unused-result" flags=-Werror */
#include <eddy.h>

struct nap {
    EDDY_FRAME_RET(int);
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
        EDDY_SPAWN(&my->group, nap);
#else
        my->n = EDDY_SPAWN(&my->group, nap);
#endif
    }
}

int main(void)
{
    return EDDY_RUN(user);
}
