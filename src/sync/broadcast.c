#include <eddy/broadcast.h>

#include "base/wait.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>

/* The subscriber waits no longer. */
static void stop_waiting(struct eddy_subscriber *subscriber)
{
    subscriber->waiting = NULL;
    eddy_list_remove(&subscriber->link);
}

static void unpark_subscriber(struct eddy_waiter *waiter)
{
    stop_waiting(waiter->transfer.subject);
}

/* In its own turn, so that the item it gets is still kept. */
static ssize_t complete_subscriber(struct eddy_waiter *waiter)
{
    struct eddy_subscriber *subscriber = waiter->transfer.subject;
    stop_waiting(subscriber);
    return eddy_subscriber_try(subscriber, subscriber->item, subscriber->missed);
}

static const struct eddy_wait_kind broadcast_kind = {
    .name = "broadcast", .unpark = unpark_subscriber, .complete = complete_subscriber, .expiry = -ETIMEDOUT};

void eddy_broadcast_init(struct eddy_broadcast *broadcast, void **slots, size_t capacity, void (*destroy)(void *item))
{
    assert(capacity > 0 && "a broadcast keeps at least one item");
    *broadcast = (struct eddy_broadcast){.slots = slots, .capacity = capacity, .destroy = destroy};
    eddy_list_init(&broadcast->waiting);
}

/* The number of the oldest item that is kept. */
static uint64_t oldest(const struct eddy_broadcast *broadcast)
{
    return broadcast->sent > broadcast->capacity ? broadcast->sent - broadcast->capacity : 0;
}

static void **slot_of(const struct eddy_broadcast *broadcast, uint64_t number)
{
    return &broadcast->slots[number % broadcast->capacity];
}

static void discard(struct eddy_broadcast *broadcast, uint64_t number)
{
    if (broadcast->destroy != NULL) {
        broadcast->destroy(*slot_of(broadcast, number));
    }
}

int eddy_broadcast_fini(struct eddy_broadcast *broadcast)
{
    if (broadcast->subscribers > 0) {
        return -EBUSY;
    }
    for (uint64_t number = oldest(broadcast); number < broadcast->sent; number++) {
        discard(broadcast, number);
    }
    broadcast->sent = 0;
    return 0;
}

/* There is something for those who wait. */
static void call_subscribers(struct eddy_broadcast *broadcast)
{
    struct eddy_list *link;
    while ((link = eddy_list_first(&broadcast->waiting)) != NULL) {
        eddy_list_remove(link);
        eddy_wait_retry(EDDY_CONTAINER(link, struct eddy_subscriber, link)->waiting);
    }
}

int eddy_broadcast_send(struct eddy_broadcast *broadcast, void *item)
{
    if (broadcast->is_closed) {
        return -ESHUTDOWN;
    }
    if (broadcast->sent >= broadcast->capacity) {
        discard(broadcast, oldest(broadcast));
    }
    *slot_of(broadcast, broadcast->sent++) = item;
    call_subscribers(broadcast);
    return broadcast->subscribers < INT_MAX ? (int)broadcast->subscribers : INT_MAX;
}

void eddy_broadcast_close(struct eddy_broadcast *broadcast)
{
    broadcast->is_closed = true;
    call_subscribers(broadcast);
}

void eddy_subscriber_open(struct eddy_subscriber *subscriber, struct eddy_broadcast *broadcast)
{
    *subscriber = (struct eddy_subscriber){.broadcast = broadcast, .next = broadcast->sent};
    eddy_list_init(&subscriber->link);
    broadcast->subscribers++;
}

void eddy_subscriber_close(struct eddy_subscriber *subscriber)
{
    if (subscriber->broadcast != NULL) {
        if (subscriber->waiting != NULL) {
            struct eddy_waiter *waiter = subscriber->waiting;
            stop_waiting(subscriber);
            eddy_wait_wake(waiter, -ESHUTDOWN);
        }
        subscriber->broadcast->subscribers--;
        subscriber->broadcast = NULL;
    }
}

int eddy_subscriber_try(struct eddy_subscriber *subscriber, void **item, uint64_t *missed)
{
    struct eddy_broadcast *broadcast = subscriber->broadcast;
    if (broadcast == NULL || subscriber->waiting != NULL) {
        return broadcast == NULL ? -ESHUTDOWN : -EBUSY;
    }
    if (subscriber->next < oldest(broadcast)) {
        if (missed != NULL) {
            *missed = oldest(broadcast) - subscriber->next;
        }
        subscriber->next = oldest(broadcast);
        return -EOVERFLOW;
    }
    if (subscriber->next < broadcast->sent) {
        *item = *slot_of(broadcast, subscriber->next++);
        return 0;
    }
    return broadcast->is_closed ? -ENODATA : -EAGAIN;
}

int eddy_subscriber_receive(struct eddy_subscriber *subscriber, void **item, uint64_t *missed,
                            struct eddy_waiter *waiter)
{
    if (eddyi_is_forked(waiter->scheduler)) {
        return -ECHILD;
    }
    int result = eddy_subscriber_try(subscriber, item, missed);
    if (result == -EAGAIN) {
        subscriber->waiting = waiter;
        subscriber->item = item;
        subscriber->missed = missed;
        eddy_list_append(&subscriber->broadcast->waiting, &subscriber->link);
        waiter->transfer.subject = subscriber;
        return eddy_wait_park(waiter, &broadcast_kind);
    }
    return result == 0 || result == -EOVERFLOW ? (int)eddyi_wait_settle(waiter, result) : result;
}
