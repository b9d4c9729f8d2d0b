/* Wrong: an argument that the frame does not have. */
/* expect: gcc=error text="has no member named 'cuont'" */
/* expect: clang=error text="field designator 'cuont' does not refer to any field" */
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

int main(void)
{
#ifdef WRONG
    return EDDY_RUN(nap, .cuont = 1);
#else
    return EDDY_RUN(nap, .count = 1);
#endif
}
