/* Coroutines: what an await, a call and a frame promise. */
#include "support/coro.h"

#include <errno.h>
#include <string.h>

/* ---- Awaits ---------------------------------------------------------------------------- */

struct nap {
    EDDY_FRAME;
    eddy_ns span;
};

EDDY_CORO(nap)
{
    EDDY_BEGIN(nap) {
        EDDY_AWAIT(eddy_sleep(my->span, me));
    }
}

static void a_sleep_takes_its_time(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, nap, .span = 5), 0);
    assert_int_equal(coro_elapsed(c), 5);
}

static int evaluated;

static ssize_t count_and_give(struct eddy_waiter *me, ssize_t result)
{
    (void)me;
    evaluated++;
    return result;
}

struct takes {
    EDDY_FRAME;
    ssize_t wide;
    int narrow;
    signed char values[4];
    int place;
};

static int answer_with(int value)
{
    return value;
}

EDDY_CORO(takes)
{
    EDDY_BEGIN(takes) {
        EDDY_AWAIT(my->wide, count_and_give(me, (ssize_t)INT_MAX + 5));
        EDDY_AWAIT(my->wide, count_and_give(me, my->wide + 1));
        coro_say("%zd", my->wide - INT_MAX);
        EDDY_AWAIT(my->wide, count_and_give(me, -EPERM));
        coro_say("%zd", my->wide);
        EDDY_AWAIT(my->narrow, answer_with(7));
        EDDY_AWAIT(my->narrow, eddy_sleep(EDDY_MS(1), me));
        coro_say("%d", my->narrow);
        EDDY_AWAIT(my->wide, eddy_sleep(EDDY_MS(1), me)); /* a wider place is fine */
        coro_say("%zd", my->wide);
    }
}

static void an_await_gives_its_result_to_its_place(void **state)
{
    struct coro *c = *state;
    evaluated = 0;
    assert_int_equal(CORO_RUN(c, takes), 0);
    assert_int_equal(evaluated, 3);
    coro_expect("6 -1 0 0");
}

struct late {
    EDDY_FRAME;
    int results[3];
    int place;
    int op;
};

static int slept(struct late *my, struct eddy_waiter *me)
{
    my->op++;
    return eddy_sleep(EDDY_MS(1), me);
}

EDDY_CORO(late)
{
    EDDY_BEGIN(late) {
        my->results[0] = my->results[1] = my->results[2] = 9;
        EDDY_AWAIT(my->results[my->place++], slept(my, me));
        EDDY_AWAIT(my->results[my->place++], slept(my, me));
        coro_say("%d %d %d %d %d", my->results[0], my->results[1], my->results[2], my->place, my->op);
    }
}

static void the_operation_is_evaluated_once_and_the_place_once_after_it(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, late), 0);
    coro_expect("0 0 9 2 2");
}

struct unplaced {
    EDDY_FRAME;
    int result;
};

EDDY_CORO(unplaced)
{
    EDDY_BEGIN(unplaced) {
        EDDY_AWAIT(answer_with(3));
        coro_say("positive");
        EDDY_AWAIT(answer_with(my->result));
        coro_say("unreachable");
    }
    EDDY_FINALLY
    {
        coro_say("finally");
    }
}

static void an_await_without_a_place_fails_the_task_with_a_negative_result(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, unplaced, .result = -ENOTTY), -ENOTTY);
    coro_expect("positive finally");
}

struct tries {
    EDDY_FRAME;
    int parks;
    int *seen;
};

EDDY_CORO(tries)
{
    EDDY_BEGIN(tries) {
        EDDY_TRY(*my->seen, answer_with(3));
        EDDY_TRY(*my->seen, eddy_sleep(EDDY_MS(1), me));
        EDDY_TRY(*my->seen, answer_with(-ENOTTY));
        coro_say("unreachable");
    }
}

static void a_try_stores_its_result_before_it_fails(void **state)
{
    struct coro *c = *state;
    int seen = 9;
    assert_int_equal(CORO_RUN(c, tries, .seen = &seen), -ENOTTY);
    assert_int_equal(seen, -ENOTTY);
    assert_int_equal(coro_elapsed(c), EDDY_MS(1));
    coro_expect("");
}

struct crowded {
    EDDY_FRAME;
    int a, b, c;
};

EDDY_CORO(crowded)
{
    EDDY_BEGIN(crowded) {
        /* clang-format off */
        EDDY_AWAIT(my->a, eddy_sleep(1, me)); EDDY_AWAIT(my->b, eddy_sleep(2, me)); EDDY_AWAIT(my->c, answer_with(4));
        if (my->c == 4) EDDY_AWAIT(eddy_sleep(3, me)); else EDDY_AWAIT(eddy_sleep(EDDY_SEC(1), me));
        for (my->a = 0; my->a < 3; my->a++) EDDY_AWAIT(my->b, eddy_sleep(1, me));
        while (my->b++ < 2) EDDY_AWAIT(eddy_sleep(10, me));
        /* clang-format on */
    }
}

static void several_awaits_fit_on_a_line_and_need_no_braces(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, crowded), 0);
    assert_int_equal(coro_elapsed(c), 1 + 2 + 3 + 3 + 20);
}

struct chooser {
    EDDY_FRAME;
    int choice;
    int i;
};

EDDY_CORO(chooser)
{
    EDDY_BEGIN(chooser) {
        for (my->i = 0; my->i < 3; my->i++) {
            switch (my->choice + my->i) {
            case 0:
                EDDY_AWAIT(eddy_sleep(1, me));
                coro_say("zero");
                break;
            case 1:
                coro_say("one");
                EDDY_AWAIT(eddy_sleep(1, me));
                /* fall through */
            case 2:
                EDDY_AWAIT(eddy_sleep(1, me));
                coro_say("two");
                EDDY_AWAIT(eddy_sleep(1, me));
                break;
            default:
                EDDY_AWAIT(eddy_sleep(1, me));
                coro_say("default");
                continue;
            }
            coro_say("/");
        }
    }
}

static void awaits_stand_in_a_switch_of_ones_own(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, chooser), 0);
    coro_expect("zero / one two / two /");
    assert_int_equal(CORO_RUN(c, chooser, .choice = 2), 0);
    coro_expect("two / default default");
}

/* ---- Frames ---------------------------------------------------------------------------- */

struct blank {
    EDDY_FRAME;
    char bytes[3001];
    int argument;
    size_t sum;
    void *pointer;
};

EDDY_CORO(blank)
{
    EDDY_BEGIN(blank) {
        {
            for (size_t i = 0; i < sizeof my->bytes; i++) {
                my->sum += my->bytes[i] != 0;
            }
        }
        coro_say("%d %zu %d", my->argument, my->sum, my->pointer == NULL);
        coro_say("%d", (int)((uintptr_t)my % 16));
        memset(my->bytes, 0x77, sizeof my->bytes);
    }
}

struct calls_blank {
    EDDY_FRAME;
    int i;
};

EDDY_CORO(calls_blank)
{
    EDDY_BEGIN(calls_blank) {
        for (my->i = 0; my->i < 2; my->i++) {
            EDDY_DO(blank, .argument = my->i);
        }
    }
}

static void a_frame_is_zero_but_for_its_arguments_and_aligned(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, blank, .argument = 5), 0);
    assert_int_equal(CORO_RUN(c, blank, .argument = 6), 0);
    assert_int_equal(CORO_RUN(c, calls_blank), 0);
    coro_expect("5 0 1 0 6 0 1 0 0 0 1 0 1 0 1 0");
}

/* ---- Turns ----------------------------------------------------------------------------- */

struct greedy {
    EDDY_FRAME;
    int rounds;
};

static ssize_t settle(struct eddy_waiter *me)
{
    return eddy_wait_settle(me, 1);
}

EDDY_CORO(greedy)
{
    EDDY_BEGIN(greedy) {
        for (; my->rounds > 0; my->rounds--) {
            EDDY_AWAIT(settle(me));
        }
        coro_say("greedy");
    }
}

struct modest {
    EDDY_FRAME;
};

EDDY_CORO(modest)
{
    EDDY_BEGIN(modest) {
        coro_say("modest");
    }
}

static void results_that_are_always_ready_do_not_keep_others_waiting(void **state)
{
    struct coro *c = *state;
    struct eddy_task *one = CORO_START(c, greedy, .rounds = 1000);
    eddy_task_release(CORO_START(c, modest));
    assert_int_equal(coro_end(c, one), 0);
    coro_expect("modest greedy");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(a_sleep_takes_its_time),
        coro_test(an_await_gives_its_result_to_its_place),
        coro_test(the_operation_is_evaluated_once_and_the_place_once_after_it),
        coro_test(an_await_without_a_place_fails_the_task_with_a_negative_result),
        coro_test(a_try_stores_its_result_before_it_fails),
        coro_test(several_awaits_fit_on_a_line_and_need_no_braces),
        coro_test(awaits_stand_in_a_switch_of_ones_own),
        coro_test(a_frame_is_zero_but_for_its_arguments_and_aligned),
        coro_test(results_that_are_always_ready_do_not_keep_others_waiting),
    };
    return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
