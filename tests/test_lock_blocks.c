/* EDDY_LOCK and its kin: however the block is left, and wherever a cancel finds its task, what was acquired is given back. */
#include "support/coro.h"

#include <errno.h>

enum how { END, BREAK, CONTINUE, RETURN, FAIL, HOWS };

static struct {
    struct eddy_lock lock;
    struct eddy_rwlock rwlock;
    struct eddy_semaphore semaphore;
    struct eddy_limiter limiter;
    struct eddy_once once;
} shared;

static struct eddy_task *victim; /* cancelled by the first that ends */

static int setup(void **state)
{
    eddy_lock_init(&shared.lock);
    eddy_rwlock_init(&shared.rwlock);
    eddy_semaphore_init(&shared.semaphore, 1, 1);
    eddy_limiter_init(&shared.limiter, 1);
    eddy_once_init(&shared.once);
    victim = NULL;
    return coro_setup(state);
}

#define block_test(name) cmocka_unit_test_setup_teardown(name, setup, coro_teardown)

static void assert_all_given_back(void)
{
    assert_int_equal(eddy_lock_fini(&shared.lock), 0);
    assert_int_equal(eddy_rwlock_fini(&shared.rwlock), 0);
    assert_int_equal(shared.semaphore.available, 1);
    assert_int_equal(eddy_semaphore_fini(&shared.semaphore), 0);
    assert_int_equal(eddy_limiter_fini(&shared.limiter), 0);
    assert_int_equal(eddy_once_fini(&shared.once), 0);
}

/* ---- Six coroutines that differ in their block ----------------------------------------- */

#define USER(name, ...)                                     \
    struct name {                                           \
        EDDY_FRAME;                                         \
        enum how how;                                       \
        int rounds;                                         \
        struct eddy_guard guard;                            \
        struct eddy_loan loan;                              \
        int i;                                              \
    };                                                      \
    EDDY_CORO(name)                                         \
    {                                                       \
        EDDY_BEGIN(name) {                                  \
            for (; my->i < my->rounds; my->i++) {           \
                __VA_ARGS__                                 \
                {                                           \
                    coro_say("in");                         \
                    EDDY_AWAIT(eddy_sleep(EDDY_MS(1), me)); \
                    if (my->how == BREAK)                   \
                        break;                              \
                    if (my->how == CONTINUE)                \
                        continue;                           \
                    if (my->how == RETURN)                  \
                        return;                             \
                    if (my->how == FAIL)                    \
                        EDDY_FAIL(-EIO);                    \
                    coro_say("out");                        \
                }                                           \
                coro_say("next");                           \
            }                                               \
            coro_say("end");                                \
        }                                                   \
        EDDY_FINALLY                                        \
        {                                                   \
            coro_say(".");                                  \
            if (victim != NULL) {                           \
                eddy_task_cancel(victim, -ECANCELED);       \
                victim = NULL;                              \
            }                                               \
        }                                                   \
    }                                                       \
    struct name##_in_time {                                 \
        EDDY_FRAME;                                         \
        struct eddy_scope limit;                            \
        eddy_ns span;                                       \
    };                                                      \
    EDDY_CORO(name##_in_time)                               \
    {                                                       \
        EDDY_BEGIN(name##_in_time) {                        \
            EDDY_TIMEOUT(&my->limit, my->span) {            \
                EDDY_DO(name, .rounds = 3);                 \
            }                                               \
            assert_true(my->limit.expired);                 \
        }                                                   \
    }

USER(locker, EDDY_LOCK(&my->guard, &shared.lock))
USER(reader, EDDY_READ_LOCK(&my->guard, &shared.rwlock))
USER(writer, EDDY_WRITE_LOCK(&my->guard, &shared.rwlock))
USER(permitted, EDDY_PERMIT(&my->guard, &shared.semaphore))
USER(borrower, EDDY_LOAN(&my->guard, &my->loan, &shared.limiter))
USER(trier, EDDY_ONCE(&my->guard, &shared.once))

/* For those of which a second has to wait. */
#define FOR_EACH_EXCLUSIVE(c, test) test(c, locker) test(c, writer) test(c, permitted) test(c, borrower) test(c, trier)
#define FOR_EACH(c, test) FOR_EACH_EXCLUSIVE(c, test) test(c, reader)

/* ---- The ways out ---------------------------------------------------------------------- */

#define LEAVE(c, name)                                                                                                 \
    for (int how = 0; how < HOWS; how++) {                                                                             \
        static const char *const traces[HOWS] = {"in out next in out next end .", "in end .", "in next in next end .", \
                                                 "in .", "in ."};                                                      \
        assert_int_equal(CORO_RUN(c, name, .how = (enum how)how, .rounds = 2), how == FAIL ? -EIO : 0);                \
        coro_expect(traces[how]);                                                                                      \
        assert_all_given_back();                                                                                       \
    }

static void a_block_gives_back_however_it_is_left(void **state)
{
    struct coro *c = *state;
    FOR_EACH(c, LEAVE)
}

#define CANCEL_INSIDE(c, name)                                     \
    {                                                              \
        struct eddy_task *task = CORO_START(c, name, .rounds = 2); \
        coro_settle(c);                                            \
        eddy_task_cancel(task, -ECANCELED);                        \
        assert_int_equal(coro_end(c, task), -ECANCELED);           \
        coro_expect("in .");                                       \
        assert_all_given_back();                                   \
    }

static void a_block_gives_back_when_it_is_cancelled(void **state)
{
    struct coro *c = *state;
    FOR_EACH(c, CANCEL_INSIDE)
}

#define TIME_OUT(c, name)                                                        \
    {                                                                            \
        assert_int_equal(CORO_RUN(c, name##_in_time, .span = EDDY_US(1500)), 0); \
        coro_expect("in out next in .");                                         \
        assert_all_given_back();                                                 \
    }

static void a_block_gives_back_when_its_time_is_over(void **state)
{
    struct coro *c = *state;
    FOR_EACH(c, TIME_OUT)
}

/* ---- The way in ------------------------------------------------------------------------ */

#define START_CANCELLED(c, name)                                   \
    {                                                              \
        struct eddy_task *task = CORO_START(c, name, .rounds = 2); \
        eddy_task_cancel(task, -ECANCELED);                        \
        assert_int_equal(coro_end(c, task), -ECANCELED);           \
        coro_expect(".");                                          \
        assert_all_given_back();                                   \
    }

static void who_is_cancelled_does_not_enter(void **state)
{
    struct coro *c = *state;
    FOR_EACH(c, START_CANCELLED)
}

#define CANCEL_WAITING(c, name)                                      \
    {                                                                \
        struct eddy_task *first = CORO_START(c, name, .rounds = 1);  \
        struct eddy_task *second = CORO_START(c, name, .rounds = 1); \
        struct eddy_task *third = CORO_START(c, name, .rounds = 1);  \
        coro_settle(c);                                              \
        eddy_task_cancel(second, -ECANCELED);                        \
        coro_settle(c);                                              \
        coro_expect("in .");                                         \
        coro_finish(c);                                              \
        coro_expect("out next end . in out next end .");             \
        eddy_task_release(first);                                    \
        eddy_task_release(third);                                    \
        assert_int_equal(coro_end(c, second), -ECANCELED);           \
        assert_all_given_back();                                     \
    }

static void who_is_cancelled_while_it_waits_does_not_enter(void **state)
{
    struct coro *c = *state;
    FOR_EACH_EXCLUSIVE(c, CANCEL_WAITING)
}

/* The first has given it to the second when it cancels it. */
#define CANCEL_GRANTED(c, name)                                      \
    {                                                                \
        struct eddy_task *first = CORO_START(c, name, .rounds = 1);  \
        struct eddy_task *second = CORO_START(c, name, .rounds = 1); \
        struct eddy_task *third = CORO_START(c, name, .rounds = 1);  \
        victim = second;                                             \
        coro_finish(c);                                              \
        coro_expect("in out next end . in . in out next end .");     \
        eddy_task_release(first);                                    \
        eddy_task_release(third);                                    \
        assert_int_equal(coro_end(c, second), -ECANCELED);           \
        assert_all_given_back();                                     \
    }

static void who_is_cancelled_with_it_enters_and_unwinds(void **state)
{
    struct coro *c = *state;
    FOR_EACH_EXCLUSIVE(c, CANCEL_GRANTED)
}

#define TIME_OUT_WAITING(c, name)                                                         \
    {                                                                                     \
        assert_int_equal(EDDY_SPAWN(eddy_loop_detached(&c->loop), name, .rounds = 1), 0); \
        assert_int_equal(CORO_RUN(c, name##_in_time, .span = EDDY_US(500)), 0);           \
        coro_expect("in . out next end .");                                               \
        assert_all_given_back();                                                          \
    }

static void who_has_waited_too_long_does_not_enter(void **state)
{
    struct coro *c = *state;
    FOR_EACH_EXCLUSIVE(c, TIME_OUT_WAITING)
}

/* ---- No way in ------------------------------------------------------------------------- */

struct nested {
    EDDY_FRAME;
    struct eddy_guard outer;
    struct eddy_guard inner;
    struct eddy_loan loans[2];
    struct eddy_catch caught;
    int which;
};

#define NEST(outer_block, inner_block)    \
    outer_block                           \
    {                                     \
        EDDY_CATCH(&my->caught) {         \
            inner_block                   \
            {                             \
                coro_say("never");        \
            }                             \
        }                                 \
        coro_say("%d", my->caught.error); \
    }

EDDY_CORO(nested)
{
    EDDY_BEGIN(nested) {
        NEST(EDDY_LOCK(&my->outer, &shared.lock), EDDY_LOCK(&my->inner, &shared.lock))
        NEST(EDDY_WRITE_LOCK(&my->outer, &shared.rwlock), EDDY_WRITE_LOCK(&my->inner, &shared.rwlock))
        NEST(EDDY_WRITE_LOCK(&my->outer, &shared.rwlock), EDDY_READ_LOCK(&my->inner, &shared.rwlock))
        NEST(EDDY_LOAN(&my->outer, &my->loans[0], &shared.limiter),
             EDDY_LOAN(&my->inner, &my->loans[1], &shared.limiter))
        NEST(EDDY_ONCE(&my->outer, &shared.once), EDDY_ONCE(&my->inner, &shared.once))
        NEST(, EDDY_PERMIT(&my->inner, &shared.semaphore))
    }
}

static void a_block_that_cannot_be_entered_fails(void **state)
{
    eddy_semaphore_close(&shared.semaphore);
    assert_int_equal(CORO_RUN((struct coro *)*state, nested), 0);
    coro_expect("-35 -35 -35 -35 -35 -108");
    assert_all_given_back();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        block_test(a_block_gives_back_however_it_is_left),
        block_test(a_block_gives_back_when_it_is_cancelled),
        block_test(a_block_gives_back_when_its_time_is_over),
        block_test(who_is_cancelled_does_not_enter),
        block_test(who_is_cancelled_while_it_waits_does_not_enter),
        block_test(who_is_cancelled_with_it_enters_and_unwinds),
        block_test(who_has_waited_too_long_does_not_enter),
        block_test(a_block_that_cannot_be_entered_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
