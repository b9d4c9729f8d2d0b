/* Wrong: EDDY_YIELD of another type. */
/* expect: gcc=warning clang=warning text="integer from pointer|pointer to integer" */
/* expect: gcc=error text="makes integer from pointer" flags=-Werror */
/* expect: clang=error text="incompatible pointer to integer" flags=-Werror */
#include <eddy.h>

struct user {
    EDDY_FRAME_RET(int);
    int n;
};

EDDY_CORO(user)
{
    EDDY_BEGIN(user) {
#ifdef WRONG
        EDDY_YIELD("text");
#else
        EDDY_YIELD(1);
#endif
    }
}

int main(void)
{
    return EDDY_RUN(user);
}
