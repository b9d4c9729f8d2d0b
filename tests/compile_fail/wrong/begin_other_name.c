/* Wrong: EDDY_BEGIN names another coroutine. */
/* expect: gcc=error text="'eddyi_frame_of_nap' undeclared" */
/* expect: clang=error text="undeclared identifier 'eddyi_frame_of_nap'" */
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
};

EDDY_CORO(user)
{
#ifdef WRONG
    EDDY_BEGIN(nap) {
#else
    EDDY_BEGIN(user) {
#endif
        EDDY_DO(nap);
    }
}

int main(void)
{
    return EDDY_RUN(user);
}
