/* Every item to every subscriber, and what becomes of those who are slow. */
#include "support/coro.h"

#include <errno.h>
#include <string.h>

enum { ITEMS = 16, SLOTS = 4 };

static struct eddy_broadcast news;
static void *slots[SLOTS];
static int items[ITEMS];
static bool destroyed[ITEMS];

static struct user {
    struct eddy_waiter waiter;
    struct eddy_subscriber subscriber;
    void *item;
    uint64_t missed;
} users[3];

static int number(const void *item)
{
    return (int)((const int *)item - items);
}

static void say(struct user *user, ssize_t result)
{
    int at = (int)(user - users);
    if (result == 0) {
        coro_say("%d=%d%s", at, number(user->item), destroyed[number(user->item)] ? "(destroyed)" : "");
    } else if (result == -EOVERFLOW) {
        coro_say("%d!%d", at, (int)user->missed);
    } else {
        coro_say("%d:%s", at,
                 result == -ENODATA     ? "end"
                 : result == -ESHUTDOWN ? "shut"
                 : result == -EBUSY     ? "busy"
                 : result == -ETIMEDOUT ? "late"
                                        : "off");
    }
}

static void on_wake(struct eddy_waiter *waiter)
{
    say(EDDY_CONTAINER(waiter, struct user, waiter), waiter->result);
}

static void receive(int at)
{
    struct user *user = &users[at];
    eddy_waiter_init(&user->waiter, &coro_current()->loop, on_wake);
    int result = eddy_subscriber_receive(&user->subscriber, &user->item, &user->missed, &user->waiter);
    if (result != EDDY_PENDING) {
        say(user, result);
    }
}

static void destroy(void *item)
{
    assert_false(destroyed[number(item)]);
    destroyed[number(item)] = true;
}

static void begin(size_t capacity, int subscribers)
{
    eddy_broadcast_init(&news, slots, capacity, destroy);
    for (int i = 0; i < ITEMS; i++) {
        destroyed[i] = false;
    }
    for (int i = 0; i < subscribers; i++) {
        eddy_subscriber_open(&users[i].subscriber, &news);
    }
}

static void end(int subscribers)
{
    for (int i = 0; i < subscribers; i++) {
        eddy_subscriber_close(&users[i].subscriber);
    }
    uint64_t sent = news.sent;
    assert_int_equal(eddy_broadcast_fini(&news), 0);
    for (uint64_t i = 0; i < ITEMS; i++) {
        assert_int_equal(destroyed[i], i < sent); /* each once */
    }
}

static void tell(int from, int to, int subscribers)
{
    for (int i = from; i < to; i++) {
        assert_int_equal(eddy_broadcast_send(&news, &items[i]), subscribers);
    }
}

static void each_item_comes_to_each_subscriber_in_order(void **state)
{
    struct coro *c = *state;
    begin(4, 3);
    receive(0);
    receive(1);
    tell(0, 1, 3);
    receive(2);
    coro_expect("2=0");
    tell(1, 3, 3);
    coro_settle(c);
    coro_expect("0=0 1=0");
    for (int i = 0; i < 3; i++) {
        receive(i);
        receive(i);
    }
    coro_expect("0=1 0=2 1=1 1=2 2=1 2=2");
    end(3);
}

static void nothing_that_was_sent_before_comes(void **state)
{
    struct coro *c = *state;
    begin(4, 0);
    tell(0, 2, 0);
    eddy_subscriber_open(&users[0].subscriber, &news);
    receive(0);
    coro_settle(c);
    tell(2, 3, 1);
    coro_settle(c);
    coro_expect("0=2");
    end(1);
}

static void who_is_too_slow_is_told_once_how_many_are_missed(void **state)
{
    (void)state;
    begin(2, 2);
    tell(0, 5, 2);
    receive(0);
    receive(0);
    receive(0);
    coro_expect("0!3 0=3 0=4");
    tell(5, 7, 2);
    receive(0);
    tell(7, 9, 2);
    receive(0);
    receive(0);
    receive(0);
    coro_expect("0=5 0!1 0=7 0=8");
    eddy_waiter_init(&users[1].waiter, &coro_current()->loop, on_wake);
    assert_int_equal(eddy_subscriber_receive(&users[1].subscriber, &users[1].item, NULL, &users[1].waiter), -EOVERFLOW);
    receive(1);
    coro_expect("1=7");
    end(2);
}

static void an_item_is_destroyed_once_it_is_no_longer_kept(void **state)
{
    (void)state;
    begin(3, 1);
    tell(0, 3, 1);
    assert_false(destroyed[0]);
    tell(3, 5, 1);
    assert_true(destroyed[0] && destroyed[1]);
    assert_false(destroyed[2]);
    end(1);
}

static void an_item_that_a_subscriber_is_woken_with_is_still_there(void **state)
{
    struct coro *c = *state;
    begin(1, 1);
    receive(0);
    tell(0, 3, 1); /* before the subscriber has had a turn */
    coro_settle(c);
    assert_null(strstr(c->trace, "destroyed"));
    c->trace[0] = '\0';
    end(1);
}

static void a_cancelled_receive_misses_nothing(void **state)
{
    struct coro *c = *state;
    begin(4, 2);
    receive(0);
    assert_true(eddy_wait_cancel(&users[0].waiter));
    tell(0, 1, 2);
    coro_settle(c);
    receive(0);
    coro_expect("0:off 0=0");
    receive(1);
    receive(1);
    eddy_wait_until(&users[1].waiter, c->os.now + 5);
    coro_finish(c);
    assert_int_equal(coro_elapsed(c), 5);
    tell(1, 2, 2);
    receive(1);
    coro_expect("1=0 1:late 1=1");
    receive(1);
    tell(2, 3, 2);
    bool canceled = eddy_wait_cancel(&users[1].waiter); /* after the send, and before its turn */
    coro_settle(c);
    if (canceled) {
        receive(1);
    }
    coro_expect(canceled ? "1:off 1=2" : "1=2");
    end(2);
}

static void one_waits_with_a_subscriber_at_a_time(void **state)
{
    struct coro *c = *state;
    begin(4, 1);
    receive(0);
    struct eddy_waiter second;
    eddy_waiter_init(&second, &c->loop, on_wake);
    void *item;
    assert_int_equal(eddy_subscriber_receive(&users[0].subscriber, &item, NULL, &second), -EBUSY);
    assert_int_equal(eddy_wait_withdraw(&users[0].waiter), EDDY_PENDING);
    assert_int_equal(eddy_subscriber_receive(&users[0].subscriber, &item, NULL, &second), EDDY_PENDING);
    assert_int_equal(eddy_wait_withdraw(&second), EDDY_PENDING);
    end(1);
}

static void a_subscriber_that_closes_is_woken_and_no_other(void **state)
{
    struct coro *c = *state;
    begin(4, 2);
    receive(0);
    receive(1);
    eddy_subscriber_close(&users[0].subscriber);
    eddy_subscriber_close(&users[0].subscriber);
    coro_settle(c);
    coro_expect("0:shut");
    receive(0);
    coro_expect("0:shut");
    assert_int_equal(eddy_broadcast_fini(&news), -EBUSY);
    tell(0, 1, 1);
    coro_settle(c);
    coro_expect("1=0");
    end(2);
}

static void after_the_close_there_is_what_was_kept_and_then_the_end(void **state)
{
    struct coro *c = *state;
    begin(2, 2);
    receive(0);
    tell(0, 1, 2);
    coro_settle(c);
    receive(0);
    tell(1, 2, 2);
    coro_settle(c);
    tell(2, 4, 2);
    coro_expect("0=0 0=1");
    eddy_broadcast_close(&news);
    eddy_broadcast_close(&news);
    assert_int_equal(eddy_broadcast_send(&news, &items[9]), -ESHUTDOWN);
    receive(1);
    receive(1);
    receive(1);
    receive(1);
    coro_expect("1!2 1=2 1=3 1:end");
    receive(0);
    receive(0);
    receive(0);
    coro_expect("0=2 0=3 0:end");
    end(2);
}

static void who_waits_is_told_of_the_close(void **state)
{
    struct coro *c = *state;
    begin(2, 2);
    receive(0);
    receive(1);
    eddy_broadcast_close(&news);
    coro_settle(c);
    coro_expect("0:end 1:end");
    end(2);
}

/* ---- In coroutines --------------------------------------------------------------------- */

struct listener {
    EDDY_FRAME;
    struct eddy_subscriber news;
    void *item;
    uint64_t missed;
    eddy_ns span;
    int error;
};

EDDY_CORO(listener)
{
    EDDY_BEGIN(listener) {
        eddy_subscriber_open(&my->news, &news);
        for (;;) {
            EDDY_AWAIT(my->error, eddy_subscriber_receive(&my->news, &my->item, &my->missed, me));
            if (my->error == -ENODATA) {
                return;
            }
            if (my->error == -EOVERFLOW) {
                coro_say("!%d", (int)my->missed);
                continue;
            }
            assert_false(destroyed[number(my->item)]);
            coro_say("%d", number(my->item));
            EDDY_AWAIT(eddy_sleep(my->span, me));
        }
    }
    EDDY_FINALLY
    {
        eddy_subscriber_close(&my->news);
    }
}

struct speaker {
    EDDY_FRAME;
    int i;
};

EDDY_CORO(speaker)
{
    EDDY_BEGIN(speaker) {
        for (my->i = 0; my->i < 8; my->i++) {
            assert_int_equal(eddy_broadcast_send(&news, &items[my->i]), 1);
            EDDY_AWAIT(eddy_sleep(10, me));
        }
        eddy_broadcast_close(&news);
    }
}

static void a_slow_listener_does_not_hold_up_who_speaks(void **state)
{
    struct coro *c = *state;
    begin(2, 0);
    struct eddy_task *task = CORO_START(c, listener, .span = 35);
    eddy_task_release(CORO_START(c, speaker));
    assert_int_equal(coro_end(c, task), 0);
    coro_expect("0 !1 2 !2 5 6 7");
    end(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(each_item_comes_to_each_subscriber_in_order),
        coro_test(nothing_that_was_sent_before_comes),
        coro_test(who_is_too_slow_is_told_once_how_many_are_missed),
        coro_test(an_item_is_destroyed_once_it_is_no_longer_kept),
        coro_test(an_item_that_a_subscriber_is_woken_with_is_still_there),
        coro_test(a_cancelled_receive_misses_nothing),
        coro_test(one_waits_with_a_subscriber_at_a_time),
        coro_test(a_subscriber_that_closes_is_woken_and_no_other),
        coro_test(after_the_close_there_is_what_was_kept_and_then_the_end),
        coro_test(who_waits_is_told_of_the_close),
        coro_test(a_slow_listener_does_not_hold_up_who_speaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
