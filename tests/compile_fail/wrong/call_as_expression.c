/* Wrong: a call as a value: it is a statement. */
/* expect: gcc=error text="expected expression before 'do'" */
/* expect: clang=error text="expected expression" */
#include <eddy.h>

struct nap {
    EDDY_FRAME_RET(int);
    int count;
    const char *text;
    int *place;
};

EDDY_CORO(nap)
{
    EDDY_BEGIN(nap) {
        EDDY_AWAIT(eddy_yield(me));
    }
}

struct user {
    EDDY_FRAME_RET(int);
    int n;
};

EDDY_CORO(user)
{
    EDDY_BEGIN(user) {
#ifdef WRONG
        my->n = EDDY_DO(nap);
#else
        EDDY_CALL(my->n, nap);
#endif
    }
}

int main(void)
{
    return EDDY_RUN(user);
}
