/* Wrong: EDDY_CALL of a coroutine without EDDY_FRAME_RET. */
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
};

EDDY_CORO(user)
{
    EDDY_BEGIN(user) {
#ifdef WRONG
        EDDY_CALL(my->n, nap);
#else
        EDDY_DO(nap);
#endif
    }
}

int main(void)
{
    return EDDY_RUN(user);
}
