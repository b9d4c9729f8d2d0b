/* Intervals: when ticks come, and what becomes of those that were missed. */
#include "support/coro.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct eddy_interval every;

struct ticker {
    EDDY_FRAME;
    eddy_ns span;
    enum eddy_interval_policy policy;
    const eddy_ns *work; /* after each tick; ends with -1 */
    int missed;
};

EDDY_CORO(ticker)
{
    EDDY_BEGIN(ticker) {
        eddy_interval_init(&every, my->span, my->policy, me);
        for (; *my->work >= 0; my->work++) {
            EDDY_AWAIT(my->missed, eddy_interval_next(&every, me));
            if (my->missed != 0) {
                coro_say("%d:%d", (int)coro_elapsed(coro_current()), my->missed);
            } else {
                coro_say("%d", (int)coro_elapsed(coro_current()));
            }
            test_os_advance(&coro_current()->os, *my->work);
        }
    }
}

static const eddy_ns idle[] = {0, 0, 0, 0, -1};
static const eddy_ns late[] = {3, 34, 0, 0, 0, 0, -1};
static const eddy_ns exact[] = {10, 20, 0, 0, -1};

static void a_tick_comes_each_span(void **state)
{
    struct coro *c = *state;
    for (int policy = EDDY_BURST; policy <= EDDY_SKIP; policy++) {
        struct test_os *os = &c->os;
        eddy_ns began = os->now;
        c->began = began;
        assert_int_equal(CORO_RUN(c, ticker, .span = 10, .policy = (enum eddy_interval_policy)policy, .work = idle), 0);
        coro_expect("10 20 30 40");
    }
}

static void a_burst_makes_up_for_each_tick_that_was_missed(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, ticker, .span = 10, .policy = EDDY_BURST, .work = late), 0);
    coro_expect("10 20 54 54 54 60"); /* due at 30, 40, 50, 60 */
}

static void a_delay_counts_from_the_tick_that_was_taken(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, ticker, .span = 10, .policy = EDDY_DELAY, .work = late), 0);
    coro_expect("10 20 54 64 74 84");
}

static void a_skip_leaves_them_out_and_counts_them(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, ticker, .span = 10, .policy = EDDY_SKIP, .work = late), 0);
    coro_expect("10 20 54:2 60 70 80");
}

static void work_as_long_as_the_span_misses_nothing(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, ticker, .span = 10, .policy = EDDY_BURST, .work = exact), 0);
    coro_expect("10 20 40 40");
    c->began = c->os.now;
    assert_int_equal(CORO_RUN(c, ticker, .span = 10, .policy = EDDY_SKIP, .work = exact), 0);
    coro_expect("10 20 40:1 50");
    c->began = c->os.now;
    assert_int_equal(CORO_RUN(c, ticker, .span = 10, .policy = EDDY_DELAY, .work = exact), 0);
    coro_expect("10 20 40 50");
}

static void a_span_of_nothing_is_a_nanosecond(void **state)
{
    struct coro *c = *state;
    static const eddy_ns spans[] = {0, -5, INT64_MIN};
    for (int i = 0; i < 3; i++) {
        c->began = c->os.now;
        assert_int_equal(CORO_RUN(c, ticker, .span = spans[i], .policy = EDDY_DELAY, .work = idle), 0);
        coro_expect("1 2 3 4");
    }
}

static void so_many_are_missed_that_the_count_stops_at_int_max(void **state)
{
    struct coro *c = *state;
    static const eddy_ns years[] = {EDDY_SEC(86400) * 365, 0, -1};
    assert_int_equal(CORO_RUN(c, ticker, .span = 1, .policy = EDDY_SKIP, .work = years), 0);
    assert_int_equal(strtol(strchr(c->trace, ':') + 1, NULL, 10), INT_MAX);
    c->trace[0] = '\0';
}

/* ---- Cancel ---------------------------------------------------------------------------- */

struct impatient {
    EDDY_FRAME;
    enum eddy_interval_policy policy;
    struct eddy_scope scope;
    int missed;
};

EDDY_CORO(impatient)
{
    EDDY_BEGIN(impatient) {
        eddy_interval_init(&every, 10, my->policy, me);
        EDDY_TIMEOUT(&my->scope, 9) {
            EDDY_AWAIT(my->missed, eddy_interval_next(&every, me));
            coro_say("unreachable");
        }
        coro_say("%d", (int)(every.next - coro_current()->os.now));
        EDDY_AWAIT(my->missed, eddy_interval_next(&every, me));
        coro_say("%d", (int)coro_elapsed(coro_current()));
        /* A tick that is due is not taken by who is cancelled. */
        test_os_advance(&coro_current()->os, 10);
        EDDY_SCOPE(&my->scope) {
            eddy_scope_cancel(&my->scope, -EINTR);
            EDDY_AWAIT(my->missed, eddy_interval_next(&every, me));
            coro_say("unreachable");
        }
        EDDY_AWAIT(my->missed, eddy_interval_next(&every, me));
        coro_say("%d:%d", (int)coro_elapsed(coro_current()), my->missed);
    }
}

static void who_is_cancelled_has_taken_no_tick(void **state)
{
    struct coro *c = *state;
    for (int policy = EDDY_BURST; policy <= EDDY_SKIP; policy++) {
        c->began = c->os.now;
        assert_int_equal(CORO_RUN(c, impatient, .policy = (enum eddy_interval_policy)policy), 0);
        coro_expect("1 10 20:0");
    }
}

struct waits_once {
    EDDY_FRAME;
    int missed;
};

EDDY_CORO(waits_once)
{
    EDDY_BEGIN(waits_once) {
        EDDY_AWAIT(my->missed, eddy_interval_next(&every, me));
        coro_say("%d", (int)coro_elapsed(coro_current()));
    }
}

static void cancel_it(struct eddy_waiter *waiter);

struct canceller {
    struct eddy_waiter waiter;
    struct eddy_task *task;
};

static void cancel_it(struct eddy_waiter *waiter)
{
    eddy_task_cancel(EDDY_CONTAINER(waiter, struct canceller, waiter)->task, -EINTR);
}

static void a_cancel_in_the_tick_of_the_tick_takes_none(void **state)
{
    struct coro *c = *state;
    struct canceller canceller;
    eddy_waiter_init(&canceller.waiter, &c->loop, cancel_it);
    eddy_interval_init(&every, 10, EDDY_BURST, &canceller.waiter);
    eddy_ns due = every.next;
    assert_int_equal(eddy_sleep(10, &canceller.waiter), EDDY_PENDING); /* its wake comes first */
    canceller.task = CORO_START(c, waits_once);
    assert_int_equal(coro_end(c, canceller.task), -ECANCELED);
    coro_expect("");
    assert_true(every.next == due);
    assert_int_equal(CORO_RUN(c, waits_once), 0);
    coro_expect("10");
    assert_true(every.next == due + 10);
}

static void two_who_wait_for_one_interval_get_a_tick_each_and_none_early(void **state)
{
    struct coro *c = *state;
    for (int policy = EDDY_BURST; policy <= EDDY_SKIP; policy++) {
        c->began = c->os.now;
        struct eddy_task *one = CORO_START(c, waits_once);
        eddy_interval_init(&every, 10, (enum eddy_interval_policy)policy, &one->waiter);
        assert_int_equal(EDDY_SPAWN(eddy_loop_detached(&c->loop), waits_once), 0);
        assert_int_equal(coro_end(c, one), 0);
        coro_expect("10 20");
    }
}

static void an_interval_serves_a_callback(void **state)
{
    struct coro *c = *state;
    struct canceller canceller;
    eddy_waiter_init(&canceller.waiter, &c->loop, cancel_it);
    eddy_interval_init(&every, 10, EDDY_SKIP, &canceller.waiter);
    test_os_advance(&c->os, 35);
    assert_int_equal(eddy_interval_next(&every, &canceller.waiter), 2);
    assert_int_equal(eddy_interval_next(&every, &canceller.waiter), EDDY_PENDING);
    assert_int_equal(eddy_wait_withdraw(&canceller.waiter), EDDY_PENDING);
    assert_true(every.next == c->os.now + 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(a_tick_comes_each_span),
        coro_test(a_burst_makes_up_for_each_tick_that_was_missed),
        coro_test(a_delay_counts_from_the_tick_that_was_taken),
        coro_test(a_skip_leaves_them_out_and_counts_them),
        coro_test(work_as_long_as_the_span_misses_nothing),
        coro_test(a_span_of_nothing_is_a_nanosecond),
        coro_test(so_many_are_missed_that_the_count_stops_at_int_max),
        coro_test(who_is_cancelled_has_taken_no_tick),
        coro_test(a_cancel_in_the_tick_of_the_tick_takes_none),
        coro_test(two_who_wait_for_one_interval_get_a_tick_each_and_none_early),
        coro_test(an_interval_serves_a_callback),
    };
    return cmocka_run_group_tests_name("interval", tests, NULL, NULL);
}
