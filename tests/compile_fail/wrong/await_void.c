/* Wrong: an await of something without a result. */
/* expect: gcc=error clang=error text="invalid use of void expression|passing 'void' to parameter" */
#include <eddy.h>

struct user {
    EDDY_FRAME_RET(int);
    int n;
};

EDDY_CORO(user)
{
    EDDY_BEGIN(user) {
#ifdef WRONG
        EDDY_AWAIT(eddy_loop_stop(eddy_loop_current()));
#else
        eddy_loop_stop(eddy_loop_current());
#endif
    }
}

int main(void)
{
    return EDDY_RUN(user);
}
