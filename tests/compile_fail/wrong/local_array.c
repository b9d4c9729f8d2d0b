/* Wrong: an initialised local array lives across an await. */
/* expect: gcc=error text="jump-misses-init" */
/* expect: gcc=silent flags=-O2 -Wall -DNDEBUG */
/* expect: clang=silent flags=-Wall */
/* expect: clang=silent flags=-Wall -Wconditional-uninitialized */
/* expect: clang=silent flags=-DNDEBUG -Wall -Wconditional-uninitialized */
#include <eddy.h>
#include <stdio.h>

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
        char text[8] = "text";
        EDDY_AWAIT(my->n, eddy_yield(me));
        my->n += puts(text);
#else
        {
            char text[8] = "text";
            my->n += puts(text);
        }
        EDDY_AWAIT(my->n, eddy_yield(me));
#endif
    }
}

int main(void)
{
    return EDDY_RUN(user);
}
