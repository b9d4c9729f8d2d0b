/* Wrong: a ssize_t of EDDY_TRY into an int. */
/* expect: gcc=error clang=error text="the result does not fit into my->n" */
#include <eddy.h>

struct user {
    EDDY_FRAME_RET(int);
    int n;
    unsigned u;
    short s;
    char *text;
    size_t size;
    struct eddy_stream peer;
    ssize_t wide;
};

EDDY_CORO(user)
{
    EDDY_BEGIN(user) {
#ifdef WRONG
        EDDY_TRY(my->n, eddy_stream_read(&my->peer, my->text, 1, me));
#else
        EDDY_TRY(my->wide, eddy_stream_read(&my->peer, my->text, 1, me));
#endif
    }
}

int main(void)
{
    return EDDY_RUN(user);
}
