/* Wrong: a result into a float. */
/* expect: gcc=error text="my->f must be an integer" */
/* expect: clang=error text="my->f must be an integer|not an integral constant" */
#include <eddy.h>

struct user {
    EDDY_FRAME_RET(int);
    int n;
    unsigned u;
    short s;
    char *text;
    size_t size;
    struct eddy_stream peer;
    float f;
};

EDDY_CORO(user)
{
    EDDY_BEGIN(user) {
#ifdef WRONG
        EDDY_AWAIT(my->f, eddy_yield(me));
#else
        EDDY_AWAIT(my->n, eddy_yield(me));
#endif
    }
}

int main(void)
{
    return EDDY_RUN(user);
}
