/* Wrong: an await of a pointer. */
/* expect: gcc=error clang=error text="integer" flags=-Werror */
#include <eddy.h>

struct user {
    EDDY_FRAME_RET(int);
    long n;
};

EDDY_CORO(user)
{
    EDDY_BEGIN(user) {
#ifdef WRONG
        EDDY_AWAIT(my->n, eddy_loop_current());
#else
        EDDY_AWAIT(my->n, eddy_loop_current() != NULL);
#endif
    }
}

int main(void)
{
    return EDDY_RUN(user);
}
