/* The engine of queues and channels. */
#ifndef EDDYI_SYNC_QUEUE_H
#define EDDYI_SYNC_QUEUE_H

#include <eddy/queue.h>

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
