/* Wrong: a coroutine that is not declared. */
/* expect: gcc=error text="struct nup" */
/* expect: clang=error text="struct nup" */
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
};

EDDY_CORO(user)
{
    EDDY_BEGIN(user) {
#ifdef WRONG
        EDDY_DO(nup);
#else
        EDDY_DO(nap);
#endif
    }
}

int main(void)
{
    return EDDY_RUN(user);
}
