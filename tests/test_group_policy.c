/* The policies of groups: every mix of tasks that finish, fail and are cancelled, against a model. */
#include "support/coro.h"

#include <errno.h>

enum outcome { FINISHES, FAILS, IS_CANCELED, OUTCOMES };
enum { TASKS = 4, MIXES = OUTCOMES * OUTCOMES * OUTCOMES * OUTCOMES };

/* Ends after `span`, so or so; and may fail when it is cancelled. */
struct ends {
    EDDY_FRAME;
    eddy_ns span;
    enum outcome outcome;
    int error;
    int cleanup_error;
    bool done;
};

EDDY_CORO(ends)
{
    EDDY_BEGIN(ends) {
        EDDY_AWAIT(eddy_sleep(my->span, me));
        my->done = true;
        if (my->outcome == FAILS) {
            EDDY_FAIL(my->error);
        }
        if (my->outcome == IS_CANCELED) {
            eddy_task_cancel(eddy_task_of(me), -EINTR);
            EDDY_AWAIT(eddy_sleep(1, me));
        }
    }
    EDDY_FINALLY
    {
        if (!my->done && my->cleanup_error < 0) {
            EDDY_FAIL(my->cleanup_error);
        }
    }
}

/* What a group of tasks that end one after the other, at 1, 2, ..., leaves. */
struct outcome_of_group {
    int error;
    unsigned error_count;
    size_t succeeded;
    eddy_ns time;
};

static struct outcome_of_group expected(enum eddy_group_policy policy, const enum outcome *outcomes)
{
    struct outcome_of_group all = {.time = TASKS};
    int first_error = 0;
    for (int i = 0; i < TASKS; i++) {
        enum outcome outcome = outcomes[i];
        all.error_count += outcome == FAILS;
        all.succeeded += outcome == FINISHES;
        first_error = first_error == 0 && outcome == FAILS ? -1 - i : first_error;
        if ((policy == EDDY_ALL && outcome == FAILS) || (policy == EDDY_ANY && outcome != IS_CANCELED) ||
            (policy == EDDY_FIRST_SUCCESS && outcome == FINISHES)) {
            all.time = i + 1;
            break;
        }
    }
    bool fails = policy == EDDY_ALL || policy == EDDY_ANY || (policy == EDDY_FIRST_SUCCESS && all.succeeded == 0);
    all.error = fails ? first_error : 0;
    return all;
}

struct has_policy {
    EDDY_FRAME;
    struct eddy_group group;
    struct eddy_catch caught;
    enum eddy_group_policy policy;
    const enum outcome *outcomes;
    struct outcome_of_group *seen;
    int i, result;
};

EDDY_CORO(has_policy)
{
    EDDY_BEGIN(has_policy) {
        EDDY_CATCH(&my->caught) {
            EDDY_GROUP(&my->group, my->policy) {
                for (my->i = 0; my->i < TASKS; my->i++) {
                    EDDY_TRY(my->result, EDDY_SPAWN(&my->group, ends, .span = my->i + 1, .error = -1 - my->i,
                                                    .outcome = my->outcomes[my->i]));
                }
            }
            coro_say("after");
        }
        my->seen->error = my->caught.error;
        my->seen->error_count = my->group.error_count;
        my->seen->succeeded = my->group.succeeded;
    }
}

static void check_policy(struct coro *c, enum eddy_group_policy policy)
{
    for (int mix = 0; mix < MIXES; mix++) {
        enum outcome outcomes[TASKS];
        for (int i = 0, rest = mix; i < TASKS; i++, rest /= OUTCOMES) {
            outcomes[i] = (enum outcome)(rest % OUTCOMES);
        }
        struct outcome_of_group want = expected(policy, outcomes);
        struct outcome_of_group seen = {0};
        eddy_ns began = c->os.now;
        assert_int_equal(CORO_RUN(c, has_policy, .policy = policy, .outcomes = outcomes, .seen = &seen), 0);
        seen.time = c->os.now - began;
        if (seen.error != want.error || seen.error_count != want.error_count || seen.succeeded != want.succeeded ||
            seen.time != want.time) {
            fail_msg("mix %d%d%d%d: error %d for %d, %u errors for %u, %zu succeeded for %zu, at %d for %d",
                     outcomes[0], outcomes[1], outcomes[2], outcomes[3], seen.error, want.error, seen.error_count,
                     want.error_count, seen.succeeded, want.succeeded, (int)seen.time, (int)want.time);
        }
        coro_expect(want.error < 0 ? "" : "after");
    }
}

static void all_ends_the_rest_when_one_fails(void **state)
{
    check_policy(*state, EDDY_ALL);
}

static void any_ends_the_rest_when_one_has_finished_or_failed(void **state)
{
    check_policy(*state, EDDY_ANY);
}

static void first_success_ends_the_rest_when_one_has_finished(void **state)
{
    check_policy(*state, EDDY_FIRST_SUCCESS);
}

static void collect_ends_nobody_and_does_not_fail(void **state)
{
    check_policy(*state, EDDY_COLLECT);
}

/* A task wins, and one of the rest fails while it cleans up. */
struct has_sore_loser {
    EDDY_FRAME;
    struct eddy_group group;
    enum eddy_group_policy policy;
    int result;
};

EDDY_CORO(has_sore_loser)
{
    EDDY_BEGIN(has_sore_loser) {
        EDDY_GROUP(&my->group, my->policy) {
            EDDY_TRY(my->result, EDDY_SPAWN(&my->group, ends, .span = 1));
            EDDY_TRY(my->result, EDDY_SPAWN(&my->group, ends, .span = 2, .cleanup_error = -EIO));
        }
        assert_int_equal(my->group.error, -EIO);
        assert_int_equal(my->group.error_count, 1);
    }
}

static void a_loser_that_fails_does_not_spoil_a_race_that_is_won(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, has_sore_loser, .policy = EDDY_FIRST_SUCCESS), 0);
    assert_int_equal(CORO_RUN(c, has_sore_loser, .policy = EDDY_ANY), 0);
}

/* "However" it has ended: by a cancel, too. */
int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(all_ends_the_rest_when_one_fails),
        coro_test(any_ends_the_rest_when_one_has_finished_or_failed),
        coro_test(first_success_ends_the_rest_when_one_has_finished),
        coro_test(collect_ends_nobody_and_does_not_fail),
        coro_test(a_loser_that_fails_does_not_spoil_a_race_that_is_won),
    };
    return cmocka_run_group_tests_name("group policies", tests, NULL, NULL);
}
