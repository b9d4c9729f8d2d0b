/* eddy/broadcast.h - every item to every listener: the lines of a chat, the ticks of a price.
 *
 *     eddy_broadcast_send(&news, item);
 *
 *     eddy_subscriber_open(&my->news, &news);
 *     EDDY_AWAIT(my->error, eddy_subscriber_receive(&my->news, &my->item, &my->missed, me));
 *
 * A send never waits: the last `capacity` items are kept, and who is slower than that misses some, and is told how many.
 */
#ifndef EDDY_BROADCAST_H
#define EDDY_BROADCAST_H

#include <eddy/list.h>
#include <eddy/wait.h>

EDDY_BEGIN_DECLS

/* The caller owns the memory. */
struct eddy_broadcast {
    /* private */
    struct eddy_list waiting; /* subscribers */
    void **slots;
    size_t capacity;
    void (*destroy)(void *item);
    /* read-only */
    uint64_t sent;
    size_t subscribers;
    bool is_closed;
};

struct eddy_subscriber {
    /* private */
    struct eddy_broadcast *broadcast; /* NULL: closed */
    struct eddy_waiter *waiting;
    struct eddy_list link;
    void **item;
    uint64_t *missed;
    uint64_t next;
};

/* `slots` has room for `capacity` >= 1 items and stays the caller's. `destroy` (or NULL) gets each item once it is no longer
 * kept; so an item is valid until `capacity` more are sent: use it before the next await, or have it counted. */
EDDY_API void eddy_broadcast_init(struct eddy_broadcast *broadcast, void **slots, size_t capacity,
                                  void (*destroy)(void *item));

/* Hand what is kept to destroy. -EBUSY: a subscriber is open. */
EDDY_API int eddy_broadcast_fini(struct eddy_broadcast *broadcast);

/* Send to all who are subscribed now. The item is the broadcast's. Returns how many those are; -ESHUTDOWN: closed, and
 * the item is still yours. */
EDDY_API int eddy_broadcast_send(struct eddy_broadcast *broadcast, void *item);

/* Nothing more will be sent. */
EDDY_API void eddy_broadcast_close(struct eddy_broadcast *broadcast);

/* Receive what is sent from now on. */
EDDY_API void eddy_subscriber_open(struct eddy_subscriber *subscriber, struct eddy_broadcast *broadcast);

/* Who waits with it is woken with -ESHUTDOWN. Allowed twice. */
EDDY_API void eddy_subscriber_close(struct eddy_subscriber *subscriber);

/* Receive the next item. 0: *item; -EOVERFLOW: *missed items are no longer kept, told once: the next call goes on with the
 * oldest that is (missed may be NULL); -ENODATA: closed, and all was received; -ESHUTDOWN: this subscriber is closed; -EBUSY:
 * somebody waits with it already; -ECHILD. */
EDDY_API int eddy_subscriber_receive(struct eddy_subscriber *subscriber, void **item, uint64_t *missed,
                                     struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* The same without waiting. -EAGAIN: there is none yet. */
EDDY_API int eddy_subscriber_try(struct eddy_subscriber *subscriber, void **item, uint64_t *missed) EDDY_CHECK_RESULT;

EDDY_END_DECLS

#endif
