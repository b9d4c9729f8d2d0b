/* Wrong: the variable of a loop that awaits. */
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
        for (int i = 0; i < 3; i++) {
            EDDY_AWAIT(my->n, eddy_yield(me));
        }
#else
        for (my->n = 0; my->n < 3; my->n++) {
            EDDY_AWAIT(eddy_yield(me));
        }
#endif
    }
}

int main(void)
{
    return EDDY_RUN(user);
}
