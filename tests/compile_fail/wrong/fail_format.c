/* Wrong: EDDY_FAIL with arguments that its format does not have. */
/* expect: gcc=warning clang=warning text="format" flags=-Wall */
/* expect: gcc=error clang=error text="format" flags=-Werror -Wall */
#include <eddy.h>

struct user {
    EDDY_FRAME_RET(int);
    int n;
};

EDDY_CORO(user)
{
    EDDY_BEGIN(user) {
#ifdef WRONG
        EDDY_FAIL(-1, "%s", my->n);
#else
        EDDY_FAIL(-1, "%d", my->n);
#endif
    }
}

int main(void)
{
    return EDDY_RUN(user);
}
