/* Wrong: an int where the frame has a pointer. */
/* expect: gcc=error text="makes pointer from integer" */
/* expect: clang=error text="incompatible integer to pointer" */
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
    struct eddy_group group;
    struct eddy_task *task;
    struct eddy_generator generator;
};

EDDY_CORO(user)
{
    EDDY_BEGIN(user) {
#ifdef WRONG
        EDDY_CALL(my->n, nap, .place = my->n);
#else
        EDDY_CALL(my->n, nap, .place = &my->n);
#endif
    }
}

int main(void)
{
    return EDDY_RUN(user);
}
