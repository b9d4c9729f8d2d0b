/* Wrong: an argument given twice. */
/* expect: gcc=error text="initialized field overwritten" */
/* expect: clang=error text="overrides prior initialization" */
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
        EDDY_DO(nap, .count = 3, .count = 4);
#else
        EDDY_DO(nap, .count = 3);
#endif
    }
}

int main(void)
{
    return EDDY_RUN(user);
}
