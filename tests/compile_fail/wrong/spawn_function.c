/* Wrong: a function that is no coroutine is spawned. */
/* expect: gcc=error text="_Generic" */
/* expect: clang=error text="not compatible with any generic association" */
#include <eddy.h>

struct user {
    EDDY_FRAME_RET(int);
    int n;
};

#ifdef WRONG
static void user(struct user *my)
{
    my->n = 1;
}
#else
EDDY_CORO(user)
{
    EDDY_BEGIN(user) {
        my->n = 1;
    }
}
#endif

int spawn(struct eddy_group *group);

int spawn(struct eddy_group *group)
{
    return EDDY_SPAWN(group, user);
}
