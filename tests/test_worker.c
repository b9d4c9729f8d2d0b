/* Blocking work, with the loop itself as the only thread, so that every run is alike. test_worker_threads.c has real
 * threads. */
#include "support/piece.h"

#include <errno.h>

/* ---- Results ------------------------------------------------------------------------------- */

static void work_is_awaited_and_its_result_is_the_awaits(void **state)
{
    struct coro *c = piece_start(state);
    piece_pool(c, 1, 0);
    pieces[0] = piece_of('a', EDDY_JOB_WAIT);
    assert_int_equal(CORO_RUN(c, worker, .piece = &pieces[0]), 0);
    coro_expect("a a=7 a-went-on");
    pieces[0].result = -ENOENT;
    assert_int_equal(CORO_RUN(c, worker, .piece = &pieces[0]), 0);
    coro_expect("a a=-2 a-went-on");
    assert_int_equal(pool.done, 2);
    assert_int_equal(pool.busy + pool.waiting + pool.abandoned, 0);
    assert_int_equal(eddy_workers_fini(&pool), 0);
}

static void jobs_begin_in_the_order_they_came(void **state)
{
    struct coro *c = piece_start(state);
    piece_pool(c, 2, 0);
    struct eddy_task *tasks[5];
    for (int i = 0; i < 5; i++) {
        pieces[i] = piece_of((char)('a' + i), EDDY_JOB_WAIT);
        tasks[i] = CORO_START(c, worker, .piece = &pieces[i]);
    }
    assert_int_equal(eddy_loop_step(&c->loop), 1);
    assert_int_equal(pool.busy, 2);
    assert_int_equal(pool.waiting, 3);
    for (int i = 0; i < 5; i++) {
        eddy_task_release(tasks[i]);
    }
    coro_finish(c);
    coro_expect("a b a=7 b=7 a-went-on b-went-on c d c=7 d=7 c-went-on d-went-on e e=7 e-went-on");
    assert_int_equal(pool.threads, 2);
    assert_int_equal(eddy_workers_fini(&pool), 0);
}

static void never(struct eddy_waiter *waiter)
{
    (void)waiter;
    fail_msg("a waiter that was withdrawn is woken");
}

static void what_cannot_be_done_is_refused(void **state)
{
    struct coro *c = piece_start(state);
    piece_pool(c, 1, 2);
    struct eddy_waiter waiters[4];
    for (int i = 0; i < 4; i++) {
        pieces[i] = piece_of('a', EDDY_JOB_WAIT);
        eddy_waiter_init(&waiters[i], &c->loop, never);
    }
    struct eddy_job empty = {.work = NULL};
    assert_int_equal(eddy_work(&pool, &empty, &waiters[0]), -EINVAL);
    struct eddy_job lost = {.work = pieces[0].job.work, .mode = EDDY_JOB_ABANDON};
    assert_int_equal(eddy_work(&pool, &lost, &waiters[0]), -EINVAL);
    struct eddy_job strange = {.work = pieces[0].job.work, .mode = (enum eddy_job_mode)3};
    assert_int_equal(eddy_work(&pool, &strange, &waiters[0]), -EINVAL);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(eddy_work(&pool, &pieces[i].job, &waiters[i]), EDDY_PENDING);
    }
    assert_int_equal(eddy_work(&pool, &pieces[3].job, &waiters[3]), -ENOBUFS); /* one has begun, two wait */
    assert_int_equal(eddy_wait_withdraw(&waiters[2]), EDDY_PENDING);
    assert_int_equal(eddy_work(&pool, &pieces[1].job, &waiters[3]), -EBUSY);
    assert_int_equal(eddy_wait_withdraw(&waiters[1]), EDDY_PENDING);
    assert_int_equal(eddy_workers_fini(&pool), -EBUSY);
    assert_int_equal(eddy_wait_withdraw(&waiters[0]), EDDY_PENDING);
    assert_int_equal(pieces[0].runs, 0);
    assert_int_equal(pool.abandoned, 1);
    assert_int_equal(eddy_workers_fini(&pool), 0); /* waits for it */
    assert_int_equal(pieces[0].runs, 1);
    assert_int_equal(eddy_work(&pool, &pieces[0].job, &waiters[0]), -ESHUTDOWN);
    assert_int_equal(eddy_workers_fini(&pool), 0);
    assert_int_equal(eddy_workers_fini(&(struct eddy_workers){.crew = NULL}), 0);
}

static void a_pool_that_is_left_open_keeps_the_loop(void **state)
{
    struct coro *c = piece_start(state);
    piece_pool(c, 1, 0);
    assert_int_equal(eddy_loop_fini(&c->loop), -EBUSY);
    assert_int_equal(eddy_workers_fini(&pool), 0);
}

/* ---- A loop of its own ----------------------------------------------------------------------- */

static void the_loops_own_pool_ends_with_it(void **state)
{
    struct coro *c = piece_start(state);
    struct eddy_workers *own = eddy_loop_workers(&c->loop);
    assert_non_null(own);
    assert_ptr_equal(own, eddy_loop_workers(&c->loop));
    pieces[0] = piece_of('a', EDDY_JOB_ABANDON);
    struct piece_probe probe;
    piece_probe_init(&probe, c);
    assert_int_equal(eddy_work(own, &pieces[0].job, &probe.waiter), EDDY_PENDING);
    assert_int_equal(eddy_loop_fini(&c->loop), -EBUSY);
    assert_int_equal(eddy_wait_withdraw(&probe.waiter), EDDY_PENDING);
    assert_int_equal(eddy_loop_fini(&c->loop), 0); /* does it, and says so */
    coro_expect("a a-abandoned");
    piece_another_loop(c);
}

/* ---- The end of a pool ------------------------------------------------------------------------- */

static void say_post(struct eddy_post *node)
{
    (void)node;
    coro_say("post");
}

static void what_others_have_posted_stays_when_a_pool_ends(void **state)
{
    struct coro *c = piece_start(state);
    struct eddy_post posts[2] = {{.run = say_post}, {.run = say_post}};
    struct piece_probe probe;
    piece_pool(c, 1, 0);
    pieces[0] = piece_of('a', EDDY_JOB_ABANDON);
    piece_probe_init(&probe, c);
    eddy_post(&c->loop, &posts[0]);
    assert_int_equal(eddy_work(&pool, &pieces[0].job, &probe.waiter), EDDY_PENDING);
    eddy_post(&c->loop, &posts[1]);
    assert_int_equal(eddy_wait_withdraw(&probe.waiter), EDDY_PENDING);
    assert_int_equal(eddy_workers_fini(&pool), 0);
    coro_finish(c);
    coro_expect("a a-abandoned post post");
}

static struct piece_probe ending;

static void end_pool(struct eddy_post *node)
{
    (void)node;
    assert_int_equal(eddy_wait_withdraw(&ending.waiter), EDDY_PENDING);
    assert_int_equal(eddy_workers_fini(&pool), 0);
    coro_say("ended");
}

static void a_pool_can_end_in_a_post_before_its_own(void **state)
{
    struct coro *c = piece_start(state);
    struct eddy_post post = {.run = end_pool};
    piece_pool(c, 1, 0);
    pieces[0] = piece_of('a', EDDY_JOB_ABANDON);
    piece_probe_init(&ending, c);
    eddy_post(&c->loop, &post);
    assert_int_equal(eddy_work(&pool, &pieces[0].job, &ending.waiter), EDDY_PENDING);
    coro_finish(c);
    coro_expect("a a-abandoned ended");
}

static void try_to_end(struct eddy_job *job)
{
    (void)job;
    coro_say("%d", eddy_workers_fini(&pool));
}

static void a_pool_cannot_end_while_it_tells_of_a_job(void **state)
{
    struct coro *c = piece_start(state);
    struct piece_probe probe;
    piece_pool(c, 1, 0);
    pieces[0] = piece_of('a', EDDY_JOB_ABANDON);
    pieces[0].job.abandoned = try_to_end;
    piece_probe_init(&probe, c);
    assert_int_equal(eddy_work(&pool, &pieces[0].job, &probe.waiter), EDDY_PENDING);
    assert_int_equal(eddy_wait_withdraw(&probe.waiter), EDDY_PENDING);
    coro_finish(c);
    coro_expect("a -16");
    assert_int_equal(eddy_workers_fini(&pool), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(work_is_awaited_and_its_result_is_the_awaits),
        coro_test(jobs_begin_in_the_order_they_came),
        coro_test(what_cannot_be_done_is_refused),
        coro_test(a_pool_that_is_left_open_keeps_the_loop),
        coro_test(the_loops_own_pool_ends_with_it),
        coro_test(what_others_have_posted_stays_when_a_pool_ends),
        coro_test(a_pool_can_end_in_a_post_before_its_own),
        coro_test(a_pool_cannot_end_while_it_tells_of_a_job),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
