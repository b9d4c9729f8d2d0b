/* Wrong: a string where the frame has an int. */
/* expect: gcc=error text="makes integer from pointer" */
/* expect: clang=error text="incompatible pointer to integer" */
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
        EDDY_DO(nap, .count = "3");
#else
        EDDY_DO(nap, .count = 3);
#endif
    }
}

int main(void)
{
    return EDDY_RUN(user);
}
