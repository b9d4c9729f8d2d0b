/* Wrong: a local before a user's switch lives across an await inside it. */
/* expect: gcc=silent flags=-Wall */
/* expect: gcc=warning text="maybe-uninitialized" flags=-O1 -Wall */
/* expect: gcc=warning text="maybe-uninitialized" flags=-O2 -Wall */
/* expect: gcc=warning text="maybe-uninitialized" flags=-O2 -Wall -DNDEBUG */
/* expect: clang=silent flags=-Wall */
/* expect: clang=warning text="uninitialized" flags=-Wall -Wconditional-uninitialized */
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
        int n = my->n;
        switch (my->n) {
        case 1:
            EDDY_AWAIT(my->n, eddy_yield(me));
            my->n += n;
        }
#else
        {
            int n = my->n;
            my->n += n;
        }
        switch (my->n) {
        case 1:
            EDDY_AWAIT(my->n, eddy_yield(me));
        }
#endif
    }
}

int main(void)
{
    return EDDY_RUN(user);
}
