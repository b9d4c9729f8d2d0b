/* Wrong: a local with an initialiser lives across EDDY_DO. */
/* expect: gcc=error text="jump-misses-init" */
/* expect: gcc=warning text="maybe-uninitialized" flags=-O1 -Wall */
/* expect: gcc=warning text="maybe-uninitialized" flags=-O2 -Wall */
/* expect: gcc=warning text="maybe-uninitialized" flags=-O2 -Wall -DNDEBUG */
/* expect: clang=warning text="Wuninitialized" flags=-Wall */
/* expect: clang=warning text="uninitialized" flags=-DNDEBUG -Wall -Wconditional-uninitialized */
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
        EDDY_DO(nap);
        my->n += n;
#else
        {
            int n = my->n;
            my->n += n;
        }
        EDDY_DO(nap);
        my->n = 0;
#endif
    }
}

int main(void)
{
    return EDDY_RUN(user);
}
