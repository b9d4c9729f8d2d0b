/* The allocator that stands on malloc. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <eddy/alloc.h>
#include <string.h>

/* Sanitizers stop a program that asks for too much, unless they are told that it expects the NULL. */
const char *__asan_default_options(void) __attribute__((weak));
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}
const char *__tsan_default_options(void) __attribute__((weak));
const char *__tsan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static void *resize(void *block, size_t old_size, size_t new_size)
{
    return eddy_allocator_default.resize(eddy_allocator_default.context, block, old_size, new_size);
}

static void null_allocates_and_zero_frees(void **state)
{
    (void)state;
    void *block = resize(NULL, 0, 100);
    assert_non_null(block);
    assert_true((uintptr_t)block % _Alignof(max_align_t) == 0);
    memset(block, 1, 100);
    assert_null(resize(block, 100, 0));
}

static void nothing_to_free_is_fine(void **state)
{
    (void)state;
    assert_null(resize(NULL, 0, 0));
}

static void a_resized_block_keeps_its_content(void **state)
{
    (void)state;
    unsigned char *block = resize(NULL, 0, 32);
    assert_non_null(block);
    memset(block, 7, 32);
    block = resize(block, 32, 100000);
    assert_non_null(block);
    for (int i = 0; i < 32; i++) {
        assert_int_equal(block[i], 7);
    }
    block = resize(block, 100000, 8);
    assert_non_null(block);
    assert_int_equal(block[7], 7);
    resize(block, 8, 0);
}

static void a_block_stands_when_there_is_no_memory_for_a_larger_one(void **state)
{
    (void)state;
    unsigned char *block = resize(NULL, 0, 32);
    assert_non_null(block);
    block[31] = 9;
    assert_null(resize(block, 32, PTRDIFF_MAX));
    assert_int_equal(block[31], 9);
    resize(block, 32, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_allocates_and_zero_frees),
        cmocka_unit_test(nothing_to_free_is_fine),
        cmocka_unit_test(a_resized_block_keeps_its_content),
        cmocka_unit_test(a_block_stands_when_there_is_no_memory_for_a_larger_one),
    };
    return cmocka_run_group_tests_name("alloc", tests, NULL, NULL);
}
