/* The loop knows which jobs have begun, since it hands each over itself, when a thread is free. So a cancel needs no
 * lock, and its answer is final. */
#include "run/worker.h"

#include "loop/loop.h"
#include "run/crew.h"

#include <errno.h>

#define WORKER_THREADS 4
#define WORKER_JOBS 1024

enum {
    JOB_IDLE,      /* the user's */
    JOB_BORROWING, /* waits for its limiter */
    JOB_QUEUED,    /* waits for a thread */
    JOB_BEGUN,
};

bool eddy_job_is_canceled(const struct eddy_job *job)
{
    return __atomic_load_n(&job->canceled, __ATOMIC_RELAXED) != 0;
}

/* ---- Waits ----------------------------------------------------------------------------- */

static void return_loan(struct eddy_job *job)
{
    if (job->limiter != NULL) {
        (void)eddy_limiter_give_back(job->limiter, job);
    }
}

/* The job is over: done, or withdrawn before it began. The result for who waits, if somebody does. */
static ssize_t settle_job(struct eddy_job *job, ssize_t result)
{
    job->state = JOB_IDLE;
    return job->settle != NULL ? job->settle(job, result) : result;
}

static void stop_borrowing(struct eddy_job *job)
{
    job->borrower.scheduler->arms--;
}

static void unpark_borrowing(struct eddy_waiter *waiter)
{
    struct eddy_job *job = waiter->queue;
    job->workers->waiting--;
    stop_borrowing(job);
    if (eddy_wait_withdraw(&job->borrower) == 0) {
        return_loan(job);
    }
    job->waiter = NULL;
    (void)settle_job(job, -ECANCELED);
}

static void unpark_queued(struct eddy_waiter *waiter)
{
    struct eddy_job *job = waiter->queue;
    job->workers->waiting--;
    eddy_list_remove(&job->link);
    return_loan(job);
    job->waiter = NULL;
    (void)settle_job(job, -ECANCELED);
}

static void unpark_begun(struct eddy_waiter *waiter)
{
    struct eddy_job *job = waiter->queue;
    job->workers->abandoned++;
    job->waiter = NULL;
    __atomic_store_n(&job->canceled, -ECANCELED, __ATOMIC_RELAXED);
}

static void abort_wait(struct eddy_waiter *waiter, ssize_t result)
{
    (void)waiter;
    (void)result;
}

static void abort_poll(struct eddy_waiter *waiter, ssize_t result)
{
    struct eddy_job *job = waiter->queue;
    if (job->canceled == 0) {
        __atomic_store_n(&job->canceled, (int)result, __ATOMIC_RELAXED);
    }
}

static const struct eddy_wait_kind borrowing_kind = {
    .name = "work, for its limiter", .unpark = unpark_borrowing, .expiry = -ETIMEDOUT};

static const struct eddy_wait_kind queued_kind = {
    .name = "work, for a thread", .unpark = unpark_queued, .external = true, .expiry = -ETIMEDOUT};

static const struct eddy_wait_kind begun_kinds[] = {
    [EDDY_JOB_WAIT] = {.name = "work",
                       .unpark = unpark_begun,
                       .abort = abort_wait, /* of a deadline that was set before it began */
                       .external = true,
                       .uncancellable = true,
                       .expiry = -ETIMEDOUT},
    [EDDY_JOB_ABANDON] = {.name = "work", .unpark = unpark_begun, .external = true, .expiry = -ETIMEDOUT},
    [EDDY_JOB_POLL] =
        {.name = "work", .unpark = unpark_begun, .abort = abort_poll, .external = true, .expiry = -ETIMEDOUT},
};

/* From now on the waiter, if it is parked already, waits for something else. */
static void change_wait(struct eddy_waiter *waiter, const struct eddy_wait_kind *kind)
{
    if (waiter->state == EDDYI_IDLE) {
        return; /* eddy_work() parks it in the end */
    }
    if (kind->external != waiter->kind->external) {
        waiter->scheduler->internal--;
        waiter->scheduler->external++;
    }
    waiter->kind = kind;
}

static const struct eddy_wait_kind *kind_of(const struct eddy_job *job)
{
    return job->state == JOB_BORROWING ? &borrowing_kind
           : job->state == JOB_QUEUED  ? &queued_kind
                                       : &begun_kinds[job->mode];
}

/* ---- On the loop's thread -------------------------------------------------------------- */

/* See to it that a thread is free. 0; -EBUSY: all have work; -EAGAIN, -ENOMEM: no thread can be started. */
static int free_thread(struct eddy_workers *workers)
{
    if (workers->busy < workers->threads) {
        return 0;
    }
    if (workers->threads == workers->threads_max) {
        return -EBUSY;
    }
    int error = eddyi_crew_grow(workers->crew);
    workers->threads += error == 0;
    return error;
}

static void run_job(struct eddyi_chore *chore)
{
    struct eddy_job *job = EDDY_CONTAINER(chore, struct eddy_job, chore);
    job->result = job->work(job);
}

static void begin_job(struct eddy_workers *workers, struct eddy_job *job)
{
    eddy_list_remove(&job->link);
    workers->waiting--;
    workers->busy++;
    job->state = JOB_BEGUN;
    change_wait(job->waiter, &begun_kinds[job->mode]);
    job->chore.run = run_job;
    eddyi_crew_give(workers->crew, &job->chore);
}

/* Have the jobs that wait longest begin, as many as there are threads for. As free_thread(); 0: all have begun. */
static int dispatch_jobs(struct eddy_workers *workers)
{
    struct eddy_list *link;
    while ((link = eddy_list_first(&workers->queue)) != NULL) {
        int error = free_thread(workers);
        if (error < 0) {
            return error;
        }
        begin_job(workers, EDDY_CONTAINER(link, struct eddy_job, link));
    }
    return 0;
}

/* A job that has its loan waits for a thread. After an error it does not, and is to return the loan: without any thread
 * it would wait for ever. */
static int enqueue_job(struct eddy_workers *workers, struct eddy_job *job)
{
    job->state = JOB_QUEUED;
    eddy_list_append(&workers->queue, &job->link);
    change_wait(job->waiter, &queued_kind);
    int error = dispatch_jobs(workers);
    if (error == 0 || workers->threads > 0) {
        return 0;
    }
    eddy_list_remove(&job->link);
    workers->waiting--;
    job->state = JOB_IDLE;
    return error;
}

/* The limiter has lent. */
static void on_loan(struct eddy_waiter *borrower)
{
    struct eddy_job *job = EDDY_CONTAINER(borrower, struct eddy_job, borrower);
    struct eddy_waiter *waiter = job->waiter;
    stop_borrowing(job);
    int error = enqueue_job(job->workers, job);
    if (error < 0) {
        eddy_wait_wake(waiter, error);
        return_loan(job); /* last: it may serve another arm of the same select */
    }
}

static void finish_job(struct eddy_workers *workers, struct eddy_job *job)
{
    workers->busy--;
    workers->done++;
    return_loan(job); /* which may serve another arm of the same select: then nobody waits any more */
    struct eddy_waiter *waiter = job->waiter;
    if (waiter != NULL) {
        bool polled = job->mode == EDDY_JOB_POLL && job->canceled != 0;
        eddy_wait_wake(waiter, settle_job(job, polled ? job->canceled : job->result));
        return;
    }
    workers->abandoned--;
    bool told = job->settle == NULL && job->abandoned != NULL;
    (void)settle_job(job, job->result);
    if (told) {
        job->abandoned(job);
    }
}

static void finish_jobs(struct eddy_workers *workers, struct eddyi_chore *done)
{
    workers->finishing = true;
    while (done != NULL) {
        struct eddyi_chore *next = done->next;
        finish_job(workers, EDDY_CONTAINER(done, struct eddy_job, chore));
        done = next;
    }
    workers->finishing = false;
}

static void on_done(void *context, struct eddyi_chore *done)
{
    struct eddy_workers *workers = context;
    finish_jobs(workers, done);
    (void)dispatch_jobs(workers);
}

ssize_t eddy_work(struct eddy_workers *workers, struct eddy_job *job, struct eddy_waiter *waiter)
{
    if (eddyi_is_forked(waiter->scheduler)) {
        return -ECHILD;
    }
    if (workers->crew == NULL) {
        return -ESHUTDOWN;
    }
    bool can_abandon = job->mode == EDDY_JOB_ABANDON && (job->abandoned != NULL || job->settle != NULL);
    if (job->work == NULL || job->mode > EDDY_JOB_POLL || (job->mode == EDDY_JOB_ABANDON) != can_abandon ||
        (waiter->arm && !can_abandon)) {
        return -EINVAL;
    }
    if (job->state != JOB_IDLE) {
        return -EBUSY;
    }
    if (workers->waiting >= workers->waiting_max) {
        return -ENOBUFS;
    }
    eddyi_wait_check_memory(waiter, job);
    job->workers = workers;
    job->waiter = waiter;
    job->canceled = 0;
    int error = 0;
    if (job->limiter != NULL) {
        eddy_waiter_init(&job->borrower, workers->loop, on_loan);
        error = eddy_limiter_borrow_for(job->limiter, &job->loan, job, &job->borrower);
    }
    if (error < 0 && error != EDDY_PENDING) {
        return error;
    }
    workers->waiting++;
    if (error == EDDY_PENDING) {
        job->state = JOB_BORROWING;
        waiter->scheduler->arms++; /* two waits, and one who waits */
    } else {
        error = enqueue_job(workers, job);
        if (error < 0) {
            return_loan(job);
            return error;
        }
    }
    waiter->queue = job;
    return eddy_wait_park(waiter, kind_of(job));
}

/* ---- Life ------------------------------------------------------------------------------ */

/* The same for a pool that is the user's, and for one that is the loop's. */
static int init_pool(struct eddy_workers *workers, struct eddy_loop *loop, const struct eddy_workers_options *options)
{
    *workers = (struct eddy_workers){
        .loop = loop,
        .threads_max = options->threads > 0 ? options->threads : WORKER_THREADS,
        .waiting_max = options->jobs > 0 ? options->jobs : WORKER_JOBS,
    };
    eddy_list_init(&workers->queue);
    if (!eddyi_loop_is_usable(loop)) {
        return -ECHILD;
    }
    workers->crew = eddyi_crew_new(loop, workers->threads_max, on_done, workers);
    return workers->crew != NULL ? 0 : -ENOMEM;
}

static void end_pool(struct eddy_workers *workers)
{
    struct eddyi_crew *crew = workers->crew;
    workers->crew = NULL;
    if (eddyi_is_forked(&workers->loop->scheduler)) {
        eddyi_crew_forget(crew);
        return;
    }
    struct eddyi_chore *done = eddyi_crew_end(crew);
    workers->threads = 0;
    finish_jobs(workers, done);
}

int eddy_workers_init(struct eddy_workers *workers, struct eddy_loop *loop, const struct eddy_workers_options *options)
{
    static const struct eddy_workers_options defaults;
    int error = init_pool(workers, loop, options != NULL ? options : &defaults);
    if (error == 0) {
        loop->pools++;
    }
    return error;
}

int eddy_workers_fini(struct eddy_workers *workers)
{
    if (workers->crew == NULL) {
        return 0;
    }
    bool in_use = workers->waiting > 0 || workers->busy > workers->abandoned || workers->finishing;
    if (in_use && eddyi_loop_is_usable(workers->loop)) {
        return -EBUSY;
    }
    workers->loop->pools--;
    end_pool(workers);
    return 0;
}

/* ---- The loop's own -------------------------------------------------------------------- */

struct attached_pool {
    struct eddyi_attached attached;
    struct eddy_workers workers;
};

static void end_attached_pool(struct eddy_loop *loop, struct eddyi_attached *attached)
{
    struct attached_pool *pool = EDDY_CONTAINER(attached, struct attached_pool, attached);
    end_pool(&pool->workers);
    loop->allocator.resize(loop->allocator.context, pool, sizeof *pool, 0);
}

struct eddy_workers *eddyi_loop_pool(struct eddy_loop *loop, const void *key,
                                     const struct eddy_workers_options *options)
{
    for (struct eddyi_attached *at = loop->attached; at != NULL; at = at->next) {
        if (at->key == key) {
            return &EDDY_CONTAINER(at, struct attached_pool, attached)->workers;
        }
    }
    struct attached_pool *pool = loop->allocator.resize(loop->allocator.context, NULL, 0, sizeof *pool);
    if (pool == NULL) {
        return NULL;
    }
    if (init_pool(&pool->workers, loop, options) < 0) {
        loop->allocator.resize(loop->allocator.context, pool, sizeof *pool, 0);
        return NULL;
    }
    pool->attached = (struct eddyi_attached){.next = loop->attached, .key = key, .end = end_attached_pool};
    loop->attached = &pool->attached;
    return &pool->workers;
}

struct eddy_workers *eddy_loop_workers(struct eddy_loop *loop)
{
    static const struct eddy_workers_options defaults;
    return eddyi_loop_pool(loop, &defaults, &defaults);
}
