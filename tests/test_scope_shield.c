/* Shields: what reaches inside, and what waits outside. */
#include "support/coro.h"

#include <errno.h>

static struct eddy_scope outer, shield, inner;

static int reset(void **state)
{
    outer = (struct eddy_scope){0};
    shield = (struct eddy_scope){0};
    inner = (struct eddy_scope){0};
    return coro_setup(state);
}

#define shield_test(name) cmocka_unit_test_setup_teardown(name, reset, coro_teardown)

struct shielded {
    EDDY_FRAME;
    eddy_ns span;
    eddy_ns work;
    bool before; /* cancel outer before the shield begins */
    int reason;
};

EDDY_CORO(shielded)
{
    EDDY_BEGIN(shielded) {
        EDDY_SCOPE(&outer) {
            if (my->before) {
                eddy_scope_cancel(&outer, -EINTR);
            }
            EDDY_SHIELD(&shield, my->span) {
                coro_say("in %d", eddy_cancel_reason(me));
                EDDY_SCOPE(&inner) {
                    EDDY_AWAIT(eddy_sleep(my->work, me));
                    coro_say("done %d", eddy_cancel_reason(me));
                }
                coro_say("inner");
                EDDY_AWAIT(eddy_sleep(1, me));
            }
            coro_say("shield %d", eddy_cancel_reason(me));
            EDDY_AWAIT(eddy_sleep(1, me));
            coro_say("outer");
        }
        coro_say("end");
        EDDY_AWAIT(eddy_sleep(1, me));
        coro_say(".");
    }
}

static void a_cancel_waits_outside_a_shield(void **state)
{
    struct coro *c = *state;
    struct eddy_task *task = CORO_START(c, shielded, .span = 100, .work = 50);
    coro_settle(c);
    eddy_scope_cancel(&outer, -EINTR);
    assert_int_equal(coro_end(c, task), 0);
    coro_expect("in 0 done 0 inner shield -4 end .");
    assert_true(outer.caught && !shield.caught && !inner.caught);
    assert_false(eddy_scope_is_canceled(&shield));
    assert_int_equal(coro_elapsed(c), 52);
}

static void a_shield_in_a_cancelled_scope_is_not_cancelled(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, shielded, .span = 100, .work = 50, .before = true), 0);
    coro_expect("in 0 done 0 inner shield -4 end .");
}

static void the_deadline_of_a_shield_ends_it_alone(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, shielded, .span = 20, .work = 50), 0);
    coro_expect("in 0 shield 0 outer end .");
    assert_true(shield.expired && shield.caught && !outer.caught && !inner.caught);
    assert_int_equal(coro_elapsed(c), 22);
}

static void a_shield_that_ends_late_in_a_cancelled_scope_goes_on_unwinding_after_it(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, shielded, .span = 20, .work = 50, .before = true), 0);
    coro_expect("in 0 shield -4 end .");
    assert_true(shield.caught && shield.expired && outer.caught);
}

static void a_shield_without_time_unwinds_at_its_first_await(void **state)
{
    struct coro *c = *state;
    for (int before = 0; before < 2; before++) {
        assert_int_equal(CORO_RUN(c, shielded, .span = 0, .work = 50, .before = before), 0);
        coro_expect(before ? "in -110 shield -4 end ." : "in -110 shield 0 outer end .");
        assert_true(shield.caught && shield.expired);
    }
}

static void a_shield_itself_can_be_cancelled_and_what_is_inside(void **state)
{
    struct coro *c = *state;
    for (int before = 0; before < 2; before++) {
        struct eddy_task *task = CORO_START(c, shielded, .span = EDDY_FOREVER, .work = 50, .before = before);
        coro_settle(c);
        eddy_scope_cancel(&shield, -EPIPE);
        assert_int_equal(eddy_cancel_reason(&task->waiter), -EPIPE);
        assert_int_equal(coro_end(c, task), 0);
        coro_expect(before ? "in 0 shield -4 end ." : "in 0 shield 0 outer end .");
        assert_true(shield.caught && !shield.expired && !inner.caught);

        task = CORO_START(c, shielded, .span = EDDY_FOREVER, .work = 50, .before = before);
        coro_settle(c);
        eddy_scope_cancel(&inner, -EPIPE);
        assert_int_equal(coro_end(c, task), 0);
        coro_expect(before ? "in 0 inner shield -4 end ." : "in 0 inner shield 0 outer end .");
        assert_true(!shield.caught && inner.caught);
    }
}

static void a_cancelled_task_finishes_what_it_has_shielded(void **state)
{
    struct coro *c = *state;
    struct eddy_task *task = CORO_START(c, shielded, .span = 100, .work = 50);
    coro_settle(c);
    eddy_task_cancel(task, -EINTR);
    assert_int_equal(eddy_cancel_reason(&task->waiter), 0);
    assert_int_equal(coro_end(c, task), -ECANCELED);
    coro_expect("in 0 done 0 inner shield -4");
    assert_false(outer.caught);
}

struct shield_call {
    EDDY_FRAME;
    eddy_ns work;
    struct eddy_scope scope;
    struct eddy_group group;
    int error;
};

struct sleeper {
    EDDY_FRAME;
    eddy_ns span;
};

EDDY_CORO(sleeper)
{
    EDDY_BEGIN(sleeper) {
        EDDY_AWAIT(eddy_sleep(my->span, me));
        coro_say("slept");
    }
}

EDDY_CORO(shield_call)
{
    EDDY_BEGIN(shield_call) {
        EDDY_SCOPE(&outer) {
            EDDY_SHIELD(&my->scope, EDDY_SEC(1)) {
                EDDY_DO(sleeper, .span = my->work);
                EDDY_GROUP(&my->group) {
                    EDDY_TRY(my->error, EDDY_SPAWN(&my->group, sleeper, .span = my->work));
                    EDDY_DO(sleeper, .span = 1);
                }
            }
            EDDY_DO(sleeper, .span = 1);
        }
    }
}

static void a_shield_covers_calls_and_groups(void **state)
{
    struct coro *c = *state;
    for (eddy_ns at = 0; at < 20; at++) {
        outer = (struct eddy_scope){0};
        struct eddy_task *task = CORO_START(c, shield_call, .work = 10);
        coro_settle(c);
        coro_advance(c, at);
        eddy_scope_cancel(&outer, -EINTR);
        assert_int_equal(coro_end(c, task), 0);
        coro_expect("slept slept slept");
        assert_true(outer.caught);
    }
}

struct in_shields {
    EDDY_FRAME;
    struct eddy_scope a, b, d;
};

EDDY_CORO(in_shields)
{
    EDDY_BEGIN(in_shields) {
        EDDY_SHIELD(&my->a, 100) {
            EDDY_SHIELD(&my->b, EDDY_FOREVER) {
                EDDY_TIMEOUT(&my->d, 200) {
                    EDDY_AWAIT(eddy_sleep(150, me)); /* the outer shield's deadline does not reach here */
                    coro_say("slept %d", eddy_cancel_reason(me));
                }
            }
            coro_say("b %d", eddy_cancel_reason(me));
            EDDY_AWAIT(eddy_sleep(1, me));
            coro_say("unreachable");
        }
        coro_say("%d %d", my->a.expired && my->a.caught, my->b.caught);
    }
}

static void a_shield_hides_from_the_deadline_of_one_around_it(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, in_shields), 0);
    coro_expect("slept 0 b -110 1 0");
    assert_int_equal(coro_elapsed(c), 150);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        shield_test(a_cancel_waits_outside_a_shield),
        shield_test(a_shield_in_a_cancelled_scope_is_not_cancelled),
        shield_test(the_deadline_of_a_shield_ends_it_alone),
        shield_test(a_shield_that_ends_late_in_a_cancelled_scope_goes_on_unwinding_after_it),
        shield_test(a_shield_without_time_unwinds_at_its_first_await),
        shield_test(a_shield_itself_can_be_cancelled_and_what_is_inside),
        shield_test(a_cancelled_task_finishes_what_it_has_shielded),
        shield_test(a_shield_covers_calls_and_groups),
        shield_test(a_shield_hides_from_the_deadline_of_one_around_it),
    };
    return cmocka_run_group_tests_name("scope_shield", tests, NULL, NULL);
}
