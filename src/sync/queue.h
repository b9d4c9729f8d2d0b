/* The engine of queues and channels. */
#ifndef EDDYI_SYNC_QUEUE_H
#define EDDYI_SYNC_QUEUE_H

#include <eddy/queue.h>

#include "sync/waitq.h"

/* The usual ways of first in first out: nobody waits, and there is room, or an item. Whether that was so. */
static inline bool eddyi_queue_push(struct eddy_queue *queue, void *item)
{
    size_t length = queue->length;
    size_t place = queue->head + length;
    if (queue->order != EDDY_FIFO || length + queue->reserved >= queue->room || !eddy_waitq_is_empty(&queue->getters)) {
        return false;
    }
    queue->slots[place < queue->room ? place : place - queue->room].item = item;
    queue->length = ++length;
    if (__builtin_expect(length > queue->peak, 0)) {
        queue->peak = length;
    }
    queue->puts++;
    queue->unfinished++;
    return true;
}

static inline bool eddyi_queue_pop(struct eddy_queue *queue, void **item)
{
    if (queue->order != EDDY_FIFO || queue->length == 0 || !eddy_waitq_is_empty(&queue->putters)) {
        return false;
    }
    size_t head = queue->head;
    *item = queue->slots[head].item;
    queue->head = ++head < queue->room ? head : 0;
    queue->length--;
    queue->gets++;
    return true;
}

/* Whether an operation that is ready may return at once. */
static inline bool eddyi_queue_may_go(const struct eddy_waiter *waiter)
{
    return waiter->scheduler->budget > 0 && !eddyi_is_forked(waiter->scheduler);
}

/* Accept `item`, if there is a getter or room. 0; -EAGAIN; -ENOMEM. */
int eddyi_queue_accept(struct eddy_queue *queue, void *item, int key);

/* Take an item. 0; -EAGAIN: there is none. */
int eddyi_queue_take(struct eddy_queue *queue, void **item);

/* Park to put `item`, or to get one, with 0 or 1 for its result; `mark` is in waiter->size. */
int eddyi_queue_park_put(struct eddy_queue *queue, void *item, uint32_t mark, struct eddy_waiter *waiter);
int eddyi_queue_park_get(struct eddy_queue *queue, void **item, int result, uint32_t mark, struct eddy_waiter *waiter);

/* Park to reserve room; reserved->count has it from the grant on. */
int eddyi_queue_park_reserve(struct eddyi_reserved *reserved, uint32_t mark, struct eddy_waiter *waiter);

/* Room for one more, that nobody waits for. */
bool eddyi_queue_has_room(const struct eddy_queue *queue);

/* Have a slot for one more, in a queue that has room. 0; -ENOMEM: it is unbounded. */
int eddyi_queue_make_room(struct eddy_queue *queue);

/* There may be room now: let those in who wait to put. */
void eddyi_queue_admit(struct eddy_queue *queue);

/* Put an item for which room was reserved. */
void eddyi_queue_commit(struct eddy_queue *queue, void *item);

#endif
