/* eddy/rwlock.h - many may read, or one may write.
 *
 *     EDDY_READ_LOCK(&my->guard, &table->lock) { ... }
 *     EDDY_WRITE_LOCK(&my->guard, &table->lock) { ... }
 *
 * One queue for both: a writer that waits lets nobody pass, so it is not starved; when it is done, or gives up waiting,
 * all readers at the head of the queue go at once. There is no upgrade, since two that upgrade wait for each other.
 */
#ifndef EDDY_RWLOCK_H
#define EDDY_RWLOCK_H

#include <eddy/scope.h>
#include <eddy/waitq.h>

EDDY_BEGIN_DECLS

/* The caller owns the memory. */
struct eddy_rwlock {
    /* private */
    struct eddyi_held held;
    struct eddy_waitq waiters;
    /* read-only */
    struct eddy_waiter *writer; /* who writes; NULL: nobody */
    size_t readers;
    uint64_t reads; /* how often it was acquired to read, and to write */
    uint64_t writes;
    bool writer_died; /* a task ended while it wrote */
};

/* A lock that nobody holds. */
EDDY_API void eddy_rwlock_init(struct eddy_rwlock *lock);

/* -EBUSY: it is held, or somebody waits. */
EDDY_API int eddy_rwlock_fini(struct eddy_rwlock *lock);

/* 0; -EDEADLK: `waiter` writes; -EOWNERDEAD: a task ended while it wrote, so what is guarded may be half done: it is so for
 * everybody until eddy_rwlock_init(); -ECHILD. Who reads must not ask to read again: behind a writer it would wait for
 * itself. */
EDDY_API int eddy_rwlock_read(struct eddy_rwlock *lock, struct eddy_waiter *waiter) EDDY_CHECK_RESULT;
EDDY_API int eddy_rwlock_write(struct eddy_rwlock *lock, struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* The same without waiting. -EAGAIN: it would have to wait, also behind others. */
EDDY_API int eddy_rwlock_try_read(struct eddy_rwlock *lock, struct eddy_waiter *waiter) EDDY_CHECK_RESULT;
EDDY_API int eddy_rwlock_try_write(struct eddy_rwlock *lock, struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* Give it back. 0; -EPERM: nobody reads; who runs does not write. */
EDDY_API int eddy_rwlock_read_release(struct eddy_rwlock *lock);
EDDY_API int eddy_rwlock_write_release(struct eddy_rwlock *lock);

/* From writing to reading, without anybody writing between. Readers at the head of the queue go as well, but a
 * writer that waits stays before those behind it. 0; -EPERM. */
EDDY_API int eddy_rwlock_downgrade(struct eddy_rwlock *lock);

/* How many wait, to read or to write. */
EDDY_API size_t eddy_rwlock_waiting(const struct eddy_rwlock *lock);

EDDY_API void eddyi_rwlock_give_back_read(void *lock);
EDDY_API void eddyi_rwlock_give_back_write(void *lock);

EDDY_END_DECLS

#ifndef __cplusplus

/* EDDY_READ_LOCK(&my->guard, &lock) { }, EDDY_WRITE_LOCK(&my->guard, &lock) { }: read, or write, in the block. When it cannot be
 * acquired the task fails with the error of eddy_rwlock_read() or eddy_rwlock_write(). */
#define EDDY_READ_LOCK(guard, lock)                                                                     \
    EDDYI_WITH(__COUNTER__, "EDDY_READ_LOCK(" #guard ", " #lock ")", guard, eddy_rwlock_read(lock, me), \
               eddyi_rwlock_give_back_read, lock)
#define EDDY_WRITE_LOCK(guard, lock)                                                                      \
    EDDYI_WITH(__COUNTER__, "EDDY_WRITE_LOCK(" #guard ", " #lock ")", guard, eddy_rwlock_write(lock, me), \
               eddyi_rwlock_give_back_write, lock)

#endif

#endif
