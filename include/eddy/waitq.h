/* eddy/waitq.h - the queue that everything to wait for stands on: first come, first served.
 *
 *     static const struct eddy_wait_kind gate_kind = { .name = "gate", .unpark = eddy_waitq_unpark, .expiry = -ETIMEDOUT };
 *
 *     int gate_pass(struct gate *gate, struct eddy_waiter *waiter)
 *     {
 *         if (gate->open) return (int)eddy_wait_settle(waiter, 0);
 *         return eddy_waitq_park(&gate->queue, waiter, &gate_kind, gate);
 *     }
 *
 * For those who write operations; eddy's own are all made so. The node stands in the waiter: nothing is allocated, nothing
 * can fail, every call is O(1). Who is taken out of the queue to be woken has the result for good: a cancel that comes
 * later does not take it back. Nobody runs in any of these calls.
 */
#ifndef EDDY_WAITQ_H
#define EDDY_WAITQ_H

#include <eddy/list.h>
#include <eddy/wait.h>

EDDY_BEGIN_DECLS

/* Oldest first. */
struct eddy_waitq {
    /* private */
    struct eddy_list waiters;
};

/* A queue in which nobody waits. */
static inline void eddy_waitq_init(struct eddy_waitq *queue)
{
    eddy_list_init(&queue->waiters);
}

/* Whether nobody waits. */
static inline bool eddy_waitq_is_empty(const struct eddy_waitq *queue)
{
    return eddy_list_is_empty(&queue->waiters);
}

/* Park at the end. `subject` is what the kind's unpark finds in waiter->queue. EDDY_PENDING. */
static inline int eddy_waitq_park(struct eddy_waitq *queue, struct eddy_waiter *waiter,
                                  const struct eddy_wait_kind *kind, void *subject)
{
    eddy_list_append(&queue->waiters, &waiter->link);
    waiter->queue = subject;
    waiter->queued = 1;
    return eddy_wait_park(waiter, kind);
}

/* The oldest, or the newest; NULL: nobody waits. */
static inline struct eddy_waiter *eddy_waitq_first(const struct eddy_waitq *queue)
{
    struct eddy_list *link = eddy_list_first(&queue->waiters);
    return link != NULL ? EDDY_CONTAINER(link, struct eddy_waiter, link) : NULL;
}

static inline struct eddy_waiter *eddy_waitq_last(const struct eddy_waitq *queue)
{
    return eddy_waitq_is_empty(queue) ? NULL : EDDY_CONTAINER(queue->waiters.prev, struct eddy_waiter, link);
}

/* Take `waiter` out and put it on the ready queue with `result`. */
static inline void eddy_waitq_wake(struct eddy_waiter *waiter, ssize_t result)
{
    eddy_list_remove(&waiter->link);
    eddy_wait_wake(waiter, result);
}

/* Wake who waits now, in order, with `result`. Returns how many. */
static inline size_t eddy_waitq_wake_all(struct eddy_waitq *queue, ssize_t result)
{
    size_t count = 0;
    struct eddy_waiter *waiter;
    for (; (waiter = eddy_waitq_first(queue)) != NULL; count++) {
        eddy_waitq_wake(waiter, result);
    }
    return count;
}

/* The `unpark` of a kind for which it is enough to be out of the queue. */
static inline void eddy_waitq_unpark(struct eddy_waiter *waiter)
{
    eddy_list_remove(&waiter->link);
}

/* How many wait. O(their number). */
static inline size_t eddy_waitq_length(const struct eddy_waitq *queue)
{
    size_t length = 0;
    for (const struct eddy_list *link = queue->waiters.next; link != &queue->waiters; link = link->next) {
        length++;
    }
    return length;
}

EDDY_END_DECLS

#endif
