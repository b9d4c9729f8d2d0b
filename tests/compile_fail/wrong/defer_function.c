/* Wrong: EDDY_DEFER with a function of another type. */
/* expect: gcc=error clang=error text="incompatible (function )?pointer type" flags=-Werror */
#include <eddy.h>

static void close_number(int *n)
{
    *n = -1;
}

static void close_any(void *n)
{
    close_number(n);
}

struct user {
    EDDY_FRAME_RET(int);
    int n;
    struct eddy_defer defer;
};

EDDY_CORO(user)
{
    EDDY_BEGIN(user) {
#ifdef WRONG
        EDDY_DEFER(&my->defer, close_number, &my->n);
#else
        EDDY_DEFER(&my->defer, close_any, &my->n);
#endif
    }
}

int main(void)
{
    return EDDY_RUN(user);
}
