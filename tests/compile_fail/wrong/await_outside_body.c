/* Wrong: an await before EDDY_BEGIN. */
/* expect: gcc=error text="undeclared" */
/* expect: clang=error text="undeclared" */
#include <eddy.h>

struct user {
    EDDY_FRAME_RET(int);
};

EDDY_CORO(user)
{
#ifdef WRONG
    EDDY_AWAIT(eddy_yield(me));
#endif
    EDDY_BEGIN(user) {
        EDDY_AWAIT(eddy_yield(me));
    }
}

int main(void)
{
    return EDDY_RUN(user);
}
