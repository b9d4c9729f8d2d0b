/* Wrong: a result of EDDY_START into a short. */
/* expect: gcc=error clang=error text="the result does not fit into my->s" */
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
    unsigned u;
    short s;
    char *text;
    size_t size;
    struct eddy_stream peer;
    struct eddy_group group;
};

EDDY_CORO(user)
{
    EDDY_BEGIN(user) {
#ifdef WRONG
        EDDY_START(my->s, &my->group, nap);
#else
        EDDY_START(my->n, &my->group, nap);
#endif
    }
}

int main(void)
{
    return EDDY_RUN(user);
}
