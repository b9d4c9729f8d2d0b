/* Every order of wakes, with a cancel at every point of each, of small programs that share one thing; and after each run
 * what must then be so. */
#include "support/coro.h"

#include <eddy/test.h>
#include <errno.h>
#include <string.h>

enum { RUNS = 100000 };

static struct {
    struct eddy_lock lock;
    struct eddy_condition changed;
    struct eddy_rwlock rwlock;
    struct eddy_semaphore semaphore;
    struct eddy_limiter limiter;
    struct eddy_event event;
    struct eddy_notify notify;
    struct eddy_barrier barrier;
    struct eddy_once once;
    int readers, writers, inside, made, ready;
    const char *wrong;
} shared;

static void begin_run(void)
{
    memset(&shared, 0, sizeof shared);
    eddy_lock_init(&shared.lock);
    eddy_condition_init(&shared.changed, &shared.lock);
    eddy_rwlock_init(&shared.rwlock);
    eddy_semaphore_init(&shared.semaphore, 2, 2);
    eddy_limiter_init(&shared.limiter, 1);
    eddy_event_init(&shared.event);
    eddy_notify_init(&shared.notify);
    eddy_barrier_init(&shared.barrier, 3);
    eddy_once_init(&shared.once);
}

#define MUST(is_so)                               \
    do {                                          \
        if (!(is_so) && shared.wrong == NULL) {   \
            shared.wrong = "it must be: " #is_so; \
        }                                         \
    } while (0)

/* After each run everything is free, and nobody waits. */
static const char *check(void *context, int result)
{
    (void)context;
    MUST(result == 0 || result == -ECANCELED);
    MUST(eddy_lock_fini(&shared.lock) == 0);
    MUST(eddy_condition_fini(&shared.changed) == 0);
    MUST(eddy_rwlock_fini(&shared.rwlock) == 0);
    MUST(shared.semaphore.available == 2 && eddy_semaphore_fini(&shared.semaphore) == 0);
    MUST(eddy_limiter_fini(&shared.limiter) == 0);
    MUST(eddy_event_fini(&shared.event) == 0);
    MUST(eddy_notify_fini(&shared.notify) == 0);
    MUST(eddy_barrier_fini(&shared.barrier) == 0 && shared.barrier.arrived == 0);
    MUST(eddy_once_fini(&shared.once) == 0);
    MUST(shared.inside == 0 && shared.readers == 0 && shared.writers == 0);
    return shared.wrong;
}

/* ---- Tasks ----------------------------------------------------------------------------- */

#define VISITOR(name, count, block)                               \
    struct name {                                                 \
        EDDY_FRAME;                                               \
        struct eddy_guard guard;                                  \
        struct eddy_loan loan;                                    \
        bool entered;                                             \
    };                                                            \
    EDDY_CORO(name)                                               \
    {                                                             \
        EDDY_BEGIN(name) {                                        \
            block                                                 \
            {                                                     \
                my->entered = true;                               \
                shared.count++;                                   \
                MUST(shared.inside <= 1);                         \
                MUST(shared.writers <= 1);                        \
                MUST(shared.writers == 0 || shared.readers == 0); \
                EDDY_AWAIT(eddy_yield(me));                       \
                my->entered = false;                              \
                shared.count--;                                   \
            }                                                     \
        }                                                         \
        EDDY_FINALLY                                              \
        {                                                         \
            shared.count -= my->entered;                          \
        }                                                         \
    }

VISITOR(locker, inside, EDDY_LOCK(&my->guard, &shared.lock))
VISITOR(borrower, inside, EDDY_LOAN(&my->guard, &my->loan, &shared.limiter))
VISITOR(reader, readers, EDDY_READ_LOCK(&my->guard, &shared.rwlock))
VISITOR(writer, writers, EDDY_WRITE_LOCK(&my->guard, &shared.rwlock))

struct taker {
    EDDY_FRAME;
    uint32_t count;
    bool has;
};

EDDY_CORO(taker)
{
    EDDY_BEGIN(taker) {
        EDDY_AWAIT(eddy_semaphore_acquire(&shared.semaphore, my->count, me));
        my->has = true;
        EDDY_AWAIT(eddy_yield(me));
    }
    EDDY_FINALLY
    {
        if (my->has) {
            MUST(eddy_semaphore_release(&shared.semaphore, my->count) == 0);
        }
    }
}

struct maker {
    EDDY_FRAME;
    struct eddy_guard guard;
};

EDDY_CORO(maker)
{
    EDDY_BEGIN(maker) {
        EDDY_ONCE(&my->guard, &shared.once) {
            EDDY_AWAIT(eddy_yield(me));
            shared.made++;
            MUST(eddy_once_done(&shared.once) == 0);
        }
        MUST(shared.made == 1);
    }
}

struct sleeper {
    EDDY_FRAME;
    struct eddy_guard guard;
};

EDDY_CORO(sleeper)
{
    EDDY_BEGIN(sleeper) {
        EDDY_LOCK(&my->guard, &shared.lock) {
            while (shared.ready == 0) {
                EDDY_AWAIT(eddy_condition_wait(&shared.changed, me));
                MUST(shared.lock.owner == me);
            }
            shared.ready--;
        }
    }
}

struct waker {
    EDDY_FRAME;
    struct eddy_guard guard;
};

EDDY_CORO(waker)
{
    EDDY_BEGIN(waker) {
        EDDY_LOCK(&my->guard, &shared.lock) {
            EDDY_AWAIT(eddy_yield(me));
            shared.ready += 2;
            MUST(eddy_condition_notify(&shared.changed, 2) >= 0);
        }
    }
}

struct hearer {
    EDDY_FRAME;
};

EDDY_CORO(hearer)
{
    EDDY_BEGIN(hearer) {
        EDDY_AWAIT(eddy_notify_wait(&shared.notify, me));
        shared.ready++;
        EDDY_AWAIT(eddy_event_wait(&shared.event, me));
    }
    EDDY_FINALLY
    {
        if (shared.ready > 0) { /* who is cancelled after it was told tells the next */
            eddy_notify_one(&shared.notify);
        }
    }
}

struct teller {
    EDDY_FRAME;
};

EDDY_CORO(teller)
{
    EDDY_BEGIN(teller) {
        eddy_notify_one(&shared.notify);
        EDDY_AWAIT(eddy_yield(me));
        eddy_event_set(&shared.event);
    }
}

struct comer {
    EDDY_FRAME;
    int position;
};

EDDY_CORO(comer)
{
    EDDY_BEGIN(comer) {
        EDDY_AWAIT(my->position, eddy_barrier_wait(&shared.barrier, me));
        MUST(my->position >= 0 && my->position < 3 && shared.barrier.generation == 1);
    }
}

/* ---- Programs -------------------------------------------------------------------------- */

#define PROGRAM(name, ...)                                                                       \
    struct name {                                                                                \
        EDDY_FRAME_RET(int);                                                                     \
        struct eddy_group group;                                                                 \
    };                                                                                           \
    EDDY_CORO(name)                                                                              \
    {                                                                                            \
        EDDY_BEGIN(name) {                                                                       \
            begin_run();                                                                         \
            EDDY_GROUP(&my->group) {                                                             \
                __VA_ARGS__                                                                      \
            }                                                                                    \
        }                                                                                        \
    }                                                                                            \
    static void name##_is_right_in_every_order(void **state)                                     \
    {                                                                                            \
        (void)state;                                                                             \
        static struct eddy_trials trials;                                                        \
        for (int cancels = 0; cancels < 2; cancels++) {                                          \
            trials = (struct eddy_trials){.check = check, .cancels = cancels, .runs_max = RUNS}; \
            begin_run();                                                                         \
            EDDY_EXPLORE(&trials, name);                                                         \
            if (trials.failures > 0) {                                                           \
                fail_msg("%s", trials.text);                                                     \
            }                                                                                    \
            assert_true(trials.complete);                                                        \
        }                                                                                        \
    }

#define GO(name, ...) MUST(EDDY_SPAWN(&my->group, name, __VA_ARGS__) == 0);
#define GO_ALONE(name) MUST(EDDY_SPAWN(&my->group, name) == 0);

PROGRAM(lock, GO_ALONE(locker) GO_ALONE(locker) GO_ALONE(locker) GO_ALONE(locker))
PROGRAM(limiter, GO_ALONE(borrower) GO_ALONE(borrower) GO_ALONE(borrower) GO_ALONE(borrower))
PROGRAM(rwlock, GO_ALONE(reader) GO_ALONE(writer) GO_ALONE(reader) GO_ALONE(writer))
PROGRAM(semaphore, GO(taker, .count = 1) GO(taker, .count = 2) GO(taker, .count = 1) GO(taker, .count = 2))
PROGRAM(once, GO_ALONE(maker) GO_ALONE(maker) GO_ALONE(maker) GO_ALONE(maker))
PROGRAM(condition, GO_ALONE(sleeper) GO_ALONE(locker) GO_ALONE(sleeper) GO_ALONE(waker))
PROGRAM(notify_and_event, GO_ALONE(hearer) GO_ALONE(hearer) GO_ALONE(hearer) GO_ALONE(teller))
PROGRAM(barrier, GO_ALONE(comer) GO_ALONE(comer) GO_ALONE(comer))

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lock_is_right_in_every_order),
        cmocka_unit_test(limiter_is_right_in_every_order),
        cmocka_unit_test(rwlock_is_right_in_every_order),
        cmocka_unit_test(semaphore_is_right_in_every_order),
        cmocka_unit_test(once_is_right_in_every_order),
        cmocka_unit_test(condition_is_right_in_every_order),
        cmocka_unit_test(notify_and_event_is_right_in_every_order),
        cmocka_unit_test(barrier_is_right_in_every_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
