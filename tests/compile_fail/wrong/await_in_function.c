/* Wrong: an await in a function that is no coroutine. */
/* expect: gcc=error clang=error text="undeclared" */
#include <eddy.h>

static int wait_a_bit(struct eddy_waiter *me)
{
#ifdef WRONG
    EDDY_AWAIT(eddy_yield(me));
#endif
    return me->result != 0;
}

int main(void)
{
    return wait_a_bit(&(struct eddy_waiter){.result = 1});
}
