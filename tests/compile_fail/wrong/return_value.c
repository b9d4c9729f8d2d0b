/* Wrong: a value is returned from a body: EDDY_RETURN(3) is meant. */
/* expect: gcc=warning text="with a value" */
/* expect: gcc=error text="with a value" flags=-Werror */
/* expect: clang=error text="should not return a value" */
#include <eddy.h>

struct user {
    EDDY_FRAME_RET(int);
    int n;
};

EDDY_CORO(user)
{
    EDDY_BEGIN(user) {
#ifdef WRONG
        return 3;
#else
        EDDY_RETURN(3);
#endif
    }
}

int main(void)
{
    return EDDY_RUN(user);
}
