/* Wrong: no semicolon after an await. */
/* expect: gcc=error text="expected ';' before" */
/* expect: clang=error text="expected ';' after" */
#include <eddy.h>

struct user {
    EDDY_FRAME_RET(int);
    int n;
};

EDDY_CORO(user)
{
    EDDY_BEGIN(user) {
#ifdef WRONG
        EDDY_AWAIT(my->n, eddy_yield(me))
        my->n = 1;
#else
        EDDY_AWAIT(my->n, eddy_yield(me));
        my->n = 1;
#endif
    }
}

int main(void)
{
    return EDDY_RUN(user);
}
