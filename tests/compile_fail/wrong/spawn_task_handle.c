/* Wrong: a place for the handle that is no pointer to a task pointer. */
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
};

EDDY_CORO(user)
{
    EDDY_BEGIN(user) {
#ifdef WRONG
        EDDY_TRY(my->n, EDDY_SPAWN_TASK(my->task, &my->group, nap));
#else
        EDDY_TRY(my->n, EDDY_SPAWN_TASK(&my->task, &my->group, nap));
#endif
    }
}

int main(void)
{
    return EDDY_RUN(user);
}
