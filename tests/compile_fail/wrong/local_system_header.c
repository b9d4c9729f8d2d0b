/* Wrong: as local_initialised.c, with eddy among the headers of the system. */
/* expect: gcc=error text="jump-misses-init" flags=-isystem */
/* expect: gcc=warning text="maybe-uninitialized" flags=-O2 -Wall -isystem */
/* expect: clang=warning text="Wsometimes-uninitialized" flags=-Wall -isystem */
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
        int n = my->n;
        EDDY_AWAIT(my->n, eddy_yield(me));
        my->n += n;
#else
        {
            int n = my->n;
            my->n += n;
        }
        EDDY_AWAIT(my->n, eddy_yield(me));
#endif
    }
}

int main(void)
{
    return EDDY_RUN(user);
}
