#include <eddy/watch.h>

#include "loop/interest.h"
#include "loop/loop.h"

#include <errno.h>

#define ALL (EDDY_READABLE | EDDY_WRITABLE | EDDY_URGENT)
#define READING (EDDY_READABLE | EDDY_URGENT)
enum { READER, WRITER };

static void watch_on_events(void *source, uint32_t events);
static int watch_registration(const void *source, uint32_t *events);

static const struct eddyi_source_kind watch_source = {EDDYI_SOURCE_WATCH, watch_on_events, watch_registration, NULL};

static int watch_registration(const void *source, uint32_t *events)
{
    const struct eddy_watch *watch = source;
    *events = watch->interest.known;
    return eddyi_interest_registered(&watch->loop->poller, &watch->interest);
}

/* What the two waiters ask for, as epoll says it. A waiter's mask stands in its `size`. */
static uint32_t wanted_mask(const struct eddy_watch *watch)
{
    uint32_t mask = 0;
    for (int i = READER; i <= WRITER; i++) {
        uint32_t asked = watch->waiters[i] != NULL ? watch->waiters[i]->size : 0;
        mask |= (asked & EDDY_READABLE) != 0 ? EPOLLIN | EPOLLRDHUP : 0u;
        mask |= (asked & EDDY_WRITABLE) != 0 ? EPOLLOUT : 0u;
        mask |= (asked & EDDY_URGENT) != 0 ? EPOLLPRI : 0u;
    }
    return mask;
}

static int update_watch(struct eddy_watch *watch)
{
    return eddyi_interest_want(&watch->loop->poller, &watch->interest, &watch_source, watch, wanted_mask(watch));
}

static void clear_waiter(struct eddy_watch *watch, const struct eddy_waiter *waiter)
{
    for (int i = READER; i <= WRITER; i++) {
        if (watch->waiters[i] == waiter) {
            watch->waiters[i] = NULL;
        }
    }
}

/* Everybody's wait ends with `error`, or, if it is 0, as on a file that is always ready. */
static void wake_all(struct eddy_watch *watch, int error)
{
    for (int i = READER; i <= WRITER; i++) {
        struct eddy_waiter *waiter = watch->waiters[i];
        if (waiter != NULL) {
            clear_waiter(watch, waiter);
            int ready = (int)waiter->size & (EDDY_READABLE | EDDY_WRITABLE);
            eddy_wait_wake(waiter, error < 0 ? error : ready != 0 ? ready : -EINVAL);
        }
    }
}

/* ---- Life ------------------------------------------------------------------------------ */

void eddy_watch_init(struct eddy_watch *watch, struct eddy_loop *loop, int fd)
{
    watch->loop = loop;
    watch->waiters[READER] = NULL;
    watch->waiters[WRITER] = NULL;
    eddyi_interest_init(&watch->interest, fd);
    watch->always_ready = false;
    watch->closed = false;
}

void eddy_watch_close(struct eddy_watch *watch)
{
    bool was_used = watch->interest.known != 0 || watch->waiters[READER] != NULL || watch->waiters[WRITER] != NULL;
    if (watch->closed || !was_used) { /* its loop may be gone */
        watch->closed = true;
        return;
    }
    if (!eddyi_loop_is_usable(watch->loop)) {
        return;
    }
    watch->closed = true;
    wake_all(watch, -ESHUTDOWN);
    eddyi_interest_drop(&watch->loop->poller, &watch->interest);
}

/* ---- Waiting --------------------------------------------------------------------------- */

static void unpark_watch(struct eddy_waiter *waiter)
{
    struct eddy_watch *watch = waiter->transfer.subject;
    clear_waiter(watch, waiter);
    (void)update_watch(watch); /* shrinks; if the number is another's by now, who is left waits in vain */
}

static const struct eddy_wait_kind watch_kind = {
    .name = "watch", .unpark = unpark_watch, .external = true, .expiry = -ETIMEDOUT};

/* Register for who waits; files that epoll refuses are ready as they stand. */
static int watch_register(struct eddy_watch *watch)
{
    int error = update_watch(watch);
    if (error == -EPERM) {
        watch->always_ready = true;
    }
    return error;
}

static ssize_t settle_always_ready(int events, struct eddy_waiter *waiter)
{
    int ready = events & (EDDY_READABLE | EDDY_WRITABLE);
    return ready == 0 ? -EINVAL : eddy_wait_settle(waiter, ready);
}

ssize_t eddy_watch_wait(struct eddy_watch *watch, int events, struct eddy_waiter *waiter)
{
    if (!eddyi_loop_is_usable(watch->loop)) {
        return -ECHILD;
    }
    if (watch->closed) {
        return -ESHUTDOWN;
    }
    if (events == 0 || (events & ~ALL) != 0) {
        return -EINVAL;
    }
    bool reads = (events & READING) != 0;
    bool writes = (events & EDDY_WRITABLE) != 0;
    if ((reads && watch->waiters[READER] != NULL) || (writes && watch->waiters[WRITER] != NULL)) {
        return -EBUSY;
    }
    if (watch->always_ready) {
        return settle_always_ready(events, waiter);
    }
    assert(!eddy_waiter_is_waiting(waiter) && "a waiter waits for one thing at a time");
    waiter->transfer.subject = watch;
    waiter->size = (uint32_t)events;
    watch->waiters[READER] = reads ? waiter : watch->waiters[READER];
    watch->waiters[WRITER] = writes ? waiter : watch->waiters[WRITER];
    int error = watch_register(watch);
    if (error < 0) {
        clear_waiter(watch, waiter);
        return error == -EPERM ? settle_always_ready(events, waiter) : error;
    }
    return eddy_wait_park(waiter, &watch_kind);
}

void eddy_watch_set_fd(struct eddy_watch *watch, int fd)
{
    if (watch->closed || !eddyi_loop_is_usable(watch->loop)) {
        return;
    }
    eddyi_interest_drop(&watch->loop->poller, &watch->interest);
    watch->interest.fd = fd;
    watch->always_ready = false;
    int error = watch_register(watch);
    if (error < 0) {
        wake_all(watch, error == -EPERM ? 0 : error);
    }
}

static void watch_on_events(void *source, uint32_t events)
{
    struct eddy_watch *watch = source;
    uint32_t there = 0;
    there |= (events & (EPOLLIN | EPOLLRDHUP)) != 0 ? EDDY_READABLE : 0u;
    there |= (events & EPOLLOUT) != 0 ? EDDY_WRITABLE : 0u;
    there |= (events & EPOLLPRI) != 0 ? EDDY_URGENT : 0u;
    bool hangup = (events & (EPOLLHUP | EPOLLERR)) != 0;
    for (int i = READER; i <= WRITER; i++) {
        struct eddy_waiter *waiter = watch->waiters[i];
        uint32_t ready = waiter == NULL ? 0 : hangup ? waiter->size | EDDY_HANGUP : waiter->size & there;
        if (ready != 0) {
            clear_waiter(watch, waiter);
            eddy_wait_wake(waiter, (ssize_t)ready);
        }
    }
    (void)update_watch(watch); /* shrinks, before the next poll, unless somebody waits again by then */
}
