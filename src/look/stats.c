#include <eddy/stats.h>

#include "base/wait.h"
#include "look/slice.h"
#include "loop/poller.h"
#include "sync/select.h"

#include <eddy/barrier.h>
#include <eddy/broadcast.h>
#include <eddy/channel.h>
#include <eddy/condition.h>
#include <eddy/event.h>
#include <eddy/future.h>
#include <eddy/group.h>
#include <eddy/latest.h>
#include <eddy/limiter.h>
#include <eddy/listener.h>
#include <eddy/lock.h>
#include <eddy/loop.h>
#include <eddy/notify.h>
#include <eddy/once.h>
#include <eddy/oneshot.h>
#include <eddy/queue.h>
#include <eddy/rwlock.h>
#include <eddy/semaphore.h>
#include <eddy/stream.h>

/* The task that waits by this waiter, itself or with a select. */
static struct eddy_task *task_behind(struct eddy_waiter *waiter)
{
    return waiter != NULL ? eddyi_task_or_null(eddyi_principal(waiter)) : NULL;
}

static struct eddy_waiting waiting_in(const struct eddy_waitq *queue)
{
    return (struct eddy_waiting){eddy_waitq_length(queue), task_behind(eddy_waitq_first(queue))};
}

static struct eddy_waiting waiting_one(struct eddy_waiter *waiter)
{
    return (struct eddy_waiting){waiter != NULL, task_behind(waiter)};
}

/* ---- The loop -------------------------------------------------------------------------- */

static size_t count_ready(const struct eddy_scheduler *scheduler)
{
    size_t count = 0;
    for (const struct eddy_waiter *at = scheduler->pass; at != NULL; at = at->ready_next) {
        count++;
    }
    for (const struct eddy_waiter *at = scheduler->ready_first; at != NULL; at = at->ready_next) {
        count++;
    }
    return count;
}

static size_t count_sources(const struct eddy_poller *poller, enum eddyi_source kind)
{
    size_t count = 0;
    for (uint32_t slot = 0; slot < poller->slots_size; slot++) {
        count += poller->slots[slot].source != NULL && poller->slots[slot].kind == (unsigned)kind;
    }
    return count;
}

void eddy_loop_stats(struct eddy_loop *loop, struct eddy_loop_stats *stats)
{
    const struct eddy_scheduler *scheduler = &loop->scheduler;
    const struct eddy_poller *poller = &loop->poller;
    *stats = (struct eddy_loop_stats){
        .turns = poller->waits,
        .events = poller->events_seen,
        .stale_events = poller->stale_seen,
        .epoll_changes = poller->changes,
        .wakes = scheduler->steps,
        .posts = loop->posted,
        .timers_fired = scheduler->fired,
        .tasks_spawned = scheduler->spawned,
        .slow_wakes = loop->watchdog.told,
        .longest_wake = loop->watchdog.longest,
        .tasks = (size_t)(scheduler->spawned - scheduler->ended),
        .daemons = scheduler->daemons,
        .ready = count_ready(scheduler),
        .waits_external = scheduler->external,
        .waits_internal = scheduler->internal,
        .timers = scheduler->timers.armed,
        .streams = count_sources(poller, EDDYI_SOURCE_STREAM),
        .watches = count_sources(poller, EDDYI_SOURCE_WATCH),
        .listeners = loop->listeners,
        .pool_used = scheduler->pool.bytes_used,
        .pool_reserved = scheduler->pool.bytes_reserved,
    };
}

/* ---- What one can wait for ------------------------------------------------------------- */

void eddy_lock_stats(const struct eddy_lock *lock, struct eddy_lock_stats *stats)
{
    *stats = (struct eddy_lock_stats){
        .waiting = waiting_in(&lock->waiters),
        .owner = task_behind(lock->owner),
        .is_held = lock->owner != NULL,
        .acquired = lock->acquired,
        .contended = lock->contended,
    };
}

void eddy_rwlock_stats(const struct eddy_rwlock *lock, struct eddy_rwlock_stats *stats)
{
    *stats = (struct eddy_rwlock_stats){
        .waiting = waiting_in(&lock->waiters),
        .writer = task_behind(lock->writer),
        .is_written = lock->writer != NULL,
        .readers = lock->readers,
        .reads = lock->reads,
        .writes = lock->writes,
    };
}

void eddy_semaphore_stats(const struct eddy_semaphore *semaphore, struct eddy_semaphore_stats *stats)
{
    *stats = (struct eddy_semaphore_stats){
        .waiting = waiting_in(&semaphore->waiters),
        .available = semaphore->available,
        .max = semaphore->max,
        .acquired = semaphore->acquired,
        .is_closed = semaphore->closed,
    };
}

void eddy_limiter_stats(const struct eddy_limiter *limiter, struct eddy_limiter_stats *stats)
{
    *stats = (struct eddy_limiter_stats){
        .waiting = waiting_in(&limiter->waiters),
        .total = limiter->total,
        .lent = limiter->lent,
        .peak = limiter->peak,
        .borrowed = limiter->borrowed,
    };
}

void eddy_event_stats(const struct eddy_event *event, struct eddy_event_stats *stats)
{
    *stats =
        (struct eddy_event_stats){.waiting = waiting_in(&event->waiters), .is_set = event->is_set, .sets = event->sets};
}

void eddy_notify_stats(const struct eddy_notify *notify, struct eddy_notify_stats *stats)
{
    *stats = (struct eddy_notify_stats){
        .waiting = waiting_in(&notify->waiters), .permit = notify->permit, .notified = notify->notified};
}

void eddy_condition_stats(const struct eddy_condition *condition, struct eddy_condition_stats *stats)
{
    *stats = (struct eddy_condition_stats){.waiting = waiting_in(&condition->waits.waiters),
                                           .notified = condition->notified};
}

void eddy_barrier_stats(const struct eddy_barrier *barrier, struct eddy_barrier_stats *stats)
{
    *stats = (struct eddy_barrier_stats){
        .waiting = waiting_in(&barrier->waiters),
        .parties = barrier->parties,
        .arrived = barrier->arrived,
        .opened = barrier->generation,
        .is_broken = barrier->broken,
    };
}

void eddy_once_stats(const struct eddy_once *once, struct eddy_once_stats *stats)
{
    *stats = (struct eddy_once_stats){
        .waiting = waiting_in(&once->waiters),
        .is_running = once->runner != NULL,
        .is_done = once->done,
        .attempts = once->attempts,
    };
}

void eddy_queue_stats(const struct eddy_queue *queue, struct eddy_queue_stats *stats)
{
    *stats = (struct eddy_queue_stats){
        .getters = waiting_in(&queue->getters),
        .putters = waiting_in(&queue->putters),
        .joiners = waiting_in(&queue->joiners),
        .capacity = queue->capacity,
        .length = queue->length,
        .peak = queue->peak,
        .unfinished = queue->unfinished,
        .puts = queue->puts,
        .gets = queue->gets,
        .is_shut_down = queue->is_shut_down,
    };
}

void eddy_channel_stats(const struct eddy_channel *channel, struct eddy_channel_stats *stats)
{
    const struct eddy_queue *queue = &channel->queue;
    *stats = (struct eddy_channel_stats){
        .sending = waiting_in(&queue->putters),
        .receiving = waiting_in(&queue->getters),
        .senders = channel->senders,
        .receivers = channel->receivers,
        .capacity = queue->capacity,
        .length = queue->length,
        .reserved = queue->reserved,
        .peak = queue->peak,
        .sent = queue->puts,
        .received = queue->gets,
    };
}

void eddy_oneshot_stats(const struct eddy_oneshot *oneshot, struct eddy_oneshot_stats *stats)
{
    *stats = (struct eddy_oneshot_stats){
        .receiving = waiting_in(&oneshot->receiver),
        .sending = waiting_in(&oneshot->sender),
        .is_sent = oneshot->is_sent,
        .is_received = oneshot->is_taken,
    };
}

void eddy_latest_stats(const struct eddy_latest *latest, struct eddy_latest_stats *stats)
{
    *stats = (struct eddy_latest_stats){
        .waiting = waiting_in(&latest->waiters), .version = latest->version, .is_closed = latest->is_closed};
}

void eddy_broadcast_stats(const struct eddy_broadcast *broadcast, struct eddy_broadcast_stats *stats)
{
    *stats = (struct eddy_broadcast_stats){
        .subscribers = broadcast->subscribers,
        .capacity = broadcast->capacity,
        .sent = broadcast->sent,
        .is_closed = broadcast->is_closed,
    };
    for (const struct eddy_list *at = broadcast->waiting.next; at != &broadcast->waiting; at = at->next) {
        if (stats->waiting.count++ == 0) {
            stats->waiting.first = task_behind(EDDY_CONTAINER(at, struct eddy_subscriber, link)->waiting);
        }
    }
}

void eddy_future_stats(const struct eddy_future *future, struct eddy_future_stats *stats)
{
    *stats = (struct eddy_future_stats){
        .waiting = waiting_in(&future->waiters), .is_done = future->is_done, .error = future->error};
}

void eddy_group_stats(const struct eddy_group *group, struct eddy_group_stats *stats)
{
    *stats = (struct eddy_group_stats){
        .waiting = waiting_one(group->waiting),
        .running = group->running,
        .succeeded = group->succeeded,
        .errors = group->error_count,
    };
}

void eddy_listener_stats(const struct eddy_listener *listener, struct eddy_listener_stats *stats)
{
    *stats = (struct eddy_listener_stats){
        .accepting = waiting_one(listener->acceptor),
        .accepted = listener->accepted,
        .pauses = listener->pauses,
        .is_open = listener->loop != NULL && listener->interest.fd >= 0,
        .is_paused = listener->loop != NULL && eddy_waiter_is_waiting(&listener->pause),
        .last_error = listener->last_error,
    };
}

void eddy_stream_stats(const struct eddy_stream *stream, struct eddy_stream_stats *stats)
{
    *stats = (struct eddy_stream_stats){
        .reading = waiting_one(stream->reader),
        .writing = waiting_one(stream->writer),
        .is_open = stream->loop != NULL && stream->fd >= 0,
    };
    if (stream->reader != NULL) {
        stats->reading_size = stream->reader->size;
    }
    if (stream->writer != NULL) {
        stats->writing_size = stream->writer->size;
    }
}
