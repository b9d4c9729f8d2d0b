/* Items go from putter to getter in the same call whenever one waits for the other; so either the getters' queue or the
 * buffer is empty, and either the putters' queue is or the buffer is full. The buffer is a ring, a stack or a binary
 * heap by (key, sequence). */
#include "sync/queue.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#define ROOM_FIRST 16

static const struct eddy_wait_kind get_kind = {.name = "get", .unpark = eddy_waitq_unpark, .expiry = -ETIMEDOUT};
static const struct eddy_wait_kind get_many_kind = {.name = "get", .unpark = eddy_waitq_unpark, .expiry = -ETIMEDOUT};
static const struct eddy_wait_kind put_kind = {.name = "put", .unpark = eddy_waitq_unpark, .expiry = -ETIMEDOUT};

static void unpark_reserve(struct eddy_waiter *waiter)
{
    struct eddyi_reserved *reserved = waiter->queue;
    eddy_list_remove(&waiter->link);
    eddyi_queue_admit(reserved->queue); /* a put behind it may meet who waits to get */
}

static const struct eddy_wait_kind reserve_kind = {.name = "reserve", .unpark = unpark_reserve, .expiry = -ETIMEDOUT};
static const struct eddy_wait_kind queue_join_kind = {
    .name = "all done", .unpark = eddy_waitq_unpark, .expiry = -ETIMEDOUT};

/* ---- The buffer ------------------------------------------------------------------------ */

static bool comes_before(const struct eddy_queue_slot *a, const struct eddy_queue_slot *b)
{
    return a->key != b->key ? a->key < b->key : a->sequence < b->sequence;
}

static void sift_up(struct eddy_queue_slot *slots, size_t at, struct eddy_queue_slot slot)
{
    while (at > 0 && comes_before(&slot, &slots[(at - 1) / 2])) {
        slots[at] = slots[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    slots[at] = slot;
}

static void sift_down(struct eddy_queue_slot *slots, size_t length, struct eddy_queue_slot slot)
{
    size_t at = 0;
    size_t child;
    while ((child = 2 * at + 1) < length) {
        if (child + 1 < length && comes_before(&slots[child + 1], &slots[child])) {
            child++;
        }
        if (!comes_before(&slots[child], &slot)) {
            break;
        }
        slots[at] = slots[child];
        at = child;
    }
    slots[at] = slot;
}

/* Where the item `nth` from the head lies in the ring. */
static size_t ring_place(const struct eddy_queue *queue, size_t nth)
{
    size_t place = queue->head + nth;
    return place < queue->room ? place : place - queue->room;
}

static inline void push_item(struct eddy_queue *queue, void *item, int key)
{
    struct eddy_queue_slot slot = {.item = item, .sequence = queue->sequence++, .key = key};
    size_t at = queue->length++;
    if (queue->order == EDDY_PRIORITY) {
        sift_up(queue->slots, at, slot);
    } else {
        queue->slots[queue->order == EDDY_FIFO ? ring_place(queue, at) : at] = slot;
    }
    queue->peak = queue->length > queue->peak ? queue->length : queue->peak;
}

static void *pop_item(struct eddy_queue *queue)
{
    struct eddy_queue_slot *slots = queue->slots;
    size_t last = --queue->length;
    if (queue->order == EDDY_LIFO) {
        return slots[last].item;
    }
    if (queue->order == EDDY_FIFO) {
        void *item = slots[queue->head].item;
        queue->head = ring_place(queue, 1);
        return item;
    }
    void *item = slots[0].item;
    sift_down(slots, last, slots[last]);
    return item;
}

/* An unbounded queue is full, but for what is reserved. */
static int grow(struct eddy_queue *queue)
{
    size_t room = queue->room > 0 ? 2 * queue->room : ROOM_FIRST;
    struct eddy_queue_slot *slots =
        room <= SIZE_MAX / sizeof *slots ? realloc(queue->slots, room * sizeof *slots) : NULL;
    if (slots == NULL) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < queue->head; i++) { /* a ring goes on where its old end was */
        slots[queue->room + i] = slots[i];
    }
    queue->slots = slots;
    queue->room = room;
    return 0;
}

int eddyi_queue_make_room(struct eddy_queue *queue)
{
    return queue->length + queue->reserved < queue->room ? 0 : grow(queue);
}

static inline void verify_queue(const struct eddy_queue *queue)
{
#ifdef EDDY_DEBUG
    bool gets = !eddy_waitq_is_empty(&queue->getters);
    const struct eddy_waiter *putter = eddy_waitq_first(&queue->putters);
    bool puts = putter != NULL;
    assert(!(gets && queue->length > 0) && "nobody waits for an item that is there");
    assert(!(puts && queue->length + queue->reserved < queue->capacity) && "nobody waits for room that is there");
    assert(!(gets && puts && putter->kind == &put_kind) && "one who puts and one who gets find each other");
#else
    (void)queue;
#endif
}

/* ---- The engine ------------------------------------------------------------------------ */

bool eddyi_queue_has_room(const struct eddy_queue *queue)
{
    return queue->length + queue->reserved < queue->capacity;
}

/* Give the item to who has waited longest. Whether there was one. */
static inline bool hand_over(struct eddy_queue *queue, void *item)
{
    struct eddy_waiter *getter = eddy_waitq_first(&queue->getters);
    if (getter == NULL) {
        return false;
    }
    *(void **)getter->queue = item;
    queue->gets++;
    eddyi_waitq_wake(getter, getter->kind == &get_many_kind);
    return true;
}

static void count_put(struct eddy_queue *queue)
{
    queue->puts++;
    queue->unfinished++;
}

int eddyi_queue_accept(struct eddy_queue *queue, void *item, int key)
{
    if (!hand_over(queue, item)) {
        if (!eddyi_queue_has_room(queue)) {
            return -EAGAIN;
        }
        if (eddyi_queue_make_room(queue) < 0) {
            return -ENOMEM;
        }
        push_item(queue, item, key);
    }
    count_put(queue);
    verify_queue(queue);
    return 0;
}

void eddyi_queue_admit(struct eddy_queue *queue)
{
    struct eddy_waiter *putter;
    while ((putter = eddy_waitq_first(&queue->putters)) != NULL) {
        bool reserves = putter->kind == &reserve_kind;
        if (reserves || !hand_over(queue, putter->queue)) {
            if (!eddyi_queue_has_room(queue)) {
                break;
            }
            if (reserves) {
                queue->reserved++;
                ((struct eddyi_reserved *)putter->queue)->count++;
            } else {
                push_item(queue, putter->queue, (int)putter->size);
            }
        }
        if (!reserves) {
            count_put(queue);
        }
        eddyi_waitq_wake(putter, 0);
    }
}

int eddyi_queue_take(struct eddy_queue *queue, void **item)
{
    if (queue->length > 0) {
        *item = pop_item(queue);
        if (!eddy_waitq_is_empty(&queue->putters)) {
            eddyi_queue_admit(queue);
        }
    } else {
        struct eddy_waiter *putter = eddy_waitq_first(&queue->putters); /* capacity 0 */
        if (putter == NULL || putter->kind != &put_kind) {
            return -EAGAIN;
        }
        *item = putter->queue;
        count_put(queue);
        eddyi_waitq_wake(putter, 0);
    }
    queue->gets++;
    verify_queue(queue);
    return 0;
}

int eddyi_queue_park_put(struct eddy_queue *queue, void *item, uint32_t mark, struct eddy_waiter *waiter)
{
    waiter->size = mark;
    return eddy_waitq_park(&queue->putters, waiter, &put_kind, item);
}

int eddyi_queue_park_get(struct eddy_queue *queue, void **item, int result, uint32_t mark, struct eddy_waiter *waiter)
{
    waiter->size = mark;
    return eddy_waitq_park(&queue->getters, waiter, result == 0 ? &get_kind : &get_many_kind, item);
}

int eddyi_queue_park_reserve(struct eddyi_reserved *reserved, uint32_t mark, struct eddy_waiter *waiter)
{
    waiter->size = mark;
    return eddy_waitq_park(&reserved->queue->putters, waiter, &reserve_kind, reserved);
}

void eddyi_queue_commit(struct eddy_queue *queue, void *item)
{
    queue->reserved--;
    if (hand_over(queue, item)) {
        eddyi_queue_admit(queue);
    } else {
        push_item(queue, item, 0);
    }
    count_put(queue);
    verify_queue(queue);
}

/* ---- The queue ------------------------------------------------------------------------- */

void eddy_queue_init(struct eddy_queue *queue, struct eddy_queue_slot *slots, size_t capacity,
                     enum eddy_queue_order order, void (*destroy)(void *item))
{
    assert((slots == NULL) == (capacity == EDDY_UNBOUNDED || capacity == 0) && "a bounded queue is given its slots");
    *queue = (struct eddy_queue){
        .slots = slots,
        .room = capacity != EDDY_UNBOUNDED ? capacity : 0,
        .capacity = capacity,
        .order = order,
        .destroy = destroy,
    };
    eddy_waitq_init(&queue->getters);
    eddy_waitq_init(&queue->putters);
    eddy_waitq_init(&queue->joiners);
}

/* How many items there were. */
static size_t drain(struct eddy_queue *queue)
{
    size_t count = queue->length;
    while (queue->length > 0) {
        void *item = pop_item(queue);
        if (queue->destroy != NULL) {
            queue->destroy(item);
        }
    }
    return count;
}

int eddy_queue_fini(struct eddy_queue *queue)
{
    if (!eddy_waitq_is_empty(&queue->getters) || !eddy_waitq_is_empty(&queue->putters) ||
        !eddy_waitq_is_empty(&queue->joiners)) {
        return -EBUSY;
    }
    drain(queue);
    if (queue->capacity == EDDY_UNBOUNDED) {
        free(queue->slots);
        queue->slots = NULL;
        queue->room = 0;
    }
    return 0;
}

int eddy_queue_try_put(struct eddy_queue *queue, void *item, int key)
{
    if (queue->is_shut_down) {
        return -ESHUTDOWN;
    }
    return eddy_waitq_is_empty(&queue->putters) ? eddyi_queue_accept(queue, item, key) : -EAGAIN;
}

static __attribute__((noinline)) int put_or_park(struct eddy_queue *queue, void *item, int key,
                                                 struct eddy_waiter *waiter)
{
    if (eddyi_is_forked(waiter->scheduler)) {
        return -ECHILD;
    }
    int result = eddy_queue_try_put(queue, item, key);
    if (result == -EAGAIN) {
        return eddyi_queue_park_put(queue, item, (uint32_t)key, waiter);
    }
    return result == 0 ? (int)eddyi_wait_settle(waiter, 0) : result;
}

int eddy_queue_put_key(struct eddy_queue *queue, void *item, int key, struct eddy_waiter *waiter)
{
    if (eddyi_queue_may_go(waiter) && !queue->is_shut_down && eddyi_queue_push(queue, item)) {
        waiter->scheduler->budget--;
        return 0;
    }
    return put_or_park(queue, item, key, waiter);
}

int eddy_queue_put(struct eddy_queue *queue, void *item, struct eddy_waiter *waiter)
{
    return eddy_queue_put_key(queue, item, 0, waiter);
}

int eddy_queue_try_get(struct eddy_queue *queue, void **item)
{
    int result = eddyi_queue_take(queue, item);
    return result == -EAGAIN && queue->is_shut_down ? -ENODATA : result;
}

static __attribute__((noinline)) int get_or_park(struct eddy_queue *queue, void **item, struct eddy_waiter *waiter)
{
    if (eddyi_is_forked(waiter->scheduler)) {
        return -ECHILD;
    }
    int result = eddy_queue_try_get(queue, item);
    if (result == -EAGAIN) {
        return eddyi_queue_park_get(queue, item, 0, 0, waiter);
    }
    return result == 0 ? (int)eddyi_wait_settle(waiter, 0) : result;
}

int eddy_queue_get(struct eddy_queue *queue, void **item, struct eddy_waiter *waiter)
{
    if (eddyi_queue_may_go(waiter) && eddyi_queue_pop(queue, item)) {
        waiter->scheduler->budget--;
        return 0;
    }
    return get_or_park(queue, item, waiter);
}

static void finish(struct eddy_queue *queue, size_t count)
{
    queue->unfinished -= count;
    if (queue->unfinished == 0) {
        eddy_waitq_wake_all(&queue->joiners, 0);
    }
}

int eddy_queue_task_done(struct eddy_queue *queue)
{
    if (queue->unfinished == queue->length) { /* what is still in it was not taken */
        return -EINVAL;
    }
    finish(queue, 1);
    return 0;
}

int eddy_queue_join(struct eddy_queue *queue, struct eddy_waiter *waiter)
{
    if (eddyi_is_forked(waiter->scheduler)) {
        return -ECHILD;
    }
    if (queue->unfinished == 0) {
        return (int)eddyi_wait_settle(waiter, 0);
    }
    return eddy_waitq_park(&queue->joiners, waiter, &queue_join_kind, queue);
}

void eddy_queue_shut_down(struct eddy_queue *queue, bool immediately)
{
    queue->is_shut_down = true;
    eddy_waitq_wake_all(&queue->putters, -ESHUTDOWN);
    if (immediately && queue->length > 0) {
        finish(queue, drain(queue));
    }
    if (queue->length == 0) {
        eddy_waitq_wake_all(&queue->getters, -ENODATA);
    }
}

void eddyi_queue_work_done(void *queue)
{
    (void)eddy_queue_task_done(queue);
}

const struct eddyi_block_kind eddyi_work_kind = {
    .name = "work", .close = eddyi_guard_close, .ends_loop_with = -ENODATA};
