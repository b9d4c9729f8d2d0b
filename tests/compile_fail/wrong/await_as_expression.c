/* Wrong: an await as a value: it is a statement. */
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
        my->n = EDDY_AWAIT(eddy_yield(me));
#else
        EDDY_AWAIT(my->n, eddy_yield(me));
#endif
    }
}

int main(void)
{
    return EDDY_RUN(user);
}
