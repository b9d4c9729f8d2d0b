/* Wrong: a handler whose frame calls something else its connection. */
/* expect: gcc=error text="'_Generic' selector" */
/* expect: clang=error text="controlling expression type" */
#include <eddy.h>

struct user {
    EDDY_FRAME;
#ifdef WRONG
    struct eddy_stream *connection;
#else
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
