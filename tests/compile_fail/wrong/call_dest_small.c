/* Wrong: the int of a call into a short; only with -Wconversion. */
/* expect: gcc=error text="may change value" flags=-Werror -Wconversion */
/* expect: clang=error text="loses integer precision" flags=-Werror -Wconversion */
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
};

EDDY_CORO(user)
{
    EDDY_BEGIN(user) {
#ifdef WRONG
        EDDY_CALL(my->s, nap);
#else
        EDDY_CALL(my->n, nap);
#endif
    }
}

int main(void)
{
    return EDDY_RUN(user);
}
