/* Wrong: an argument that the frame does not have. */
/* expect: gcc=error text="has no member named 'cuont'" */
/* expect: clang=error text="field designator 'cuont' does not refer to any field" */
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
    struct eddy_group group;
    struct eddy_task *task;
    struct eddy_generator generator;
};

EDDY_CORO(user)
{
    EDDY_BEGIN(user) {
#ifdef WRONG
        EDDY_EACH(my->n, &my->generator, nap, .cuont = 1) {
        }
#else
        EDDY_EACH(my->n, &my->generator, nap, .count = 1) {
        }
#endif
    }
}

int main(void)
{
    return EDDY_RUN(user);
}
