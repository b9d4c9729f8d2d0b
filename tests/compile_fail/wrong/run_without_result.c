/* Wrong: EDDY_RUN of a coroutine without EDDY_FRAME_RET. */
/* expect: gcc=error text="has no member named 'ret'" */
/* expect: clang=error text="no member named 'ret'" */
#include <eddy.h>

struct nap {
#ifdef WRONG
    EDDY_FRAME;
#else
    EDDY_FRAME_RET(int);
#endif
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

int main(void)
{
    return EDDY_RUN(nap);
}
