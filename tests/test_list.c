/* The intrusive list. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <eddy/list.h>

struct job {
    int id;
    struct eddy_list link;
};

static struct eddy_list jobs;
static struct job a = {.id = 1}, b = {.id = 2}, c = {.id = 3};

static int start(void **state)
{
    (void)state;
    eddy_list_init(&jobs);
    eddy_list_append(&jobs, &a.link);
    eddy_list_append(&jobs, &b.link);
    eddy_list_append(&jobs, &c.link);
    return 0;
}

static void expect_order(int first, int second, int third)
{
    int expected[] = {first, second, third};
    for (int i = 0; i < 3 && expected[i] != 0; i++) {
        struct eddy_list *link = eddy_list_first(&jobs);
        assert_non_null(link);
        assert_int_equal(EDDY_CONTAINER(link, struct job, link)->id, expected[i]);
        eddy_list_remove(link);
    }
    assert_true(eddy_list_is_empty(&jobs));
}

static void a_new_list_is_empty(void **state)
{
    (void)state;
    struct eddy_list list;
    eddy_list_init(&list);
    assert_true(eddy_list_is_empty(&list));
    assert_null(eddy_list_first(&list));
}

static void the_first_is_the_oldest(void **state)
{
    (void)state;
    assert_false(eddy_list_is_empty(&jobs));
    assert_ptr_equal(eddy_list_first(&jobs), &a.link);
    expect_order(1, 2, 3);
}

static void a_link_leaves_from_any_place(void **state)
{
    eddy_list_remove(&b.link);
    expect_order(1, 3, 0);
    start(state);
    eddy_list_remove(&a.link);
    expect_order(2, 3, 0);
    start(state);
    eddy_list_remove(&c.link);
    expect_order(1, 2, 0);
}

static void a_removed_link_is_in_no_list_and_may_be_removed_or_appended_again(void **state)
{
    (void)state;
    eddy_list_remove(&a.link);
    assert_true(eddy_list_is_empty(&a.link));
    eddy_list_remove(&a.link);
    eddy_list_append(&jobs, &a.link);
    expect_order(2, 3, 1);
}

static void container_finds_the_structure_around_a_link(void **state)
{
    (void)state;
    assert_ptr_equal(EDDY_CONTAINER(&b.link, struct job, link), &b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_list_is_empty),
        cmocka_unit_test_setup(the_first_is_the_oldest, start),
        cmocka_unit_test_setup(a_link_leaves_from_any_place, start),
        cmocka_unit_test_setup(a_removed_link_is_in_no_list_and_may_be_removed_or_appended_again, start),
        cmocka_unit_test(container_finds_the_structure_around_a_link),
    };
    return cmocka_run_group_tests_name("list", tests, NULL, NULL);
}
