/* eddy/poller.h - who hears of which descriptor: the loop's half of epoll.
 *
 * Programs use streams, listeners and watches; this is what they stand on. A descriptor
 * has a slot, and what epoll carries is the slot's number and its generation. An event
 * whose generation is old belongs to a descriptor that was closed, and is dropped in O(1).
 */
#ifndef EDDY_POLLER_H
#define EDDY_POLLER_H

#include <eddy/alloc.h>
#include <eddy/list.h>
#include <eddy/os.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

EDDY_BEGIN_DECLS

#define EDDYI_SOURCE_KINDS 4

struct eddy_poller {
    /* read-only */
    uint32_t open;        /* descriptors registered */
    uint64_t waits;       /* epoll_wait calls */
    uint64_t events_seen; /* events that came */
    uint64_t stale_seen;  /* those of them that were dropped */
    uint64_t rebuilds;    /* of the epoll set */
    uint64_t changes;     /* epoll_ctl calls */
    /* private */
    const struct eddy_os *os;
    struct eddy_allocator allocator;
    int epfd;
    int outer_epfd; /* for a foreign loop; -1 until it asks */
    bool no_pwait2;
    struct epoll_event *events;
    uint32_t events_size;
    struct eddyi_slot *slots;
    uint32_t slots_size;
    uint32_t slots_free;
    bool rebuild_due;
    bool freed_in_batch; /* a slot, since the last wait */
    uint32_t *owners;    /* of descriptor numbers that an interest registered: its slot + 1 */
    uint32_t owners_size;
    struct eddy_list dirty; /* interests whose mask epoll does not know yet */
    const struct eddyi_source_kind *kinds[EDDYI_SOURCE_KINDS];
};

/* A level-triggered registration whose mask changes: part of watches and listeners. What it grows
 * by is told to epoll at once, what it shrinks by before the next poll, so that a wait that is
 * renewed in its wake costs nothing. With an empty mask it is not in epoll at all. */
struct eddy_interest {
    /* private */
    struct eddy_list dirty;
    int fd;
    uint32_t slot;
    uint32_t known;  /* the mask that epoll has */
    uint32_t wanted; /* the mask it ought to have */
};

EDDY_END_DECLS

#endif
