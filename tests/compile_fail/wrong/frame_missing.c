/* Wrong: a frame without EDDY_FRAME. */
/* expect: gcc=error text="has no member named 'eddyi_frame'" */
/* expect: clang=error text="no member named 'eddyi_frame'" */
#include <eddy.h>

struct user {
#ifdef WRONG
    int ret;
#else
    EDDY_FRAME_RET(int);
#endif
};

EDDY_CORO_EXTERN(user)
{
    EDDY_BEGIN(user) {
        EDDY_AWAIT(eddy_yield(me));
    }
}
