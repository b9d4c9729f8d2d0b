/* Wrong: an int where the frame has a pointer. */
/* expect: gcc=error text="makes pointer from integer" */
/* expect: clang=error text="incompatible integer to pointer" */
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
    int n = 1;
#ifdef WRONG
    return EDDY_RUN(nap, .place = n);
#else
    return EDDY_RUN(nap, .place = &n);
#endif
}
