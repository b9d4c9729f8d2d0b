/* Wrong: a scope where a group is asked for. */
/* expect: gcc=error clang=error text="incompatible pointer type" flags=-Werror */
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
    struct eddy_scope scope;
};

EDDY_CORO(user)
{
    EDDY_BEGIN(user) {
#ifdef WRONG
        EDDY_TRY(my->n, EDDY_SPAWN(&my->scope, nap));
#else
        EDDY_TRY(my->n, EDDY_SPAWN(&my->group, nap));
#endif
    }
}

int main(void)
{
    return EDDY_RUN(user);
}
