/* The test kit on programs without a fault: which runs there are, and what is counted. */
#include "support/coro.h"

#include <eddy/test.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static struct eddy_trials trials;

static int setup(void **state)
{
    (void)state;
    memset(&trials, 0, sizeof trials);
    return 0;
}

#define kit_test(name) cmocka_unit_test_setup(name, setup)

static void assert_clean(void)
{
    if (trials.failures > 0) {
        fail_msg("%zu of %zu runs failed, first: %s", trials.failures, trials.runs, trials.text);
    }
}

/* ---- Every cancel ---------------------------------------------------------------------- */

struct naps {
    EDDY_FRAME_RET(int);
    int count;
};

EDDY_CORO(naps)
{
    EDDY_BEGIN(naps) {
        for (my->ret = 0; my->ret < my->count; my->ret++) {
            EDDY_AWAIT(eddy_sleep(10, me));
        }
    }
}

static const char *note_outcome(void *context, int result)
{
    int *outcomes = context;
    outcomes[result >= 0 ? result : 9]++;
    return result >= 0 || result == -ECANCELED ? NULL : "neither finished nor cancelled";
}

static void a_sweep_has_a_run_for_each_wake_and_each_instant(void **state)
{
    (void)state;
    int outcomes[10] = {0};
    trials.check = note_outcome;
    trials.context = outcomes;
    EDDY_CANCEL_SWEEP(&trials, naps, .count = 3);
    assert_clean();
    assert_true(trials.complete);
    assert_int_equal(trials.result, 3);
    assert_int_equal(trials.steps, 5); /* begin, three ends of a sleep, and the end of the run */
    /* without a cancel, before each wake, at each of three instants */
    assert_int_equal(trials.runs, 1 + 5 + 3);
    assert_int_equal(outcomes[3] + outcomes[9], 9);
    /* Finished: the run without; before the last sleep's end, which is done already, and before the end of the run. */
    assert_int_equal(outcomes[3], 3);
}

static void a_sweep_stops_at_its_bound(void **state)
{
    (void)state;
    trials.runs_max = 4;
    EDDY_CANCEL_SWEEP(&trials, naps, .count = 3);
    assert_int_equal(trials.runs, 4);
    assert_false(trials.complete);
}

static int evaluated;

static void the_arguments_are_evaluated_for_each_run(void **state)
{
    (void)state;
    evaluated = 0;
    EDDY_CANCEL_SWEEP(&trials, naps, .count = (evaluated++, 1));
    assert_clean();
    assert_int_equal(evaluated, trials.runs);
}

static void the_options_are_as_they_were_after_the_runs(void **state)
{
    (void)state;
    EDDY_CANCEL_SWEEP(&trials, naps, .count = 1);
    assert_int_equal(trials.runs_max, 0); /* so the next kind of run has its own default */
    assert_int_equal(trials.steps_max, 0);
    assert_int_equal(trials.seed, 0);
}

/* ---- Every order ----------------------------------------------------------------------- */

enum { TASKS_MAX = 5 };

static int order[TASKS_MAX];
static int order_length;
static unsigned char seen[1 << 15];

struct one_step {
    EDDY_FRAME;
    int at;
};

EDDY_CORO(one_step)
{
    EDDY_BEGIN(one_step) {
        order[order_length++] = my->at;
    }
}

struct several {
    EDDY_FRAME_RET(int);
    struct eddy_group group;
    int count, i;
};

EDDY_CORO(several)
{
    EDDY_BEGIN(several) {
        order_length = 0;
        EDDY_GROUP(&my->group) {
            for (my->i = 0; my->i < my->count; my->i++) {
                EDDY_AWAIT(EDDY_SPAWN(&my->group, one_step, .at = my->i));
            }
        }
        EDDY_RETURN(my->count);
    }
}

/* How often this order was. */
static const char *note_order(void *context, int result)
{
    (void)result;
    unsigned code = 0;
    for (int i = 0; i < order_length; i++) {
        code = code << 3 | (unsigned)order[i];
    }
    seen[code]++;
    *(int *)context += seen[code] == 1;
    return NULL;
}

static void an_exploration_has_each_order_once(void **state)
{
    (void)state;
    size_t expected = 1;
    for (int count = 1; count <= TASKS_MAX; count++) {
        int orders = 0;
        expected *= (size_t)count;
        memset(seen, 0, sizeof seen);
        memset(&trials, 0, sizeof trials);
        trials.check = note_order;
        trials.context = &orders;
        EDDY_EXPLORE(&trials, several, .count = count);
        assert_clean();
        assert_true(trials.complete);
        assert_int_equal(trials.runs, expected);
        assert_int_equal(orders, expected);
    }
}

static void an_exploration_stops_at_its_bound(void **state)
{
    (void)state;
    trials.runs_max = 10;
    EDDY_EXPLORE(&trials, several, .count = 5);
    assert_int_equal(trials.runs, 10);
    assert_false(trials.complete);
    assert_clean();
    memset(&trials, 0, sizeof trials);
    trials.runs_max = 24;
    EDDY_EXPLORE(&trials, several, .count = 4);
    assert_int_equal(trials.runs, 24);
    assert_true(trials.complete); /* the bound is just enough */
}

static void an_exploration_with_cancels_has_all_orders_and_all_cancels(void **state)
{
    (void)state;
    int orders = 0;
    memset(seen, 0, sizeof seen);
    trials.cancels = true;
    trials.check = note_order;
    trials.context = &orders;
    EDDY_EXPLORE(&trials, several, .count = 3);
    assert_clean();
    assert_true(trials.complete);
    assert_true(trials.runs > 6);
    assert_true(orders >= 6);
}

static void a_shuffle_comes_upon_every_order_of_a_few(void **state)
{
    (void)state;
    int orders = 0;
    memset(seen, 0, sizeof seen);
    trials.check = note_order;
    trials.context = &orders;
    EDDY_SHUFFLE(&trials, several, .count = 4);
    assert_clean();
    assert_int_equal(trials.runs, 1000);
    assert_int_equal(orders, 24);
}

static void the_same_seed_makes_the_same_orders(void **state)
{
    (void)state;
    int again[8][4];
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 8; i++) {
            memset(&trials, 0, sizeof trials);
            trials.seed = (uint64_t)i + 1;
            trials.runs_max = 1;
            EDDY_SHUFFLE(&trials, several, .count = 4);
            assert_clean();
            if (round == 0) {
                memcpy(again[i], order, sizeof again[i]);
            } else {
                assert_memory_equal(again[i], order, sizeof again[i]);
            }
        }
    }
}

/* ---- Budgets --------------------------------------------------------------------------- */

struct checks {
    EDDY_FRAME_RET(int);
    int i;
};

EDDY_CORO(checks)
{
    EDDY_BEGIN(checks) {
        for (my->i = 0; my->i < 10; my->i++) {
            EDDY_AWAIT(eddy_checkpoint(me));
        }
    }
}

static const char *note_steps(void *context, int result)
{
    (void)result;
    bool *steps = context;
    steps[trials.step] = true;
    return NULL;
}

static void a_shuffle_tries_other_budgets(void **state)
{
    (void)state;
    bool steps[32] = {false};
    trials.check = note_steps;
    trials.context = steps;
    trials.runs_max = 8;
    EDDY_SHUFFLE(&trials, checks);
    assert_clean();
    assert_true(steps[2]);     /* all at once */
    assert_true(steps[2 + 5]); /* every second one parks */
    assert_true(steps[2 + 3]); /* every third */
}

/* ---- Expectations ---------------------------------------------------------------------- */

struct expects {
    EDDY_FRAME;
    bool yields, should;
    struct eddy_expect expect;
};

EDDY_CORO(expects)
{
    EDDY_BEGIN(expects) {
        if (my->should) {
            EDDY_EXPECT_YIELD(&my->expect) {
                if (my->yields) {
                    EDDY_AWAIT(eddy_yield(me));
                }
            }
        } else {
            EDDY_EXPECT_NO_YIELD(&my->expect) {
                if (my->yields) {
                    EDDY_AWAIT(eddy_sleep(1, me));
                } else {
                    EDDY_AWAIT(eddy_checkpoint(me));
                }
            }
        }
        coro_say("met");
    }
}

static void what_should_let_others_run_is_held_to_it(void **state)
{
    struct coro *c = *state;
    for (int i = 0; i < 4; i++) {
        bool yields = i & 1;
        bool should = i & 2;
        assert_int_equal(CORO_RUN(c, expects, .yields = yields, .should = should), yields == should ? 0 : -EPROTO);
        coro_expect(yields == should ? "met" : "");
        c->log_count = 0;
    }
}

static void a_cancel_is_not_held_to_anything(void **state)
{
    struct coro *c = *state;
    struct eddy_task *task = CORO_START(c, expects, .yields = true);
    coro_settle(c);
    eddy_task_cancel(task, -ECANCELED);
    assert_int_equal(coro_end(c, task), -ECANCELED);
}

/* ---- Settling -------------------------------------------------------------------------- */

struct echoes {
    EDDY_FRAME;
    struct eddy_stream *stream;
    int rounds;
    bool starts;
    char byte;
    ssize_t n;
};

EDDY_CORO(echoes)
{
    EDDY_BEGIN(echoes) {
        if (my->starts) {
            EDDY_AWAIT(eddy_stream_write(my->stream, "x", 1, me));
        }
        for (;;) {
            EDDY_AWAIT(my->n, eddy_stream_read(my->stream, &my->byte, 1, me));
            if (my->n <= 0 || my->rounds-- == 0) {
                return;
            }
            EDDY_AWAIT(eddy_stream_write(my->stream, &my->byte, 1, me));
        }
    }
}

static void on_time(struct eddy_waiter *waiter)
{
    (void)waiter;
    coro_say("late");
}

static void to_settle_is_to_run_until_nobody_can_go_on_without_time(void **state)
{
    struct coro *c = *state;
    static struct eddy_stream a, b;
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    assert_int_equal(eddy_stream_open(&a, &c->loop, fds[0]), 0);
    assert_int_equal(eddy_stream_open(&b, &c->loop, fds[1]), 0);
    struct eddy_task *first = CORO_START(c, echoes, .stream = &a, .rounds = 50, .starts = true);
    struct eddy_task *second = CORO_START(c, echoes, .stream = &b, .rounds = 50);
    static struct eddy_waiter sleeper;
    eddy_waiter_init(&sleeper, &c->loop, on_time);
    assert_int_equal(eddy_sleep(5, &sleeper), EDDY_PENDING);
    assert_int_equal(eddy_settle(&c->loop), 0);
    assert_true(eddy_task_is_done(first) || eddy_task_is_done(second)); /* 50 rounds later */
    assert_true(eddy_waiter_is_waiting(&sleeper));
    (void)eddy_wait_withdraw(&sleeper);
    eddy_stream_close(&a);
    eddy_stream_close(&b);
    coro_finish(c);
    eddy_task_release(first);
    eddy_task_release(second);
    c->log_count = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        kit_test(a_sweep_has_a_run_for_each_wake_and_each_instant),
        kit_test(a_sweep_stops_at_its_bound),
        kit_test(the_arguments_are_evaluated_for_each_run),
        kit_test(the_options_are_as_they_were_after_the_runs),
        kit_test(an_exploration_has_each_order_once),
        kit_test(an_exploration_stops_at_its_bound),
        kit_test(an_exploration_with_cancels_has_all_orders_and_all_cancels),
        kit_test(a_shuffle_comes_upon_every_order_of_a_few),
        kit_test(the_same_seed_makes_the_same_orders),
        kit_test(a_shuffle_tries_other_budgets),
        coro_test(what_should_let_others_run_is_held_to_it),
        coro_test(a_cancel_is_not_held_to_anything),
        coro_test(to_settle_is_to_run_until_nobody_can_go_on_without_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
