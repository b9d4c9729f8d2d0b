/* Wrong: EDDY_RETURN in a coroutine without EDDY_FRAME_RET. */
/* expect: gcc=error text="has no member named 'ret'" */
/* expect: clang=error text="no member named 'ret'" */
#include <eddy.h>

struct nap {
    EDDY_FRAME;
    int count;
    const char *text;
    int *place;
};

EDDY_CORO_EXTERN(nap)
{
    EDDY_BEGIN(nap) {
#ifdef WRONG
        EDDY_RETURN(1);
#else
        EDDY_AWAIT(eddy_yield(me));
#endif
    }
}
