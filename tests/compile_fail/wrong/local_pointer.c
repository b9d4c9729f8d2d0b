/* Wrong: a local pointer lives across an await. */
/* expect: gcc=error text="jump-misses-init" */
/* expect: gcc=warning text="maybe-uninitialized" flags=-O1 -Wall */
/* expect: gcc=warning text="maybe-uninitialized" flags=-O2 -Wall */
/* expect: gcc=warning text="maybe-uninitialized" flags=-O2 -Wall -DNDEBUG */
/* expect: clang=warning text="Wsometimes-uninitialized" flags=-Wall */
/* expect: clang=warning text="uninitialized" flags=-DNDEBUG -Wall -Wconditional-uninitialized */
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
        char *end = my->buffer + my->n;
        EDDY_AWAIT(my->n, eddy_yield(me));
        *end = 0;
#else
        my->place = my->buffer + my->n;
        EDDY_AWAIT(my->n, eddy_yield(me));
        *my->place = 0;
#endif
    }
}

int main(void)
{
    return EDDY_RUN(user);
}
