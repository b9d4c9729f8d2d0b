/* Wrong: a coroutine of which there is no struct. */
/* expect: gcc=error text="incomplete type|undefined type|invalid use of undefined" */
/* expect: clang=error text="incomplete type" */
#include <eddy.h>

#ifndef WRONG
struct user {
    EDDY_FRAME_RET(int);
};
#endif

EDDY_CORO_EXTERN(user)
{
    EDDY_BEGIN(user) {
    }
}
