/* Futures: one promises, any number wait, and no error is lost. */
#include "support/coro.h"

#include <errno.h>
#include <string.h>

enum { USERS = 6 };

static struct eddy_future future;
static struct eddy_promise promise;
static int value;

static struct eddy_waiter users[USERS];

static void on_wake(struct eddy_waiter *waiter)
{
    coro_say("%d:%d", (int)(waiter - users), (int)waiter->result);
}

static struct eddy_waiter *user(int at)
{
    eddy_waiter_init(&users[at], &coro_current()->loop, on_wake);
    return &users[at];
}

static void begin(void)
{
    eddy_future_init(&future, &promise, &coro_current()->loop);
}

/* ---- Set once, read by many ------------------------------------------------------------ */

static void all_who_wait_get_the_value_in_order(void **state)
{
    struct coro *c = *state;
    begin();
    assert_false(eddy_future_is_done(&future));
    assert_null(eddy_future_value(&future));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(eddy_future_wait(&future, user(i)), EDDY_PENDING);
    }
    assert_int_equal(eddy_future_fini(&future), -EBUSY);
    assert_int_equal(eddy_promise_set(&promise, &value), 0);
    assert_true(eddy_future_is_done(&future));
    coro_expect("");
    coro_settle(c);
    coro_expect("0:0 1:0 2:0");
    assert_int_equal(eddy_future_wait(&future, user(3)), 0);
    assert_ptr_equal(eddy_future_value(&future), &value);
    assert_int_equal(eddy_future_fini(&future), 0);
    assert_int_equal(c->log_count, 0);
}

static void a_promise_is_kept_once(void **state)
{
    (void)state;
    begin();
    assert_int_equal(eddy_promise_set(&promise, NULL), 0);
    assert_int_equal(eddy_promise_set(&promise, &value), -EINVAL);
    assert_int_equal(eddy_promise_fail(&promise, -EIO), -EINVAL);
    assert_null(eddy_future_value(&future));
    assert_int_equal(future.error, 0);
    eddy_promise_drop(&promise);
    assert_int_equal(future.error, 0);
    assert_int_equal(eddy_future_fini(&future), 0);
    assert_int_equal(eddy_promise_set(&promise, &value), -EINVAL);
}

static void a_failure_comes_to_all(void **state)
{
    struct coro *c = *state;
    begin();
    assert_int_equal(eddy_future_wait(&future, user(0)), EDDY_PENDING);
    assert_int_equal(eddy_promise_fail(&promise, -EIO), 0);
    assert_int_equal(eddy_future_wait(&future, user(1)), -EIO);
    coro_settle(c);
    assert_int_equal(future.error, -EIO);
    assert_null(eddy_future_value(&future));
    assert_int_equal(eddy_future_fini(&future), 0);
    assert_int_equal(c->log_count, 0);
    coro_expect("0:-5");
}

static void a_promise_that_is_dropped_is_broken(void **state)
{
    struct coro *c = *state;
    begin();
    assert_int_equal(eddy_future_wait(&future, user(0)), EDDY_PENDING);
    eddy_promise_drop(&promise);
    eddy_promise_drop(&promise);
    coro_settle(c);
    assert_int_equal(users[0].result, -EPIPE);
    assert_int_equal(eddy_future_wait(&future, user(1)), -EPIPE);
    assert_int_equal(eddy_future_fini(&future), 0);
    c->trace[0] = '\0';
}

static void who_promised_is_told_that_nobody_will_know(void **state)
{
    (void)state;
    begin();
    assert_int_equal(eddy_future_fini(&future), 0);
    assert_int_equal(eddy_promise_set(&promise, &value), -EPIPE);
    assert_int_equal(eddy_promise_fail(&promise, -EIO), -EPIPE);
    eddy_promise_drop(&promise);
}

/* ---- An error that nobody has read ----------------------------------------------------- */

static void an_error_that_nobody_has_read_is_told_once_with_the_place_of_the_future(void **state)
{
    struct coro *c = *state;
    begin();
    assert_int_equal(eddy_promise_fail(&promise, -EIO), 0);
    assert_int_equal(eddy_future_fini(&future), 0);
    assert_int_equal(eddy_future_fini(&future), 0);
    assert_int_equal(c->log_count, 1);
    assert_int_equal(c->logs[0].level, EDDY_LOG_WARNING);
    assert_int_equal(c->logs[0].error, -EIO);
    assert_non_null(strstr(c->logs[0].text, "nobody read the error of the future made at"));
    begin();
    eddy_promise_drop(&promise);
    assert_int_equal(eddy_future_fini(&future), 0);
    assert_int_equal(c->log_count, 2);
    assert_int_equal(c->logs[1].error, -EPIPE);
}

static void an_error_that_was_read_in_whichever_way_is_not_told(void **state)
{
    struct coro *c = *state;
    for (int way = 0; way < 4; way++) {
        begin();
        if (way == 0) {
            assert_int_equal(eddy_future_wait(&future, user(0)), EDDY_PENDING);
        }
        assert_int_equal(eddy_promise_fail(&promise, -EIO), 0);
        if (way == 1) {
            assert_int_equal(eddy_future_wait(&future, user(0)), -EIO);
        } else if (way == 2) {
            assert_null(eddy_future_value(&future));
        } else if (way == 3) {
            assert_int_equal(eddy_future_then(&future, user(0)), EDDY_PENDING);
        }
        coro_settle(c);
        assert_int_equal(eddy_future_fini(&future), 0);
        assert_int_equal(c->log_count, 0);
    }
    c->trace[0] = '\0';
}

static void to_look_before_it_is_done_is_not_to_read(void **state)
{
    struct coro *c = *state;
    begin();
    assert_null(eddy_future_value(&future));
    assert_int_equal(eddy_future_wait(&future, user(0)), EDDY_PENDING);
    assert_true(eddy_wait_cancel(&users[0]));
    coro_settle(c);
    assert_int_equal(eddy_promise_fail(&promise, -EIO), 0);
    assert_int_equal(eddy_future_fini(&future), 0);
    assert_int_equal(c->log_count, 1);
    c->trace[0] = '\0';
}

/* ---- Callbacks ------------------------------------------------------------------------- */

static void callbacks_come_from_the_loop_in_the_order_they_were_given(void **state)
{
    struct coro *c = *state;
    begin();
    assert_int_equal(eddy_future_then(&future, user(0)), EDDY_PENDING);
    assert_int_equal(eddy_future_wait(&future, user(1)), EDDY_PENDING);
    assert_int_equal(eddy_future_then(&future, user(2)), EDDY_PENDING);
    assert_int_equal(eddy_promise_set(&promise, &value), 0);
    assert_int_equal(eddy_future_then(&future, user(3)), EDDY_PENDING); /* though it is done */
    coro_expect("");
    coro_settle(c);
    coro_expect("0:0 1:0 2:0 3:0");
    assert_int_equal(eddy_future_fini(&future), 0);
}

static void on_second(struct eddy_waiter *waiter)
{
    on_wake(waiter);
    (void)eddy_wait_withdraw(&users[2]);
}

static void a_callback_that_is_taken_back_is_not_called_even_while_others_are(void **state)
{
    struct coro *c = *state;
    begin();
    for (int i = 0; i < 4; i++) {
        assert_int_equal(eddy_future_then(&future, user(i)), EDDY_PENDING);
    }
    users[1].wake = on_second;
    assert_int_equal(eddy_wait_withdraw(&users[0]), EDDY_PENDING);
    assert_int_equal(eddy_promise_set(&promise, &value), 0);
    coro_settle(c);
    coro_expect("1:0 3:0");
    assert_int_equal(eddy_future_fini(&future), 0);
}

/* ---- Cancel and deadline --------------------------------------------------------------- */

static void to_stop_waiting_leaves_the_future_as_it_is(void **state)
{
    struct coro *c = *state;
    begin();
    for (int i = 0; i < 3; i++) {
        assert_int_equal(eddy_future_wait(&future, user(i)), EDDY_PENDING);
    }
    assert_true(eddy_wait_cancel(&users[0]));
    eddy_wait_until(&users[1], c->os.now + 5);
    coro_advance(c, 6);
    assert_int_equal(users[0].result, -ECANCELED);
    assert_int_equal(users[1].result, -ETIMEDOUT);
    c->trace[0] = '\0';
    assert_int_equal(eddy_promise_set(&promise, &value), 0);
    assert_false(eddy_wait_cancel(&users[2]));
    coro_settle(c);
    coro_expect("2:0");
    assert_int_equal(eddy_future_fini(&future), 0);
}

/* ---- In coroutines --------------------------------------------------------------------- */

enum { THREE = 3 };

static struct eddy_future futures[THREE];
static struct eddy_promise promises[THREE];

struct waits_for_all {
    EDDY_FRAME_RET(int);
    int i, error;
};

EDDY_CORO(waits_for_all)
{
    EDDY_BEGIN(waits_for_all) {
        for (my->i = 0; my->i < THREE; my->i++) {
            EDDY_TRY(my->error, eddy_future_wait(&futures[my->i], me));
            my->ret += *(int *)eddy_future_value(&futures[my->i]);
        }
    }
}

struct waits_for_any {
    EDDY_FRAME_RET(int);
    struct eddy_select select;
    struct eddy_arm arms[THREE];
    int i, which;
};

EDDY_CORO(waits_for_any)
{
    EDDY_BEGIN(waits_for_any) {
        EDDY_SELECT(&my->select) {
            for (my->i = 0; my->i < THREE; my->i++) {
                EDDY_ARM(&my->select, &my->arms[my->i], eddy_future_wait(&futures[my->i], &my->arms[my->i].waiter));
            }
            EDDY_AWAIT(my->which, eddy_select_wait(&my->select, me));
        }
        if (my->arms[my->which].result < 0) {
            EDDY_FAIL((int)my->arms[my->which].result);
        }
        EDDY_RETURN(*(int *)eddy_future_value(&futures[my->which]));
    }
}

struct keeps {
    EDDY_FRAME;
    int at;
    eddy_ns span;
    int error;
    int value;
};

EDDY_CORO(keeps)
{
    EDDY_BEGIN(keeps) {
        static int values[THREE];
        EDDY_AWAIT(eddy_sleep(my->span, me));
        values[my->at] = my->value;
        assert_int_equal(my->error < 0 ? eddy_promise_fail(&promises[my->at], my->error)
                                       : eddy_promise_set(&promises[my->at], &values[my->at]),
                         0);
    }
}

static void begin_three(struct coro *c)
{
    for (int i = 0; i < THREE; i++) {
        eddy_future_init(&futures[i], &promises[i], &c->loop);
    }
}

static void end_three(void)
{
    for (int i = 0; i < THREE; i++) {
        assert_int_equal(eddy_future_fini(&futures[i]), 0);
    }
}

static void to_wait_for_all_is_to_wait_for_one_after_the_other(void **state)
{
    struct coro *c = *state;
    begin_three(c);
    for (int i = 0; i < THREE; i++) {
        eddy_task_release(CORO_START(c, keeps, .at = i, .span = 30 - 10 * i, .value = 1 << i));
    }
    int result = 0;
    assert_int_equal(CORO_RUN_RET(c, &result, waits_for_all), 0);
    assert_int_equal(result, 7);
    assert_int_equal(coro_elapsed(c), 30);
    end_three();
}

static void to_wait_for_any_is_to_select(void **state)
{
    struct coro *c = *state;
    begin_three(c);
    for (int i = 0; i < THREE; i++) {
        eddy_task_release(CORO_START(c, keeps, .at = i, .span = 30 - 10 * i, .value = 1 << i));
    }
    int result = 0;
    assert_int_equal(CORO_RUN_RET(c, &result, waits_for_any), 0);
    assert_int_equal(result, 4);
    end_three();
    begin_three(c);
    eddy_task_release(CORO_START(c, keeps, .at = 1, .error = -EIO));
    assert_int_equal(CORO_RUN(c, waits_for_any), -EIO);
    c->log_count = 0;
    end_three();
    assert_int_equal(c->log_count, 0);
}

struct waits_often {
    EDDY_FRAME;
    int i;
    bool *done;
};

EDDY_CORO(waits_often)
{
    EDDY_BEGIN(waits_often) {
        for (my->i = 0; my->i < 1000; my->i++) {
            EDDY_AWAIT(eddy_future_wait(&future, me));
        }
        *my->done = true;
    }
}

struct counts_turns {
    EDDY_FRAME_RET(int);
    bool *done;
};

EDDY_CORO(counts_turns)
{
    EDDY_BEGIN(counts_turns) {
        while (!*my->done) {
            my->ret++;
            EDDY_AWAIT(eddy_yield(me));
        }
    }
}

static void a_future_that_is_done_lets_others_run_in_the_end(void **state)
{
    struct coro *c = *state;
    begin();
    assert_int_equal(eddy_promise_set(&promise, &value), 0);
    bool done = false;
    eddy_task_release(CORO_START(c, waits_often, .done = &done));
    int turns = 0;
    assert_int_equal(CORO_RUN_RET(c, &turns, counts_turns, .done = &done), 0);
    assert_int_equal(turns, 7); /* a budget of 128 */
    assert_int_equal(eddy_future_fini(&future), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(all_who_wait_get_the_value_in_order),
        coro_test(a_promise_is_kept_once),
        coro_test(a_failure_comes_to_all),
        coro_test(a_promise_that_is_dropped_is_broken),
        coro_test(who_promised_is_told_that_nobody_will_know),
        coro_test(an_error_that_nobody_has_read_is_told_once_with_the_place_of_the_future),
        coro_test(an_error_that_was_read_in_whichever_way_is_not_told),
        coro_test(to_look_before_it_is_done_is_not_to_read),
        coro_test(callbacks_come_from_the_loop_in_the_order_they_were_given),
        coro_test(a_callback_that_is_taken_back_is_not_called_even_while_others_are),
        coro_test(to_stop_waiting_leaves_the_future_as_it_is),
        coro_test(to_wait_for_all_is_to_wait_for_one_after_the_other),
        coro_test(to_wait_for_any_is_to_select),
        coro_test(a_future_that_is_done_lets_others_run_in_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
