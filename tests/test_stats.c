/* What statistics tell of a loop, and of everything that one can wait for. */
#include "support/coro.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- Who waits ------------------------------------------------------------------------- */

typedef ssize_t operation(void *subject, struct eddy_waiter *waiter);

struct waits {
    EDDY_FRAME;
    operation *operation;
    void *subject;
    ssize_t result;
};

EDDY_CORO(waits)
{
    EDDY_BEGIN(waits) {
        EDDY_AWAIT(my->result, my->operation(my->subject, me));
    }
}

/* Two tasks that wait. */
struct pair {
    struct eddy_task *tasks[2];
};

static struct pair start(struct coro *c, operation *does, void *subject)
{
    struct pair pair;
    for (int i = 0; i < 2; i++) {
        pair.tasks[i] = CORO_START(c, waits, .operation = does, .subject = subject);
    }
    coro_settle(c);
    return pair;
}

static void end(struct coro *c, struct pair pair)
{
    for (int i = 0; i < 2; i++) {
        eddy_task_cancel(pair.tasks[i], -ECANCELED);
    }
    coro_settle(c);
    for (int i = 0; i < 2; i++) {
        assert_true(eddy_task_is_done(pair.tasks[i]));
        eddy_task_release(pair.tasks[i]);
    }
}

static void expect_both(struct eddy_waiting waiting, struct pair pair)
{
    assert_int_equal(waiting.count, 2);
    assert_ptr_equal(waiting.first, pair.tasks[0]);
}

static void expect_nobody(struct eddy_waiting waiting)
{
    assert_int_equal(waiting.count, 0);
    assert_null(waiting.first);
}

static void never_woken(struct eddy_waiter *waiter)
{
    (void)waiter;
}

/* ---- Locks and permits ----------------------------------------------------------------- */

static ssize_t acquire(void *subject, struct eddy_waiter *waiter)
{
    return eddy_lock_acquire(subject, waiter);
}

static void a_lock_tells_its_owner_and_who_waits(void **state)
{
    struct coro *c = *state;
    struct eddy_lock lock;
    struct eddy_lock_stats stats;
    struct eddy_waiter owner;
    eddy_waiter_init(&owner, &c->loop, never_woken);
    eddy_lock_init(&lock);
    eddy_lock_stats(&lock, &stats);
    assert_false(stats.is_held);
    assert_int_equal(eddy_lock_try(&lock, &owner), 0);
    struct pair pair = start(c, acquire, &lock);
    eddy_lock_stats(&lock, &stats);
    expect_both(stats.waiting, pair);
    assert_true(stats.is_held);
    assert_null(stats.owner); /* a callback's */
    assert_int_equal(eddy_lock_release(&lock), 0);
    eddy_lock_stats(&lock, &stats);
    assert_ptr_equal(stats.owner, pair.tasks[0]);
    assert_int_equal(stats.waiting.count, 1);
    assert_int_equal(stats.acquired, 2);
    assert_int_equal(stats.contended, 1);
    eddy_task_cancel(pair.tasks[1], -ECANCELED);
    coro_settle(c);
    end(c, pair);
    assert_int_equal(c->log_count, 1); /* the first one ended with the lock */
    eddy_lock_stats(&lock, &stats);
    expect_nobody(stats.waiting);
}

static ssize_t lock_to_write(void *subject, struct eddy_waiter *waiter)
{
    return eddy_rwlock_write(subject, waiter);
}

static void a_rwlock_tells_its_readers(void **state)
{
    struct coro *c = *state;
    struct eddy_rwlock lock;
    struct eddy_rwlock_stats stats;
    struct eddy_waiter reader;
    eddy_waiter_init(&reader, &c->loop, never_woken);
    eddy_rwlock_init(&lock);
    assert_int_equal(eddy_rwlock_try_read(&lock, &reader), 0);
    struct pair pair = start(c, lock_to_write, &lock);
    eddy_rwlock_stats(&lock, &stats);
    expect_both(stats.waiting, pair);
    assert_int_equal(stats.readers, 1);
    assert_int_equal(stats.reads, 1);
    assert_int_equal(stats.writes, 0);
    assert_false(stats.is_written);
    end(c, pair);
    assert_int_equal(eddy_rwlock_read_release(&lock), 0);
    assert_int_equal(eddy_rwlock_try_write(&lock, &reader), 0);
    eddy_rwlock_stats(&lock, &stats);
    assert_true(stats.is_written);
    assert_int_equal(eddy_rwlock_write_release(&lock), 0);
}

static ssize_t acquire_two(void *subject, struct eddy_waiter *waiter)
{
    return eddy_semaphore_acquire(subject, 2, waiter);
}

static void a_semaphore_tells_its_permits(void **state)
{
    struct coro *c = *state;
    struct eddy_semaphore semaphore;
    struct eddy_semaphore_stats stats;
    eddy_semaphore_init(&semaphore, 2, 5);
    assert_int_equal(eddy_semaphore_try(&semaphore, 1), 0);
    struct pair pair = start(c, acquire_two, &semaphore);
    eddy_semaphore_stats(&semaphore, &stats);
    expect_both(stats.waiting, pair);
    assert_int_equal(stats.available, 1);
    assert_int_equal(stats.max, 5);
    assert_int_equal(stats.acquired, 1);
    assert_false(stats.is_closed);
    end(c, pair);
}

struct borrows {
    EDDY_FRAME;
    struct eddy_limiter *limiter;
    struct eddy_loan loan;
    int result;
};

EDDY_CORO(borrows)
{
    EDDY_BEGIN(borrows) {
        EDDY_AWAIT(my->result, eddy_limiter_borrow(my->limiter, &my->loan, me));
    }
}

static void a_limiter_tells_its_peak(void **state)
{
    struct coro *c = *state;
    struct eddy_limiter limiter;
    struct eddy_limiter_stats stats;
    struct eddy_loan loan;
    int borrower;
    eddy_limiter_init(&limiter, 1);
    assert_int_equal(eddy_limiter_try_for(&limiter, &loan, &borrower), 0);
    struct eddy_task *task = CORO_START(c, borrows, .limiter = &limiter);
    coro_settle(c);
    eddy_limiter_stats(&limiter, &stats);
    assert_int_equal(stats.waiting.count, 1);
    assert_ptr_equal(stats.waiting.first, task);
    assert_int_equal(stats.total, 1);
    assert_int_equal(stats.lent, 1);
    assert_int_equal(stats.peak, 1);
    assert_int_equal(stats.borrowed, 1);
    eddy_task_cancel(task, -ECANCELED);
    assert_int_equal(coro_end(c, task), -ECANCELED);
    assert_int_equal(eddy_limiter_give_back(&limiter, &borrower), 0);
    eddy_limiter_stats(&limiter, &stats);
    assert_int_equal(stats.lent, 0);
    assert_int_equal(stats.peak, 1);
}

/* ---- Things that happen ---------------------------------------------------------------- */

static ssize_t wait_event(void *subject, struct eddy_waiter *waiter)
{
    return eddy_event_wait(subject, waiter);
}

static ssize_t wait_notify(void *subject, struct eddy_waiter *waiter)
{
    return eddy_notify_wait(subject, waiter);
}

static ssize_t wait_barrier(void *subject, struct eddy_waiter *waiter)
{
    return eddy_barrier_wait(subject, waiter);
}

static ssize_t begin_once(void *subject, struct eddy_waiter *waiter)
{
    return eddy_once_begin(subject, waiter);
}

static void an_event_and_a_notify_tell_who_waits(void **state)
{
    struct coro *c = *state;
    struct eddy_event event;
    struct eddy_event_stats of_event;
    eddy_event_init(&event);
    struct pair pair = start(c, wait_event, &event);
    eddy_event_stats(&event, &of_event);
    expect_both(of_event.waiting, pair);
    assert_false(of_event.is_set);
    eddy_event_set(&event);
    eddy_event_stats(&event, &of_event);
    expect_nobody(of_event.waiting);
    assert_true(of_event.is_set);
    assert_int_equal(of_event.sets, 1);
    end(c, pair);

    struct eddy_notify notify;
    struct eddy_notify_stats of_notify;
    eddy_notify_init(&notify);
    pair = start(c, wait_notify, &notify);
    eddy_notify_one(&notify);
    eddy_notify_stats(&notify, &of_notify);
    assert_int_equal(of_notify.waiting.count, 1);
    assert_ptr_equal(of_notify.waiting.first, pair.tasks[1]);
    assert_int_equal(of_notify.notified, 1);
    assert_false(of_notify.permit);
    end(c, pair);
}

struct conditional {
    EDDY_FRAME;
    struct eddy_lock *lock;
    struct eddy_condition *condition;
    struct eddy_guard guard;
};

EDDY_CORO(conditional)
{
    EDDY_BEGIN(conditional) {
        EDDY_LOCK(&my->guard, my->lock) {
            EDDY_AWAIT(eddy_condition_wait(my->condition, me));
        }
    }
}

static void a_condition_tells_who_waits(void **state)
{
    struct coro *c = *state;
    struct eddy_lock lock;
    struct eddy_condition condition;
    struct eddy_condition_stats stats;
    eddy_lock_init(&lock);
    eddy_condition_init(&condition, &lock);
    struct eddy_task *task = CORO_START(c, conditional, .lock = &lock, .condition = &condition);
    coro_settle(c);
    eddy_condition_stats(&condition, &stats);
    assert_int_equal(stats.waiting.count, 1);
    assert_ptr_equal(stats.waiting.first, task);
    struct eddy_waiter owner;
    eddy_waiter_init(&owner, &c->loop, never_woken);
    assert_int_equal(eddy_lock_try(&lock, &owner), 0);
    eddy_condition_notify(&condition, 1);
    assert_int_equal(eddy_lock_release(&lock), 0);
    eddy_condition_stats(&condition, &stats);
    assert_int_equal(stats.notified, 1);
    expect_nobody(stats.waiting);
    assert_int_equal(coro_end(c, task), 0);
}

static void a_barrier_and_a_once_tell_their_state(void **state)
{
    struct coro *c = *state;
    struct eddy_barrier barrier;
    struct eddy_barrier_stats of_barrier;
    eddy_barrier_init(&barrier, 3);
    struct pair pair = start(c, wait_barrier, &barrier);
    eddy_barrier_stats(&barrier, &of_barrier);
    expect_both(of_barrier.waiting, pair);
    assert_int_equal(of_barrier.parties, 3);
    assert_int_equal(of_barrier.arrived, 2);
    assert_int_equal(of_barrier.opened, 0);
    assert_false(of_barrier.is_broken);
    eddy_barrier_abort(&barrier);
    eddy_barrier_stats(&barrier, &of_barrier);
    assert_true(of_barrier.is_broken);
    end(c, pair);

    struct eddy_once once;
    struct eddy_once_stats of_once;
    struct eddy_waiter runner;
    eddy_waiter_init(&runner, &c->loop, never_woken);
    eddy_once_init(&once);
    assert_int_equal(eddy_once_try(&once, &runner), 1);
    pair = start(c, begin_once, &once);
    eddy_once_stats(&once, &of_once);
    expect_both(of_once.waiting, pair);
    assert_true(of_once.is_running);
    assert_false(of_once.is_done);
    assert_int_equal(of_once.attempts, 1);
    end(c, pair);
    eddy_once_done(&once);
    eddy_once_stats(&once, &of_once);
    assert_true(of_once.is_done);
}

/* ---- Things passed on ------------------------------------------------------------------ */

static ssize_t put_one(void *subject, struct eddy_waiter *waiter)
{
    return eddy_queue_put(subject, subject, waiter);
}

static ssize_t join_queue(void *subject, struct eddy_waiter *waiter)
{
    return eddy_queue_join(subject, waiter);
}

static ssize_t get_one(void *subject, struct eddy_waiter *waiter)
{
    static void *item;
    return eddy_queue_get(subject, &item, waiter);
}

static void a_queue_tells_both_of_its_ends(void **state)
{
    struct coro *c = *state;
    struct eddy_queue queue;
    struct eddy_queue_slot slots[2];
    struct eddy_queue_stats stats;
    void *item;
    eddy_queue_init(&queue, slots, 2, EDDY_FIFO, NULL);
    struct pair pair = start(c, get_one, &queue);
    eddy_queue_stats(&queue, &stats);
    expect_both(stats.getters, pair);
    end(c, pair);
    assert_int_equal(eddy_queue_try_put(&queue, &item, 0), 0);
    assert_int_equal(eddy_queue_try_put(&queue, &item, 0), 0);
    pair = start(c, put_one, &queue);
    struct pair joiners = start(c, join_queue, &queue);
    eddy_queue_stats(&queue, &stats);
    expect_both(stats.putters, pair);
    expect_both(stats.joiners, joiners);
    expect_nobody(stats.getters);
    assert_int_equal(stats.capacity, 2);
    assert_int_equal(stats.length, 2);
    assert_int_equal(stats.peak, 2);
    assert_int_equal(stats.unfinished, 2);
    assert_int_equal(stats.puts, 2);
    assert_int_equal(stats.gets, 0);
    assert_false(stats.is_shut_down);
    end(c, pair);
    end(c, joiners);
    assert_int_equal(eddy_queue_try_get(&queue, &item), 0);
    eddy_queue_stats(&queue, &stats);
    assert_int_equal(stats.length, 1);
    assert_int_equal(stats.gets, 1);
    assert_int_equal(stats.peak, 2);
    assert_int_equal(eddy_queue_try_get(&queue, &item), 0);
    assert_int_equal(eddy_queue_fini(&queue), 0);
}

static ssize_t receive_one(void *subject, struct eddy_waiter *waiter)
{
    static void *item;
    return eddy_channel_receive(subject, &item, waiter);
}

static void a_channel_tells_its_ends(void **state)
{
    struct coro *c = *state;
    struct eddy_channel channel;
    struct eddy_queue_slot slots[4];
    struct eddy_sender sender;
    struct eddy_receiver receiver;
    struct eddy_channel_stats stats;
    void *item;
    eddy_channel_init(&channel, slots, 4, NULL);
    eddy_sender_open(&sender, &channel);
    eddy_receiver_open(&receiver, &channel);
    struct pair pair = start(c, receive_one, &receiver);
    eddy_channel_stats(&channel, &stats);
    expect_both(stats.receiving, pair);
    expect_nobody(stats.sending);
    assert_int_equal(stats.senders, 1);
    assert_int_equal(stats.receivers, 1);
    end(c, pair);
    assert_int_equal(eddy_channel_try_send(&sender, &item), 0);
    eddy_channel_stats(&channel, &stats);
    assert_int_equal(stats.capacity, 4);
    assert_int_equal(stats.length, 1);
    assert_int_equal(stats.peak, 1);
    assert_int_equal(stats.sent, 1);
    assert_int_equal(eddy_channel_try_receive(&receiver, &item), 0);
    eddy_channel_stats(&channel, &stats);
    assert_int_equal(stats.received, 1);
    eddy_sender_close(&sender);
    eddy_receiver_close(&receiver);
    assert_int_equal(eddy_channel_fini(&channel), 0);
}

static ssize_t receive_answer(void *subject, struct eddy_waiter *waiter)
{
    static void *value;
    return eddy_oneshot_receive(subject, &value, waiter);
}

static void a_oneshot_tells_whether_it_was_sent(void **state)
{
    struct coro *c = *state;
    struct eddy_oneshot oneshot;
    struct eddy_oneshot_stats stats;
    eddy_oneshot_init(&oneshot);
    struct eddy_task *task = CORO_START(c, waits, .operation = receive_answer, .subject = &oneshot);
    coro_settle(c);
    eddy_oneshot_stats(&oneshot, &stats);
    assert_int_equal(stats.receiving.count, 1);
    assert_ptr_equal(stats.receiving.first, task);
    expect_nobody(stats.sending);
    assert_false(stats.is_sent);
    assert_int_equal(eddy_oneshot_send(&oneshot, &oneshot), 0);
    assert_int_equal(coro_end(c, task), 0);
    eddy_oneshot_stats(&oneshot, &stats);
    assert_true(stats.is_sent);
    assert_true(stats.is_received);
}

static ssize_t changed(void *subject, struct eddy_waiter *waiter)
{
    return eddy_follower_changed(subject, waiter);
}

static void a_latest_tells_its_version(void **state)
{
    struct coro *c = *state;
    struct eddy_latest latest;
    struct eddy_follower follower;
    struct eddy_latest_stats stats;
    eddy_latest_init(&latest, NULL);
    eddy_follower_open(&follower, &latest);
    struct pair pair = start(c, changed, &follower);
    eddy_latest_stats(&latest, &stats);
    expect_both(stats.waiting, pair);
    uint64_t version = stats.version;
    void *old;
    assert_int_equal(eddy_latest_set(&latest, &latest, &old), 0);
    eddy_latest_stats(&latest, &stats);
    assert_int_equal(stats.version, version + 1);
    expect_nobody(stats.waiting);
    end(c, pair);
}

static ssize_t receive_broadcast(void *subject, struct eddy_waiter *waiter)
{
    static void *item;
    static uint64_t missed;
    return eddy_subscriber_receive(subject, &item, &missed, waiter);
}

static void a_broadcast_tells_its_subscribers(void **state)
{
    struct coro *c = *state;
    struct eddy_broadcast broadcast;
    struct eddy_subscriber subscribers[2];
    struct eddy_broadcast_stats stats;
    void *slots[3];
    eddy_broadcast_init(&broadcast, slots, 3, NULL);
    for (int i = 0; i < 2; i++) {
        eddy_subscriber_open(&subscribers[i], &broadcast);
    }
    struct eddy_task *task = CORO_START(c, waits, .operation = receive_broadcast, .subject = &subscribers[1]);
    coro_settle(c);
    eddy_broadcast_stats(&broadcast, &stats);
    assert_int_equal(stats.waiting.count, 1);
    assert_ptr_equal(stats.waiting.first, task);
    assert_int_equal(stats.subscribers, 2);
    assert_int_equal(stats.capacity, 3);
    assert_int_equal(eddy_broadcast_send(&broadcast, &broadcast), 2);
    assert_int_equal(coro_end(c, task), 0);
    eddy_broadcast_stats(&broadcast, &stats);
    expect_nobody(stats.waiting);
    assert_int_equal(stats.sent, 1);
    for (int i = 0; i < 2; i++) {
        eddy_subscriber_close(&subscribers[i]);
    }
    assert_int_equal(eddy_broadcast_fini(&broadcast), 0);
}

static ssize_t wait_future(void *subject, struct eddy_waiter *waiter)
{
    return eddy_future_wait(subject, waiter);
}

static void a_future_tells_whether_it_is_done(void **state)
{
    struct coro *c = *state;
    struct eddy_future future;
    struct eddy_promise promise;
    struct eddy_future_stats stats;
    eddy_future_init(&future, &promise, &c->loop);
    struct pair pair = start(c, wait_future, &future);
    eddy_future_stats(&future, &stats);
    expect_both(stats.waiting, pair);
    assert_false(stats.is_done);
    assert_int_equal(eddy_promise_fail(&promise, -EPIPE), 0);
    eddy_future_stats(&future, &stats);
    expect_nobody(stats.waiting);
    assert_true(stats.is_done);
    assert_int_equal(stats.error, -EPIPE);
    end(c, pair);
    eddy_future_fini(&future);
}

/* ---- Selects and groups ---------------------------------------------------------------- */

struct selects {
    EDDY_FRAME;
    struct eddy_event *events;
    struct eddy_select select;
    struct eddy_arm arms[2];
    int result;
};

EDDY_CORO(selects)
{
    EDDY_BEGIN(selects) {
        EDDY_SELECT(&my->select) {
            EDDY_ARM(&my->select, &my->arms[0], eddy_event_wait(&my->events[0], &my->arms[0].waiter));
            EDDY_ARM(&my->select, &my->arms[1], eddy_event_wait(&my->events[1], &my->arms[1].waiter));
            EDDY_AWAIT(my->result, eddy_select_wait(&my->select, me));
        }
    }
}

struct gathers {
    EDDY_FRAME;
    struct eddy_group group;
    struct eddy_event *event;
    struct eddy_task *task;
    int result;
};

EDDY_CORO(gathers)
{
    EDDY_BEGIN(gathers) {
        EDDY_GROUP(&my->group, EDDY_COLLECT) {
            EDDY_TRY(my->result, EDDY_SPAWN(&my->group, waits, .operation = wait_event, .subject = my->event));
            EDDY_TRY(my->result,
                     EDDY_SPAWN_TASK(&my->task, &my->group, waits, .operation = wait_event, .subject = my->event));
            EDDY_AWAIT(my->result, eddy_group_next(&my->group, &my->task, me));
            eddy_task_release(my->task);
        }
    }
}

static void a_group_tells_its_tasks(void **state)
{
    struct coro *c = *state;
    struct eddy_event event;
    struct eddy_group_stats stats;
    eddy_event_init(&event);
    struct eddy_task *task = CORO_START(c, gathers, .event = &event);
    coro_settle(c);
    struct eddy_group *group = eddy_loop_detached(&c->loop);
    eddy_group_stats(group, &stats);
    assert_int_equal(stats.running, 1);
    expect_nobody(stats.waiting);
    group = &((struct gathers *)(void *)(task + 1))->group;
    eddy_group_stats(group, &stats);
    assert_int_equal(stats.running, 2);
    assert_int_equal(stats.waiting.count, 1);
    assert_ptr_equal(stats.waiting.first, task);
    assert_int_equal(stats.errors, 0);
    eddy_event_set(&event);
    assert_int_equal(coro_end(c, task), 0);
}

/* ---- Streams --------------------------------------------------------------------------- */

static void streams_and_listeners_tell_who_waits(void **state)
{
    struct coro *c = *state;
    struct eddy_stream stream;
    struct eddy_stream_stats of_stream;
    struct eddy_loop_stats of_loop;
    char buffer[100];
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    assert_int_equal(eddy_stream_open(&stream, &c->loop, fds[0]), 0);
    struct eddy_waiter reader;
    eddy_waiter_init(&reader, &c->loop, never_woken);
    assert_int_equal(eddy_stream_read(&stream, buffer, sizeof buffer, &reader), EDDY_PENDING);
    eddy_stream_stats(&stream, &of_stream);
    assert_true(of_stream.is_open);
    assert_int_equal(of_stream.reading.count, 1);
    assert_null(of_stream.reading.first);
    assert_int_equal(of_stream.reading_size, 100);
    assert_int_equal(of_stream.writing.count, 0);

    struct eddy_listener listener;
    struct eddy_listener_stats of_listener;
    struct eddy_address address;
    assert_int_equal(eddy_address_parse(&address, "127.0.0.1", 0), 0);
    assert_int_equal(eddy_listener_open(&listener, &c->loop, &address, NULL), 0);
    eddy_listener_stats(&listener, &of_listener);
    assert_true(of_listener.is_open);
    assert_false(of_listener.is_paused);
    assert_int_equal(of_listener.accepting.count, 0);
    eddy_loop_stats(&c->loop, &of_loop);
    assert_int_equal(of_loop.streams, 1);
    assert_int_equal(of_loop.listeners, 1);
    assert_int_equal(of_loop.waits_external, 1);
    assert_true(of_loop.epoll_changes >= 1);
    eddy_listener_close(&listener);
    eddy_listener_stats(&listener, &of_listener);
    assert_false(of_listener.is_open);
    eddy_wait_withdraw(&reader);
    eddy_stream_close(&stream);
    eddy_stream_stats(&stream, &of_stream);
    assert_false(of_stream.is_open);
    close(fds[1]);
}

/* ---- The loop -------------------------------------------------------------------------- */

static ssize_t nap(void *subject, struct eddy_waiter *waiter)
{
    return eddy_sleep(*(eddy_ns *)subject, waiter);
}

static void posted(struct eddy_post *node)
{
    (void)node;
}

static void a_loop_tells_its_tasks_wakes_and_timers(void **state)
{
    struct coro *c = *state;
    struct eddy_loop_stats before, stats;
    eddy_ns span = EDDY_MS(5);
    eddy_loop_stats(&c->loop, &before);
    assert_int_equal(before.tasks, 0);
    struct eddy_task *task = CORO_START(c, waits, .operation = nap, .subject = &span);
    struct eddy_task *other = CORO_START(c, waits, .operation = nap, .subject = &span);
    eddy_loop_stats(&c->loop, &stats);
    assert_int_equal(stats.ready, 2);
    assert_int_equal(stats.tasks, 2);
    coro_settle(c);
    eddy_loop_stats(&c->loop, &stats);
    assert_int_equal(stats.ready, 0);
    assert_int_equal(stats.timers, 2);
    assert_int_equal(stats.waits_internal, 2);
    assert_int_equal(stats.wakes - before.wakes, 2);
    assert_int_equal(stats.tasks_spawned - before.tasks_spawned, 2);
    assert_true(stats.pool_used > before.pool_used);
    struct eddy_post post = {.run = posted};
    eddy_post(&c->loop, &post);
    coro_finish(c);
    eddy_task_release(other);
    assert_int_equal(coro_end(c, task), 0);
    eddy_loop_stats(&c->loop, &stats);
    assert_int_equal(stats.tasks, 0);
    assert_int_equal(stats.timers_fired - before.timers_fired, 2);
    assert_int_equal(stats.wakes - before.wakes, 4);
    assert_int_equal(stats.posts - before.posts, 1);
    assert_true(stats.turns > before.turns);
}

static void who_waits_with_a_select_is_its_task(void **state)
{
    struct coro *c = *state;
    struct eddy_event events[2];
    struct eddy_event_stats stats;
    eddy_event_init(&events[0]);
    eddy_event_init(&events[1]);
    struct eddy_task *task = CORO_START(c, selects, .events = events);
    coro_settle(c);
    for (int i = 0; i < 2; i++) {
        eddy_event_stats(&events[i], &stats);
        assert_int_equal(stats.waiting.count, 1);
        assert_ptr_equal(stats.waiting.first, task);
    }
    eddy_event_set(&events[1]);
    assert_int_equal(coro_end(c, task), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(a_lock_tells_its_owner_and_who_waits),
        coro_test(a_rwlock_tells_its_readers),
        coro_test(a_semaphore_tells_its_permits),
        coro_test(a_limiter_tells_its_peak),
        coro_test(an_event_and_a_notify_tell_who_waits),
        coro_test(a_condition_tells_who_waits),
        coro_test(a_barrier_and_a_once_tell_their_state),
        coro_test(a_queue_tells_both_of_its_ends),
        coro_test(a_channel_tells_its_ends),
        coro_test(a_oneshot_tells_whether_it_was_sent),
        coro_test(a_latest_tells_its_version),
        coro_test(a_broadcast_tells_its_subscribers),
        coro_test(a_future_tells_whether_it_is_done),
        coro_test(a_group_tells_its_tasks),
        coro_test(streams_and_listeners_tell_who_waits),
        coro_test(a_loop_tells_its_tasks_wakes_and_timers),
        coro_test(who_waits_with_a_select_is_its_task),
    };
    return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
