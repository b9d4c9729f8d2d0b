/* A frame too large for any class of the pool. */
#include "support/coro.h"

struct large {
    EDDY_FRAME_RET(int);
    int first;
    char bytes[1 << 20];
};

EDDY_CORO(large)
{
    EDDY_BEGIN(large) {
        my->bytes[0] = 1;
        my->bytes[sizeof my->bytes - 1] = 2;
        EDDY_AWAIT(eddy_sleep(1, me));
        EDDY_RETURN(my->first + my->bytes[0] + my->bytes[sizeof my->bytes - 1]);
    }
}

struct calls_large {
    EDDY_FRAME_RET(int);
};

EDDY_CORO(calls_large)
{
    EDDY_BEGIN(calls_large) {
        EDDY_CALL(my->ret, large, .first = 10);
    }
}

static void a_frame_may_be_larger_than_the_pools_classes(void **state)
{
    struct coro *c = *state;
    int result = 0;
    assert_int_equal(CORO_RUN_RET(c, &result, large, .first = 4), 0);
    assert_int_equal(result, 7);
    assert_int_equal(CORO_RUN_RET(c, &result, calls_large), 0);
    assert_int_equal(result, 13);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(a_frame_may_be_larger_than_the_pools_classes),
    };
    return cmocka_run_group_tests_name("frame_large", tests, NULL, NULL);
}
