/* Instants and spans. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <eddy/time.h>
#include <stdbool.h>

static void the_units_are_nanoseconds(void **state)
{
    (void)state;
    assert_true(EDDY_NS(7) == 7);
    assert_true(EDDY_US(7) == 7000);
    assert_true(EDDY_MS(7) == 7000000);
    assert_true(EDDY_SEC(7) == INT64_C(7000000000));
    assert_true(EDDY_SEC(1 + 1) == INT64_C(2000000000));
    assert_true(EDDY_MS(-3) == -3000000);
    assert_true(sizeof(EDDY_SEC(1)) == 8);
}

static void a_unit_of_a_plain_int_does_not_overflow(void **state)
{
    (void)state;
    int days = 100000;
    assert_true(EDDY_SEC(days) == INT64_C(100000000000000));
    assert_true(EDDY_MS(INT32_MAX) == INT64_C(2147483647000000));
}

static void a_sum_is_exact(void **state)
{
    (void)state;
    assert_true(eddy_ns_add(5, 7) == 12);
    assert_true(eddy_ns_add(5, -7) == -2);
    assert_true(eddy_ns_add(INT64_MAX - 1, 1) == INT64_MAX);
    assert_true(eddy_ns_add(INT64_MIN, INT64_MAX) == -1);
}

static void a_sum_stays_at_forever_instead_of_overflowing(void **state)
{
    (void)state;
    assert_true(eddy_ns_add(EDDY_FOREVER, 1) == EDDY_FOREVER);
    assert_true(eddy_ns_add(1, EDDY_FOREVER) == EDDY_FOREVER);
    assert_true(eddy_ns_add(EDDY_FOREVER, EDDY_FOREVER) == EDDY_FOREVER);
    assert_true(eddy_ns_add(INT64_MIN, -1) == INT64_MIN);
    assert_true(eddy_ns_add(-5, INT64_MIN) == INT64_MIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_units_are_nanoseconds),
        cmocka_unit_test(a_unit_of_a_plain_int_does_not_overflow),
        cmocka_unit_test(a_sum_is_exact),
        cmocka_unit_test(a_sum_stays_at_forever_instead_of_overflowing),
    };
    return cmocka_run_group_tests_name("time", tests, NULL, NULL);
}
