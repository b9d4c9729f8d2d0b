/* Slots and the epoll set, for the kinds of source that register there. */
#ifndef EDDYI_LOOP_POLLER_H
#define EDDYI_LOOP_POLLER_H

#include <eddy/poller.h>

#include <eddy/wait.h>

enum eddyi_source {
    EDDYI_SOURCE_WATCH,
    EDDYI_SOURCE_SIGNALS,
    EDDYI_SOURCE_STREAM,
    EDDYI_SOURCE_LISTENER,
};

struct eddyi_source_kind {
    enum eddyi_source number;
    /* The kernel says that `events` are there: ready the waiters, or, for one at the most and as the
     * last thing, let it run. */
    void (*on_events)(void *source, uint32_t events);
    /* The descriptor and mask to register when the set is rebuilt; -1: none. */
    int (*registration)(const void *source, uint32_t *events);
    /* Whom on_events may let run; NULL: nobody, now or, for no function, ever. */
    struct eddy_waiter *(*runs)(const void *source);
};

struct eddyi_slot {
    void *source; /* free: NULL */
    uint32_t generation;
    uint32_t kind : 4;
    uint32_t stale : 2;      /* stale events since the set was made */
    uint32_t next_free : 26; /* free: the next one's index + 1 */
};

int eddyi_poller_init(struct eddy_poller *poller, const struct eddy_os *os, struct eddy_allocator allocator);
void eddyi_poller_fini(struct eddy_poller *poller);

/* Close its descriptors; fini does it, too. */
void eddyi_poller_close(struct eddy_poller *poller);

/* Register `fd` for `events`. 0 with the slot in *slot, or -errno of epoll_ctl, or -ENOMEM. */
int eddyi_poller_add(struct eddy_poller *poller, const struct eddyi_source_kind *kind, void *source, int fd,
                     uint32_t events, uint32_t *slot);

/* Change the mask; a descriptor that is another file by now is registered anew. */
int eddyi_poller_modify(struct eddy_poller *poller, uint32_t slot, int fd, uint32_t events);

/* Free the slot; what epoll still says of it is stale. The descriptor is closed next, or was
 * taken out of epoll before. */
void eddyi_poller_forget(struct eddy_poller *poller, uint32_t slot);

/* The same, for a level-triggered descriptor: out of epoll first. One that is closed already,
 * or another file by now, is fine. */
void eddyi_poller_remove(struct eddy_poller *poller, uint32_t slot, int fd);

/* Register the descriptor that ends a sleep: its events are for nobody. */
int eddyi_poller_add_waker(struct eddy_poller *poller, int fd);

/* A descriptor for a foreign loop, readable when the set has events. */
int eddyi_poller_outer_fd(struct eddy_poller *poller);

/* Wait up to `span`: the number of events that came, or -errno of epoll_wait, but for EINTR (0). */
int eddyi_poller_wait(struct eddy_poller *poller, eddy_ns span);

/* Hand them out. Users' code runs here. */
void eddyi_poller_dispatch(struct eddy_poller *poller, int count);

/* The same, and tell who looks on whom they let run. */
void eddyi_poller_dispatch_observed(struct eddy_poller *poller, int count, struct eddy_scheduler *scheduler);

/* Make a new epoll set of the live slots, if stale events called for it. */
void eddyi_poller_rebuild(struct eddy_poller *poller, int wake_fd);

#endif
