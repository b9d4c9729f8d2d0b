/* Wrong: EDDY_RESULT into another type. */
/* expect: gcc=warning clang=warning text="pointer" */
/* expect: gcc=error text="makes pointer from integer" flags=-Werror */
/* expect: clang=error text="incompatible integer to pointer" flags=-Werror */
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
    char *text;
};

EDDY_CORO(user)
{
    EDDY_BEGIN(user) {
#ifdef WRONG
        my->text = EDDY_RESULT(my->task, nap);
#else
        my->n = EDDY_RESULT(my->task, nap);
#endif
    }
}

int main(void)
{
    return EDDY_RUN(user);
}
