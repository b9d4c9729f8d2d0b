/* Wrong: a local with a cleanup attribute lives across an await: EDDY_DEFER is meant. */
/* expect: gcc=error text="jump-misses-init" */
/* expect: gcc=silent flags=-O2 -Wall -DNDEBUG */
/* expect: clang=error text="cannot jump from" */
/* expect: clang=error text="cannot jump from" flags=-DNDEBUG */
#include <eddy.h>

static void forget(int *n)
{
    *n = 0;
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
        int n __attribute__((cleanup(forget))) = my->n;
        EDDY_AWAIT(my->n, eddy_yield(me));
#else
        {
            int n __attribute__((cleanup(forget))) = my->n;
            my->n = n;
        }
        EDDY_AWAIT(my->n, eddy_yield(me));
#endif
    }
}

int main(void)
{
    return EDDY_RUN(user);
}
