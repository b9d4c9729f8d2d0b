/* The experiments, part three: locks and conditions. */
#include "support/coro.h"

#include <errno.h>

static struct eddy_lock lock;
static struct eddy_condition condition;
static struct eddy_event event;

/* ---- 1, 2, 22: conditions -------------------------------------------------------------- */

struct waiter {
    EDDY_FRAME;
    char name;
    bool in_canceled_scope;
    struct eddy_scope scope;
    struct eddy_guard guard;
    int result;
};

EDDY_CORO(waiter)
{
    EDDY_BEGIN(waiter) {
        EDDY_LOCK(&my->guard, &lock) {
            EDDY_SCOPE(&my->scope) {
                if (my->in_canceled_scope) {
                    eddy_scope_cancel(&my->scope, -ECANCELED);
                }
                EDDY_AWAIT(my->result, eddy_condition_wait(&condition, me));
                coro_say("%c:%d", my->name, my->result);
                EDDY_AWAIT(eddy_yield(me));
                coro_say("%c.", my->name);
            }
            if (my->in_canceled_scope) {
                coro_say("%c:%s", my->name, lock.owner == me ? "owns" : "lost");
            }
        }
    }
}

static void never(struct eddy_waiter *waiter)
{
    (void)waiter;
    fail();
}

static void own(struct coro *c, struct eddy_waiter *owner)
{
    eddy_waiter_init(owner, &c->loop, never);
    assert_int_equal(eddy_lock_try(&lock, owner), 0);
}

static void begin_condition(void)
{
    eddy_lock_init(&lock);
    eddy_condition_init(&condition, &lock);
}

static void end_condition(void)
{
    assert_int_equal(eddy_condition_fini(&condition), 0);
    assert_int_equal(eddy_lock_fini(&lock), 0);
}

static void experiment_01_a_notification_survives_the_cancel_of_its_waiter(void **state)
{
    struct coro *c = *state;
    begin_condition();
    struct eddy_task *a = CORO_START(c, waiter, .name = 'a');
    struct eddy_task *b = CORO_START(c, waiter, .name = 'b');
    coro_settle(c);
    struct eddy_waiter owner;
    own(c, &owner);
    assert_int_equal(eddy_condition_notify(&condition, 1), 1);
    eddy_task_cancel(a, -ECANCELED);
    assert_int_equal(eddy_lock_release(&lock), 0);
    coro_settle(c);
    coro_expect("a:0"); /* it had the notification, and unwound at its next await */
    assert_true(eddy_task_is_done(a));
    own(c, &owner);
    eddy_task_cancel(b, -ECANCELED); /* the other way round: then there is nobody to notify */
    assert_int_equal(eddy_condition_notify(&condition, 1), 0);
    assert_int_equal(eddy_lock_release(&lock), 0);
    coro_settle(c);
    coro_expect("");
    eddy_task_release(a);
    assert_int_equal(coro_end(c, b), -ECANCELED);
    end_condition();
}

static void experiment_02_a_cancel_while_the_lock_is_had_again_frees_nobody_elses_lock(void **state)
{
    struct coro *c = *state;
    begin_condition();
    struct eddy_task *a = CORO_START(c, waiter, .name = 'a');
    coro_settle(c);
    struct eddy_waiter owner, third;
    own(c, &owner);
    assert_int_equal(eddy_condition_notify(&condition, 1), 1);
    eddy_task_cancel(a, -ECANCELED);
    coro_settle(c);
    assert_ptr_equal(lock.owner, &owner);
    eddy_waiter_init(&third, &c->loop, owner.wake);
    assert_int_equal(eddy_lock_try(&lock, &third), -EAGAIN);
    coro_expect("");
    assert_int_equal(eddy_lock_release(&lock), 0);
    assert_int_equal(coro_end(c, a), -ECANCELED);
    coro_expect("a:0");
    end_condition();
}

static void experiment_22_a_wait_in_a_cancelled_scope_does_not_let_go_of_the_lock(void **state)
{
    struct coro *c = *state;
    begin_condition();
    uint64_t acquired = lock.acquired;
    assert_int_equal(CORO_RUN(c, waiter, .name = 'a', .in_canceled_scope = true), 0);
    coro_expect("a:owns");
    assert_int_equal(lock.acquired, acquired + 1);
    end_condition();
}

/* ---- 12, 13, 14: locks ----------------------------------------------------------------- */

struct forgets {
    EDDY_FRAME;
};

EDDY_CORO(forgets)
{
    EDDY_BEGIN(forgets) {
        EDDY_AWAIT(eddy_lock_acquire(&lock, me));
        EDDY_AWAIT(eddy_event_wait(&event, me));
    }
}

struct locks {
    EDDY_FRAME_RET(int);
    bool twice;
};

EDDY_CORO(locks)
{
    EDDY_BEGIN(locks) {
        EDDY_AWAIT(my->ret, eddy_lock_acquire(&lock, me));
        if (my->twice) {
            EDDY_AWAIT(my->ret, eddy_lock_acquire(&lock, me));
            assert_int_equal(eddy_lock_release(&lock), 0);
        }
    }
}

static void experiment_12_an_owner_that_ends_without_release_is_told_to_those_who_wait(void **state)
{
    struct coro *c = *state;
    eddy_lock_init(&lock);
    eddy_event_init(&event);
    eddy_task_release(CORO_START(c, forgets));
    coro_settle(c);
    eddy_task_release(CORO_START(c, locks));
    coro_settle(c);
    eddy_event_set(&event);
    int result = 0;
    assert_int_equal(CORO_RUN_RET(c, &result, locks), 0);
    assert_int_equal(result, -EOWNERDEAD);
    assert_string_equal(lock.dead_owner, "forgets");
    c->log_count = 0;
}

static void experiment_13_to_acquire_ones_own_lock_is_an_error(void **state)
{
    struct coro *c = *state;
    eddy_lock_init(&lock);
    int result = 0;
    assert_int_equal(CORO_RUN_RET(c, &result, locks, .twice = true), 0);
    assert_int_equal(result, -EDEADLK);
    assert_int_equal(eddy_lock_fini(&lock), 0);
    c->log_count = 0;
}

struct releases {
    EDDY_FRAME_RET(int);
};

EDDY_CORO(releases)
{
    EDDY_BEGIN(releases) {
        EDDY_RETURN(eddy_lock_release(&lock));
    }
}

static void experiment_14_who_does_not_own_a_lock_cannot_release_it(void **state)
{
    struct coro *c = *state;
    eddy_lock_init(&lock);
    struct eddy_waiter owner;
    own(c, &owner);
    int result = 0;
    assert_int_equal(CORO_RUN_RET(c, &result, releases), 0);
    assert_int_equal(result, -EPERM);
    assert_ptr_equal(lock.owner, &owner);
    assert_int_equal(eddy_lock_release(&lock), 0);
    assert_int_equal(eddy_lock_fini(&lock), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(experiment_01_a_notification_survives_the_cancel_of_its_waiter),
        coro_test(experiment_02_a_cancel_while_the_lock_is_had_again_frees_nobody_elses_lock),
        coro_test(experiment_12_an_owner_that_ends_without_release_is_told_to_those_who_wait),
        coro_test(experiment_13_to_acquire_ones_own_lock_is_an_error),
        coro_test(experiment_14_who_does_not_own_a_lock_cannot_release_it),
        coro_test(experiment_22_a_wait_in_a_cancelled_scope_does_not_let_go_of_the_lock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
