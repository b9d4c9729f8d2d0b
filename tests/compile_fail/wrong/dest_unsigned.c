/* Wrong: a result into an unsigned. */
/* expect: gcc=error clang=error text="my->u must be signed: a result may be -errno" */
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
        EDDY_AWAIT(my->u, eddy_yield(me));
#else
        EDDY_AWAIT(my->n, eddy_yield(me));
#endif
    }
}

int main(void)
{
    return EDDY_RUN(user);
}
