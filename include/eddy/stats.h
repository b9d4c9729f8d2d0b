/* eddy/stats.h - counts and sizes: of a loop, and of every thing that one can wait for.
 *
 *     struct eddy_queue_stats stats;
 *     eddy_queue_stats(&work, &stats);
 *     printf("%zu of %zu, %zu at the most; %zu wait to put\n", stats.length, stats.capacity, stats.peak,
 *            stats.putters.count);
 *
 * To fill a record changes nothing and allocates nothing. It takes as long as there are waiters to count; a loop's takes
 * O(ready waiters + descriptors). On the loop's thread only.
 */
#ifndef EDDY_STATS_H
#define EDDY_STATS_H

#include <eddy/api.h>
#include <eddy/time.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

EDDY_BEGIN_DECLS

struct eddy_barrier;
struct eddy_broadcast;
struct eddy_channel;
struct eddy_condition;
struct eddy_event;
struct eddy_future;
struct eddy_group;
struct eddy_latest;
struct eddy_limiter;
struct eddy_listener;
struct eddy_lock;
struct eddy_loop;
struct eddy_notify;
struct eddy_once;
struct eddy_oneshot;
struct eddy_queue;
struct eddy_rwlock;
struct eddy_semaphore;
struct eddy_stream;
struct eddy_task;

/* ---- The loop -------------------------------------------------------------------------- */

struct eddy_loop_stats {
    /* since it began */
    uint64_t turns;         /* epoll_wait calls */
    uint64_t events;        /* that they brought */
    uint64_t stale_events;  /* of them, those of descriptors that were closed */
    uint64_t epoll_changes; /* epoll_ctl calls */
    uint64_t wakes;         /* steps of tasks, and calls of other waiters */
    uint64_t posts;         /* that were run */
    uint64_t timers_fired;
    uint64_t tasks_spawned;
    uint64_t slow_wakes;  /* that the watchdog has told of (eddy/watchdog.h) */
    eddy_ns longest_wake; /* while the watchdog was on */
    /* now */
    size_t tasks;          /* that have not ended */
    size_t daemons;        /* of them */
    size_t ready;          /* waiters whose wake is on the way */
    size_t waits_external; /* waits that the kernel can end */
    size_t waits_internal; /* any other */
    size_t timers;         /* armed */
    size_t streams;        /* open */
    size_t watches;        /* with somebody waiting */
    size_t listeners;      /* open */
    size_t pool_used;      /* bytes of tasks and frames */
    size_t pool_reserved;  /* bytes, from the allocator */
};

/* Fill in `stats`. */
EDDY_API void eddy_loop_stats(struct eddy_loop *loop, struct eddy_loop_stats *stats);

/* ---- What one can wait for --------------------------------------------------------------
 * Each record describes the moment of the call; what counts from the beginning is a uint64_t. */

/* Who waits. */
struct eddy_waiting {
    size_t count;
    struct eddy_task *first; /* who has waited longest; NULL: nobody, or a waiter that is not a task's */
};

struct eddy_lock_stats {
    struct eddy_waiting waiting;
    struct eddy_task *owner; /* NULL: nobody, or a waiter that is not a task's */
    bool is_held;
    uint64_t acquired;
    uint64_t contended; /* of them, after waiting */
};

struct eddy_rwlock_stats {
    struct eddy_waiting waiting;
    struct eddy_task *writer; /* NULL: nobody, or a waiter that is not a task's */
    bool is_written;
    size_t readers;
    uint64_t reads;
    uint64_t writes;
};

struct eddy_semaphore_stats {
    struct eddy_waiting waiting;
    size_t available;
    size_t max;
    uint64_t acquired;
    bool is_closed;
};

struct eddy_limiter_stats {
    struct eddy_waiting waiting;
    size_t total;
    size_t lent;
    size_t peak; /* the most that ever were lent */
    uint64_t borrowed;
};

struct eddy_event_stats {
    struct eddy_waiting waiting;
    bool is_set;
    uint64_t sets;
};

struct eddy_notify_stats {
    struct eddy_waiting waiting;
    bool permit; /* a notification is kept */
    uint64_t notified;
};

struct eddy_condition_stats {
    struct eddy_waiting waiting;
    uint64_t notified;
};

struct eddy_barrier_stats {
    struct eddy_waiting waiting;
    unsigned parties;
    unsigned arrived;
    uint64_t opened; /* how often */
    bool is_broken;
};

struct eddy_once_stats {
    struct eddy_waiting waiting;
    bool is_running;
    bool is_done;
    unsigned attempts;
};

struct eddy_queue_stats {
    struct eddy_waiting getters;
    struct eddy_waiting putters;
    struct eddy_waiting joiners;
    size_t capacity;
    size_t length;
    size_t peak;       /* the most that ever were in it */
    size_t unfinished; /* put, and not yet done */
    uint64_t puts;
    uint64_t gets;
    bool is_shut_down;
};

struct eddy_channel_stats {
    struct eddy_waiting sending;
    struct eddy_waiting receiving;
    unsigned senders; /* ends that are open */
    unsigned receivers;
    size_t capacity;
    size_t length;
    size_t reserved; /* of the capacity */
    size_t peak;
    uint64_t sent;
    uint64_t received;
};

struct eddy_oneshot_stats {
    struct eddy_waiting receiving;
    struct eddy_waiting sending; /* who waits until the receiver is closed */
    bool is_sent;
    bool is_received;
};

struct eddy_latest_stats {
    struct eddy_waiting waiting;
    uint64_t version; /* how often it was set */
    bool is_closed;
};

struct eddy_broadcast_stats {
    struct eddy_waiting waiting;
    size_t subscribers;
    size_t capacity;
    uint64_t sent;
    bool is_closed;
};

struct eddy_future_stats {
    struct eddy_waiting waiting;
    bool is_done;
    int error; /* with which it failed */
};

struct eddy_group_stats {
    struct eddy_waiting waiting; /* who waits for its next task */
    size_t running;
    size_t succeeded;
    unsigned errors;
};

struct eddy_listener_stats {
    struct eddy_waiting accepting;
    uint64_t accepted;
    uint64_t pauses; /* for want of descriptors or buffers */
    bool is_open;
    bool is_paused;
    int last_error; /* that caused the last pause */
};

struct eddy_stream_stats {
    struct eddy_waiting reading;
    struct eddy_waiting writing;
    bool is_open;
    size_t reading_size; /* bytes that there is room for */
    size_t writing_size; /* bytes that are still to go */
};

/* Fill in `stats`, for what is initialised. */
EDDY_API void eddy_lock_stats(const struct eddy_lock *lock, struct eddy_lock_stats *stats);
EDDY_API void eddy_rwlock_stats(const struct eddy_rwlock *lock, struct eddy_rwlock_stats *stats);
EDDY_API void eddy_semaphore_stats(const struct eddy_semaphore *semaphore, struct eddy_semaphore_stats *stats);
EDDY_API void eddy_limiter_stats(const struct eddy_limiter *limiter, struct eddy_limiter_stats *stats);
EDDY_API void eddy_event_stats(const struct eddy_event *event, struct eddy_event_stats *stats);
EDDY_API void eddy_notify_stats(const struct eddy_notify *notify, struct eddy_notify_stats *stats);
EDDY_API void eddy_condition_stats(const struct eddy_condition *condition, struct eddy_condition_stats *stats);
EDDY_API void eddy_barrier_stats(const struct eddy_barrier *barrier, struct eddy_barrier_stats *stats);
EDDY_API void eddy_once_stats(const struct eddy_once *once, struct eddy_once_stats *stats);
EDDY_API void eddy_queue_stats(const struct eddy_queue *queue, struct eddy_queue_stats *stats);
EDDY_API void eddy_channel_stats(const struct eddy_channel *channel, struct eddy_channel_stats *stats);
EDDY_API void eddy_oneshot_stats(const struct eddy_oneshot *oneshot, struct eddy_oneshot_stats *stats);
EDDY_API void eddy_latest_stats(const struct eddy_latest *latest, struct eddy_latest_stats *stats);
EDDY_API void eddy_broadcast_stats(const struct eddy_broadcast *broadcast, struct eddy_broadcast_stats *stats);
EDDY_API void eddy_future_stats(const struct eddy_future *future, struct eddy_future_stats *stats);
EDDY_API void eddy_group_stats(const struct eddy_group *group, struct eddy_group_stats *stats);
EDDY_API void eddy_listener_stats(const struct eddy_listener *listener, struct eddy_listener_stats *stats);
EDDY_API void eddy_stream_stats(const struct eddy_stream *stream, struct eddy_stream_stats *stats);

EDDY_END_DECLS

#endif
