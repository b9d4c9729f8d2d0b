#include <eddy/semaphore.h>

#include "base/wait.h"

#include <assert.h>
#include <errno.h>

static void unpark_semaphore(struct eddy_waiter *waiter);

static const struct eddy_wait_kind semaphore_kind = {
    .name = "semaphore", .unpark = unpark_semaphore, .expiry = -ETIMEDOUT};

static inline void take_permits(struct eddy_semaphore *semaphore, uint32_t count)
{
    semaphore->available -= count;
    semaphore->acquired += count;
}

static inline void verify_permits(const struct eddy_semaphore *semaphore)
{
#ifdef EDDY_DEBUG
    const struct eddy_waiter *first = eddy_waitq_first(&semaphore->waiters);
    assert(semaphore->available <= semaphore->max && "there are at most max permits");
    assert((first == NULL || semaphore->available < first->size) && "nobody waits for permits that are there");
#else
    (void)semaphore;
#endif
}

/* Let in who can go now, from the head of the queue. */
static void serve_permits(struct eddy_semaphore *semaphore)
{
    struct eddy_waiter *first;
    while ((first = eddy_waitq_first(&semaphore->waiters)) != NULL && first->size <= semaphore->available) {
        take_permits(semaphore, first->size);
        eddy_waitq_wake(first, 0);
    }
    verify_permits(semaphore);
}

static void unpark_semaphore(struct eddy_waiter *waiter)
{
    eddy_list_remove(&waiter->link);
    serve_permits(waiter->queue); /* one that asked for much may have held up others */
}

void eddy_semaphore_init(struct eddy_semaphore *semaphore, uint32_t available, uint32_t max)
{
    assert(available <= max && max > 0 && "a semaphore has at most max permits");
    *semaphore = (struct eddy_semaphore){.available = available, .max = max};
    eddy_waitq_init(&semaphore->waiters);
}

int eddy_semaphore_fini(struct eddy_semaphore *semaphore)
{
    return eddy_waitq_is_empty(&semaphore->waiters) ? 0 : -EBUSY;
}

int eddy_semaphore_try(struct eddy_semaphore *semaphore, uint32_t count)
{
    if (semaphore->closed) {
        return -ESHUTDOWN;
    }
    if (count == 0 || count > semaphore->max) {
        return -EINVAL;
    }
    if (count > semaphore->available || !eddy_waitq_is_empty(&semaphore->waiters)) {
        return -EAGAIN;
    }
    take_permits(semaphore, count);
    return 0;
}

int eddy_semaphore_acquire(struct eddy_semaphore *semaphore, uint32_t count, struct eddy_waiter *waiter)
{
    if (eddyi_is_forked(waiter->scheduler)) {
        return -ECHILD;
    }
    int result = eddy_semaphore_try(semaphore, count);
    if (result == -EAGAIN) {
        waiter->size = count;
        return eddy_waitq_park(&semaphore->waiters, waiter, &semaphore_kind, semaphore);
    }
    return result == 0 ? (int)eddyi_wait_settle(waiter, 0) : result;
}

int eddy_semaphore_release(struct eddy_semaphore *semaphore, uint32_t count)
{
    if (count > semaphore->max - semaphore->available) {
        return -EINVAL;
    }
    semaphore->available += count;
    serve_permits(semaphore);
    return 0;
}

void eddy_semaphore_close(struct eddy_semaphore *semaphore)
{
    semaphore->closed = true;
    eddy_waitq_wake_all(&semaphore->waiters, -ESHUTDOWN);
}

size_t eddy_semaphore_waiting(const struct eddy_semaphore *semaphore)
{
    return eddy_waitq_length(&semaphore->waiters);
}

void eddyi_semaphore_give_back(void *semaphore)
{
    (void)eddy_semaphore_release(semaphore, 1);
}
