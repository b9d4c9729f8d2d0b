/* Wrong: a handler whose frame has no connection. */
/* expect: gcc=error text="has no member named 'connection'" */
/* expect: clang=error text="no member named 'connection'" */
#include <eddy.h>

struct user {
    EDDY_FRAME;
#ifndef WRONG
    struct eddy_connection *connection;
#endif
};

EDDY_CORO_EXTERN(user)
{
    EDDY_BEGIN(user) {
        EDDY_AWAIT(eddy_yield(me));
    }
}

const struct eddy_handler *handler_of_user(void);
const struct eddy_handler *handler_of_user(void)
{
    return EDDY_HANDLER(user);
}
