/* Wrong: a local with an initialiser lives across an await in EDDY_FINALLY. */
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
};

EDDY_CORO(user)
{
    EDDY_BEGIN(user) {
    }
    EDDY_FINALLY
    {
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
