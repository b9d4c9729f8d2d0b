/* Wrong: a coroutine without EDDY_BEGIN. */
/* expect: gcc=error text="'eddyi_self' undeclared" */
/* expect: clang=error text="undeclared identifier 'eddyi_self'" */
#include <eddy.h>

struct user {
    EDDY_FRAME_RET(int);
};

EDDY_CORO(user)
{
#ifdef WRONG
    EDDY_AWAIT(eddy_yield(&eddyi_frame_of_user->task->waiter));
#else
    EDDY_BEGIN(user) {
        EDDY_AWAIT(eddy_yield(me));
    }
#endif
}

int main(void)
{
    return EDDY_RUN(user);
}
