/* Wrong: an int into a short. */
/* expect: gcc=error clang=error text="the result does not fit into my->s" */
#include <eddy.h>

struct user {
    EDDY_FRAME_RET(int);
    int n;
    unsigned u;
    short s;
    char *text;
    size_t size;
    struct eddy_stream peer;
};

EDDY_CORO(user)
{
    EDDY_BEGIN(user) {
#ifdef WRONG
        EDDY_AWAIT(my->s, eddy_yield(me));
#else
        EDDY_AWAIT(my->n, eddy_yield(me));
#endif
    }
}

int main(void)
{
    return EDDY_RUN(user);
}
