/* The slab pool. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <eddy/pool.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* An allocator that counts, that checks the sizes it is told, and that fails on request. */
struct meter {
    size_t bytes;
    size_t blocks;
    size_t peak;
    size_t calls;
    size_t fail_from; /* the call from which on it fails; 0: never */
};

static void *meter_resize(void *context, void *block, size_t old_size, size_t new_size)
{
    struct meter *meter = context;
    size_t *real = block == NULL ? NULL : (size_t *)block - 2;
    assert_int_equal(real == NULL ? 0 : real[0], old_size);
    meter->calls++;
    if (new_size == 0) {
        meter->bytes -= old_size;
        meter->blocks -= real != NULL;
        free(real);
        return NULL;
    }
    if (meter->fail_from != 0 && meter->calls >= meter->fail_from) {
        return NULL;
    }
    size_t *moved = realloc(real, new_size + 2 * sizeof *real);
    assert_non_null(moved);
    moved[0] = new_size;
    meter->blocks += real == NULL;
    meter->bytes += new_size - old_size;
    meter->peak = meter->bytes > meter->peak ? meter->bytes : meter->peak;
    return moved + 2;
}

static struct meter meter;
static const struct eddy_allocator metered = {&meter, meter_resize};
static struct eddy_pool pool;

static int start(void **state)
{
    (void)state;
    memset(&meter, 0, sizeof meter);
    memset(&pool, 0xA5, sizeof pool);
    eddy_pool_init(&pool, &metered, EDDY_POOL_UNBOUNDED);
    return 0;
}

/* Whatever a test did, an ended pool has given all of its memory back. */
static int finish(void **state)
{
    (void)state;
    (void)eddy_pool_fini(&pool);
    return meter.bytes == 0 && meter.blocks == 0 ? 0 : -1;
}

static void *take(size_t size)
{
    unsigned char *block = eddy_pool_take(&pool, size);
    assert_non_null(block);
    assert_true((uintptr_t)block % 16 == 0);
    memset(block, (int)(size % 251), size);
    return block;
}

static void an_empty_pool_allocates_nothing(void **state)
{
    (void)state;
    assert_int_equal(meter.calls, 0);
    assert_int_equal(pool.bytes_reserved, 0);
    assert_int_equal(pool.bytes_used, 0);
    assert_int_equal(eddy_pool_fini(&pool), 0);
    assert_int_equal(meter.calls, 0);
}

static void every_size_gets_an_aligned_block_of_its_own(void **state)
{
    (void)state;
    static unsigned char *blocks[1300];
    for (size_t size = 0; size < 1300; size++) {
        blocks[size] = take(size);
    }
    for (size_t size = 0; size < 1300; size++) {
        for (size_t i = 0; i < size; i++) {
            assert_int_equal(blocks[size][i], size % 251);
        }
        eddy_pool_give(&pool, blocks[size], size);
    }
    assert_int_equal(pool.bytes_used, 0);
    assert_int_equal(eddy_pool_fini(&pool), 0);
}

static void used_bytes_are_rounded_up_to_the_class(void **state)
{
    (void)state;
    static const size_t sizes[][2] = {{0, 16}, {1, 16}, {16, 16}, {17, 32}, {1009, 1024}, {1024, 1024}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        void *block = take(sizes[i][0]);
        assert_int_equal(pool.bytes_used, sizes[i][1]);
        eddy_pool_give(&pool, block, sizes[i][0]);
        assert_int_equal(pool.bytes_used, 0);
    }
}

static void a_block_given_back_is_the_next_one_taken_of_its_class(void **state)
{
    (void)state;
    void *small = take(100);
    void *other = take(200);
    eddy_pool_give(&pool, small, 100);
    assert_ptr_not_equal(take(48), small);
    assert_ptr_equal(take(97), small); /* 97 to 112 are one class */
    eddy_pool_give(&pool, other, 200);
    assert_ptr_equal(take(193), other);
}

static void steady_use_asks_the_allocator_once(void **state)
{
    (void)state;
    eddy_pool_give(&pool, take(64), 64);
    size_t calls = meter.calls;
    for (int i = 0; i < 1000; i++) {
        eddy_pool_give(&pool, take(64), 64);
    }
    assert_int_equal(meter.calls, calls);
}

static void a_large_block_goes_straight_to_the_allocator_and_back(void **state)
{
    (void)state;
    size_t sizes[] = {1025, 4096, 1000000};
    for (size_t i = 0; i < 3; i++) {
        void *block = take(sizes[i]);
        assert_int_equal(meter.blocks, 1);
        assert_true(pool.bytes_used >= sizes[i]);
        assert_int_equal(pool.bytes_reserved, meter.bytes);
        eddy_pool_give(&pool, block, sizes[i]);
        assert_int_equal(meter.blocks, 0);
        assert_int_equal(pool.bytes_reserved, 0);
    }
}

static void large_blocks_leave_in_any_order(void **state)
{
    (void)state;
    static const int orders[][3] = {{0, 1, 2}, {2, 1, 0}, {1, 0, 2}, {1, 2, 0}};
    for (size_t i = 0; i < 4; i++) {
        void *blocks[3] = {take(2000), take(3000), take(4000)};
        void *small = take(16);
        for (size_t k = 0; k < 3; k++) {
            int which = orders[i][k];
            eddy_pool_give(&pool, blocks[which], (size_t)(which + 2) * 1000);
        }
        eddy_pool_give(&pool, small, 16);
        assert_int_equal(pool.bytes_used, 0);
        assert_int_equal(meter.bytes, pool.bytes_reserved);
    }
}

static void reserved_bytes_are_what_the_allocator_gave(void **state)
{
    (void)state;
    for (int i = 0; i < 2000; i++) {
        (void)take((size_t)i % 1500);
        assert_int_equal(pool.bytes_reserved, meter.bytes);
        assert_true(pool.bytes_used <= pool.bytes_reserved);
    }
    assert_int_equal(eddy_pool_fini(&pool), -EBUSY);
    assert_int_equal(meter.bytes, 0);
}

static void a_bounded_pool_never_reserves_more(void **state)
{
    (void)state;
    static const size_t bounds[] = {0, 1, 100, 5000, 70000, 200000};
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
        meter.peak = 0;
        eddy_pool_init(&pool, &metered, bounds[i]);
        size_t taken = 0;
        while (eddy_pool_take(&pool, 48) != NULL) {
            taken++;
        }
        assert_null(eddy_pool_take(&pool, bounds[i] + 2000));
        assert_true(meter.peak <= bounds[i]);
        assert_true(bounds[i] < 5000 || taken * 48 > bounds[i] / 2); /* nor does it waste most of it */
        assert_int_equal(pool.bytes_used, taken * 48);
        assert_int_equal(eddy_pool_fini(&pool), taken == 0 ? 0 : -EBUSY);
    }
}

static void after_a_refusal_the_pool_goes_on(void **state)
{
    (void)state;
    eddy_pool_init(&pool, &metered, 8192);
    void *last = NULL;
    for (void *block; (block = eddy_pool_take(&pool, 64)) != NULL;) {
        last = block;
    }
    assert_non_null(last);
    eddy_pool_give(&pool, last, 64);
    assert_ptr_equal(eddy_pool_take(&pool, 64), last);
    assert_null(eddy_pool_take(&pool, 64));
}

static void without_memory_take_returns_null_and_changes_nothing(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 64, 1024, 1025, SIZE_MAX, SIZE_MAX - 8, SIZE_MAX / 2 + 1};
    meter.fail_from = 1;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        assert_null(eddy_pool_take(&pool, sizes[i]));
        assert_int_equal(pool.bytes_used, 0);
        assert_int_equal(pool.bytes_reserved, 0);
    }
    meter.fail_from = 0;
    (void)take(64);
}

static void memory_that_runs_out_in_the_middle_loses_no_block(void **state)
{
    (void)state;
    meter.fail_from = 3;
    size_t taken = 0;
    while (eddy_pool_take(&pool, 1008) != NULL) {
        taken++;
    }
    meter.fail_from = 0;
    size_t rest = pool.bytes_reserved - pool.bytes_used; /* what is left is still there for smaller ones */
    size_t calls = meter.calls;
    for (size_t bytes = 16; bytes + 128 <= rest; bytes += 16) {
        (void)take(16);
    }
    assert_true(taken > 0);
    assert_true(meter.calls <= calls + 1);
}

static void sizes_that_no_memory_holds_are_refused(void **state)
{
    (void)state;
    assert_null(eddy_pool_take(&pool, SIZE_MAX));
    assert_null(eddy_pool_take(&pool, SIZE_MAX - 31));
    assert_int_equal(meter.calls, 0);
    assert_int_equal(pool.bytes_used, 0);
}

static void null_may_be_given_back(void **state)
{
    (void)state;
    eddy_pool_give(&pool, NULL, 64);
    eddy_pool_give(&pool, NULL, 5000);
    assert_int_equal(pool.bytes_used, 0);
}

static void fini_says_busy_and_takes_everything_back(void **state)
{
    (void)state;
    (void)take(64);
    (void)take(5000);
    assert_int_equal(eddy_pool_fini(&pool), -EBUSY);
    assert_int_equal(meter.blocks, 0);
    assert_int_equal(meter.bytes, 0);
}

static void null_stands_for_malloc(void **state)
{
    (void)state;
    eddy_pool_init(&pool, NULL, EDDY_POOL_UNBOUNDED);
    eddy_pool_give(&pool, take(64), 64);
    eddy_pool_give(&pool, take(6400), 6400);
    assert_int_equal(eddy_pool_fini(&pool), 0);
    assert_int_equal(meter.calls, 0);
}

/* Blocks of random sizes come and go; each is filled with its own byte, and none may touch another. */
static void random_use_never_hands_out_a_block_twice(void **state)
{
    (void)state;
    static unsigned char *blocks[500];
    static size_t sizes[500];
    unsigned random = 12345;
    for (int step = 0; step < 50000; step++) {
        random = random * 1103515245 + 12345;
        size_t at = (random >> 8) % 500;
        if (blocks[at] == NULL) {
            sizes[at] = (random >> 16) % (at % 10 == 0 ? 3000 : 300);
            blocks[at] = eddy_pool_take(&pool, sizes[at]);
            assert_non_null(blocks[at]);
            memset(blocks[at], (int)(at % 256), sizes[at]);
            continue;
        }
        for (size_t i = 0; i < sizes[at]; i++) {
            assert_int_equal(blocks[at][i], at % 256);
        }
        eddy_pool_give(&pool, blocks[at], sizes[at]);
        blocks[at] = NULL;
    }
    for (size_t at = 0; at < 500; at++) {
        eddy_pool_give(&pool, blocks[at], sizes[at]);
    }
    assert_int_equal(pool.bytes_used, 0);
    assert_int_equal(eddy_pool_fini(&pool), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_empty_pool_allocates_nothing, start, finish),
        cmocka_unit_test_setup_teardown(every_size_gets_an_aligned_block_of_its_own, start, finish),
        cmocka_unit_test_setup_teardown(used_bytes_are_rounded_up_to_the_class, start, finish),
        cmocka_unit_test_setup_teardown(a_block_given_back_is_the_next_one_taken_of_its_class, start, finish),
        cmocka_unit_test_setup_teardown(steady_use_asks_the_allocator_once, start, finish),
        cmocka_unit_test_setup_teardown(a_large_block_goes_straight_to_the_allocator_and_back, start, finish),
        cmocka_unit_test_setup_teardown(large_blocks_leave_in_any_order, start, finish),
        cmocka_unit_test_setup_teardown(reserved_bytes_are_what_the_allocator_gave, start, finish),
        cmocka_unit_test_setup_teardown(a_bounded_pool_never_reserves_more, start, finish),
        cmocka_unit_test_setup_teardown(after_a_refusal_the_pool_goes_on, start, finish),
        cmocka_unit_test_setup_teardown(without_memory_take_returns_null_and_changes_nothing, start, finish),
        cmocka_unit_test_setup_teardown(memory_that_runs_out_in_the_middle_loses_no_block, start, finish),
        cmocka_unit_test_setup_teardown(sizes_that_no_memory_holds_are_refused, start, finish),
        cmocka_unit_test_setup_teardown(null_may_be_given_back, start, finish),
        cmocka_unit_test_setup_teardown(fini_says_busy_and_takes_everything_back, start, finish),
        cmocka_unit_test_setup_teardown(null_stands_for_malloc, start, finish),
        cmocka_unit_test_setup_teardown(random_use_never_hands_out_a_block_twice, start, finish),
    };
    return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
