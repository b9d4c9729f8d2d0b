/* Wrong: a function that is no coroutine is called. */
/* expect: gcc=error clang=error text="incomplete type" */
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

static int plain(int n)
{
    return n;
}

struct user {
    EDDY_FRAME_RET(int);
    int n;
};

EDDY_CORO(user)
{
    EDDY_BEGIN(user) {
        my->n = plain(my->n);
#ifdef WRONG
        EDDY_CALL(my->n, plain);
#else
        EDDY_CALL(my->n, nap);
#endif
    }
}

int main(void)
{
    return EDDY_RUN(user);
}
