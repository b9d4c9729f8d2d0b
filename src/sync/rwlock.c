#include <eddy/rwlock.h>

#include "base/wait.h"
#include "sync/held.h"
#include "sync/select.h"

#include <errno.h>

static void unpark_rwlock(struct eddy_waiter *waiter);

static const struct eddy_wait_kind read_lock_kind = {
    .name = "lock to read", .unpark = unpark_rwlock, .expiry = -ETIMEDOUT};
static const struct eddy_wait_kind write_lock_kind = {
    .name = "lock to write", .unpark = unpark_rwlock, .expiry = -ETIMEDOUT};

static bool may_read(const struct eddy_rwlock *lock)
{
    return lock->writer == NULL;
}

static bool may_write(const struct eddy_rwlock *lock)
{
    return lock->writer == NULL && lock->readers == 0;
}

static void begin_read(struct eddy_rwlock *lock)
{
    lock->readers++;
    lock->reads++;
}

static void end_write(struct eddy_rwlock *lock)
{
    eddyi_held_give(&lock->held);
    lock->writer = NULL;
}

/* A task has ended while it wrote. */
static void abandon_write(struct eddyi_held *held)
{
    struct eddy_rwlock *lock = EDDY_CONTAINER(held, struct eddy_rwlock, held);
    const struct eddy_task *task = eddyi_held_task(lock->writer);
    eddyi_held_tell(task, "ended without releasing a lock it wrote under");
    end_write(lock);
    lock->writer_died = true;
    eddy_waitq_wake_all(&lock->waiters, -EOWNERDEAD);
}

static void begin_write(struct eddy_rwlock *lock, struct eddy_waiter *waiter)
{
    lock->writer = eddyi_principal(waiter);
    lock->writes++;
    eddyi_held_take(&lock->held, lock->writer, abandon_write);
}

static inline void verify_rwlock(const struct eddy_rwlock *lock)
{
#ifdef EDDY_DEBUG
    const struct eddy_waiter *first = eddy_waitq_first(&lock->waiters);
    assert((lock->writer == NULL || lock->readers == 0) && "many read, or one writes");
    assert((first == NULL || !(first->kind == &write_lock_kind ? may_write(lock) : may_read(lock))) &&
           "the first that waits cannot go");
#else
    (void)lock;
#endif
}

/* Let in who can go now, from the head of the queue. */
static void serve(struct eddy_rwlock *lock)
{
    struct eddy_waiter *first;
    while ((first = eddy_waitq_first(&lock->waiters)) != NULL) {
        if (first->kind == &write_lock_kind) {
            if (may_write(lock)) {
                begin_write(lock, first);
                eddy_waitq_wake(first, 0);
            }
            break;
        }
        if (!may_read(lock)) {
            break;
        }
        begin_read(lock);
        eddy_waitq_wake(first, 0);
    }
    verify_rwlock(lock);
}

static void unpark_rwlock(struct eddy_waiter *waiter)
{
    eddy_list_remove(&waiter->link);
    serve(waiter->queue); /* a writer that gives up lets the readers behind it go */
}

void eddy_rwlock_init(struct eddy_rwlock *lock)
{
    *lock = (struct eddy_rwlock){.writer = NULL};
    eddy_waitq_init(&lock->waiters);
}

int eddy_rwlock_fini(struct eddy_rwlock *lock)
{
    return may_write(lock) && eddy_waitq_is_empty(&lock->waiters) ? 0 : -EBUSY;
}

int eddy_rwlock_try_read(struct eddy_rwlock *lock, struct eddy_waiter *waiter)
{
    if (eddyi_is_forked(waiter->scheduler)) {
        return -ECHILD;
    }
    if (lock->writer_died || lock->writer == eddyi_principal(waiter)) {
        return lock->writer_died ? -EOWNERDEAD : -EDEADLK;
    }
    if (!may_read(lock) || !eddy_waitq_is_empty(&lock->waiters)) {
        return -EAGAIN;
    }
    begin_read(lock);
    return 0;
}

int eddy_rwlock_try_write(struct eddy_rwlock *lock, struct eddy_waiter *waiter)
{
    if (eddyi_is_forked(waiter->scheduler)) {
        return -ECHILD;
    }
    if (lock->writer_died || lock->writer == eddyi_principal(waiter)) {
        return lock->writer_died ? -EOWNERDEAD : -EDEADLK;
    }
    if (!may_write(lock) || !eddy_waitq_is_empty(&lock->waiters)) {
        return -EAGAIN;
    }
    begin_write(lock, waiter);
    return 0;
}

int eddy_rwlock_read(struct eddy_rwlock *lock, struct eddy_waiter *waiter)
{
    int result = eddy_rwlock_try_read(lock, waiter);
    if (result == -EAGAIN) {
        return eddy_waitq_park(&lock->waiters, waiter, &read_lock_kind, lock);
    }
    return result == 0 ? (int)eddyi_wait_settle(waiter, 0) : result;
}

int eddy_rwlock_write(struct eddy_rwlock *lock, struct eddy_waiter *waiter)
{
    int result = eddy_rwlock_try_write(lock, waiter);
    if (result == -EAGAIN) {
        return eddy_waitq_park(&lock->waiters, waiter, &write_lock_kind, lock);
    }
    return result == 0 ? (int)eddyi_wait_settle(waiter, 0) : result;
}

int eddy_rwlock_read_release(struct eddy_rwlock *lock)
{
    if (lock->readers == 0) {
        return -EPERM;
    }
    lock->readers--;
    serve(lock);
    return 0;
}

static bool is_writing(const struct eddy_rwlock *lock)
{
    const struct eddy_waiter *writer = lock->writer;
    return writer != NULL && (writer->scheduler->running == NULL || writer->scheduler->running == writer);
}

int eddy_rwlock_write_release(struct eddy_rwlock *lock)
{
    if (!is_writing(lock)) {
        return -EPERM;
    }
    end_write(lock);
    serve(lock);
    return 0;
}

int eddy_rwlock_downgrade(struct eddy_rwlock *lock)
{
    if (!is_writing(lock)) {
        return -EPERM;
    }
    end_write(lock);
    begin_read(lock);
    serve(lock);
    return 0;
}

size_t eddy_rwlock_waiting(const struct eddy_rwlock *lock)
{
    return eddy_waitq_length(&lock->waiters);
}

void eddyi_rwlock_give_back_read(void *lock)
{
    (void)eddy_rwlock_read_release(lock);
}

void eddyi_rwlock_give_back_write(void *lock)
{
    if (eddy_rwlock_write_release(lock) < 0) {
        (void)eddy_rwlock_read_release(lock); /* it was downgraded */
    }
}
