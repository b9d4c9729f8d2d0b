/* Wrong: a task without a group. */
/* expect: gcc=error text="expected '.' before|expected '{' before|undeclared" */
/* expect: clang=error text="undeclared" */
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
        EDDY_TRY(my->n, EDDY_SPAWN(nap, .count = 1));
#else
        EDDY_TRY(my->n, EDDY_SPAWN(&my->group, nap, .count = 1));
#endif
    }
}

int main(void)
{
    return EDDY_RUN(user);
}
