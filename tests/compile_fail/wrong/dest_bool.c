/* Wrong: a result into a bool. */
/* expect: gcc=error clang=error text="my->flag must be signed" */
#include <eddy.h>

struct user {
    EDDY_FRAME_RET(int);
    int n;
    unsigned u;
    short s;
    char *text;
    size_t size;
    struct eddy_stream peer;
    bool flag;
};

EDDY_CORO(user)
{
    EDDY_BEGIN(user) {
#ifdef WRONG
        EDDY_AWAIT(my->flag, 1 ? 0 : eddy_yield(me));
#else
        EDDY_AWAIT(my->n, 1 ? 0 : eddy_yield(me));
#endif
    }
}

int main(void)
{
    return EDDY_RUN(user);
}
