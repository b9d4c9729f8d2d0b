/* Blocking work that is cancelled, too late or not, in each of its modes; on the loop alone. */
#include "support/piece.h"

#include <errno.h>

/* ---- Cancel -------------------------------------------------------------------------------- */

struct cancel {
    EDDY_FRAME;
    struct eddy_task *task;
};

EDDY_CORO(cancel)
{
    EDDY_BEGIN(cancel) {
        eddy_task_cancel(my->task, -ECANCELED);
    }
}

/* Two jobs on one thread: `a` has begun and `b` waits when both are cancelled, in the same turn. */
static void cancel_two(struct coro *c, enum eddy_job_mode mode)
{
    piece_pool(c, 1, 0);
    struct eddy_task *tasks[2];
    for (int i = 0; i < 2; i++) {
        pieces[i] = piece_of((char)('a' + i), mode);
        tasks[i] = CORO_START(c, worker, .piece = &pieces[i]);
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(EDDY_SPAWN(eddy_loop_detached(&c->loop), cancel, .task = tasks[i]), 0);
    }
    coro_finish(c);
    assert_int_equal(pieces[1].runs, 0);
    for (int i = 0; i < 2; i++) {
        eddy_task_release(tasks[i]);
    }
    assert_int_equal(eddy_workers_fini(&pool), 0);
}

static void a_cancel_does_nothing_to_work_that_is_waited_for(void **state)
{
    cancel_two(piece_start(state), EDDY_JOB_WAIT);
    coro_expect("b-unwound a a=7"); /* `a` has its result; its next await unwinds */
}

static void a_cancel_ends_the_wait_for_work_that_goes_on_alone(void **state)
{
    cancel_two(piece_start(state), EDDY_JOB_ABANDON);
    coro_expect("a-unwound b-unwound a a-abandoned");
    assert_int_equal(pieces[1].abandons, 0);
}

static void a_cancel_ends_the_wait_when_work_that_polls_has_returned(void **state)
{
    cancel_two(piece_start(state), EDDY_JOB_POLL);
    coro_expect("b-unwound a a-unwound");
}

struct limited {
    EDDY_FRAME;
    struct eddy_scope limit;
    struct piece *piece;
    ssize_t n;
};

EDDY_CORO(limited)
{
    EDDY_BEGIN(limited) {
        EDDY_TIMEOUT(&my->limit, 1) {
            EDDY_AWAIT(my->n, eddy_work(&pool, &my->piece->job, me));
            coro_say("n=%d", (int)my->n);
        }
        coro_say(my->limit.expired ? "expired" : "in-time");
    }
}

/* Its deadline passes when its work has begun. */
static void run_limited(struct coro *c, struct piece *piece)
{
    struct eddy_task *task = CORO_START(c, limited, .piece = piece);
    assert_int_equal(eddy_loop_step(&c->loop), 1);
    test_os_advance(&c->os, 1);
    assert_int_equal(coro_end(c, task), 0);
}

static void a_deadline_does_as_a_cancel(void **state)
{
    struct coro *c = piece_start(state);
    piece_pool(c, 1, 0);
    pieces[0] = piece_of('a', EDDY_JOB_WAIT);
    pieces[1] = piece_of('b', EDDY_JOB_ABANDON);
    pieces[2] = piece_of('c', EDDY_JOB_POLL);
    run_limited(c, &pieces[0]);
    coro_expect("a n=7 expired");
    run_limited(c, &pieces[1]);
    coro_expect("b b-abandoned expired");
    run_limited(c, &pieces[2]);
    coro_expect("c expired");
    assert_int_equal(eddy_workers_fini(&pool), 0);
}

static void a_deadline_set_before_work_begins_does_not_end_it_once_begun(void **state)
{
    struct coro *c = piece_start(state);
    static const ssize_t results[] = {7, -ETIMEDOUT, -ETIMEDOUT};
    for (unsigned mode = EDDY_JOB_WAIT; mode <= EDDY_JOB_POLL; mode++) {
        piece_pool(c, 1, 0);
        struct piece_probe probes[2];
        for (int i = 0; i < 2; i++) {
            pieces[i] = piece_of((char)('a' + i), (enum eddy_job_mode)mode);
            piece_probe_init(&probes[i], c);
            assert_int_equal(eddy_work(&pool, &pieces[i].job, &probes[i].waiter), EDDY_PENDING);
            eddy_wait_until(&probes[i].waiter, i == 0 ? EDDY_FOREVER : c->os.now + 1);
        }
        assert_int_equal(eddy_loop_step(&c->loop), 1); /* `a` is done, `b` has begun */
        test_os_advance(&c->os, 1);
        coro_finish(c);
        assert_int_equal(probes[0].result, 7);
        assert_int_equal(probes[1].result, results[mode]);
        assert_int_equal(pieces[1].runs, 1);
        assert_int_equal(eddy_workers_fini(&pool), 0);
    }
}

static void eddy_wait_cancel_says_whether_it_comes_in_time(void **state)
{
    struct coro *c = piece_start(state);
    piece_pool(c, 1, 0);
    struct piece_probe probes[2];
    for (int i = 0; i < 2; i++) {
        pieces[i] = piece_of((char)('a' + i), EDDY_JOB_WAIT);
        piece_probe_init(&probes[i], c);
        assert_int_equal(eddy_work(&pool, &pieces[i].job, &probes[i].waiter), EDDY_PENDING);
    }
    assert_false(eddy_wait_cancel(&probes[0].waiter));
    assert_true(eddy_wait_cancel(&probes[1].waiter));
    coro_finish(c);
    assert_int_equal(probes[0].result, 7);
    assert_int_equal(probes[1].result, -ECANCELED);
    assert_int_equal(eddy_workers_fini(&pool), 0);
}

static int canceled_in_work;

static ssize_t look_for_cancel(struct eddy_job *job)
{
    canceled_in_work = eddy_job_is_canceled(job);
    return 0;
}

static void work_that_polls_sees_the_cancel(void **state)
{
    struct coro *c = piece_start(state);
    piece_pool(c, 1, 0);
    struct eddy_job job = {.work = look_for_cancel, .mode = EDDY_JOB_POLL};
    struct piece_probe probe;
    for (int canceled = 0; canceled < 2; canceled++) {
        piece_probe_init(&probe, c);
        assert_int_equal(eddy_work(&pool, &job, &probe.waiter), EDDY_PENDING);
        if (canceled) {
            assert_true(eddy_wait_cancel(&probe.waiter));
        }
        coro_finish(c);
        assert_int_equal(canceled_in_work, canceled);
        assert_int_equal(probe.result, canceled ? -ECANCELED : 0);
    }
    assert_int_equal(eddy_workers_fini(&pool), 0);
}

/* ---- In a select ----------------------------------------------------------------------------- */

struct race {
    EDDY_FRAME;
    struct eddy_select select;
    struct eddy_arm work;
    struct eddy_arm other;
    struct piece *piece;
    eddy_ns span;
    int winner;
};

EDDY_CORO(race)
{
    EDDY_BEGIN(race) {
        EDDY_SELECT(&my->select) {
            EDDY_ARM(&my->select, &my->work, eddy_work(&pool, &my->piece->job, &my->work.waiter));
            EDDY_ARM(&my->select, &my->other, eddy_sleep(my->span, &my->other.waiter));
            EDDY_AWAIT(my->winner, eddy_select_wait(&my->select, me));
        }
        coro_say("%d won with %d", my->winner, my->winner == 0 ? (int)my->work.result : (int)my->other.result);
    }
}

static void work_in_a_select_is_abandoned_when_it_loses(void **state)
{
    struct coro *c = piece_start(state);
    piece_pool(c, 1, 0);
    pieces[0] = piece_of('a', EDDY_JOB_ABANDON);
    assert_int_equal(CORO_RUN(c, race, .piece = &pieces[0], .span = 5), 0);
    coro_expect("a 0 won with 7");
    assert_int_equal(CORO_RUN(c, race, .piece = &pieces[0], .span = 0), 0);
    coro_expect("a a-abandoned 1 won with 0");
    pieces[0] = piece_of('a', EDDY_JOB_WAIT);
    assert_int_equal(CORO_RUN(c, race, .piece = &pieces[0], .span = 5), 0);
    coro_expect("0 won with -22"); /* its memory could not be told when it is free */
    assert_int_equal(eddy_workers_fini(&pool), 0);
}

/* Both arms want the one loan: the job has it, and gives it back when it is done. */
struct loan_race {
    EDDY_FRAME;
    struct eddy_select select;
    struct eddy_arm work;
    struct eddy_arm borrow;
    struct eddy_loan loan;
    struct piece *piece;
    int winner;
};

EDDY_CORO(loan_race)
{
    EDDY_BEGIN(loan_race) {
        EDDY_SELECT(&my->select) {
            EDDY_ARM(&my->select, &my->work, eddy_work(&pool, &my->piece->job, &my->work.waiter));
            EDDY_ARM(&my->select, &my->borrow,
                     eddy_limiter_borrow(my->piece->job.limiter, &my->loan, &my->borrow.waiter));
            EDDY_AWAIT(my->winner, eddy_select_wait(&my->select, me));
        }
        coro_say("%d won", my->winner);
        assert_int_equal(eddy_limiter_give_back(my->piece->job.limiter, me), 0);
    }
}

static void the_loan_of_a_job_may_win_against_it(void **state)
{
    struct coro *c = piece_start(state);
    struct eddy_limiter limiter;
    eddy_limiter_init(&limiter, 1);
    piece_pool(c, 1, 0);
    pieces[0] = piece_of('a', EDDY_JOB_ABANDON);
    pieces[0].job.limiter = &limiter;
    assert_int_equal(CORO_RUN(c, loan_race, .piece = &pieces[0]), 0);
    coro_expect("a a-abandoned 1 won");
    assert_int_equal(pool.abandoned, 0);
    assert_int_equal(eddy_workers_fini(&pool), 0);
    assert_int_equal(eddy_limiter_fini(&limiter), 0);
}

/* ---- Every cancel, every order ----------------------------------------------------------------- */

struct three {
    EDDY_FRAME_RET(int);
    struct eddy_group group;
    struct piece pieces[3];
    bool is_open;
};

struct quiet {
    EDDY_FRAME_RET(ssize_t);
    struct piece *piece;
};

EDDY_CORO(quiet)
{
    EDDY_BEGIN(quiet) {
        EDDY_AWAIT(my->ret, eddy_work(&pool, &my->piece->job, me));
    }
}

static ssize_t do_quietly(struct eddy_job *job)
{
    EDDY_CONTAINER(job, struct piece, job)->runs++;
    return 7;
}

/* Abandoned jobs would outlive a frame. */
static struct piece kept;

static void kept_again(struct eddy_job *job)
{
    EDDY_CONTAINER(job, struct piece, job)->abandons++;
}

EDDY_CORO(three)
{
    EDDY_BEGIN(three) {
        {
            struct eddy_workers_options options = {.threads = 1};
            my->ret = eddy_workers_init(&pool, eddy_loop_current(), &options);
        }
        if (my->ret < 0) {
            return;
        }
        my->is_open = true;
        EDDY_GROUP(&my->group) {
            for (int i = 0; i < 2; i++) {
                my->pieces[i].job.work = do_quietly;
                my->pieces[i].job.mode = i == 0 ? EDDY_JOB_WAIT : EDDY_JOB_POLL;
            }
            kept = (struct piece){.job = {.work = do_quietly, .mode = EDDY_JOB_ABANDON, .abandoned = kept_again}};
            EDDY_TRY(my->ret, EDDY_SPAWN(&my->group, quiet, .piece = &my->pieces[0]));
            EDDY_TRY(my->ret, EDDY_SPAWN(&my->group, quiet, .piece = &my->pieces[1]));
            EDDY_TRY(my->ret, EDDY_SPAWN(&my->group, quiet, .piece = &kept));
        }
    }
    EDDY_FINALLY
    {
        if (my->is_open && eddy_workers_fini(&pool) != 0) {
            my->ret = -EBUSY;
        }
    }
}

static void no_cancel_and_no_order_leaves_anything(void **state)
{
    piece_start(state);
    assert_int_equal(eddy_loop_fini(&coro_current()->loop), 0); /* one loop a thread */
    static struct eddy_trials trials;
    EDDY_CANCEL_SWEEP(&trials, three);
    assert_string_equal(trials.text, "");
    assert_true(trials.runs > 8);
    trials = (struct eddy_trials){.cancels = true};
    EDDY_EXPLORE(&trials, three);
    assert_string_equal(trials.text, "");
    assert_true(trials.complete);
    piece_another_loop(coro_current());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(a_cancel_does_nothing_to_work_that_is_waited_for),
        coro_test(a_cancel_ends_the_wait_for_work_that_goes_on_alone),
        coro_test(a_cancel_ends_the_wait_when_work_that_polls_has_returned),
        coro_test(a_deadline_does_as_a_cancel),
        coro_test(a_deadline_set_before_work_begins_does_not_end_it_once_begun),
        coro_test(eddy_wait_cancel_says_whether_it_comes_in_time),
        coro_test(work_that_polls_sees_the_cancel),
        coro_test(work_in_a_select_is_abandoned_when_it_loses),
        coro_test(the_loan_of_a_job_may_win_against_it),
        coro_test(no_cancel_and_no_order_leaves_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
