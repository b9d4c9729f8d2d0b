/* Coroutines that one file defines and another uses. */
#include <eddy.h>

struct shared_one {
    EDDY_FRAME_RET(int);
    int n;
};
EDDY_CORO_DECLARE(shared_one);

struct shared_two {
    EDDY_FRAME;
    const char *text;
};
EDDY_CORO_DECLARE(shared_two);
