/* Wrong: an operation without its await. */
/* expect: gcc=warning clang=warning text="unused-result" */
/* expect: gcc=error clang=error text="unused-result" flags=-Werror */
#include <eddy.h>

struct user {
    EDDY_FRAME_RET(int);
    int n;
};

EDDY_CORO(user)
{
    EDDY_BEGIN(user) {
#ifdef WRONG
        eddy_sleep(EDDY_SEC(1), me);
#else
        EDDY_AWAIT(eddy_sleep(EDDY_SEC(1), me));
#endif
    }
}

int main(void)
{
    return EDDY_RUN(user);
}
