/* Wrong: no braces after EDDY_BEGIN. */
/* expect: gcc=error text="case label not within a switch statement" */
/* expect: clang=error text="'case' statement not in switch statement" */
#include <eddy.h>

struct user {
    EDDY_FRAME_RET(int);
    int n;
};

EDDY_CORO(user)
{
    EDDY_BEGIN(user)
#ifdef WRONG
        my->n = 1;
    EDDY_AWAIT(eddy_yield(me));
#else
    {
        my->n = 1;
        EDDY_AWAIT(eddy_yield(me));
    }
#endif
}

int main(void)
{
    return EDDY_RUN(user);
}
