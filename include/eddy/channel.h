/* eddy/channel.h - from many to many, with ends that can be closed.
 *
 *     struct eddy_channel channel;        struct eddy_sender to;        struct eddy_receiver from;
 *     eddy_channel_init(&channel, slots, 16, NULL);
 *     eddy_sender_open(&to, &channel);    eddy_receiver_open(&from, &channel);
 *
 *     EDDY_AWAIT(my->error, eddy_channel_send(&my->to, item, me));
 *     EDDY_AWAIT(my->error, eddy_channel_receive(&my->from, &my->item, me));
 *
 * Each item goes to one receiver. Every task has an end of its own: when the last sender is closed the receivers get what is
 * left and then -ENODATA; when the last receiver is, the senders get -EPIPE. With capacity 0 a send waits until its
 * item is received. It is a queue (eddy/queue.h) without the counting of work.
 */
#ifndef EDDY_CHANNEL_H
#define EDDY_CHANNEL_H

#include <eddy/queue.h>

EDDY_BEGIN_DECLS

/* The caller owns the memory of channel and ends. */
struct eddy_channel {
    /* private */
    struct eddy_queue queue;
    uint32_t last_end;
    /* read-only */
    unsigned senders;
    unsigned receivers;
    bool had_sender;
    bool had_receiver;
};

struct eddy_sender {
    /* private */
    struct eddy_channel *channel; /* NULL: closed */
    uint32_t end;
    struct eddyi_reserved reserved;
};

struct eddy_receiver {
    /* private */
    struct eddy_channel *channel; /* NULL: closed */
    uint32_t end;
};

/* As eddy_queue_init(), first in first out. */
EDDY_API void eddy_channel_init(struct eddy_channel *channel, struct eddy_queue_slot *slots, size_t capacity,
                                void (*destroy)(void *item));

/* Hand what is left to destroy. -EBUSY: an end is open. */
EDDY_API int eddy_channel_fini(struct eddy_channel *channel);

/* A new end. To have several is to call it several times. */
EDDY_API void eddy_sender_open(struct eddy_sender *sender, struct eddy_channel *channel);
EDDY_API void eddy_receiver_open(struct eddy_receiver *receiver, struct eddy_channel *channel);

/* Close an end: who waits with it is woken with -ESHUTDOWN, its reservations are dropped. Allowed twice. */
EDDY_API void eddy_sender_close(struct eddy_sender *sender);
EDDY_API void eddy_receiver_close(struct eddy_receiver *receiver);

/* Send `item`, waiting while there is no room. 0: it is the channel's. Otherwise it is still yours: -EPIPE: all
 * receivers have closed, before or while waiting; -ESHUTDOWN: this end is closed; -ENOMEM: unbounded, and no
 * memory; -ECHILD. Before the first receiver opens, a sender just waits for room. */
EDDY_API int eddy_channel_send(struct eddy_sender *sender, void *item, struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* The same without waiting. -EAGAIN. */
EDDY_API int eddy_channel_try_send(struct eddy_sender *sender, void *item) EDDY_CHECK_RESULT;

/* Receive an item into *item. 0: it is yours; -ENODATA: all senders have closed, and nothing is left; -ESHUTDOWN: this end
 * is closed; -ECHILD. */
EDDY_API int eddy_channel_receive(struct eddy_receiver *receiver, void **item,
                                  struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* The same without waiting. -EAGAIN. */
EDDY_API int eddy_channel_try_receive(struct eddy_receiver *receiver, void **item) EDDY_CHECK_RESULT;

/* Receive what is there, 1 to `count` items (at most INT_MAX); waits for the first. Their number, or as above; -EINVAL: count
 * is 0. */
EDDY_API int eddy_channel_receive_many(struct eddy_receiver *receiver, void **items, size_t count,
                                       struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* Reserve room for one item, waiting for it; then commit or drop it, which never wait. 0; -EPIPE, -ESHUTDOWN, -ENOMEM, -ECHILD
 * as eddy_channel_send(); -EINVAL: the capacity is 0. */
EDDY_API int eddy_channel_reserve(struct eddy_sender *sender, struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* Send with a reservation. 0; -EPIPE: the receivers have closed meanwhile: the item is yours, the reservation gone;
 * -EINVAL: nothing is reserved. */
EDDY_API int eddy_channel_commit(struct eddy_sender *sender, void *item);

/* Give a reservation back. 0; -EINVAL. */
EDDY_API int eddy_channel_drop(struct eddy_sender *sender);

/* How many items are in it. */
EDDY_API size_t eddy_channel_length(const struct eddy_channel *channel);

EDDY_END_DECLS

#endif
