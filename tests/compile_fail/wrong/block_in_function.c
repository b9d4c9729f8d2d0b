/* Wrong: a block in a function that is no coroutine. */
/* expect: gcc=error text="'eddyi_self' undeclared" */
/* expect: clang=error text="undeclared identifier 'eddyi_self'" */
#include <eddy.h>

static int with_a_limit(struct eddy_scope *scope)
{
#ifdef WRONG
    EDDY_TIMEOUT(scope, EDDY_SEC(1)) {
    }
#endif
    return scope->expired;
}

int main(void)
{
    return with_a_limit(&(struct eddy_scope){.expired = true});
}
