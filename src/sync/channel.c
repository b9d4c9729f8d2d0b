#include <eddy/channel.h>

#include "base/wait.h"
#include "sync/queue.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>

void eddy_channel_init(struct eddy_channel *channel, struct eddy_queue_slot *slots, size_t capacity,
                       void (*destroy)(void *item))
{
    *channel = (struct eddy_channel){.senders = 0};
    eddy_queue_init(&channel->queue, slots, capacity, EDDY_FIFO, destroy);
}

int eddy_channel_fini(struct eddy_channel *channel)
{
    return channel->senders > 0 || channel->receivers > 0 ? -EBUSY : eddy_queue_fini(&channel->queue);
}

/* ---- Ends ------------------------------------------------------------------------------ */

void eddy_sender_open(struct eddy_sender *sender, struct eddy_channel *channel)
{
    *sender =
        (struct eddy_sender){.channel = channel, .end = ++channel->last_end, .reserved = {.queue = &channel->queue}};
    channel->senders++;
    channel->had_sender = true;
}

void eddy_receiver_open(struct eddy_receiver *receiver, struct eddy_channel *channel)
{
    *receiver = (struct eddy_receiver){.channel = channel, .end = ++channel->last_end};
    channel->receivers++;
    channel->had_receiver = true;
}

/* Who has waited longest with this end. */
static struct eddy_waiter *first_with(const struct eddy_waitq *queue, uint32_t end)
{
    for (struct eddy_list *link = queue->waiters.next; link != &queue->waiters; link = link->next) {
        struct eddy_waiter *waiter = EDDY_CONTAINER(link, struct eddy_waiter, link);
        if (waiter->size == end) {
            return waiter;
        }
    }
    return NULL;
}

/* Wake who waits with this end; a wake may take others out of the queue. */
static void dismiss(struct eddy_waitq *queue, uint32_t end)
{
    struct eddy_waiter *waiter;
    while ((waiter = first_with(queue, end)) != NULL) {
        eddy_waitq_wake(waiter, -ESHUTDOWN);
    }
}

static bool is_over(const struct eddy_channel *channel)
{
    return channel->had_sender && channel->senders == 0;
}

static bool is_deaf(const struct eddy_channel *channel)
{
    return channel->had_receiver && channel->receivers == 0;
}

void eddy_sender_close(struct eddy_sender *sender)
{
    struct eddy_channel *channel = sender->channel;
    if (channel == NULL) {
        return;
    }
    sender->channel = NULL;
    channel->senders--;
    dismiss(&channel->queue.putters, sender->end);
    channel->queue.reserved -= sender->reserved.count;
    sender->reserved.count = 0;
    eddyi_queue_admit(&channel->queue);
    if (is_over(channel) && channel->queue.length == 0) {
        eddy_waitq_wake_all(&channel->queue.getters, -ENODATA);
    }
}

void eddy_receiver_close(struct eddy_receiver *receiver)
{
    struct eddy_channel *channel = receiver->channel;
    if (channel == NULL) {
        return;
    }
    receiver->channel = NULL;
    channel->receivers--;
    dismiss(&channel->queue.getters, receiver->end);
    if (is_deaf(channel)) {
        eddy_waitq_wake_all(&channel->queue.putters, -EPIPE);
    }
}

/* ---- Sending --------------------------------------------------------------------------- */

/* Why nothing can be sent by this end; 0: it can. */
static int refuse_send(const struct eddy_sender *sender)
{
    if (sender->channel == NULL) {
        return -ESHUTDOWN;
    }
    return is_deaf(sender->channel) ? -EPIPE : 0;
}

int eddy_channel_try_send(struct eddy_sender *sender, void *item)
{
    int result = refuse_send(sender);
    if (result < 0) {
        return result;
    }
    struct eddy_queue *queue = &sender->channel->queue;
    return eddy_waitq_is_empty(&queue->putters) ? eddyi_queue_accept(queue, item, 0) : -EAGAIN;
}

static __attribute__((noinline)) int send_or_park(struct eddy_sender *sender, void *item, struct eddy_waiter *waiter)
{
    if (eddyi_is_forked(waiter->scheduler)) {
        return -ECHILD;
    }
    int result = eddy_channel_try_send(sender, item);
    if (result == -EAGAIN) {
        return eddyi_queue_park_put(&sender->channel->queue, item, sender->end, waiter);
    }
    return result == 0 ? (int)eddyi_wait_settle(waiter, 0) : result;
}

int eddy_channel_send(struct eddy_sender *sender, void *item, struct eddy_waiter *waiter)
{
    struct eddy_channel *channel = sender->channel;
    if (eddyi_queue_may_go(waiter) && channel != NULL && !is_deaf(channel) && eddyi_queue_push(&channel->queue, item)) {
        waiter->scheduler->budget--;
        return 0;
    }
    return send_or_park(sender, item, waiter);
}

int eddy_channel_reserve(struct eddy_sender *sender, struct eddy_waiter *waiter)
{
    if (eddyi_is_forked(waiter->scheduler)) {
        return -ECHILD;
    }
    int result = refuse_send(sender);
    if (result < 0) {
        return result;
    }
    struct eddy_queue *queue = &sender->channel->queue;
    if (queue->capacity == 0) {
        return -EINVAL;
    }
    if (!eddyi_queue_has_room(queue) || !eddy_waitq_is_empty(&queue->putters)) {
        return eddyi_queue_park_reserve(&sender->reserved, sender->end, waiter);
    }
    if (eddyi_queue_make_room(queue) < 0) {
        return -ENOMEM;
    }
    queue->reserved++;
    sender->reserved.count++;
    return (int)eddyi_wait_settle(waiter, 0);
}

int eddy_channel_commit(struct eddy_sender *sender, void *item)
{
    if (sender->channel == NULL || sender->reserved.count == 0) {
        return -EINVAL;
    }
    if (is_deaf(sender->channel)) {
        (void)eddy_channel_drop(sender);
        return -EPIPE;
    }
    sender->reserved.count--;
    eddyi_queue_commit(&sender->channel->queue, item);
    return 0;
}

int eddy_channel_drop(struct eddy_sender *sender)
{
    if (sender->channel == NULL || sender->reserved.count == 0) {
        return -EINVAL;
    }
    sender->reserved.count--;
    sender->channel->queue.reserved--;
    eddyi_queue_admit(&sender->channel->queue);
    return 0;
}

/* ---- Receiving ------------------------------------------------------------------------- */

int eddy_channel_try_receive(struct eddy_receiver *receiver, void **item)
{
    struct eddy_channel *channel = receiver->channel;
    if (channel == NULL) {
        return -ESHUTDOWN;
    }
    int result = eddyi_queue_take(&channel->queue, item);
    return result == -EAGAIN && is_over(channel) ? -ENODATA : result;
}

static __attribute__((noinline)) int receive_or_park(struct eddy_receiver *receiver, void **item,
                                                     struct eddy_waiter *waiter)
{
    if (eddyi_is_forked(waiter->scheduler)) {
        return -ECHILD;
    }
    int result = eddy_channel_try_receive(receiver, item);
    if (result == -EAGAIN) {
        return eddyi_queue_park_get(&receiver->channel->queue, item, 0, receiver->end, waiter);
    }
    return result == 0 ? (int)eddyi_wait_settle(waiter, 0) : result;
}

int eddy_channel_receive(struct eddy_receiver *receiver, void **item, struct eddy_waiter *waiter)
{
    struct eddy_channel *channel = receiver->channel;
    if (eddyi_queue_may_go(waiter) && channel != NULL && eddyi_queue_pop(&channel->queue, item)) {
        waiter->scheduler->budget--;
        return 0;
    }
    return receive_or_park(receiver, item, waiter);
}

int eddy_channel_receive_many(struct eddy_receiver *receiver, void **items, size_t count, struct eddy_waiter *waiter)
{
    if (eddyi_is_forked(waiter->scheduler)) {
        return -ECHILD;
    }
    if (count == 0) {
        return -EINVAL;
    }
    int result = eddy_channel_try_receive(receiver, items);
    if (result == -EAGAIN) {
        return eddyi_queue_park_get(&receiver->channel->queue, items, 1, receiver->end, waiter);
    }
    if (result < 0) {
        return result;
    }
    size_t taken = 1;
    count = count < INT_MAX ? count : INT_MAX;
    while (taken < count && eddyi_queue_take(&receiver->channel->queue, &items[taken]) == 0) {
        taken++;
    }
    return (int)eddyi_wait_settle(waiter, (ssize_t)taken);
}

size_t eddy_channel_length(const struct eddy_channel *channel)
{
    return channel->queue.length;
}
