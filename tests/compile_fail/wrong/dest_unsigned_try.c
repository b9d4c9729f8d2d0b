/* Wrong: a result of EDDY_TRY into a size_t. */
/* expect: gcc=error clang=error text="my->size must be signed: a result may be -errno" */
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
        EDDY_TRY(my->size, eddy_yield(me));
#else
        EDDY_TRY(my->n, eddy_yield(me));
#endif
    }
}

int main(void)
{
    return EDDY_RUN(user);
}
