/* Wrong: an await in a condition. */
/* expect: gcc=error text="expected expression before 'do'" */
/* expect: clang=error text="expected expression" */
#include <eddy.h>

struct user {
    EDDY_FRAME_RET(int);
    int n;
};

EDDY_CORO(user)
{
    EDDY_BEGIN(user) {
#ifdef WRONG
        if (EDDY_AWAIT(eddy_yield(me)) < 0)
            return;
#else
        EDDY_AWAIT(my->n, eddy_yield(me));
        if (my->n < 0)
            return;
#endif
    }
}

int main(void)
{
    return EDDY_RUN(user);
}
