/* Wrong: two bodies in one coroutine. */
/* expect: gcc=error text="redeclaration of 'eddyi_self'|redefinition of 'eddyi_self'" */
/* expect: clang=error text="redefinition of 'eddyi_self'" */
#include <eddy.h>

struct user {
    EDDY_FRAME_RET(int);
};

EDDY_CORO(user)
{
    EDDY_BEGIN(user) {
    }
#ifdef WRONG
    EDDY_BEGIN(user) {
    }
#endif
}

int main(void)
{
    return EDDY_RUN(user);
}
