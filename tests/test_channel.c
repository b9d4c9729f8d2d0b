/* Channels, asked by callbacks: hand over, and what becomes of who waits when an end is closed. */
#include "support/users.h"

#include <stdlib.h>

static struct eddy_channel channel;
static struct eddy_queue_slot slots[8];
static struct eddy_sender to[3];
static struct eddy_receiver from[3];
static char destroyed[ITEMS + 1];
static size_t destroyed_count;

static void give(int at, int end, int item)
{
    struct user *user = user_of(at, false);
    done(user, eddy_channel_send(&to[end], &items[item], &user->waiter));
}

static void receive(int at, int end)
{
    struct user *user = user_of(at, true);
    done(user, eddy_channel_receive(&from[end], &user->taken[0], &user->waiter));
}

static void receive_many(int at, int end, size_t count)
{
    struct user *user = user_of(at, true);
    user->takes_many = true;
    done(user, eddy_channel_receive_many(&from[end], user->taken, count, &user->waiter));
}

static void try_give(int end, int item)
{
    coro_say("%s", word(eddy_channel_try_send(&to[end], &items[item])));
}

static void try_receive(int end)
{
    void *item = NULL;
    int result = eddy_channel_try_receive(&from[end], &item);
    if (result == 0) {
        coro_say("%d", number(item));
    } else {
        coro_say("%s", word(result));
    }
}

static void destroy(void *item)
{
    destroyed[destroyed_count++] = (char)('a' + number(item));
    destroyed[destroyed_count] = '\0';
}

static void begin(size_t capacity, int senders, int receivers)
{
    bool given = capacity > 0 && capacity != EDDY_UNBOUNDED;
    eddy_channel_init(&channel, given ? slots : NULL, capacity, destroy);
    destroyed_count = 0;
    destroyed[0] = '\0';
    for (int i = 0; i < senders; i++) {
        eddy_sender_open(&to[i], &channel);
    }
    for (int i = 0; i < receivers; i++) {
        eddy_receiver_open(&from[i], &channel);
    }
}

static void end(int senders, int receivers)
{
    for (int i = 0; i < senders; i++) {
        eddy_sender_close(&to[i]);
    }
    for (int i = 0; i < receivers; i++) {
        eddy_receiver_close(&from[i]);
    }
    assert_int_equal(eddy_channel_fini(&channel), 0);
}

/* ---- Hand over ------------------------------------------------------------------------- */

static void items_come_in_order_and_each_to_one(void **state)
{
    struct coro *c = *state;
    begin(2, 1, 2);
    receive(0, 0);
    receive(1, 1);
    try_give(0, 1);
    try_receive(0); /* 0 has it */
    try_give(0, 2);
    try_give(0, 3);
    try_give(0, 4);
    give(2, 0, 5);
    try_give(0, 6);
    assert_int_equal(eddy_channel_length(&channel), 2);
    try_receive(1);
    try_give(0, 6);
    try_receive(0);
    try_receive(0);
    try_receive(0);
    coro_settle(c);
    coro_expect("ok no ok ok ok no 3 no 4 5 no 0=1 1=2 2:ok");
    end(1, 2);
}

static void with_capacity_0_a_send_waits_until_its_item_is_received(void **state)
{
    struct coro *c = *state;
    begin(0, 1, 1);
    try_give(0, 1);
    give(0, 0, 2);
    coro_settle(c);
    coro_expect("no");
    receive(1, 0);
    coro_settle(c);
    coro_expect("1=2 0:ok");
    end(1, 1);
}

static void a_cancel_before_the_grant_has_no_effect_and_after_it_comes_too_late(void **state)
{
    struct coro *c = *state;
    begin(1, 1, 1);
    receive(0, 0);
    assert_true(eddy_wait_cancel(&users[0].waiter));
    receive(1, 0);
    try_give(0, 1);
    assert_false(eddy_wait_cancel(&users[1].waiter));
    try_give(0, 2);
    give(2, 0, 3);
    give(3, 0, 4);
    assert_true(eddy_wait_cancel(&users[2].waiter));
    coro_settle(c);
    coro_expect("ok ok 0:off 1=1 2:off");
    try_receive(0);
    assert_false(eddy_wait_cancel(&users[3].waiter));
    try_receive(0);
    coro_settle(c);
    coro_expect("2 4 3:ok");
    end(1, 1);
}

static void a_deadline_ends_a_send_and_a_receive(void **state)
{
    struct coro *c = *state;
    begin(1, 1, 1);
    receive(0, 0);
    eddy_wait_until(&users[0].waiter, c->os.now + 3);
    coro_finish(c);
    try_give(0, 1);
    give(1, 0, 2);
    eddy_wait_until(&users[1].waiter, c->os.now + 4);
    coro_finish(c);
    assert_int_equal(coro_elapsed(c), 7);
    coro_expect("0:late ok 1:late");
    end(1, 1);
    assert_string_equal(destroyed, "b");
}

/* ---- Many at once ---------------------------------------------------------------------- */

static void many_are_received_at_once_also_from_who_waits_to_send(void **state)
{
    struct coro *c = *state;
    begin(2, 1, 1);
    for (int i = 0; i < 4; i++) {
        give(i, 0, i);
    }
    receive_many(4, 0, 3);
    receive_many(5, 0, 0);
    receive_many(6, 0, 3);
    receive_many(7, 0, 3); /* waits, for the first */
    coro_settle(c);
    coro_expect("0:ok 1:ok 4=0 4=1 4=2 5:wrong 6=3 2:ok 3:ok");
    try_give(0, 8);
    try_give(0, 9);
    coro_settle(c);
    coro_expect("ok ok 7=8");
    receive_many(7, 0, 3);
    coro_expect("7=9");
    end(1, 1);
}

static void who_waits_for_many_is_told_of_the_end(void **state)
{
    struct coro *c = *state;
    begin(2, 1, 1);
    receive_many(0, 0, 3);
    eddy_sender_close(&to[0]);
    coro_settle(c);
    coro_expect("0:end");
    end(0, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(items_come_in_order_and_each_to_one),
        coro_test(with_capacity_0_a_send_waits_until_its_item_is_received),
        coro_test(a_cancel_before_the_grant_has_no_effect_and_after_it_comes_too_late),
        coro_test(a_deadline_ends_a_send_and_a_receive),
        coro_test(many_are_received_at_once_also_from_who_waits_to_send),
        coro_test(who_waits_for_many_is_told_of_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
