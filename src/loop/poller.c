/* What epoll carries for a descriptor is generation << 32 | slot. A slot's generation changes when
 * it is freed, so that an event of before is known for stale: a descriptor that was closed here
 * may live on in another process, keep firing, and be beyond EPOLL_CTL_DEL. One such event is
 * dropped; when a slot sends a second, the epoll set is made anew without it. */
#include "loop/poller.h"

#include "base/wait.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#define EVENTS_FIRST 256u
#define EVENTS_MAX 4096u
#define SLOTS_FIRST 16u
#define SLOTS_MAX (1u << 26)
#define WAKER UINT64_MAX
#define STALE_MAX 2
#define PRECISE_BELOW EDDY_MS(10) /* longer waits in whole ms, which cost less; the rest is waited again */

static uint64_t tag(const struct eddy_poller *poller, uint32_t slot)
{
    return (uint64_t)poller->slots[slot].generation << 32 | slot;
}

static int control(struct eddy_poller *poller, int epfd, int op, int fd, uint32_t events, uint64_t data)
{
    struct epoll_event event;
    memset(&event, 0, sizeof event);
    event.events = events;
    event.data.u64 = data;
    poller->changes++;
    return poller->os->epoll_ctl(poller->os->context, epfd, op, fd, &event);
}

static void close_fd(struct eddy_poller *poller, int fd)
{
    if (fd >= 0) {
        poller->os->close(poller->os->context, fd);
    }
}

static void *resize(struct eddy_poller *poller, void *block, size_t old_size, size_t new_size)
{
    return poller->allocator.resize(poller->allocator.context, block, old_size, new_size);
}

/* ---- Life ------------------------------------------------------------------------------ */

int eddyi_poller_init(struct eddy_poller *poller, const struct eddy_os *os, struct eddy_allocator allocator)
{
    memset(poller, 0, sizeof *poller);
    poller->os = os;
    poller->allocator = allocator;
    poller->outer_epfd = -1;
    eddy_list_init(&poller->dirty);
    poller->events = resize(poller, NULL, 0, EVENTS_FIRST * sizeof *poller->events);
    if (poller->events == NULL) {
        return -ENOMEM;
    }
    poller->events_size = EVENTS_FIRST;
    poller->epfd = os->epoll_create(os->context);
    if (poller->epfd < 0) {
        int error = poller->epfd;
        eddyi_poller_fini(poller);
        return error;
    }
    return 0;
}

void eddyi_poller_close(struct eddy_poller *poller)
{
    close_fd(poller, poller->outer_epfd);
    close_fd(poller, poller->epfd);
    poller->outer_epfd = -1;
    poller->epfd = -1;
}

void eddyi_poller_fini(struct eddy_poller *poller)
{
    eddyi_poller_close(poller);
    if (poller->owners != NULL) {
        resize(poller, poller->owners, poller->owners_size * sizeof *poller->owners, 0);
    }
    if (poller->slots != NULL) {
        resize(poller, poller->slots, poller->slots_size * sizeof *poller->slots, 0);
    }
    resize(poller, poller->events, poller->events_size * sizeof *poller->events, 0);
}

/* ---- Slots ----------------------------------------------------------------------------- */

static int grow_slots(struct eddy_poller *poller)
{
    uint32_t old_size = poller->slots_size;
    uint32_t size = old_size == 0 ? SLOTS_FIRST : old_size * 2;
    if (size > SLOTS_MAX) {
        return -ENOMEM;
    }
    struct eddyi_slot *slots = resize(poller, poller->slots, old_size * sizeof *slots, size * sizeof *slots);
    if (slots == NULL) {
        return -ENOMEM;
    }
    memset(slots + old_size, 0, (size - old_size) * sizeof *slots);
    for (uint32_t slot = old_size; slot + 1 < size; slot++) {
        slots[slot].next_free = (slot + 2) & (SLOTS_MAX - 1);
    }
    poller->slots = slots;
    poller->slots_size = size;
    poller->slots_free = old_size + 1;
    return 0;
}

/* In debug builds, whenever a slot changes hands; of very many slots only now and then. */
static void verify_slots(const struct eddy_poller *poller)
{
    (void)poller;
#ifdef EDDY_DEBUG
    if (poller->open % (poller->slots_size / 64 + 1) != 0) {
        return;
    }
    uint32_t live = 0;
    uint32_t free_slots = 0;
    for (uint32_t slot = 0; slot < poller->slots_size; slot++) {
        live += poller->slots[slot].source != NULL;
    }
    for (uint32_t next = poller->slots_free; next != 0; next = poller->slots[next - 1].next_free) {
        assert(poller->slots[next - 1].source == NULL && "a free slot has no source");
        free_slots++;
    }
    assert(live == poller->open && live + free_slots == poller->slots_size && "a slot is live or free");
#endif
}

static int take_slot(struct eddy_poller *poller, const struct eddyi_source_kind *kind, void *source)
{
    if (poller->slots_free == 0) {
        int error = grow_slots(poller);
        if (error < 0) {
            return error;
        }
    }
    uint32_t index = poller->slots_free - 1;
    struct eddyi_slot *slot = &poller->slots[index];
    poller->slots_free = slot->next_free;
    slot->source = source;
    slot->kind = kind->number & 15u;
    poller->kinds[kind->number] = kind;
    poller->open++;
    verify_slots(poller);
    return (int)index;
}

void eddyi_poller_forget(struct eddy_poller *poller, uint32_t slot)
{
    struct eddyi_slot *free_slot = &poller->slots[slot];
    poller->freed_in_batch = true;
    free_slot->source = NULL;
    free_slot->generation++;
    free_slot->next_free = poller->slots_free & (SLOTS_MAX - 1);
    poller->slots_free = slot + 1;
    poller->open--;
    verify_slots(poller);
}

/* Whether a live slot but `except` has `fd`. */
static bool is_registered(const struct eddy_poller *poller, int fd, uint32_t except)
{
    for (uint32_t slot = 0; slot < poller->slots_size; slot++) {
        const struct eddyi_slot *at = &poller->slots[slot];
        uint32_t events;
        if (slot != except && at->source != NULL && poller->kinds[at->kind]->registration(at->source, &events) == fd) {
            return true;
        }
    }
    return false;
}

/* EEXIST: somebody here has the descriptor; or nobody, and a file that is registered still, because a copy
 * of its descriptor lives on, has come under the number again. Then its registration becomes this one. */
static int add_or_take_over(struct eddy_poller *poller, uint32_t slot, int fd, uint32_t events)
{
    int error = control(poller, poller->epfd, EPOLL_CTL_ADD, fd, events, tag(poller, slot));
    if (error == -EEXIST && !is_registered(poller, fd, slot)) {
        error = control(poller, poller->epfd, EPOLL_CTL_MOD, fd, events, tag(poller, slot));
    }
    return error;
}

int eddyi_poller_add(struct eddy_poller *poller, const struct eddyi_source_kind *kind, void *source, int fd,
                     uint32_t events, uint32_t *slot)
{
    int index = take_slot(poller, kind, source);
    if (index < 0) {
        return index;
    }
    int error = add_or_take_over(poller, (uint32_t)index, fd, events);
    if (error < 0) {
        eddyi_poller_forget(poller, (uint32_t)index);
        return error;
    }
    *slot = (uint32_t)index;
    if ((uint32_t)fd < poller->owners_size) {
        poller->owners[fd] = 0;
    }
    return 0;
}

int eddyi_poller_modify(struct eddy_poller *poller, uint32_t slot, int fd, uint32_t events)
{
    int error = control(poller, poller->epfd, EPOLL_CTL_MOD, fd, events, tag(poller, slot));
    if (error == -ENOENT) { /* another file has come under the same number */
        error = control(poller, poller->epfd, EPOLL_CTL_ADD, fd, events, tag(poller, slot));
    }
    return error;
}

void eddyi_poller_remove(struct eddy_poller *poller, uint32_t slot, int fd)
{
    control(poller, poller->epfd, EPOLL_CTL_DEL, fd, 0, 0);
    eddyi_poller_forget(poller, slot);
}

int eddyi_poller_add_waker(struct eddy_poller *poller, int fd)
{
    return control(poller, poller->epfd, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLET, WAKER);
}

/* ---- The epoll set --------------------------------------------------------------------- */

/* The set itself may be replaced, so a foreign loop gets a set around it. */
int eddyi_poller_outer_fd(struct eddy_poller *poller)
{
    if (poller->outer_epfd >= 0) {
        return poller->outer_epfd;
    }
    int outer = poller->os->epoll_create(poller->os->context);
    if (outer < 0) {
        return outer;
    }
    int error = control(poller, outer, EPOLL_CTL_ADD, poller->epfd, EPOLLIN, 0);
    if (error < 0) {
        close_fd(poller, outer);
        return error;
    }
    poller->outer_epfd = outer;
    return outer;
}

static int add_live_slots(struct eddy_poller *poller, int epfd)
{
    for (uint32_t slot = 0; slot < poller->slots_size; slot++) {
        const struct eddyi_slot *at = &poller->slots[slot];
        uint32_t events = 0;
        int fd = at->source == NULL ? -1 : poller->kinds[at->kind]->registration(at->source, &events);
        if (fd < 0) {
            continue;
        }
        int error = control(poller, epfd, EPOLL_CTL_ADD, fd, events, tag(poller, slot));
        if (error == -ENOMEM || error == -ENOSPC) {
            return error; /* anything else is a foreign descriptor that its owner closed */
        }
    }
    return 0;
}

void eddyi_poller_rebuild(struct eddy_poller *poller, int wake_fd)
{
    if (!poller->rebuild_due) {
        return;
    }
    poller->rebuild_due = false; /* if it fails now, the next stale event calls for it again */
    int old = poller->epfd;
    int epfd = poller->os->epoll_create(poller->os->context);
    if (epfd < 0) {
        return;
    }
    int error = control(poller, epfd, EPOLL_CTL_ADD, wake_fd, EPOLLIN | EPOLLET, WAKER);
    if (error == 0) {
        error = add_live_slots(poller, epfd);
    }
    if (error == 0 && poller->outer_epfd >= 0) {
        error = control(poller, poller->outer_epfd, EPOLL_CTL_ADD, epfd, EPOLLIN, 0);
    }
    if (error < 0) {
        close_fd(poller, epfd);
        return;
    }
    poller->epfd = epfd;
    if (poller->outer_epfd >= 0) { /* closing is not enough while a child has the old set, too */
        control(poller, poller->outer_epfd, EPOLL_CTL_DEL, old, 0, 0);
    }
    close_fd(poller, old);
    for (uint32_t slot = 0; slot < poller->slots_size; slot++) {
        poller->slots[slot].stale = 0;
    }
    poller->rebuilds++;
}

static int wait_precisely(struct eddy_poller *poller, eddy_ns span)
{
    if (!poller->no_pwait2) {
        int count =
            poller->os->epoll_pwait2(poller->os->context, poller->epfd, poller->events, (int)poller->events_size, span);
        if (count != -ENOSYS && count != -EPERM) {
            return count;
        }
        poller->no_pwait2 = true;
    }
    int timeout_ms = (int)((span + EDDY_MS(1) - 1) / EDDY_MS(1)); /* rounded up: never early */
    return poller->os->epoll_wait(poller->os->context, poller->epfd, poller->events, (int)poller->events_size,
                                  timeout_ms);
}

static int wait_for_events(struct eddy_poller *poller, eddy_ns span)
{
    if (span > 0 && span < PRECISE_BELOW) {
        return wait_precisely(poller, span);
    }
    int timeout_ms = -1;
    if (span != EDDY_FOREVER) {
        timeout_ms = span / EDDY_MS(1) < INT_MAX ? (int)(span / EDDY_MS(1)) : INT_MAX;
    }
    return poller->os->epoll_wait(poller->os->context, poller->epfd, poller->events, (int)poller->events_size,
                                  timeout_ms);
}

/* An event of before its slot was last freed may have come in the batch in which it was freed: only if
 * nothing was freed in this batch, or its generation is older, does it tell of a descriptor that
 * lives on. */
static void note_stale(struct eddy_poller *poller, uint64_t data)
{
    poller->stale_seen++;
    uint32_t slot = (uint32_t)data;
    if (slot >= poller->slots_size ||
        (poller->freed_in_batch && poller->slots[slot].generation == (uint32_t)(data >> 32) + 1)) {
        return;
    }
    if (poller->slots[slot].stale + 1 >= STALE_MAX) {
        poller->rebuild_due = true;
    } else {
        poller->slots[slot].stale++;
    }
}

static void grow_events(struct eddy_poller *poller)
{
    uint32_t size = poller->events_size * 4;
    void *events =
        resize(poller, poller->events, poller->events_size * sizeof *poller->events, size * sizeof *poller->events);
    if (events != NULL) { /* else the rest comes with the next wait */
        poller->events = events;
        poller->events_size = size;
    }
}

int eddyi_poller_wait(struct eddy_poller *poller, eddy_ns span)
{
    int count = wait_for_events(poller, span);
    poller->waits++;
    return count == -EINTR ? 0 : count;
}

/* The slot that an event is of; NULL: it is stale, or the waker's. */
static inline const struct eddyi_slot *live_slot(const struct eddy_poller *poller, uint64_t data)
{
    uint32_t index = (uint32_t)data;
    const struct eddyi_slot *slot = index < poller->slots_size ? &poller->slots[index] : NULL;
    return slot != NULL && slot->generation == data >> 32 ? slot : NULL;
}

static inline void dispatch_event(struct eddy_poller *poller, const struct epoll_event *event)
{
    uint64_t data = event->data.u64;
    const struct eddyi_slot *slot = live_slot(poller, data);
    if (slot != NULL) {
        poller->kinds[slot->kind]->on_events(slot->source, event->events);
    } else if (data != WAKER) {
        note_stale(poller, data);
    }
}

static void end_dispatch(struct eddy_poller *poller, int count)
{
    poller->events_seen += (uint64_t)count;
    if ((uint32_t)count == poller->events_size && poller->events_size < EVENTS_MAX) {
        grow_events(poller);
    }
}

void eddyi_poller_dispatch(struct eddy_poller *poller, int count)
{
    poller->freed_in_batch = false;
    for (int i = 0; i < count; i++) {
        dispatch_event(poller, &poller->events[i]);
    }
    end_dispatch(poller, count);
}

void eddyi_poller_dispatch_observed(struct eddy_poller *poller, int count, struct eddy_scheduler *scheduler)
{
    poller->freed_in_batch = false;
    for (int i = 0; i < count; i++) {
        const struct eddyi_slot *slot = live_slot(poller, poller->events[i].data.u64);
        const struct eddyi_source_kind *kind = slot != NULL ? poller->kinds[slot->kind] : NULL;
        eddyi_observe(scheduler, kind != NULL && kind->runs != NULL ? kind->runs(slot->source) : NULL);
        dispatch_event(poller, &poller->events[i]);
    }
    end_dispatch(poller, count);
    eddyi_observe(scheduler, NULL);
}
