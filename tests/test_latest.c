/* The latest value: who sees which, and what is left after the close. */
#include "support/coro.h"

#include <errno.h>

static struct eddy_latest latest;
static int values[8];

static struct user {
    struct eddy_waiter waiter;
    struct eddy_follower follower;
    int result; /* EDDY_PENDING: it has not been woken */
} users[3];

static void on_wake(struct eddy_waiter *waiter)
{
    struct user *user = EDDY_CONTAINER(waiter, struct user, waiter);
    user->result = (int)waiter->result;
    coro_say("%d", (int)(user - users));
}

static int changed(struct user *user)
{
    user->result = EDDY_PENDING;
    eddy_waiter_init(&user->waiter, &coro_current()->loop, on_wake);
    return eddy_follower_changed(&user->follower, &user->waiter);
}

static void begin(void)
{
    eddy_latest_init(&latest, &values[0]);
    for (int i = 0; i < 3; i++) {
        eddy_follower_open(&users[i].follower, &latest);
    }
}

static void a_new_reader_has_seen_the_present_value(void **state)
{
    struct coro *c = *state;
    begin();
    assert_ptr_equal(eddy_follower_value(&users[0].follower), &values[0]);
    assert_int_equal(changed(&users[0]), EDDY_PENDING);
    coro_settle(c);
    coro_expect("");
    assert_int_equal(eddy_latest_fini(&latest), -EBUSY);
    assert_true(eddy_wait_cancel(&users[0].waiter));
    coro_settle(c);
    assert_int_equal(users[0].result, -ECANCELED);
    assert_int_equal(eddy_latest_fini(&latest), 0);
    coro_expect("0");
}

static void all_who_wait_are_woken_in_order(void **state)
{
    struct coro *c = *state;
    begin();
    for (int i = 2; i >= 0; i--) {
        assert_int_equal(changed(&users[i]), EDDY_PENDING);
    }
    void *old = NULL;
    assert_int_equal(eddy_latest_set(&latest, &values[1], &old), 0);
    assert_ptr_equal(old, &values[0]);
    coro_settle(c);
    coro_expect("2 1 0");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(users[i].result, 0);
        assert_ptr_equal(eddy_follower_value(&users[i].follower), &values[1]);
    }
    assert_int_equal(latest.version, 1);
}

static void who_is_slow_sees_only_the_last(void **state)
{
    (void)state;
    begin();
    for (int i = 1; i < 5; i++) {
        assert_int_equal(eddy_latest_set(&latest, &values[i], NULL), 0);
    }
    assert_int_equal(changed(&users[0]), 0);
    assert_ptr_equal(eddy_follower_value(&users[0].follower), &values[4]);
    assert_int_equal(changed(&users[0]), EDDY_PENDING);
    assert_int_equal(eddy_wait_withdraw(&users[0].waiter), EDDY_PENDING);
}

static void the_same_value_set_again_is_a_change(void **state)
{
    (void)state;
    begin();
    assert_int_equal(eddy_latest_set(&latest, &values[0], NULL), 0);
    assert_int_equal(changed(&users[0]), 0);
}

static void to_read_the_value_is_to_have_seen_it(void **state)
{
    (void)state;
    begin();
    assert_int_equal(eddy_latest_set(&latest, &values[1], NULL), 0);
    assert_ptr_equal(eddy_follower_value(&users[0].follower), &values[1]);
    assert_int_equal(changed(&users[0]), EDDY_PENDING);
    assert_int_equal(changed(&users[1]), 0);
    assert_int_equal(eddy_wait_withdraw(&users[0].waiter), EDDY_PENDING);
}

static void a_change_between_the_wake_and_its_turn_is_another_change(void **state)
{
    struct coro *c = *state;
    begin();
    assert_int_equal(changed(&users[0]), EDDY_PENDING);
    assert_int_equal(eddy_latest_set(&latest, &values[1], NULL), 0);
    assert_false(eddy_wait_cancel(&users[0].waiter));
    assert_int_equal(eddy_latest_set(&latest, &values[2], NULL), 0);
    coro_settle(c);
    assert_int_equal(users[0].result, 0);
    assert_int_equal(changed(&users[0]), 0); /* the second one, seen or not: no change is lost */
    assert_ptr_equal(eddy_follower_value(&users[0].follower), &values[2]);
    coro_expect("0");
}

static void a_cancelled_wait_has_seen_nothing(void **state)
{
    struct coro *c = *state;
    begin();
    assert_int_equal(changed(&users[0]), EDDY_PENDING);
    assert_true(eddy_wait_cancel(&users[0].waiter));
    assert_int_equal(eddy_latest_set(&latest, &values[1], NULL), 0);
    coro_settle(c);
    assert_int_equal(users[0].result, -ECANCELED);
    assert_int_equal(changed(&users[0]), 0);
}

static void a_wait_has_a_deadline(void **state)
{
    struct coro *c = *state;
    begin();
    assert_int_equal(changed(&users[0]), EDDY_PENDING);
    eddy_wait_until(&users[0].waiter, c->os.now + 5);
    coro_finish(c);
    assert_int_equal(coro_elapsed(c), 5);
    assert_int_equal(users[0].result, -ETIMEDOUT);
}

static void an_unseen_change_comes_before_the_end_and_the_value_stays(void **state)
{
    struct coro *c = *state;
    begin();
    assert_int_equal(changed(&users[1]), EDDY_PENDING);
    assert_int_equal(eddy_latest_set(&latest, &values[1], NULL), 0);
    coro_settle(c);
    assert_int_equal(changed(&users[1]), EDDY_PENDING);
    eddy_latest_close(&latest);
    eddy_latest_close(&latest);
    void *old = &values[7];
    assert_int_equal(eddy_latest_set(&latest, &values[2], &old), -ESHUTDOWN);
    assert_ptr_equal(old, &values[7]);
    coro_settle(c);
    assert_int_equal(users[1].result, -ENODATA);
    assert_int_equal(changed(&users[0]), 0);
    assert_int_equal(changed(&users[0]), -ENODATA);
    assert_ptr_equal(eddy_follower_value(&users[0].follower), &values[1]);
    struct eddy_follower late;
    eddy_follower_open(&late, &latest);
    assert_ptr_equal(eddy_follower_value(&late), &values[1]);
    assert_int_equal(eddy_latest_fini(&latest), 0);
}

/* ---- In a coroutine -------------------------------------------------------------------- */

struct follower {
    EDDY_FRAME;
    struct eddy_follower follower;
    int error;
};

EDDY_CORO(follower)
{
    EDDY_BEGIN(follower) {
        eddy_follower_open(&my->follower, &latest);
        for (;;) {
            EDDY_AWAIT(my->error, eddy_follower_changed(&my->follower, me));
            if (my->error < 0) {
                return;
            }
            coro_say("%d", (int)((int *)eddy_follower_value(&my->follower) - values));
        }
    }
}

struct setter {
    EDDY_FRAME;
    int i;
};

EDDY_CORO(setter)
{
    EDDY_BEGIN(setter) {
        for (my->i = 1; my->i < 7; my->i++) {
            assert_int_equal(eddy_latest_set(&latest, &values[my->i], NULL), 0);
            if (my->i % 3 == 0) {
                EDDY_AWAIT(eddy_sleep(5, me));
            }
        }
        eddy_latest_close(&latest);
    }
}

static void a_follower_sees_the_last_of_each_burst(void **state)
{
    struct coro *c = *state;
    begin();
    struct eddy_task *task = CORO_START(c, follower);
    coro_settle(c);
    eddy_task_release(CORO_START(c, setter));
    assert_int_equal(coro_end(c, task), 0);
    /* what was set when it was woken, and what was set before its turn */
    coro_expect("3 6");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(a_new_reader_has_seen_the_present_value),
        coro_test(all_who_wait_are_woken_in_order),
        coro_test(who_is_slow_sees_only_the_last),
        coro_test(the_same_value_set_again_is_a_change),
        coro_test(to_read_the_value_is_to_have_seen_it),
        coro_test(a_change_between_the_wake_and_its_turn_is_another_change),
        coro_test(a_cancelled_wait_has_seen_nothing),
        coro_test(a_wait_has_a_deadline),
        coro_test(an_unseen_change_comes_before_the_end_and_the_value_stays),
        coro_test(a_follower_sees_the_last_of_each_burst),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
