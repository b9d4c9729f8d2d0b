#include "sync/lock.h"

#include "base/log.h"
#include "base/timers.h"
#include "base/wait.h"
#include "sync/held.h"
#include "sync/select.h"
#include "sync/waitq.h"

#include <eddy/task.h>

#include <errno.h>
#include <stdio.h>

static const struct eddy_wait_kind lock_kind = {.name = "lock", .unpark = eddy_waitq_unpark, .expiry = -ETIMEDOUT};

/* After a condition; waiter->size has the result. */
static const struct eddy_wait_kind regain_kind = {
    .name = "lock, after a condition", .unpark = eddy_waitq_unpark, .uncancellable = true};

static inline void verify(const struct eddy_lock *lock)
{
#ifdef EDDY_DEBUG
    assert((lock->owner != NULL || eddy_waitq_is_empty(&lock->waiters)) && "nobody waits for a free lock");
#else
    (void)lock;
#endif
}

/* ---- Owners ---------------------------------------------------------------------------- */

static void forget_owner(struct eddy_lock *lock)
{
    eddyi_held_give(&lock->held);
    lock->owner = NULL;
}

/* A task ended that owned the lock. */
static void abandon(struct eddyi_held *held)
{
    struct eddy_lock *lock = EDDY_CONTAINER(held, struct eddy_lock, held);
    const struct eddy_task *task = eddyi_held_task(lock->owner);
    snprintf(lock->dead_owner, sizeof lock->dead_owner, "%s", eddy_task_name(task));
    eddyi_held_tell(task, "ended without releasing a lock");
    forget_owner(lock);
    eddy_waitq_wake_all(&lock->waiters, -EOWNERDEAD);
    struct eddy_list *link;
    while ((link = eddy_list_first(&lock->conditions)) != NULL) { /* nobody can notify them any more */
        eddy_list_remove(link);
        eddy_waitq_wake_all(&EDDY_CONTAINER(link, struct eddyi_condition_waits, link)->waiters, -EOWNERDEAD);
    }
}

static inline void set_owner(struct eddy_lock *lock, struct eddy_waiter *owner)
{
    lock->owner = owner;
    lock->acquired++;
    eddyi_held_take(&lock->held, owner, abandon);
}

/* ---- Deadlocks ------------------------------------------------------------------------- */

static struct eddy_lock *waits_for(const struct eddy_waiter *waiter)
{
    bool parked = waiter->state == EDDYI_PARKED && (waiter->kind == &lock_kind || waiter->kind == &regain_kind);
    return parked ? waiter->queue : NULL;
}

/* Whether `waiter`, if it waited for `lock`, would wait for itself. The chain of locks and owners may end in a loop of others:
 * who comes back to a lock after a condition waits whatever that does. So a second look follows at half the pace
 * (R. W. Floyd). */
static bool would_deadlock(const struct eddy_lock *lock, const struct eddy_waiter *waiter)
{
    const struct eddy_lock *slow = lock;
    bool moves = false;
    while (lock != NULL && lock->owner != waiter) {
        lock = lock->owner != NULL ? waits_for(lock->owner) : NULL;
        slow = moves ? waits_for(slow->owner) : slow;
        moves = !moves;
        if (lock == slow) {
            return false;
        }
    }
    return lock != NULL;
}

static void tell_one(struct eddy_waiter *waiter)
{
    const struct eddy_task *task = eddyi_held_task(waiter);
    char text[160] = "a callback waits for a lock that would never be released";
    if (task != NULL) {
        const struct eddyi_site *site = task->leaf->site;
        snprintf(text, sizeof text, "waits for a lock that would never be released, in %s at %s:%d: %s", site->function,
                 site->file, site->line, site->text);
    }
    eddyi_log(&waiter->scheduler->log, &(struct eddy_log_record){
                                           .level = EDDY_LOG_WARNING,
                                           .error = -EDEADLK,
                                           .task = task != NULL ? eddy_task_name(task) : NULL,
                                           .text = text,
                                       });
}

/* Tell who waits for whom. */
static void tell_deadlock(const struct eddy_lock *lock, struct eddy_waiter *waiter)
{
    tell_one(waiter);
    for (; lock->owner != waiter; lock = waits_for(lock->owner)) {
        tell_one(lock->owner);
    }
}

/* ---- The lock -------------------------------------------------------------------------- */

void eddy_lock_init(struct eddy_lock *lock)
{
    *lock = (struct eddy_lock){.owner = NULL};
    eddy_waitq_init(&lock->waiters);
    eddy_list_init(&lock->conditions);
}

int eddy_lock_fini(struct eddy_lock *lock)
{
    return lock->owner != NULL || !eddy_waitq_is_empty(&lock->waiters) ? -EBUSY : 0;
}

/* 0: it is owned now; -EAGAIN: somebody else owns it. */
static inline int take(struct eddy_lock *lock, struct eddy_waiter *waiter)
{
    if (eddyi_is_forked(waiter->scheduler)) {
        return -ECHILD;
    }
    if (lock->owner != NULL) {
        return lock->owner == eddyi_principal(waiter) ? -EDEADLK : -EAGAIN;
    }
    if (lock->dead_owner[0] != '\0') {
        return -EOWNERDEAD;
    }
    set_owner(lock, eddyi_principal(waiter));
    verify(lock);
    return 0;
}

static __attribute__((noinline)) int acquire_or_park(struct eddy_lock *lock, struct eddy_waiter *waiter)
{
    int result = take(lock, waiter);
    if (result == 0) {
        return (int)eddyi_wait_settle(waiter, 0);
    }
    if (result != -EAGAIN) {
        return result;
    }
    if (would_deadlock(lock, eddyi_principal(waiter))) {
        tell_deadlock(lock, eddyi_principal(waiter));
        return -EDEADLK;
    }
    return eddy_waitq_park(&lock->waiters, waiter, &lock_kind, lock);
}

int eddy_lock_acquire(struct eddy_lock *lock, struct eddy_waiter *waiter)
{
    struct eddy_scheduler *scheduler = waiter->scheduler;
    if (lock->owner == NULL && scheduler->budget > 0 && !eddyi_is_forked(scheduler) && lock->dead_owner[0] == '\0' &&
        !waiter->arm) {
        set_owner(lock, waiter);
        scheduler->budget--;
        return 0;
    }
    return acquire_or_park(lock, waiter);
}

int eddy_lock_try(struct eddy_lock *lock, struct eddy_waiter *waiter)
{
    return take(lock, waiter);
}

void eddyi_lock_hand_over(struct eddy_lock *lock)
{
    forget_owner(lock);
    struct eddy_waiter *next = eddy_waitq_first(&lock->waiters);
    if (next != NULL) {
        set_owner(lock, eddyi_principal(next));
        lock->contended++;
        eddyi_waitq_wake(next, next->kind == &regain_kind ? (int)next->size : 0);
    }
    verify(lock);
}

int eddy_lock_release(struct eddy_lock *lock)
{
    struct eddy_waiter *owner = lock->owner;
    if (owner == NULL || (owner->scheduler->running != NULL && owner->scheduler->running != owner)) {
        return -EPERM;
    }
    eddyi_lock_hand_over(lock);
    return 0;
}

void eddyi_lock_regain(struct eddy_lock *lock, struct eddy_waiter *waiter, int result)
{
    eddy_timers_disarm(&waiter->scheduler->timers, &waiter->timer);
    if (lock->owner == NULL) {
        if (lock->dead_owner[0] == '\0') {
            set_owner(lock, eddyi_principal(waiter));
        }
        eddy_wait_wake(waiter, lock->dead_owner[0] == '\0' ? result : -EOWNERDEAD);
        return;
    }
    if (would_deadlock(lock, waiter)) {
        tell_deadlock(lock, waiter); /* it waits all the same: until one of the others is cancelled */
    }
    waiter->kind = &regain_kind;
    waiter->size = (uint32_t)result;
    waiter->queue = lock;
    eddy_list_append(&lock->waiters.waiters, &waiter->link);
}

size_t eddy_lock_waiting(const struct eddy_lock *lock)
{
    return eddy_waitq_length(&lock->waiters);
}

void eddyi_lock_give_back(void *lock)
{
    (void)eddy_lock_release(lock);
}
