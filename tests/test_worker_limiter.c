/* Jobs that borrow: the loan lasts as long as the work, whatever becomes of who waits for it. On the loop alone, as
 * test_worker.c. */
#include "support/coro.h"

#include <errno.h>

static struct eddy_workers pool;
static struct eddy_limiter limiter;

static struct coro *start(void **state, size_t total)
{
    struct coro *c = *state;
    c->loop.flags |= EDDY_WORK_INLINE;
    assert_int_equal(eddy_workers_init(&pool, &c->loop, NULL), 0);
    eddy_limiter_init(&limiter, total);
    return c;
}

static void finish(void)
{
    assert_int_equal(limiter.lent, 0);
    assert_int_equal(eddy_limiter_fini(&limiter), 0);
    assert_int_equal(eddy_workers_fini(&pool), 0);
}

struct piece {
    struct eddy_job job;
    struct eddy_waiter waiter;
    char name;
    ssize_t result;
};

static struct piece pieces[4];

static ssize_t do_piece(struct eddy_job *job)
{
    coro_say("%c(%d)", EDDY_CONTAINER(job, struct piece, job)->name, (int)limiter.lent);
    return 7;
}

static void on_abandoned(struct eddy_job *job)
{
    coro_say("%c-abandoned(%d)", EDDY_CONTAINER(job, struct piece, job)->name, (int)limiter.lent);
}

static void on_piece(struct eddy_waiter *waiter)
{
    struct piece *piece = EDDY_CONTAINER(waiter, struct piece, waiter);
    piece->result = waiter->result;
    coro_say("%c=%d", piece->name, (int)waiter->result);
}

static void submit(struct coro *c, int index, enum eddy_job_mode mode)
{
    struct piece *piece = &pieces[index];
    *piece = (struct piece){.name = (char)('a' + index)};
    piece->job.work = do_piece;
    piece->job.mode = mode;
    piece->job.limiter = &limiter;
    piece->job.abandoned = on_abandoned;
    eddy_waiter_init(&piece->waiter, &c->loop, on_piece);
}

static ssize_t work(int index)
{
    return eddy_work(&pool, &pieces[index].job, &pieces[index].waiter);
}

static void submit_all(struct coro *c, int count, enum eddy_job_mode mode)
{
    for (int i = 0; i < count; i++) {
        submit(c, i, mode);
        assert_int_equal(work(i), EDDY_PENDING);
    }
}

static void no_more_run_than_the_limiter_lends(void **state)
{
    struct coro *c = start(state, 2);
    submit_all(c, 4, EDDY_JOB_WAIT);
    assert_int_equal(pool.busy, 2);
    assert_int_equal(pool.waiting, 2);
    coro_finish(c);
    coro_expect("a(2) b(2) a=7 b=7 c(2) d(2) c=7 d=7");
    finish();
}

static void a_job_that_is_abandoned_keeps_its_loan_until_it_is_done(void **state)
{
    struct coro *c = start(state, 1);
    submit_all(c, 2, EDDY_JOB_ABANDON);
    assert_true(eddy_wait_cancel(&pieces[0].waiter));
    assert_int_equal(limiter.borrowed, 1);
    assert_int_equal(pool.busy, 1); /* `b` still waits */
    coro_finish(c);
    coro_expect("a(1) a-abandoned(1) a=-125 b(1) b=7");
    finish();
}

static void who_waits_for_the_limiter_can_be_cancelled(void **state)
{
    struct coro *c = start(state, 1);
    for (unsigned mode = EDDY_JOB_WAIT; mode <= EDDY_JOB_POLL; mode++) {
        submit_all(c, 3, (enum eddy_job_mode)mode);
        assert_true(eddy_wait_cancel(&pieces[1].waiter));
        assert_int_equal(pool.waiting, 1);
        coro_finish(c);
        coro_expect("a(1) b=-125 a=7 c(1) c=7");
    }
    finish();
}

static void who_has_just_been_lent_to_can_be_cancelled(void **state)
{
    struct coro *c = start(state, 1);
    struct eddy_loan loan;
    assert_int_equal(eddy_limiter_try_for(&limiter, &loan, &loan), 0);
    submit_all(c, 2, EDDY_JOB_WAIT);
    assert_int_equal(eddy_limiter_give_back(&limiter, &loan), 0); /* `a` has the loan, but not had its turn */
    assert_int_equal(limiter.lent, 1);
    assert_true(eddy_wait_cancel(&pieces[0].waiter));
    coro_finish(c);
    coro_expect("a=-125 b(1) b=7");
    finish();
}

static void jobs_that_wait_for_a_limiter_count(void **state)
{
    struct coro *c = start(state, 0);
    assert_int_equal(eddy_workers_fini(&pool), 0);
    struct eddy_workers_options options = {.jobs = 2};
    assert_int_equal(eddy_workers_init(&pool, &c->loop, &options), 0);
    submit_all(c, 2, EDDY_JOB_WAIT);
    submit(c, 2, EDDY_JOB_WAIT);
    assert_int_equal(work(2), -ENOBUFS);
    eddy_limiter_set_total(&limiter, 2);
    coro_finish(c);
    coro_expect("a(2) b(2) a=7 b=7");
    finish();
}

static void a_limiter_that_nobody_gives_back_to_is_a_deadlock(void **state)
{
    struct coro *c = start(state, 0);
    submit_all(c, 1, EDDY_JOB_WAIT);
    assert_int_equal(eddy_loop_run(&c->loop), -EDEADLK);
    assert_true(eddy_wait_cancel(&pieces[0].waiter));
    coro_finish(c);
    coro_expect("a=-125");
    finish();
}

static int refuse(void *context, uintptr_t *thread, void *(*run)(void *argument), void *argument)
{
    (void)context, (void)thread, (void)run, (void)argument;
    return -EAGAIN;
}

static void without_any_thread_the_loan_is_given_back(void **state)
{
    struct coro *c = start(state, 1);
    struct eddy_loan loan;
    static const struct eddy_threads none = {.start = refuse};
    assert_int_equal(eddy_workers_fini(&pool), 0);
    c->loop.flags &= ~EDDY_WORK_INLINE;
    c->loop.threads = &none;
    assert_int_equal(eddy_workers_init(&pool, &c->loop, NULL), 0);
    submit(c, 0, EDDY_JOB_WAIT);
    assert_int_equal(work(0), -EAGAIN);
    assert_int_equal(limiter.lent, 0);
    assert_int_equal(eddy_limiter_try_for(&limiter, &loan, &loan), 0);
    assert_int_equal(work(0), EDDY_PENDING);
    assert_int_equal(eddy_limiter_give_back(&limiter, &loan), 0);
    coro_finish(c);
    coro_expect("a=-11");
    finish();
}

struct daemon {
    EDDY_FRAME;
    ssize_t n;
};

EDDY_CORO(daemon)
{
    EDDY_BEGIN(daemon) {
        EDDY_AWAIT(my->n, eddy_work(&pool, &pieces[0].job, me));
    }
}

static void a_daemon_that_waits_for_a_limiter_keeps_nobody(void **state)
{
    struct coro *c = start(state, 0);
    submit(c, 0, EDDY_JOB_WAIT);
    assert_int_equal(EDDY_SPAWN(eddy_loop_daemons(&c->loop), daemon), 0);
    assert_int_equal(eddy_loop_run(&c->loop), 0);
    assert_int_equal(pool.waiting, 1);
    eddy_group_cancel(eddy_loop_daemons(&c->loop), -ECANCELED);
    coro_finish(c);
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(no_more_run_than_the_limiter_lends),
        coro_test(a_job_that_is_abandoned_keeps_its_loan_until_it_is_done),
        coro_test(who_waits_for_the_limiter_can_be_cancelled),
        coro_test(who_has_just_been_lent_to_can_be_cancelled),
        coro_test(jobs_that_wait_for_a_limiter_count),
        coro_test(a_limiter_that_nobody_gives_back_to_is_a_deadlock),
        coro_test(without_any_thread_the_loan_is_given_back),
        coro_test(a_daemon_that_waits_for_a_limiter_keeps_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
