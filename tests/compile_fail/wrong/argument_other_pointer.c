/* Wrong: a pointer to something else than the frame has. */
/* expect: gcc=error text="incompatible pointer type" */
/* expect: clang=error text="incompatible pointer types" */
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
    double other;
};

EDDY_CORO(user)
{
    EDDY_BEGIN(user) {
#ifdef WRONG
        EDDY_DO(nap, .place = &my->other);
#else
        EDDY_DO(nap, .place = &my->n);
#endif
    }
}

int main(void)
{
    return EDDY_RUN(user);
}
