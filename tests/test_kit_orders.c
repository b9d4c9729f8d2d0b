/* The test kit finds what happens in some orders, or with some budgets, only; and what it finds can be repeated. */
#include "support/trials.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- An order that matters ------------------------------------------------------------- */

static struct eddy_event event;

struct sets {
    EDDY_FRAME;
};

EDDY_CORO(sets)
{
    EDDY_BEGIN(sets) {
        eddy_event_set(&event);
    }
}

struct resets {
    EDDY_FRAME;
};

EDDY_CORO(resets)
{
    EDDY_BEGIN(resets) {
        eddy_event_reset(&event);
    }
}

struct waits {
    EDDY_FRAME;
};

EDDY_CORO(waits)
{
    EDDY_BEGIN(waits) {
        EDDY_AWAIT(eddy_event_wait(&event, me));
    }
}

/* It hangs only if the event is set, then reset, and only then waited for. */
struct hangs_sometimes {
    EDDY_FRAME_RET(int);
    struct eddy_group group;
};

EDDY_CORO(hangs_sometimes)
{
    EDDY_BEGIN(hangs_sometimes) {
        eddy_event_init(&event);
        EDDY_GROUP(&my->group) {
            EDDY_AWAIT(EDDY_SPAWN(&my->group, waits));
            EDDY_AWAIT(EDDY_SPAWN(&my->group, sets));
            EDDY_AWAIT(EDDY_SPAWN(&my->group, resets));
        }
        EDDY_RETURN(1);
    }
}

static void an_order_in_which_it_hangs_is_found_by_exploration(void **state)
{
    (void)state;
    begin();
    EDDY_EXPLORE(&trials, hangs_sometimes);
    assert_true(trials.complete);
    assert_int_equal(trials.result, 1);
    assert_int_equal(trials.runs, 6);
    assert_int_equal(trials.failures, 1);
    assert_text("waits for ever");
    assert_text("choices");
    assert_next_run_works();
}

static void an_order_in_which_it_hangs_is_found_by_shuffling_and_repeated_by_its_seed(void **state)
{
    (void)state;
    begin();
    trials.runs_max = 100;
    EDDY_SHUFFLE(&trials, hangs_sometimes);
    assert_true(trials.failures > 0 && trials.failures < 50);
    assert_text("waits for ever");
    const char *at = strstr(trials.text, "seed ");
    assert_non_null(at);
    uint64_t seed = strtoull(at + 5, NULL, 10);
    begin();
    trials.seed = seed;
    trials.runs_max = 1;
    EDDY_SHUFFLE(&trials, hangs_sometimes);
    assert_int_equal(trials.failures, 1);
    assert_next_run_works();
}

/* ---- A budget that matters ------------------------------------------------------------- */

struct depends_on_budget {
    EDDY_FRAME_RET(int);
    uint64_t steps;
};

EDDY_CORO(depends_on_budget)
{
    EDDY_BEGIN(depends_on_budget) {
        my->steps = eddy_loop_current()->scheduler.steps;
        EDDY_AWAIT(eddy_checkpoint(me));
        EDDY_AWAIT(eddy_checkpoint(me));
        EDDY_RETURN(eddy_loop_current()->scheduler.steps == my->steps ? 0 : 1);
    }
}

static const char *result_is_0(void *context, int result)
{
    (void)context;
    return result == 0 ? NULL : "others ran in between";
}

static void a_fault_that_needs_a_small_budget_is_repeated_by_its_seed(void **state)
{
    (void)state;
    begin();
    trials.check = result_is_0;
    trials.runs_max = 8;
    EDDY_SHUFFLE(&trials, depends_on_budget);
    assert_true(trials.failures > 0);
    assert_text("budget 1");
    uint64_t seed = strtoull(strstr(trials.text, "seed ") + 5, NULL, 10);
    begin();
    trials.check = result_is_0;
    trials.seed = seed;
    trials.runs_max = 1;
    EDDY_SHUFFLE(&trials, depends_on_budget);
    assert_int_equal(trials.failures, 1);
}

/* ---- A cancel that takes somebody out of the ready queue ------------------------------- */

struct beside {
    EDDY_FRAME;
};

EDDY_CORO(beside)
{
    EDDY_BEGIN(beside) {
        EDDY_AWAIT(eddy_yield(me));
        EDDY_AWAIT(eddy_yield(me));
    }
}

struct selects_yields {
    EDDY_FRAME_RET(int);
    struct eddy_group group;
    struct eddy_select select;
    struct eddy_arm arms[3];
    int which;
};

EDDY_CORO(selects_yields)
{
    EDDY_BEGIN(selects_yields) {
        EDDY_GROUP(&my->group) {
            EDDY_AWAIT(EDDY_SPAWN(&my->group, beside));
            EDDY_SELECT(&my->select) {
                EDDY_ARM(&my->select, &my->arms[0], eddy_yield(&my->arms[0].waiter));
                EDDY_ARM(&my->select, &my->arms[1], eddy_yield(&my->arms[1].waiter));
                EDDY_ARM(&my->select, &my->arms[2], eddy_yield(&my->arms[2].waiter));
                EDDY_AWAIT(my->which, eddy_select_wait(&my->select, me));
            }
        }
    }
}

static void a_cancel_that_shortens_the_ready_queue_leaves_a_choice_that_is_there(void **state)
{
    (void)state;
    begin();
    trials.cancels = true;
    EDDY_EXPLORE(&trials, selects_yields);
    assert_int_equal(trials.failures, 0);
    assert_true(trials.complete);
}

int main(void)
{
    LEAKS_ARE_MEANT();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_order_in_which_it_hangs_is_found_by_exploration),
        cmocka_unit_test(an_order_in_which_it_hangs_is_found_by_shuffling_and_repeated_by_its_seed),
        cmocka_unit_test(a_fault_that_needs_a_small_budget_is_repeated_by_its_seed),
        cmocka_unit_test(a_cancel_that_shortens_the_ready_queue_leaves_a_choice_that_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
