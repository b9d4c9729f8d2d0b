/* Select itself: the first that is done wins, exactly one operation happens, and nothing of the others is left. */
#include "support/coro.h"

#include <errno.h>

static struct eddy_event first, second;
static struct eddy_queue queue;
static struct eddy_queue_slot slots[4];
static int items[4];

static void begin(void)
{
    eddy_event_init(&first);
    eddy_event_init(&second);
    eddy_queue_init(&queue, slots, 4, EDDY_FIFO, NULL);
}

/* Nobody waits for any of them. */
static void end(void)
{
    assert_int_equal(eddy_event_fini(&first), 0);
    assert_int_equal(eddy_event_fini(&second), 0);
    assert_int_equal(eddy_queue_fini(&queue), 0);
}

struct selects {
    EDDY_FRAME_RET(int);
    eddy_ns limit;
    bool again;
    struct eddy_scope scope;
    struct eddy_select select;
    struct eddy_arm arms[3];
    void *item;
    int which;
};

EDDY_CORO(selects)
{
    EDDY_BEGIN(selects) {
        my->ret = -1;
        EDDY_TIMEOUT(&my->scope, my->limit) {
            EDDY_SELECT(&my->select) {
                EDDY_ARM(&my->select, &my->arms[0], (coro_say("a"), eddy_event_wait(&first, &my->arms[0].waiter)));
                EDDY_ARM(&my->select, &my->arms[1],
                         (coro_say("b"), eddy_queue_get(&queue, &my->item, &my->arms[1].waiter)));
                EDDY_ARM(&my->select, &my->arms[2], (coro_say("c"), eddy_event_wait(&second, &my->arms[2].waiter)));
                EDDY_AWAIT(my->which, eddy_select_wait(&my->select, me));
                coro_say("%d:%d", my->which, (int)my->arms[my->which].result);
                my->ret = my->which;
            }
            if (my->again) {
                EDDY_AWAIT(eddy_yield(me));
            }
            coro_say("went on");
        }
    }
}

static int put(int item)
{
    return eddy_queue_try_put(&queue, &items[item], 0);
}

/* ---- Who wins -------------------------------------------------------------------------- */

static void the_first_that_is_ready_wins_and_those_after_it_are_not_begun(void **state)
{
    struct coro *c = *state;
    begin();
    assert_int_equal(put(1), 0);
    eddy_event_set(&second);
    assert_int_equal(CORO_RUN(c, selects, .limit = EDDY_FOREVER), 0);
    coro_expect("a b 1:0 went on");
    assert_int_equal(queue.length, 0);
    assert_int_equal(put(2), 0);
    eddy_event_set(&first);
    assert_int_equal(CORO_RUN(c, selects, .limit = EDDY_FOREVER), 0);
    coro_expect("a 0:0 went on");
    assert_int_equal(queue.length, 1);
    end();
}

static void without_a_ready_one_the_first_that_is_granted_wins(void **state)
{
    struct coro *c = *state;
    begin();
    struct eddy_task *task = CORO_START(c, selects, .limit = EDDY_FOREVER);
    coro_settle(c);
    coro_expect("a b c");
    assert_int_equal(put(1), 0);
    assert_int_equal(eddy_event_waiting(&first), 0); /* the others are out before this one runs */
    assert_int_equal(eddy_event_waiting(&second), 0);
    assert_int_equal(coro_end(c, task), 0);
    coro_expect("1:0 went on");
    end();
}

static void of_two_that_are_granted_in_one_turn_the_second_has_no_effect(void **state)
{
    struct coro *c = *state;
    begin();
    struct eddy_task *task = CORO_START(c, selects, .limit = EDDY_FOREVER);
    coro_settle(c);
    eddy_event_set(&first);
    assert_int_equal(put(1), 0);
    assert_int_equal(queue.length, 1);
    assert_int_equal(coro_end(c, task), 0);
    coro_expect("a b c 0:0 went on");
    assert_int_equal(queue.length, 1);
    end();
}

static void what_a_loser_would_have_got_goes_to_the_next(void **state)
{
    struct coro *c = *state;
    begin();
    struct eddy_task *one = CORO_START(c, selects, .limit = EDDY_FOREVER);
    struct eddy_task *two = CORO_START(c, selects, .limit = EDDY_FOREVER);
    coro_settle(c);
    c->trace[0] = '\0';
    assert_int_equal(put(1), 0);
    assert_int_equal(put(2), 0);
    coro_finish(c);
    eddy_task_release(one);
    assert_int_equal(coro_end(c, two), 0);
    coro_expect("1:0 went on 1:0 went on");
    end();
}

/* ---- Cancel and deadline --------------------------------------------------------------- */

static void a_select_that_is_cancelled_has_had_no_effect(void **state)
{
    struct coro *c = *state;
    begin();
    struct eddy_task *task = CORO_START(c, selects, .limit = EDDY_FOREVER);
    coro_settle(c);
    eddy_task_cancel(task, -ECANCELED);
    assert_int_equal(put(1), 0);
    eddy_event_set(&first);
    assert_int_equal(coro_end(c, task), -ECANCELED);
    coro_expect("a b c");
    assert_int_equal(queue.length, 1);
    end();
}

static void a_cancel_after_the_grant_lets_it_stand(void **state)
{
    struct coro *c = *state;
    begin();
    struct eddy_task *task = CORO_START(c, selects, .limit = EDDY_FOREVER, .again = true);
    coro_settle(c);
    assert_int_equal(put(1), 0);
    eddy_task_cancel(task, -ECANCELED);
    assert_int_equal(coro_end(c, task), -ECANCELED);
    coro_expect("a b c 1:0"); /* and the next await unwound */
    assert_int_equal(queue.length, 0);
    end();
}

static void a_select_that_is_cancelled_before_it_begins_begins_nothing(void **state)
{
    struct coro *c = *state;
    begin();
    assert_int_equal(put(1), 0);
    assert_int_equal(CORO_RUN(c, selects, .limit = 0), 0); /* the deadline is past */
    coro_expect("");
    struct eddy_task *task = CORO_START(c, selects, .limit = EDDY_FOREVER);
    eddy_task_cancel(task, -ECANCELED);
    assert_int_equal(coro_end(c, task), -ECANCELED);
    coro_expect("");
    assert_int_equal(queue.length, 1);
    end();
}

static void a_select_has_a_deadline(void **state)
{
    struct coro *c = *state;
    begin();
    assert_int_equal(CORO_RUN(c, selects, .limit = 5), 0);
    assert_int_equal(coro_elapsed(c), 5);
    coro_expect("a b c");
    end();
}

/* ---- Ways out -------------------------------------------------------------------------- */

struct leaves {
    EDDY_FRAME;
    int way;
    struct eddy_select select;
    struct eddy_arm arm;
    int which;
};

EDDY_CORO(leaves)
{
    EDDY_BEGIN(leaves) {
        for (;;) {
            EDDY_SELECT(&my->select) {
                EDDY_ARM(&my->select, &my->arm, eddy_event_wait(&first, &my->arm.waiter));
                if (my->way == 0) {
                    break;
                } else if (my->way == 1) {
                    return;
                } else if (my->way == 2) {
                    EDDY_FAIL(-EIO);
                } else if (my->way == 3) {
                    EDDY_AWAIT(eddy_sleep(5, me)); /* while the arm waits */
                    EDDY_AWAIT(my->which, eddy_select_wait(&my->select, me));
                    coro_say("won");
                }
            }
            return;
        }
    }
}

static void a_select_that_is_left_waits_for_nothing(void **state)
{
    struct coro *c = *state;
    begin();
    for (int way = 0; way < 5; way++) {
        if (way == 3) {
            continue;
        }
        assert_int_equal(CORO_RUN(c, leaves, .way = way), way == 2 ? -EIO : 0);
        assert_int_equal(eddy_event_waiting(&first), 0);
    }
    c->log_count = 0;
    end();
}

static void an_arm_that_wins_before_the_wait_has_won(void **state)
{
    struct coro *c = *state;
    begin();
    struct eddy_task *task = CORO_START(c, leaves, .way = 3);
    coro_settle(c);
    eddy_event_set(&first);
    assert_int_equal(coro_end(c, task), 0);
    coro_expect("won");
    end();
}

struct selects_nothing {
    EDDY_FRAME_RET(int);
    struct eddy_select select;
};

EDDY_CORO(selects_nothing)
{
    EDDY_BEGIN(selects_nothing) {
        EDDY_SELECT(&my->select) {
            EDDY_AWAIT(my->ret, eddy_select_wait(&my->select, me));
        }
    }
}

static void a_select_without_arms_is_wrong(void **state)
{
    struct coro *c = *state;
    int result = 0;
    assert_int_equal(CORO_RUN_RET(c, &result, selects_nothing), 0);
    assert_int_equal(result, -EINVAL);
}

/* ---- Budget ---------------------------------------------------------------------------- */

struct selects_often {
    EDDY_FRAME;
    struct eddy_select select;
    struct eddy_arm arm;
    int i, which;
    bool *done;
};

EDDY_CORO(selects_often)
{
    EDDY_BEGIN(selects_often) {
        for (my->i = 0; my->i < 1000; my->i++) {
            EDDY_SELECT(&my->select) {
                EDDY_ARM(&my->select, &my->arm, eddy_event_wait(&first, &my->arm.waiter));
                EDDY_AWAIT(my->which, eddy_select_wait(&my->select, me));
            }
        }
        *my->done = true;
    }
}

struct counts {
    EDDY_FRAME_RET(int);
    bool *done;
};

EDDY_CORO(counts)
{
    EDDY_BEGIN(counts) {
        while (!*my->done) {
            my->ret++;
            EDDY_AWAIT(eddy_yield(me));
        }
    }
}

static void a_select_that_is_always_ready_lets_others_run(void **state)
{
    struct coro *c = *state;
    begin();
    eddy_event_set(&first);
    bool done = false;
    int turns = 0;
    eddy_task_release(CORO_START(c, selects_often, .done = &done));
    assert_int_equal(CORO_RUN_RET(c, &turns, counts, .done = &done), 0);
    assert_true(turns >= 7);
    end();
}

/* ---- Without coroutines ---------------------------------------------------------------- */

static struct eddy_select plain;
static struct eddy_arm arms[2];
static struct eddy_waiter principal;

static void on_winner(struct eddy_waiter *waiter)
{
    coro_say("%d", (int)waiter->result);
    eddy_select_end(&plain);
}

static int select_plain(struct coro *c)
{
    eddy_waiter_init(&principal, &c->loop, on_winner);
    eddy_select_begin(&plain, &principal);
    EDDY_ARM(&plain, &arms[0], eddy_event_wait(&first, &arms[0].waiter));
    EDDY_ARM(&plain, &arms[1], eddy_event_wait(&second, &arms[1].waiter));
    return eddy_select_wait(&plain, &principal);
}

static void callbacks_select_as_well(void **state)
{
    struct coro *c = *state;
    begin();
    assert_int_equal(select_plain(c), EDDY_PENDING);
    eddy_event_set(&second);
    coro_settle(c);
    coro_expect("1");
    assert_int_equal(select_plain(c), 1);
    eddy_select_end(&plain);
    assert_int_equal(eddy_event_waiting(&first), 0);
    eddy_event_reset(&second);
    assert_int_equal(select_plain(c), EDDY_PENDING);
    assert_true(eddy_wait_cancel(&principal));
    assert_int_equal(eddy_event_waiting(&first) + eddy_event_waiting(&second), 0);
    coro_settle(c);
    assert_int_equal(principal.result, -ECANCELED);
    assert_int_equal(select_plain(c), EDDY_PENDING);
    eddy_wait_until(&principal, c->os.now + 5);
    coro_finish(c);
    assert_int_equal(principal.result, -ETIMEDOUT);
    assert_int_equal(select_plain(c), EDDY_PENDING);
    assert_int_equal(eddy_wait_withdraw(&principal), EDDY_PENDING);
    assert_int_equal(eddy_event_waiting(&first) + eddy_event_waiting(&second), 0);
    c->trace[0] = '\0';
    end();
}

static void an_arm_may_have_a_deadline_of_its_own(void **state)
{
    struct coro *c = *state;
    begin();
    assert_int_equal(select_plain(c), EDDY_PENDING);
    eddy_wait_until(&arms[1].waiter, c->os.now + 5);
    coro_finish(c);
    coro_expect("1");
    assert_int_equal(arms[1].result, -ETIMEDOUT);
    assert_int_equal(coro_elapsed(c), 5);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(the_first_that_is_ready_wins_and_those_after_it_are_not_begun),
        coro_test(without_a_ready_one_the_first_that_is_granted_wins),
        coro_test(of_two_that_are_granted_in_one_turn_the_second_has_no_effect),
        coro_test(what_a_loser_would_have_got_goes_to_the_next),
        coro_test(a_select_that_is_cancelled_has_had_no_effect),
        coro_test(a_cancel_after_the_grant_lets_it_stand),
        coro_test(a_select_that_is_cancelled_before_it_begins_begins_nothing),
        coro_test(a_select_has_a_deadline),
        coro_test(a_select_that_is_left_waits_for_nothing),
        coro_test(an_arm_that_wins_before_the_wait_has_won),
        coro_test(a_select_without_arms_is_wrong),
        coro_test(a_select_that_is_always_ready_lets_others_run),
        coro_test(callbacks_select_as_well),
        coro_test(an_arm_may_have_a_deadline_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
