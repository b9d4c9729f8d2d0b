/* Blocking work on real threads. Each test decides when its work ends: nothing here waits for luck. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <eddy.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- Work that ends when it is told to -------------------------------------------------------- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int begun;
static int allowed;
static int running;
static int running_peak;

struct piece {
    struct eddy_job job;
    struct eddy_waiter waiter;
    int wakes;
    ssize_t result;
    int abandons;
    pthread_t thread;
    sigset_t blocked;
    bool saw_cancel;
};

/* Wait until *counter has come to `value`. */
static void await(const int *counter, int value)
{
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += 20;
    pthread_mutex_lock(&mutex);
    while (*counter < value) {
        if (pthread_cond_timedwait(&changed, &mutex, &end) == ETIMEDOUT) {
            abort();
        }
    }
    pthread_mutex_unlock(&mutex);
}

static void change(int *counter, int by)
{
    pthread_mutex_lock(&mutex);
    *counter += by;
    running_peak = running > running_peak ? running : running_peak;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
}

/* Ends when `allowed` has come to the number of pieces that had begun before it, and itself. */
static ssize_t do_piece(struct eddy_job *job)
{
    struct piece *piece = EDDY_CONTAINER(job, struct piece, job);
    piece->thread = pthread_self();
    pthread_sigmask(SIG_BLOCK, NULL, &piece->blocked);
    pthread_mutex_lock(&mutex);
    int number = begun + 1;
    pthread_mutex_unlock(&mutex);
    change(&running, 1);
    change(&begun, 1);
    await(&allowed, number);
    change(&running, -1);
    return 7;
}

static ssize_t do_nothing(struct eddy_job *job)
{
    (void)job;
    return 7;
}

static ssize_t poll_for_cancel(struct eddy_job *job)
{
    change(&begun, 1);
    while (!eddy_job_is_canceled(job)) {
        usleep(100);
    }
    EDDY_CONTAINER(job, struct piece, job)->saw_cancel = true;
    return 7;
}

/* ---- The loop -------------------------------------------------------------------------------- */

static struct eddy_loop loop;
static struct eddy_workers pool;
static struct piece pieces[16];
static struct eddy_threads table;
static int starts_left;

static int start_some(void *context, uintptr_t *thread, void *(*run)(void *argument), void *argument)
{
    return starts_left-- > 0 ? eddy_threads_linux.start(context, thread, run, argument) : -EAGAIN;
}

static int setup(void **state)
{
    (void)state;
    begun = allowed = running = running_peak = 0;
    memset(pieces, 0, sizeof pieces);
    table = eddy_threads_linux;
    table.start = start_some;
    starts_left = 1000;
    struct eddy_loop_options options = {.threads = &table};
    return eddy_loop_init(&loop, &options) != 0 || eddy_workers_init(&pool, &loop, NULL) != 0;
}

static int teardown(void **state)
{
    (void)state;
    return eddy_workers_fini(&pool) != 0 || eddy_loop_fini(&loop) != 0;
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static void on_piece(struct eddy_waiter *waiter)
{
    struct piece *piece = EDDY_CONTAINER(waiter, struct piece, waiter);
    piece->wakes++;
    piece->result = waiter->result;
}

static void on_abandoned(struct eddy_job *job)
{
    EDDY_CONTAINER(job, struct piece, job)->abandons++;
}

static ssize_t submit_to(struct eddy_workers *workers, struct piece *piece, enum eddy_job_mode mode)
{
    if (piece->job.work == NULL) {
        piece->job.work = do_piece;
    }
    piece->job.mode = mode;
    piece->job.abandoned = on_abandoned;
    eddy_waiter_init(&piece->waiter, &loop, on_piece);
    return eddy_work(workers, &piece->job, &piece->waiter);
}

static void submit(int from, int to, enum eddy_job_mode mode)
{
    for (int i = from; i < to; i++) {
        assert_int_equal(submit_to(&pool, &pieces[i], mode), EDDY_PENDING);
    }
}

static void run(void)
{
    assert_int_equal(eddy_loop_run(&loop), 0);
}

/* ---- Tests ------------------------------------------------------------------------------------- */

static void work_runs_on_another_thread_with_all_signals_blocked(void **state)
{
    (void)state;
    assert_int_equal(pool.threads, 0);
    change(&allowed, 1);
    submit(0, 1, EDDY_JOB_WAIT);
    run();
    assert_int_equal(pieces[0].result, 7);
    assert_false(pthread_equal(pieces[0].thread, pthread_self()));
    sigset_t all, before, possible; /* a C library keeps some for itself, and says so */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_sigmask(SIG_SETMASK, &before, &possible);
    for (int number = 1; number < NSIG; number++) {
        if (sigismember(&possible, number) != sigismember(&pieces[0].blocked, number)) {
            fail_msg("signal %d is not blocked", number);
        }
    }
    sigset_t ours;
    pthread_sigmask(SIG_BLOCK, NULL, &ours);
    assert_int_equal(sigismember(&ours, SIGTERM), 0);
}

static void threads_are_started_when_needed_up_to_the_limit_and_kept(void **state)
{
    (void)state;
    for (int count = 1; count <= 3; count++) { /* one more each time */
        int before = begun;
        submit(0, count, EDDY_JOB_WAIT);
        assert_int_equal(pool.threads, count);
        await(&begun, before + count);
        change(&allowed, count);
        run();
    }
    int before = begun;
    submit(0, 9, EDDY_JOB_WAIT);
    await(&begun, before + 4);
    assert_int_equal(pool.threads, 4);
    assert_int_equal(pool.busy, 4);
    assert_int_equal(pool.waiting, 5);
    change(&allowed, 9);
    run();
    assert_int_equal(running_peak, 4);
    assert_int_equal(pool.done, 1 + 2 + 3 + 9);
    assert_int_equal(1000 - starts_left, 4);
}

static void without_any_thread_work_is_refused(void **state)
{
    (void)state;
    starts_left = 0;
    assert_int_equal(submit_to(&pool, &pieces[0], EDDY_JOB_WAIT), -EAGAIN);
    assert_int_equal(pool.waiting, 0);
    starts_left = 1;
    change(&allowed, 2);
    submit(0, 2, EDDY_JOB_WAIT); /* with one it waits for that one */
    run();
    assert_int_equal(pieces[0].result + pieces[1].result, 14);
    assert_int_equal(pool.threads, 1);
}

static void work_that_was_begun_is_waited_for(void **state)
{
    (void)state;
    submit(0, 1, EDDY_JOB_WAIT);
    assert_false(eddy_wait_cancel(&pieces[0].waiter));
    change(&allowed, 1);
    run();
    assert_int_equal(pieces[0].result, 7);
}

static void an_abandoned_job_goes_on_alone_and_keeps_no_loop_running(void **state)
{
    (void)state;
    submit(0, 1, EDDY_JOB_ABANDON);
    await(&begun, 1);
    assert_true(eddy_wait_cancel(&pieces[0].waiter));
    run(); /* returns, though it is still at work */
    assert_int_equal(pieces[0].result, -ECANCELED);
    assert_int_equal(pieces[0].abandons, 0);
    assert_int_equal(pool.abandoned, 1);
    change(&allowed, 1);
    eddy_loop_hold(&loop);
    while (pieces[0].abandons == 0) {
        assert_true(eddy_loop_step(&loop) >= 0);
    }
    eddy_loop_release(&loop);
    assert_int_equal(pool.abandoned, 0);
    assert_int_equal(pieces[0].wakes, 1);
}

static void the_end_of_a_pool_waits_for_abandoned_jobs(void **state)
{
    (void)state;
    submit(0, 3, EDDY_JOB_ABANDON);
    assert_int_equal(eddy_workers_fini(&pool), -EBUSY);
    for (int i = 0; i < 3; i++) {
        assert_true(eddy_wait_cancel(&pieces[i].waiter));
    }
    run();
    change(&allowed, 3);
    assert_int_equal(eddy_workers_fini(&pool), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(pieces[i].abandons, 1);
    }
}

static void the_end_of_a_loop_waits_for_its_own_pools_jobs(void **state)
{
    (void)state;
    struct eddy_workers *own = eddy_loop_workers(&loop);
    assert_int_equal(submit_to(own, &pieces[0], EDDY_JOB_ABANDON), EDDY_PENDING);
    await(&begun, 1);
    assert_int_equal(eddy_wait_withdraw(&pieces[0].waiter), EDDY_PENDING);
    change(&allowed, 1);
    assert_int_equal(eddy_workers_fini(&pool), 0);
    assert_int_equal(eddy_loop_fini(&loop), 0);
    assert_int_equal(pieces[0].abandons, 1);
    setup(NULL);
}

static void work_that_polls_ends_cancelled(void **state)
{
    (void)state;
    pieces[0].job.work = poll_for_cancel;
    submit(0, 1, EDDY_JOB_POLL);
    await(&begun, 1);
    assert_true(eddy_wait_cancel(&pieces[0].waiter));
    assert_int_equal(pieces[0].wakes, 0);
    run();
    assert_true(pieces[0].saw_cancel);
    assert_int_equal(pieces[0].result, -ECANCELED);
    submit(0, 1, EDDY_JOB_POLL);
    eddy_wait_until(&pieces[0].waiter, 0);
    run();
    assert_int_equal(pieces[0].result, -ETIMEDOUT);
}

struct flood {
    struct piece piece;
    int left;
};

static void on_flood(struct eddy_waiter *waiter)
{
    struct flood *flood = EDDY_CONTAINER(EDDY_CONTAINER(waiter, struct piece, waiter), struct flood, piece);
    flood->piece.wakes++;
    if (--flood->left > 0) {
        assert_int_equal(eddy_work(&pool, &flood->piece.job, waiter), EDDY_PENDING);
    }
}

static void many_jobs_lose_nothing(void **state)
{
    (void)state;
    enum { FLOODS = 64, ROUNDS = 200 };
    static struct flood floods[FLOODS];
    memset(floods, 0, sizeof floods);
    for (int i = 0; i < FLOODS; i++) {
        floods[i].left = ROUNDS;
        floods[i].piece.job.work = do_nothing;
        eddy_waiter_init(&floods[i].piece.waiter, &loop, on_flood);
        assert_int_equal(eddy_work(&pool, &floods[i].piece.job, &floods[i].piece.waiter), EDDY_PENDING);
    }
    run();
    for (int i = 0; i < FLOODS; i++) {
        assert_int_equal(floods[i].piece.wakes, ROUNDS);
    }
    assert_int_equal(pool.done, FLOODS * ROUNDS);
}

static void a_child_of_fork_touches_no_thread(void **state)
{
    (void)state;
    struct eddy_workers *own = eddy_loop_workers(&loop);
    assert_int_equal(submit_to(own, &pieces[1], EDDY_JOB_WAIT), EDDY_PENDING);
    submit(0, 1, EDDY_JOB_WAIT);
    await(&begun, 2);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(20);
        struct eddy_waiter waiter;
        eddy_waiter_init(&waiter, &loop, on_piece);
        bool refused = eddy_work(&pool, &pieces[2].job, &waiter) == -ECHILD;
        _exit(refused && eddy_workers_fini(&pool) == 0 && eddy_loop_fini(&loop) == 0 ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    change(&allowed, 2);
    run();
    assert_int_equal(pieces[0].result + pieces[1].result, 14);
}

static void begin_more(struct eddy_job *job)
{
    on_abandoned(job);
    for (int i = 1; i < 9; i++) {
        pieces[i].job = (struct eddy_job){.work = do_nothing, .mode = EDDY_JOB_ABANDON, .abandoned = on_abandoned};
        eddy_waiter_init(&pieces[i].waiter, &loop, on_piece);
        assert_int_equal(eddy_work(eddy_loop_workers(&loop), &pieces[i].job, &pieces[i].waiter), EDDY_PENDING);
    }
}

static void work_that_the_end_of_a_loop_begins_keeps_it(void **state)
{
    (void)state;
    assert_int_equal(eddy_workers_fini(&pool), 0);
    pieces[0].job = (struct eddy_job){.work = do_nothing, .mode = EDDY_JOB_ABANDON, .abandoned = begin_more};
    eddy_waiter_init(&pieces[0].waiter, &loop, on_piece);
    assert_int_equal(eddy_work(eddy_loop_workers(&loop), &pieces[0].job, &pieces[0].waiter), EDDY_PENDING);
    eddy_wait_withdraw(&pieces[0].waiter);
    assert_int_equal(eddy_loop_fini(&loop), -EBUSY);
    assert_int_equal(pieces[0].abandons, 1);
    run();
    for (int i = 1; i < 9; i++) {
        assert_int_equal(pieces[i].wakes, 1);
    }
}

struct main_coro {
    EDDY_FRAME_RET(int);
    struct eddy_job job;
    ssize_t n;
};

EDDY_CORO(main_coro)
{
    EDDY_BEGIN(main_coro) {
        my->job.work = do_nothing;
        EDDY_AWAIT(my->n, eddy_work(eddy_loop_workers(eddy_loop_current()), &my->job, me));
        EDDY_RETURN((int)my->n);
    }
}

static void a_whole_program_uses_the_loops_own_pool(void **state)
{
    (void)state;
    assert_int_equal(EDDY_RUN(main_coro), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(work_runs_on_another_thread_with_all_signals_blocked),
        test(threads_are_started_when_needed_up_to_the_limit_and_kept),
        test(without_any_thread_work_is_refused),
        test(work_that_was_begun_is_waited_for),
        test(an_abandoned_job_goes_on_alone_and_keeps_no_loop_running),
        test(the_end_of_a_pool_waits_for_abandoned_jobs),
        test(the_end_of_a_loop_waits_for_its_own_pools_jobs),
        test(work_that_the_end_of_a_loop_begins_keeps_it),
        test(work_that_polls_ends_cancelled),
        test(many_jobs_lose_nothing),
        test(a_child_of_fork_touches_no_thread),
        cmocka_unit_test(a_whole_program_uses_the_loops_own_pool),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
