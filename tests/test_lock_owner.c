/* Owners that wait for each other, owners that have ended, and owners that select. */
#include "support/coro.h"

#include <errno.h>
#include <string.h>

enum { LOCKS = 3 };

static struct eddy_lock locks[LOCKS];
static int outcomes[LOCKS];

static int setup(void **state)
{
    for (int i = 0; i < LOCKS; i++) {
        eddy_lock_init(&locks[i]);
        outcomes[i] = 1;
    }
    return coro_setup(state);
}

#define lock_test(name) cmocka_unit_test_setup_teardown(name, setup, coro_teardown)

/* ---- Cycles ---------------------------------------------------------------------------- */

/* Owns one, and then wants the next. */
struct philosopher {
    EDDY_FRAME;
    int number;
    int seats;
    struct eddy_guard left;
};

EDDY_CORO(philosopher)
{
    EDDY_BEGIN(philosopher) {
        EDDY_LOCK(&my->left, &locks[my->number]) {
            EDDY_AWAIT(eddy_sleep(EDDY_MS(1 + my->number), me));
            EDDY_AWAIT(outcomes[my->number], eddy_lock_acquire(&locks[(my->number + 1) % my->seats], me));
            if (outcomes[my->number] == 0) {
                assert_int_equal(eddy_lock_release(&locks[(my->number + 1) % my->seats]), 0);
            }
        }
    }
}

static void dine(struct coro *c, int seats)
{
    for (int i = 0; i < seats; i++) {
        struct eddy_task *task = CORO_START(c, philosopher, .number = i, .seats = seats);
        assert_int_equal(eddy_task_set_name(task, "philosopher %d", i), 0);
        eddy_task_release(task);
    }
    coro_finish(c);
    for (int i = 0; i < seats; i++) {
        assert_int_equal(outcomes[i], i == seats - 1 ? -EDEADLK : 0);
        assert_int_equal(eddy_lock_fini(&locks[i]), 0);
    }
    assert_int_equal(c->log_count, seats);
}

static void expect_record(const struct coro *c, int nth, const char *task)
{
    const struct coro_log *log = &c->logs[nth];
    assert_int_equal(log->level, EDDY_LOG_WARNING);
    assert_int_equal(log->error, -EDEADLK);
    assert_string_equal(log->task, task);
    assert_non_null(strstr(log->text, "in philosopher at "));
}

static void two_that_would_wait_for_each_other_do_not(void **state)
{
    struct coro *c = *state;
    dine(c, 2);
    expect_record(c, 0, "philosopher 1");
    expect_record(c, 1, "philosopher 0");
}

static void three_that_would_wait_in_a_ring_do_not(void **state)
{
    struct coro *c = *state;
    dine(c, 3);
    expect_record(c, 0, "philosopher 2");
    expect_record(c, 1, "philosopher 0");
    expect_record(c, 2, "philosopher 1");
}

/* ---- Owners that have ended ------------------------------------------------------------ */

struct careless {
    EDDY_FRAME;
    int error;
};

EDDY_CORO(careless)
{
    EDDY_BEGIN(careless) {
        EDDY_AWAIT(eddy_lock_acquire(&locks[1], me));
        EDDY_AWAIT(eddy_lock_acquire(&locks[0], me));
        assert_int_equal(eddy_lock_release(&locks[1]), 0);
        EDDY_AWAIT(eddy_sleep(EDDY_SEC(1), me));
        if (my->error < 0) {
            EDDY_FAIL(my->error);
        }
    }
}

struct taker {
    EDDY_FRAME;
    int *outcome;
};

EDDY_CORO(taker)
{
    EDDY_BEGIN(taker) {
        EDDY_AWAIT(*my->outcome, eddy_lock_acquire(&locks[0], me));
    }
}

static void expect_owner_dead(struct coro *c, struct eddy_task *task, int status)
{
    int late = 0;
    assert_int_equal(eddy_task_set_name(task, "Tom"), 0);
    coro_settle(c);
    assert_int_equal(EDDY_SPAWN(eddy_loop_detached(&c->loop), taker, .outcome = &outcomes[0]), 0);
    assert_int_equal(EDDY_SPAWN(eddy_loop_detached(&c->loop), taker, .outcome = &outcomes[1]), 0);
    coro_settle(c);
    assert_int_equal(eddy_lock_waiting(&locks[0]), 2);
    if (status == -ECANCELED) {
        eddy_task_cancel(task, -ECANCELED);
    }
    assert_int_equal(coro_end(c, task), status);
    assert_int_equal(outcomes[0], -EOWNERDEAD);
    assert_int_equal(outcomes[1], -EOWNERDEAD);
    assert_int_equal(CORO_RUN(c, taker, .outcome = &late), 0);
    assert_int_equal(late, -EOWNERDEAD);
    assert_string_equal(locks[0].dead_owner, "Tom");
    assert_string_equal(locks[1].dead_owner, "");
    assert_int_equal(c->logs[0].error, -EOWNERDEAD);
    assert_string_equal(c->logs[0].task, "Tom");
    assert_int_equal(eddy_lock_fini(&locks[0]), 0);
    eddy_lock_init(&locks[0]);
    assert_int_equal(locks[0].dead_owner[0], 0);
}

static void an_owner_that_finished_is_dead(void **state)
{
    expect_owner_dead(*state, CORO_START((struct coro *)*state, careless), 0);
}

static void an_owner_that_failed_is_dead(void **state)
{
    expect_owner_dead(*state, CORO_START((struct coro *)*state, careless, .error = -EIO), -EIO);
}

static void an_owner_that_was_cancelled_is_dead(void **state)
{
    expect_owner_dead(*state, CORO_START((struct coro *)*state, careless), -ECANCELED);
}

/* ---- Owners that select ---------------------------------------------------------------- */

struct chooser {
    EDDY_FRAME;
    struct eddy_select select;
    struct eddy_arm arms[2];
    int which;
};

EDDY_CORO(chooser)
{
    EDDY_BEGIN(chooser) {
        EDDY_SELECT(&my->select) {
            EDDY_ARM(&my->select, &my->arms[0], eddy_lock_acquire(&locks[0], &my->arms[0].waiter));
            EDDY_ARM(&my->select, &my->arms[1], eddy_lock_acquire(&locks[1], &my->arms[1].waiter));
            EDDY_AWAIT(my->which, eddy_select_wait(&my->select, me));
        }
        assert_int_equal(my->arms[my->which].result, 0);
        assert_ptr_equal(locks[my->which].owner, me);
        assert_ptr_not_equal(locks[1 - my->which].owner, me);
        assert_int_equal(eddy_lock_acquire(&locks[my->which], me), -EDEADLK);
        assert_int_equal(eddy_lock_release(&locks[my->which]), 0);
        coro_say("%d", my->which);
    }
}

struct holder {
    EDDY_FRAME;
    int number;
    eddy_ns span;
    struct eddy_guard guard;
};

EDDY_CORO(holder)
{
    EDDY_BEGIN(holder) {
        EDDY_LOCK(&my->guard, &locks[my->number]) {
            EDDY_AWAIT(eddy_sleep(my->span, me));
        }
    }
}

static void who_selects_owns_what_an_arm_acquires(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, chooser), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(EDDY_SPAWN(eddy_loop_detached(&c->loop), holder, .span = EDDY_SEC(1 + i)), 0);
        assert_int_equal(EDDY_SPAWN(eddy_loop_detached(&c->loop), holder, .number = 1, .span = EDDY_SEC(2 - i)), 0);
        assert_int_equal(CORO_RUN(c, chooser), 0);
        assert_int_equal(eddy_lock_fini(&locks[0]) | eddy_lock_fini(&locks[1]), 0);
    }
    coro_expect("0 0 1");
}

static void a_cancelled_select_leaves_every_line(void **state)
{
    struct coro *c = *state;
    assert_int_equal(EDDY_SPAWN(eddy_loop_detached(&c->loop), holder, .span = EDDY_SEC(1)), 0);
    assert_int_equal(EDDY_SPAWN(eddy_loop_detached(&c->loop), holder, .number = 1, .span = EDDY_SEC(1)), 0);
    struct eddy_task *task = CORO_START(c, chooser);
    coro_settle(c);
    assert_int_equal(eddy_lock_waiting(&locks[0]) + eddy_lock_waiting(&locks[1]), 2);
    eddy_task_cancel(task, -ECANCELED);
    assert_int_equal(eddy_lock_waiting(&locks[0]) + eddy_lock_waiting(&locks[1]), 0);
    assert_int_equal(coro_end(c, task), -ECANCELED);
    coro_expect("");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        lock_test(two_that_would_wait_for_each_other_do_not),
        lock_test(three_that_would_wait_in_a_ring_do_not),
        lock_test(an_owner_that_finished_is_dead),
        lock_test(an_owner_that_failed_is_dead),
        lock_test(an_owner_that_was_cancelled_is_dead),
        lock_test(who_selects_owns_what_an_arm_acquires),
        lock_test(a_cancelled_select_leaves_every_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
