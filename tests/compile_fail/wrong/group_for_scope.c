/* Wrong: a group where a scope is asked for. */
/* expect: gcc=error clang=error text="incompatible pointer type" flags=-Werror */
#include <eddy.h>

struct user {
    EDDY_FRAME_RET(int);
    int n;
    struct eddy_group group;
    struct eddy_task *task;
    struct eddy_generator generator;
    struct eddy_scope scope;
};

EDDY_CORO(user)
{
    EDDY_BEGIN(user) {
#ifdef WRONG
        EDDY_TIMEOUT(&my->group, EDDY_SEC(1)) {
        }
#else
        EDDY_TIMEOUT(&my->scope, EDDY_SEC(1)) {
        }
#endif
    }
}

int main(void)
{
    return EDDY_RUN(user);
}
