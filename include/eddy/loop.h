/* eddy/loop.h - the event loop: one thread, one epoll.
 *
 *     struct eddy_loop loop;
 *     int error = eddy_loop_init(&loop, NULL);
 *     if (error < 0) return error;
 *     ... open listeners, start sleeps ...
 *     error = eddy_loop_run(&loop);
 *     eddy_loop_fini(&loop);
 *
 * A thread has at most one loop, and a loop belongs to the thread that started it: every
 * call is for that thread alone, but eddy_post(). Debug builds stop at most others.
 * In a child of fork every call that can fail, on what is open, returns -ECHILD, and only
 * eddy_loop_fini() does anything; the parent does not notice.
 */
#ifndef EDDY_LOOP_H
#define EDDY_LOOP_H

#include <eddy/alloc.h>
#include <eddy/os.h>
#include <eddy/poller.h>
#include <eddy/post.h>
#include <eddy/wait.h>

EDDY_BEGIN_DECLS

/* Leave the disposition of SIGPIPE alone. Without it eddy_loop_init() ignores SIGPIPE where
 * it is SIG_DFL: sends never raise it, but other libraries' writes do. */
#define EDDY_KEEP_SIGPIPE 1u

/* Start no threads: blocking work (eddy/worker.h, eddy/resolve.h) is done by the loop, so that tests always run alike. A job
 * begins when a thread would take it, and is done among the posts of the next turn. */
#define EDDY_WORK_INLINE 2u

/* Zero stands for the default in every field. */
struct eddy_loop_options {
    const struct eddy_os *os;        /* NULL: Linux */
    struct eddy_allocator allocator; /* resize == NULL: malloc */
    unsigned flags;                  /* EDDY_KEEP_SIGPIPE, EDDY_WORK_INLINE */
    int budget;                      /* operations that may be ready at once in a wake: 128 */
    eddy_choose_fn *choose;          /* for tests: in which order those who are ready are woken; NULL: as they came */
    void *choose_context;
    const struct eddy_threads *threads; /* for blocking work, eddy/threads.h; NULL: the system's */
};

/* The signals that are open in a loop. */
struct eddy_signals {
    /* private */
    int fd; /* a signalfd; -1: no signal is open */
    uint32_t slot;
    struct eddy_list open;
    sigset_t set;     /* that are open */
    sigset_t blocked; /* of them, those that were blocked before */
};

struct eddy_loop;
struct eddy_threads;
struct eddyi_site;
struct eddy_task;

/* What is made for a loop on demand, and ends with it. */
struct eddyi_attached {
    /* private */
    struct eddyi_attached *next;
    const void *key;
    void (*end)(struct eddy_loop *loop, struct eddyi_attached *attached);
};

/* Something to do before the loop next looks for events. */
struct eddyi_prelude {
    struct eddy_list link;
    void (*run)(struct eddyi_prelude *prelude);
};

/* What one wake did. */
struct eddyi_slice {
    /* private */
    struct eddy_task *task;        /* NULL: not a task's, or it has ended */
    void (*code)(void);            /* what was called */
    const struct eddyi_site *from; /* NULL: not a task's */
    const char *coroutine;         /* the task's */
    uint64_t ended;                /* tasks, before it */
    eddy_ns began;
    bool is_open;
    bool is_post;
    char name[32]; /* of the task; "": its coroutine's */
};

/* Tells of wakes that take too long. */
struct eddyi_watchdog {
    /* private */
    struct eddyi_observer observer;
    struct eddyi_slice slice;
    eddy_ns span;    /* EDDY_FOREVER: it is off */
    eddy_ns longest; /* wake that it has seen */
    uint64_t told;
};

/* The caller owns the memory, some 13 KiB; it must not move. */
struct eddy_loop {
    /* private; the scheduler comes first */
    struct eddy_scheduler scheduler;
    struct eddy_poller poller;
    const struct eddy_os *os;
    struct eddy_allocator allocator;
    struct eddy_signals signals;
    struct eddy_post *posts; /* newest first, or the mark of a loop that sleeps */
    struct eddy_list preludes;
    struct eddyi_watchdog watchdog;
    struct eddyi_attached *attached;
    const struct eddy_threads *threads; /* NULL: the system's */
    unsigned char *alive;
    uint64_t posted; /* posts that were run */
    int wake_fd;
    unsigned holds;
    unsigned listeners; /* open */
    unsigned pipes;     /* open */
    unsigned traces;    /* at work */
    unsigned pools;     /* of threads, that are not attached */
    unsigned flags;
    bool entered;   /* in a run or a step */
    bool abandoned; /* the thread may have another */
};

/* Start a loop on this thread. 0; -EBUSY: the thread has one; -EINVAL: a bad option;
 * -ENOMEM, -EMFILE, -ENFILE, -ENOSPC: no loop could be made, and nothing is left of it. */
EDDY_API int eddy_loop_init(struct eddy_loop *loop, const struct eddy_loop_options *options) EDDY_CHECK_RESULT;

/* End the loop and close its descriptors. 0; -EBUSY, changing nothing: something still waits,
 * is open or was posted (close it, or run the loop until it is done), or the loop is running. The loop's own threads
 * (eddy/worker.h, eddy/resolve.h) are waited for, if it has any. What is still taken of its pool (by a reader without its
 * eddy_reader_fini(), by a task of which a handle is kept) goes back to the allocator, and the log is told in a warning how
 * much it was.
 * In a child of fork it always ends, and touches nothing that the parent shares. */
EDDY_API int eddy_loop_fini(struct eddy_loop *loop);

/* Run until nothing waits and nothing holds the loop, or until it is stopped.
 * 0; -EBUSY: it is running already (a run inside a run); -ECHILD;
 * -EDEADLK: something waits that no descriptor, deadline, signal or hold can ever wake;
 * -errno of epoll_wait. After any result it can be run again. */
EDDY_API int eddy_loop_run(struct eddy_loop *loop) EDDY_CHECK_RESULT;

/* Make the run in progress return when the present pass is over: who was ready when it began still
 * has a turn, who became ready since waits for the next run. Without a run in progress, in a step
 * too, it stops the next run before that does anything. One stop stops one run, however often it
 * was asked. */
EDDY_API void eddy_loop_stop(struct eddy_loop *loop);

/* Have `hook` called with every record (eddy/log.h); NULL: stderr again, for warnings and errors. */
EDDY_API void eddy_loop_set_log(struct eddy_loop *loop, eddy_log_fn *hook, void *context);

/* Keep eddy_loop_run() going though nothing waits, as for a thread that will post. Count
 * holds and releases alike. */
EDDY_API void eddy_loop_hold(struct eddy_loop *loop);
EDDY_API void eddy_loop_release(struct eddy_loop *loop);

/* The clock as it was in this turn when the first deadline was looked at, or this first asked; between
 * turns, as it is. */
EDDY_API eddy_ns eddy_loop_now(struct eddy_loop *loop);

/* This thread's loop; NULL: it has none. */
EDDY_API struct eddy_loop *eddy_loop_current(void);

/* Hand `node` to the loop, which calls node->run in its next turn, in the order of the posts.
 * The one call for any thread, and for a signal handler; it never waits and never fails. No system
 * call while the loop is awake, one write when it sleeps. A post does not keep eddy_loop_run()
 * going: a program that waits for threads holds the loop. In a child of fork it does nothing.
 * The loop must not end before eddy_post() has returned: join the thread first. */
EDDY_API void eddy_post(struct eddy_loop *loop, struct eddy_post *node);

/* ---- Inside a foreign loop ----------------------------------------------------------
 * Watch eddy_loop_fd() for reading, level-triggered; wait no longer than
 * eddy_loop_timeout(); then call eddy_loop_step(). */

/* A descriptor that is readable when the loop has something to do. It stays the loop's.
 * -ECHILD, -ENOMEM, -EMFILE, -ENFILE, -ENOSPC. */
EDDY_API int eddy_loop_fd(struct eddy_loop *loop) EDDY_CHECK_RESULT;

/* How long until the loop has something to do of itself: 0: now; EDDY_FOREVER: not until its
 * descriptor is readable; otherwise a span. */
EDDY_API eddy_ns eddy_loop_timeout(struct eddy_loop *loop);

/* One turn, without waiting. 1: more is ready now; 0: nothing is; -EBUSY: called from inside
 * the loop; -ECHILD; -errno of epoll_wait. */
EDDY_API int eddy_loop_step(struct eddy_loop *loop) EDDY_CHECK_RESULT;

EDDY_END_DECLS

#endif
