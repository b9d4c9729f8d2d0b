/* Select over everything that can be waited for: sleeps, streams, joins, locks, permits, channels. */
#include "support/coro.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct eddy_lock lock;
static struct eddy_semaphore semaphore;
static struct eddy_event event;
static struct eddy_stream stream;

static struct eddy_select selecting;
static struct eddy_arm arms[4];
static struct eddy_waiter principal;

static void on_winner(struct eddy_waiter *waiter)
{
    coro_say("%d", (int)waiter->result);
}

static void begin(struct coro *c)
{
    eddy_waiter_init(&principal, &c->loop, on_winner);
    eddy_select_begin(&selecting, &principal);
}

static void end(void)
{
    eddy_select_end(&selecting);
}

#define ARM(at, op) EDDY_ARM(&selecting, &arms[at], op)
#define WAITER(at) (&arms[at].waiter)

static int wait_for_winner(void)
{
    return eddy_select_wait(&selecting, &principal);
}

/* ---- Time and streams ------------------------------------------------------------------ */

static void the_shortest_sleep_wins(void **state)
{
    struct coro *c = *state;
    begin(c);
    ARM(0, eddy_sleep(30, WAITER(0)));
    ARM(1, eddy_sleep(10, WAITER(1)));
    ARM(2, eddy_sleep(20, WAITER(2)));
    assert_int_equal(wait_for_winner(), EDDY_PENDING);
    coro_finish(c);
    coro_expect("1");
    assert_int_equal(arms[1].result, 0);
    assert_int_equal(coro_elapsed(c), 10);
    end();
}

static void of_two_sleeps_until_one_instant_the_first_wins(void **state)
{
    struct coro *c = *state;
    begin(c);
    ARM(0, eddy_sleep(10, WAITER(0)));
    ARM(1, eddy_sleep(10, WAITER(1)));
    assert_int_equal(wait_for_winner(), EDDY_PENDING);
    coro_finish(c);
    coro_expect("0");
    end();
}

static void a_yield_is_an_operation_like_others(void **state)
{
    struct coro *c = *state;
    eddy_event_init(&event);
    begin(c);
    ARM(0, eddy_event_wait(&event, WAITER(0)));
    ARM(1, eddy_yield(WAITER(1)));
    assert_int_equal(wait_for_winner(), EDDY_PENDING);
    coro_settle(c);
    coro_expect("1");
    begin(c);
    ARM(0, eddy_event_wait(&event, WAITER(0)));
    ARM(1, eddy_yield(WAITER(1)));
    assert_int_equal(wait_for_winner(), EDDY_PENDING);
    eddy_event_set(&event); /* while the other stands in the ready queue */
    coro_settle(c);
    coro_expect("0");
    end();
}

static int open_pair(struct coro *c)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    assert_int_equal(eddy_stream_open(&stream, &c->loop, fds[0]), 0);
    return fds[1];
}

static void a_read_that_loses_takes_no_byte(void **state)
{
    struct coro *c = *state;
    static char buffer[8];
    int peer = open_pair(c);
    begin(c);
    ARM(0, eddy_stream_read(&stream, buffer, sizeof buffer, WAITER(0)));
    ARM(1, eddy_sleep(10, WAITER(1)));
    assert_int_equal(wait_for_winner(), EDDY_PENDING);
    coro_finish(c);
    coro_expect("1");
    assert_int_equal(write(peer, "abc", 3), 3);
    begin(c);
    ARM(0, eddy_sleep(10, WAITER(0)));
    ARM(1, eddy_stream_read(&stream, buffer, sizeof buffer, WAITER(1)));
    int which = wait_for_winner();
    if (which == EDDY_PENDING) {
        coro_settle(c);
        coro_expect("1");
    }
    assert_int_equal(arms[1].result, 3);
    end();
    begin(c); /* and waiting first */
    ARM(0, eddy_sleep(10, WAITER(0)));
    ARM(1, eddy_stream_read(&stream, buffer, sizeof buffer, WAITER(1)));
    assert_int_equal(wait_for_winner(), EDDY_PENDING);
    assert_int_equal(write(peer, "de", 2), 2);
    coro_settle(c);
    coro_expect("1");
    assert_int_equal(arms[1].result, 2);
    end();
    eddy_stream_close(&stream);
    close(peer);
}

/* ---- Locks and permits ----------------------------------------------------------------- */

static void a_lock_that_loses_goes_to_the_next(void **state)
{
    struct coro *c = *state;
    eddy_lock_init(&lock);
    eddy_event_init(&event);
    struct eddy_waiter owner, next;
    eddy_waiter_init(&owner, &c->loop, on_winner);
    eddy_waiter_init(&next, &c->loop, on_winner);
    assert_int_equal(eddy_lock_acquire(&lock, &owner), 0);
    begin(c);
    ARM(0, eddy_lock_acquire(&lock, WAITER(0)));
    ARM(1, eddy_event_wait(&event, WAITER(1)));
    assert_int_equal(wait_for_winner(), EDDY_PENDING);
    assert_int_equal(eddy_lock_acquire(&lock, &next), EDDY_PENDING);
    eddy_event_set(&event);
    assert_int_equal(eddy_lock_waiting(&lock), 1); /* before the select has run */
    assert_int_equal(eddy_lock_release(&lock), 0);
    assert_ptr_equal(lock.owner, &next);
    coro_settle(c);
    coro_expect("1 0");
    assert_int_equal(eddy_lock_release(&lock), 0);
    assert_int_equal(eddy_lock_fini(&lock), 0);
    end();
}

static void a_lock_that_wins_is_owned_by_who_selects(void **state)
{
    struct coro *c = *state;
    eddy_lock_init(&lock);
    eddy_event_init(&event);
    struct eddy_waiter owner;
    eddy_waiter_init(&owner, &c->loop, on_winner);
    assert_int_equal(eddy_lock_acquire(&lock, &owner), 0);
    begin(c);
    ARM(0, eddy_event_wait(&event, WAITER(0)));
    ARM(1, eddy_lock_acquire(&lock, WAITER(1)));
    assert_int_equal(wait_for_winner(), EDDY_PENDING);
    assert_int_equal(eddy_lock_release(&lock), 0);
    assert_ptr_equal(lock.owner, &principal);
    eddy_event_set(&event); /* too late */
    coro_settle(c);
    coro_expect("1");
    assert_int_equal(eddy_lock_release(&lock), 0);
    assert_int_equal(eddy_lock_fini(&lock), 0);
    end();
}

/* Behind a large request that a select gives up, a small one can go. */
static void a_request_for_permits_that_loses_lets_those_behind_it_go(void **state)
{
    struct coro *c = *state;
    eddy_semaphore_init(&semaphore, 1, 4);
    eddy_event_init(&event);
    struct eddy_waiter small;
    eddy_waiter_init(&small, &c->loop, on_winner);
    begin(c);
    ARM(0, eddy_semaphore_acquire(&semaphore, 3, WAITER(0)));
    ARM(1, eddy_event_wait(&event, WAITER(1)));
    assert_int_equal(wait_for_winner(), EDDY_PENDING);
    assert_int_equal(eddy_semaphore_acquire(&semaphore, 1, &small), EDDY_PENDING);
    eddy_event_set(&event);
    assert_int_equal(semaphore.available, 0);
    coro_settle(c);
    assert_int_equal(small.result, 0);
    assert_int_equal(strlen(c->trace), 3);
    c->trace[0] = '\0';
    assert_int_equal(eddy_semaphore_release(&semaphore, 1), 0);
    assert_int_equal(eddy_semaphore_fini(&semaphore), 0);
    end();
}

static void two_arms_of_one_semaphore_take_only_one_share(void **state)
{
    struct coro *c = *state;
    eddy_semaphore_init(&semaphore, 0, 8);
    begin(c);
    ARM(0, eddy_semaphore_acquire(&semaphore, 3, WAITER(0)));
    ARM(1, eddy_semaphore_acquire(&semaphore, 1, WAITER(1)));
    assert_int_equal(wait_for_winner(), EDDY_PENDING);
    assert_int_equal(eddy_semaphore_release(&semaphore, 8), 0);
    assert_int_equal(semaphore.available, 5);
    coro_settle(c);
    coro_expect("0");
    assert_int_equal(eddy_semaphore_fini(&semaphore), 0);
    end();
}

static void two_arms_of_one_event_are_one_wake(void **state)
{
    struct coro *c = *state;
    eddy_event_init(&event);
    begin(c);
    ARM(0, eddy_event_wait(&event, WAITER(0)));
    ARM(1, eddy_event_wait(&event, WAITER(1)));
    assert_int_equal(wait_for_winner(), EDDY_PENDING);
    eddy_event_set(&event);
    coro_settle(c);
    coro_expect("0");
    assert_int_equal(eddy_event_fini(&event), 0);
    end();
}

/* ---- Channels and queues --------------------------------------------------------------- */

static void a_send_or_a_receive_whichever_can(void **state)
{
    struct coro *c = *state;
    static struct eddy_channel out, in;
    static int items[2];
    struct eddy_sender to, other_to;
    struct eddy_receiver from, other_from;
    static void *item, *taken;
    eddy_channel_init(&out, NULL, 0, NULL);
    eddy_channel_init(&in, NULL, 0, NULL);
    eddy_sender_open(&to, &out);
    eddy_receiver_open(&other_from, &out);
    eddy_receiver_open(&from, &in);
    eddy_sender_open(&other_to, &in);
    for (int round = 0; round < 2; round++) {
        begin(c);
        ARM(0, eddy_channel_send(&to, &items[0], WAITER(0)));
        ARM(1, eddy_channel_receive(&from, &item, WAITER(1)));
        assert_int_equal(wait_for_winner(), EDDY_PENDING);
        if (round == 0) {
            assert_int_equal(eddy_channel_try_receive(&other_from, &taken), 0);
            assert_ptr_equal(taken, &items[0]);
            assert_int_equal(eddy_channel_try_send(&other_to, &items[1]), -EAGAIN); /* nobody receives any more */
        } else {
            assert_int_equal(eddy_channel_try_send(&other_to, &items[1]), 0);
            assert_ptr_equal(item, &items[1]);
            assert_int_equal(eddy_channel_try_receive(&other_from, &taken), -EAGAIN);
        }
        coro_settle(c);
        coro_expect(round == 0 ? "0" : "1");
    }
    end();
    eddy_sender_close(&to);
    eddy_sender_close(&other_to);
    eddy_receiver_close(&from);
    eddy_receiver_close(&other_from);
    assert_int_equal(eddy_channel_fini(&out), 0);
    assert_int_equal(eddy_channel_fini(&in), 0);
}

/* ---- Joins ----------------------------------------------------------------------------- */

struct sleeper {
    EDDY_FRAME;
    eddy_ns span;
};

EDDY_CORO(sleeper)
{
    EDDY_BEGIN(sleeper) {
        EDDY_AWAIT(eddy_sleep(my->span, me));
    }
}

static void the_first_task_that_ends_wins_and_the_others_go_on(void **state)
{
    struct coro *c = *state;
    struct eddy_task *slow = CORO_START(c, sleeper, .span = 20);
    struct eddy_task *quick = CORO_START(c, sleeper, .span = 10);
    begin(c);
    ARM(0, eddy_task_join(slow, WAITER(0)));
    ARM(1, eddy_task_join(quick, WAITER(1)));
    ARM(2, eddy_task_join(quick, WAITER(2)));
    assert_int_equal(wait_for_winner(), EDDY_PENDING);
    coro_finish(c);
    coro_expect("1");
    assert_int_equal(coro_elapsed(c), 20);
    end();
    eddy_task_release(slow);
    eddy_task_release(quick);
}

/* ---- What may be told of several arms at once ------------------------------------------ */

static void a_future_that_is_done_already_may_be_an_arm_that_is_called_later(void **state)
{
    struct coro *c = *state;
    struct eddy_future future;
    struct eddy_promise promise;
    eddy_future_init(&future, &promise, &c->loop);
    assert_int_equal(eddy_promise_set(&promise, NULL), 0);
    begin(c);
    ARM(0, eddy_future_then(&future, WAITER(0)));
    ARM(1, eddy_sleep(5, WAITER(1)));
    assert_int_equal(wait_for_winner(), EDDY_PENDING);
    coro_finish(c);
    coro_expect("0");
    assert_int_equal(coro_elapsed(c), 0);
    assert_int_equal(eddy_future_fini(&future), 0);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(the_shortest_sleep_wins),
        coro_test(of_two_sleeps_until_one_instant_the_first_wins),
        coro_test(a_yield_is_an_operation_like_others),
        coro_test(a_read_that_loses_takes_no_byte),
        coro_test(a_lock_that_loses_goes_to_the_next),
        coro_test(a_lock_that_wins_is_owned_by_who_selects),
        coro_test(a_request_for_permits_that_loses_lets_those_behind_it_go),
        coro_test(two_arms_of_one_semaphore_take_only_one_share),
        coro_test(two_arms_of_one_event_are_one_wake),
        coro_test(a_send_or_a_receive_whichever_can),
        coro_test(the_first_task_that_ends_wins_and_the_others_go_on),
        coro_test(a_future_that_is_done_already_may_be_an_arm_that_is_called_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
