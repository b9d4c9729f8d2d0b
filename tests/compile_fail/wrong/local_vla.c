/* Wrong: an array of variable length lives across an await. */
/* expect: gcc=error text="variably modified type" */
/* expect: gcc=warning text="maybe-uninitialized" flags=-O2 -Wall -DNDEBUG */
/* expect: clang=error text="cannot jump from" */
/* expect: clang=error text="cannot jump from" flags=-DNDEBUG */
#include <eddy.h>

struct user {
    EDDY_FRAME_RET(int);
    int n;
    char buffer[16];
    char *place;
    struct eddy_scope limit;
    struct eddy_group group;
    struct eddy_catch caught;
    struct eddy_generator generator;
};

EDDY_CORO(user)
{
    EDDY_BEGIN(user) {
#ifdef WRONG
        char text[my->n + 1];
        text[0] = 0;
        EDDY_AWAIT(my->n, eddy_yield(me));
        my->n += text[0];
#else
        my->buffer[0] = 0;
        EDDY_AWAIT(my->n, eddy_yield(me));
        my->n += my->buffer[0];
#endif
    }
}

int main(void)
{
    return EDDY_RUN(user);
}
