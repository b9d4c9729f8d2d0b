/* Wrong: EDDY_FRAME is not the first member. */
/* expect: gcc=error clang=error text="EDDY_FRAME is the first member of struct user" */
#include <eddy.h>

struct user {
#ifdef WRONG
    int n;
    EDDY_FRAME_RET(int);
#else
    EDDY_FRAME_RET(int);
    int n;
#endif
};

EDDY_CORO(user)
{
    EDDY_BEGIN(user) {
        EDDY_AWAIT(my->n, eddy_yield(me));
    }
}

int main(void)
{
    return EDDY_RUN(user);
}
