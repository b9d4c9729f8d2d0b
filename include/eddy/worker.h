/* eddy/worker.h - blocking work on other threads, awaited on this one.
 *
 *     struct hash { struct eddy_job job; const char *path; unsigned char digest[32]; };
 *     static ssize_t hash_file(struct eddy_job *job) { ... return 0; }    on a worker's thread
 *
 *     my->hash.job.work = hash_file;
 *     EDDY_AWAIT(my->n, eddy_work(&my->workers, &my->hash.job, me));    parks until it has run
 *
 * The only part of eddy that starts threads: a program that does not use it links none of it. Threads are started
 * when work is there, no more than the pool's limit, and kept. Jobs start in the order they came; the next one
 * starts when the loop has heard of the end of another. Work must not call eddy, but for eddy_job_is_canceled() and
 * eddy_post(). It runs with all signals blocked, which a program that it starts inherits: see
 * eddy_signal_defaults().
 */
#ifndef EDDY_WORKER_H
#define EDDY_WORKER_H

#include <eddy/limiter.h>
#include <eddy/list.h>
#include <eddy/threads.h>
#include <eddy/wait.h>

EDDY_BEGIN_DECLS

/* What a cancel, or a deadline, does to a job that has begun. One that has not begun is withdrawn in every mode. */
enum eddy_job_mode {
    EDDY_JOB_WAIT,    /* nothing: the wait goes on until the work is done, and has its result */
    EDDY_JOB_ABANDON, /* the wait ends at once; the job goes on alone, and `abandoned` is called when it is done */
    EDDY_JOB_POLL,    /* eddy_job_is_canceled() turns true, and the wait ends, cancelled, when the work returns */
};

/* A piece of work. The caller owns the memory; it must not move until the wait is over, and with EDDY_JOB_ABANDON,
 * after a cancel of what has begun, until `abandoned` is called: such a job cannot stand in a frame. Zero it before
 * the first use. */
struct eddy_job {
    /* yours */
    ssize_t (*work)(struct eddy_job *job);   /* on a worker's thread: the result, >= 0 or a -errno */
    void (*abandoned)(struct eddy_job *job); /* on the loop's thread, once nobody waits: the memory is yours again */
    enum eddy_job_mode mode;
    struct eddy_limiter *limiter; /* or NULL: the job has a loan of it while it runs, however its waiter fares */
    /* private */
    struct eddy_workers *workers;
    struct eddy_waiter *waiter; /* NULL: nobody waits */
    ssize_t (*settle)(struct eddy_job *job, ssize_t result);
    struct eddy_waiter borrower; /* waits for the limiter */
    struct eddy_loan loan;
    struct eddy_list link; /* among those that wait for a thread */
    struct eddyi_chore chore;
    ssize_t result;
    int canceled; /* 0, or what the wait ends with */
    uint8_t state;
};

/* Zero stands for the default in every field. */
struct eddy_workers_options {
    unsigned threads; /* at most: 4 */
    size_t jobs;      /* that have not begun: 1024 */
};

struct eddyi_crew;

/* The caller owns the memory; it must not move until it is ended. */
struct eddy_workers {
    /* read-only */
    unsigned threads; /* started */
    unsigned busy;    /* with a job, as the loop knows */
    size_t waiting;   /* jobs that have not begun: for a thread, or for their limiter */
    size_t abandoned; /* jobs that run and nobody waits for */
    uint64_t done;    /* jobs */
    /* private */
    struct eddy_loop *loop;
    struct eddyi_crew *crew; /* NULL: it has ended */
    struct eddy_list queue;
    size_t waiting_max;
    unsigned threads_max;
    bool finishing; /* jobs that are done */
};

/* Prepare a pool; no thread is started yet. End it before the loop, which else does not end. 0; -ENOMEM; -ECHILD. */
EDDY_API int eddy_workers_init(struct eddy_workers *workers, struct eddy_loop *loop,
                               const struct eddy_workers_options *options) EDDY_CHECK_RESULT;

/* End the threads and wait for them, so: not before abandoned jobs are over, whose `abandoned` is called here. 0;
 * -EBUSY: somebody waits for a job, or this is one's `abandoned`. Allowed twice, and on zeroed memory. In a child of
 * fork it frees memory, and touches no thread. */
EDDY_API int eddy_workers_fini(struct eddy_workers *workers);

/* Have `job` done by a thread, and wait for it. Its work's result; or -EAGAIN, -ENOMEM: no thread could be started,
 * and there is none; -ENOBUFS: too many jobs wait; -EINVAL: no work, a mode that lacks its function, or in a select
 * another mode than EDDY_JOB_ABANDON; -EBUSY: the job is in use; -ESHUTDOWN: the pool has ended; -ECHILD. What it
 * parks in keeps the loop running; an abandoned job does not. After eddy_wait_withdraw() of its waiter a job that
 * has begun is abandoned in every mode. */
EDDY_API ssize_t eddy_work(struct eddy_workers *workers, struct eddy_job *job,
                           struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* For work in EDDY_JOB_POLL: whether to give up. From any thread. */
EDDY_API bool eddy_job_is_canceled(const struct eddy_job *job);

/* The loop's own pool, made at the first call, with four threads at most. eddy_loop_fini() ends it, and so waits for
 * abandoned jobs. NULL: no memory. */
EDDY_API struct eddy_workers *eddy_loop_workers(struct eddy_loop *loop);

EDDY_END_DECLS

#endif
