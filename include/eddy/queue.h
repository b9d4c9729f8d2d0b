/* eddy/queue.h - work that waits for workers: first in first out, last in first out, or by priority.
 *
 *     static struct eddy_queue_slot slots[100];
 *     eddy_queue_init(&jobs, slots, 100, EDDY_FIFO, NULL);
 *
 *     EDDY_AWAIT(eddy_queue_put(&jobs, job, me));             waits while the queue is full
 *
 *     for (;;) {
 *         EDDY_QUEUE_WORK(&my->guard, &jobs, &my->item) {     ends the loop once the queue is shut down and empty
 *             ...
 *         }                                                   the job is done, however the block was left
 *     }
 *
 *     EDDY_AWAIT(eddy_queue_join(&jobs, me));                 until all that was put is done
 *
 * Items are pointers; a queue never looks at them. A put gives its item straight to the getter that has waited longest;
 * nobody overtakes who waits. With capacity 0 a put waits until it is taken.
 */
#ifndef EDDY_QUEUE_H
#define EDDY_QUEUE_H

#include <eddy/scope.h>
#include <eddy/waitq.h>

EDDY_BEGIN_DECLS

/* A queue without a bound is one that can eat all memory, so it has to be spelled. */
#define EDDY_UNBOUNDED SIZE_MAX

enum eddy_queue_order {
    EDDY_FIFO,
    EDDY_LIFO,
    EDDY_PRIORITY, /* the lowest key first; equal keys first in first out */
};

/* Room that was reserved in a queue. */
struct eddyi_reserved {
    struct eddy_queue *queue;
    uint32_t count;
};

/* Room for one item. */
struct eddy_queue_slot {
    /* private */
    void *item;
    uint64_t sequence;
    int key;
};

/* The caller owns the memory. */
struct eddy_queue {
    /* private */
    struct eddy_waitq getters;
    struct eddy_waitq putters;
    struct eddy_waitq joiners;
    struct eddy_queue_slot *slots;
    size_t room; /* slots there are */
    size_t head;
    uint64_t sequence;
    void (*destroy)(void *item);
    /* read-only */
    enum eddy_queue_order order;
    size_t capacity;
    size_t length;
    size_t reserved;   /* of the capacity, by eddy_channel_reserve() */
    size_t unfinished; /* put, and not yet done */
    size_t peak;       /* the most that ever were in it */
    uint64_t puts;
    uint64_t gets;
    bool is_shut_down;
};

/* `slots` has room for `capacity` items and stays the caller's; for EDDY_UNBOUNDED it is NULL, and memory comes from malloc.
 * `destroy` (or NULL) gets the items that are left when the queue ends or is drained, inside that call: it must not call
 * into the loop. */
EDDY_API void eddy_queue_init(struct eddy_queue *queue, struct eddy_queue_slot *slots, size_t capacity,
                              enum eddy_queue_order order, void (*destroy)(void *item));

/* Hand what is left to destroy. -EBUSY, changing nothing: somebody waits. */
EDDY_API int eddy_queue_fini(struct eddy_queue *queue);

/* Put `item`, with key 0 or `key`, waiting while there is no room; who waits is let in as they came, whatever the key. 0: it is the queue's. Otherwise it is still yours:
 * -ESHUTDOWN: shut down; -ENOMEM: unbounded, and no memory; -ECHILD; and a cancel or a deadline. */
EDDY_API int eddy_queue_put(struct eddy_queue *queue, void *item, struct eddy_waiter *waiter) EDDY_CHECK_RESULT;
EDDY_API int eddy_queue_put_key(struct eddy_queue *queue, void *item, int key,
                                struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* The same without waiting. -EAGAIN: no room, or others wait. */
EDDY_API int eddy_queue_try_put(struct eddy_queue *queue, void *item, int key) EDDY_CHECK_RESULT;

/* Take the next item into *item, waiting while there is none. 0: it is yours; -ENODATA: shut down, and empty; -ECHILD. */
EDDY_API int eddy_queue_get(struct eddy_queue *queue, void **item, struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* The same without waiting. -EAGAIN: there is none, or others wait. */
EDDY_API int eddy_queue_try_get(struct eddy_queue *queue, void **item) EDDY_CHECK_RESULT;

/* An item that was taken is dealt with. 0; -EINVAL: more are done than were put. */
EDDY_API int eddy_queue_task_done(struct eddy_queue *queue);

/* Wait until all that was put is done. 0; -ECHILD. */
EDDY_API int eddy_queue_join(struct eddy_queue *queue, struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* Nothing can be put any more: who waits to put is woken with -ESHUTDOWN. What is in the queue can be taken; or with
 * `immediately` goes to destroy, and counts as done. Again: as it says. */
EDDY_API void eddy_queue_shut_down(struct eddy_queue *queue, bool immediately);

/* ---- For what is made of a queue ---------------------------------------------------- */

EDDY_API extern const struct eddyi_block_kind eddyi_work_kind;
EDDY_API void eddyi_queue_work_done(void *queue);

EDDY_END_DECLS

#ifndef __cplusplus

/* EDDY_QUEUE_WORK(&my->guard, &queue, &my->item) { }: take an item, and count it as done at the block's end, however that
 * comes. When the queue is shut down and empty it is as if the body were `break`. */
#define EDDY_QUEUE_WORK(guard, queue, item) \
    EDDYI_QUEUE_WORK(__COUNTER__, "EDDY_QUEUE_WORK(" #queue ", " #item ")", guard, queue, item)

#define EDDYI_QUEUE_WORK(n, text, guard, queue, item)                                            \
    EDDYI_BLOCK(n, &eddyi_work_kind, text, {                                                     \
        if (eddyi_guard_open(eddyi_self, guard, &EDDYI_SITE(n), queue, eddyi_queue_work_done)) { \
            eddyi_guard_acquire(eddyi_self, eddy_queue_get(queue, item, me));                    \
        }                                                                                        \
    })

#endif

#endif
