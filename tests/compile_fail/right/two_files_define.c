/* What two_files_use.c calls. */
#include "two_files.h"

EDDY_CORO_EXTERN(shared_one)
{
    EDDY_BEGIN(shared_one) {
        EDDY_AWAIT(eddy_yield(me));
        EDDY_DO(shared_two, .text = "one");
        EDDY_RETURN(my->n);
    }
}

EDDY_CORO_EXTERN(shared_two)
{
    EDDY_BEGIN(shared_two) {
        EDDY_AWAIT(eddy_yield(me));
    }
    EDDY_FINALLY
    {
        my->text = NULL;
    }
}
