/* Loans: who has one, who may have one more, and what becomes of those whose borrower has ended. */
#include "model/probe.h"

#include <errno.h>
#include <string.h>

static struct eddy_limiter limiter;
static struct eddy_loan loans[4];
static struct probe a, b, d;

static int setup(void **state)
{
    int error = coro_setup(state);
    eddy_limiter_init(&limiter, 1);
    memset(loans, 0, sizeof loans);
    probe_init(&a, *state, "a");
    probe_init(&b, *state, "b");
    probe_init(&d, *state, "d");
    return error;
}

#define limiter_test(name) cmocka_unit_test_setup_teardown(name, setup, coro_teardown)

static void borrowers_are_served_in_order(void **state)
{
    struct coro *c = *state;
    assert_int_equal(eddy_limiter_borrow(&limiter, &loans[0], &a.waiter), 0);
    PARKS(eddy_limiter_borrow(&limiter, &loans[1], &b.waiter));
    PARKS(eddy_limiter_borrow(&limiter, &loans[2], &d.waiter));
    assert_int_equal(eddy_limiter_waiting(&limiter), 2);
    assert_int_equal(eddy_limiter_fini(&limiter), -EBUSY);
    assert_int_equal(eddy_limiter_give_back(&limiter, &a.waiter), 0);
    assert_int_equal(eddy_limiter_try(&limiter, &loans[0], &a.waiter), -EAGAIN); /* b has it */
    assert_int_equal(eddy_limiter_give_back(&limiter, &b.waiter), 0);
    assert_int_equal(eddy_limiter_give_back(&limiter, &d.waiter), 0);
    coro_settle(c);
    coro_expect("b:0 d:0");
    assert_int_equal(limiter.lent, 0);
    assert_int_equal(eddy_limiter_fini(&limiter), 0);
}

static void nobody_has_two_or_waits_twice(void **state)
{
    (void)state;
    assert_int_equal(eddy_limiter_borrow(&limiter, &loans[0], &a.waiter), 0);
    assert_int_equal(eddy_limiter_borrow(&limiter, &loans[1], &a.waiter), -EDEADLK);
    assert_int_equal(eddy_limiter_try(&limiter, &loans[1], &a.waiter), -EDEADLK);
    PARKS(eddy_limiter_borrow_for(&limiter, &loans[1], "somebody", &b.waiter));
    assert_int_equal(eddy_limiter_give_back(&limiter, "nobody"), -EPERM);
    assert_int_equal(eddy_limiter_borrow_for(&limiter, &loans[2], loans[1].borrower, &d.waiter), -EDEADLK);
    assert_int_equal(eddy_limiter_give_back(&limiter, loans[1].borrower), -EPERM); /* it only waits */
    assert_int_equal(eddy_wait_withdraw(&b.waiter), EDDY_PENDING);
    assert_int_equal(eddy_limiter_give_back(&limiter, &a.waiter), 0);
    assert_int_equal(eddy_limiter_give_back(&limiter, &a.waiter), -EPERM);
    assert_int_equal(eddy_limiter_fini(&limiter), 0);
}

static void a_cancel_takes_a_wait_back_but_no_loan(void **state)
{
    struct coro *c = *state;
    assert_int_equal(eddy_limiter_borrow(&limiter, &loans[0], &a.waiter), 0);
    PARKS(eddy_limiter_borrow(&limiter, &loans[1], &b.waiter));
    PARKS(eddy_limiter_borrow(&limiter, &loans[2], &d.waiter));
    assert_true(eddy_wait_cancel(&b.waiter));
    assert_int_equal(eddy_limiter_give_back(&limiter, &a.waiter), 0);
    assert_false(eddy_wait_cancel(&d.waiter));
    coro_settle(c);
    coro_expect("b:-125 d:0");
    PARKS(eddy_limiter_borrow(&limiter, &loans[1], &b.waiter));
    eddy_wait_until(&b.waiter, c->os.now + EDDY_SEC(1));
    coro_advance(c, EDDY_SEC(2));
    coro_expect("b:-110");
    assert_int_equal(eddy_limiter_give_back(&limiter, &d.waiter), 0);
    assert_int_equal(eddy_limiter_fini(&limiter), 0);
}

static void a_lower_total_throws_nobody_out(void **state)
{
    struct coro *c = *state;
    eddy_limiter_set_total(&limiter, 2);
    assert_int_equal(eddy_limiter_try(&limiter, &loans[0], &a.waiter), 0);
    assert_int_equal(eddy_limiter_try(&limiter, &loans[1], &b.waiter), 0);
    eddy_limiter_set_total(&limiter, 1);
    assert_int_equal(limiter.lent, 2);
    PARKS(eddy_limiter_borrow(&limiter, &loans[2], &d.waiter));
    assert_int_equal(eddy_limiter_give_back(&limiter, &a.waiter), 0);
    coro_settle(c);
    coro_expect("");
    eddy_limiter_set_total(&limiter, 2);
    coro_settle(c);
    coro_expect("d:0");
    assert_int_equal(limiter.peak, 2);
    assert_int_equal(limiter.borrowed, 3);
}

/* ---- Borrowers that end ---------------------------------------------------------------- */

enum way { BY_BORROW, BY_TRY, BY_ARM };

struct careless {
    EDDY_FRAME;
    enum way way;
    int error;
    struct eddy_select select;
    struct eddy_arm arm;
    int which;
};

EDDY_CORO(careless)
{
    EDDY_BEGIN(careless) {
        if (my->way == BY_BORROW) {
            EDDY_AWAIT(eddy_limiter_borrow(&limiter, &loans[3], me));
        } else if (my->way == BY_TRY) {
            assert_int_equal(eddy_limiter_try(&limiter, &loans[3], me), 0);
        } else {
            EDDY_SELECT(&my->select) {
                EDDY_ARM(&my->select, &my->arm, eddy_limiter_borrow(&limiter, &loans[3], &my->arm.waiter));
                EDDY_AWAIT(my->which, eddy_select_wait(&my->select, me));
            }
            assert_ptr_equal(loans[3].borrower, me);
        }
        EDDY_AWAIT(eddy_sleep(EDDY_SEC(1), me));
        if (my->error < 0) {
            EDDY_FAIL(my->error);
        }
    }
}

static void expect_given_back(struct coro *c, enum way way, int error)
{
    struct eddy_task *task = CORO_START(c, careless, .way = way, .error = error);
    coro_settle(c);
    PARKS(eddy_limiter_borrow(&limiter, &loans[0], &a.waiter));
    assert_int_equal(coro_end(c, task), error);
    coro_expect("a:0");
    assert_int_equal(c->log_count, 1);
    assert_int_equal(c->logs[0].error, -EOWNERDEAD);
    assert_string_equal(c->logs[0].task, "careless");
    c->log_count = 0;
    assert_int_equal(eddy_limiter_give_back(&limiter, &a.waiter), 0);
    assert_int_equal(eddy_limiter_fini(&limiter), 0);
}

static void a_task_that_ends_gives_its_loan_back(void **state)
{
    expect_given_back(*state, BY_BORROW, 0);
    expect_given_back(*state, BY_BORROW, -EIO);
    expect_given_back(*state, BY_ARM, 0);
}

static void a_task_that_ends_gives_back_what_it_got_by_try(void **state)
{
    expect_given_back(*state, BY_TRY, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        limiter_test(borrowers_are_served_in_order),
        limiter_test(nobody_has_two_or_waits_twice),
        limiter_test(a_cancel_takes_a_wait_back_but_no_loan),
        limiter_test(a_lower_total_throws_nobody_out),
        limiter_test(a_task_that_ends_gives_its_loan_back),
        limiter_test(a_task_that_ends_gives_back_what_it_got_by_try),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
