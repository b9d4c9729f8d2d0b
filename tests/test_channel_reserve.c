/* Reservations of a channel's room, and what they do to those who wait. */
#include "support/users.h"

static struct eddy_channel channel;
static struct eddy_queue_slot slots[8];
static struct eddy_sender a, b;
static struct eddy_receiver from;

static void reserve(int at, struct eddy_sender *sender)
{
    struct user *user = user_of(at, false);
    done(user, eddy_channel_reserve(sender, &user->waiter));
}

static void give(int at, struct eddy_sender *sender, int item)
{
    struct user *user = user_of(at, false);
    done(user, eddy_channel_send(sender, &items[item], &user->waiter));
}

static void receive(int at)
{
    struct user *user = user_of(at, true);
    done(user, eddy_channel_receive(&from, &user->taken[0], &user->waiter));
}

static void commit(struct eddy_sender *sender, int item)
{
    coro_say("%s", word(eddy_channel_commit(sender, &items[item])));
}

static void drop(struct eddy_sender *sender)
{
    coro_say("%s", word(eddy_channel_drop(sender)));
}

static void try_receive(void)
{
    void *item = NULL;
    int result = eddy_channel_try_receive(&from, &item);
    if (result == 0) {
        coro_say("%d", number(item));
    } else {
        coro_say("%s", word(result));
    }
}

static void begin(size_t capacity)
{
    bool given = capacity > 0 && capacity != EDDY_UNBOUNDED;
    eddy_channel_init(&channel, given ? slots : NULL, capacity, NULL);
    eddy_sender_open(&a, &channel);
    eddy_sender_open(&b, &channel);
    eddy_receiver_open(&from, &channel);
}

static void end(void)
{
    eddy_sender_close(&a);
    eddy_sender_close(&b);
    eddy_receiver_close(&from);
    assert_int_equal(eddy_channel_fini(&channel), 0);
}

static void a_reservation_takes_room_until_it_is_committed_or_dropped(void **state)
{
    struct coro *c = *state;
    begin(2);
    reserve(0, &a);
    reserve(1, &b);
    coro_expect("0:ok 1:ok");
    give(2, &a, 2);
    assert_int_equal(eddy_channel_length(&channel), 0);
    commit(&a, 1);
    coro_settle(c);
    coro_expect("ok");
    drop(&b);
    coro_settle(c);
    coro_expect("ok 2:ok");
    try_receive();
    try_receive();
    try_receive();
    coro_expect("1 2 no");
    end();
}

static void without_a_reservation_there_is_nothing_to_commit_or_drop(void **state)
{
    (void)state;
    begin(1);
    commit(&a, 1);
    drop(&a);
    reserve(0, &a);
    commit(&b, 1); /* another's */
    drop(&b);
    commit(&a, 1);
    commit(&a, 1);
    coro_expect("wrong wrong 0:ok wrong wrong ok wrong");
    end();
    begin(0);
    reserve(0, &a);
    coro_expect("0:wrong");
    end();
}

static void a_commit_goes_to_who_waits_to_receive(void **state)
{
    struct coro *c = *state;
    begin(1);
    reserve(0, &a);
    receive(1);
    reserve(2, &b);
    commit(&a, 5);
    coro_settle(c);
    coro_expect("0:ok ok 1=5 2:ok"); /* and its room to who waits for that */
    commit(&b, 6);
    try_receive();
    coro_expect("ok 6");
    end();
}

static void who_waits_for_room_is_served_in_order_whether_to_send_or_to_reserve(void **state)
{
    struct coro *c = *state;
    begin(1);
    give(0, &a, 0);
    reserve(1, &b);
    give(2, &a, 2);
    try_receive();
    coro_settle(c);
    coro_expect("0:ok 0 1:ok");
    commit(&b, 1);
    try_receive();
    try_receive();
    coro_settle(c);
    coro_expect("ok 1 2 2:ok");
    end();
}

static void a_reservation_that_is_cancelled_while_it_waits_lets_the_next_go_on(void **state)
{
    struct coro *c = *state;
    begin(1);
    reserve(0, &a);
    reserve(1, &b);
    give(2, &a, 2);
    assert_true(eddy_wait_cancel(&users[1].waiter));
    drop(&a);
    coro_settle(c);
    coro_expect("0:ok ok 1:off 2:ok");
    drop(&b);
    coro_expect("wrong");
    end();
}

static void a_reservation_that_was_granted_stands_though_it_is_cancelled(void **state)
{
    struct coro *c = *state;
    begin(1);
    reserve(0, &a);
    reserve(1, &b);
    drop(&a);
    assert_false(eddy_wait_cancel(&users[1].waiter));
    coro_settle(c);
    coro_expect("0:ok ok 1:ok");
    commit(&b, 1);
    coro_expect("ok");
    end();
}

static void a_sender_that_closes_drops_what_it_has_reserved(void **state)
{
    struct coro *c = *state;
    begin(2);
    reserve(0, &a);
    reserve(1, &a);
    give(2, &b, 2);
    reserve(3, &a);
    give(4, &b, 4);
    eddy_sender_close(&a);
    coro_settle(c);
    coro_expect("0:ok 1:ok 3:shut 2:ok 4:ok");
    commit(&a, 1);
    drop(&a);
    reserve(5, &a);
    coro_expect("wrong wrong 5:shut");
    end();
}

static void a_receiver_that_waits_is_told_when_the_last_reservation_is_gone(void **state)
{
    struct coro *c = *state;
    begin(1);
    eddy_sender_close(&b);
    reserve(0, &a);
    receive(1);
    eddy_sender_close(&a);
    coro_settle(c);
    coro_expect("0:ok 1:end");
    end();
}

static void a_commit_after_the_receivers_have_gone_leaves_the_item(void **state)
{
    struct coro *c = *state;
    begin(1);
    reserve(0, &a);
    reserve(1, &b);
    eddy_receiver_close(&from);
    coro_settle(c);
    coro_expect("0:ok 1:deaf");
    commit(&a, 1);
    commit(&a, 1); /* the reservation is gone as well */
    reserve(2, &a);
    coro_expect("deaf wrong 2:deaf");
    end();
}

static void an_unbounded_channel_has_room_for_what_is_reserved(void **state)
{
    (void)state;
    begin(EDDY_UNBOUNDED);
    for (int i = 0; i < 20; i++) {
        struct user *user = user_of(0, false);
        assert_int_equal(eddy_channel_reserve(&a, &user->waiter), 0);
    }
    for (int i = 0; i < 20; i++) {
        assert_int_equal(eddy_channel_try_send(&b, &items[i]), 0);
    }
    for (int i = 20; i < 40; i++) {
        assert_int_equal(eddy_channel_commit(&a, &items[i]), 0);
    }
    for (int i = 0; i < 40; i++) {
        void *item = NULL;
        assert_int_equal(eddy_channel_try_receive(&from, &item), 0);
        assert_int_equal(number(item), i);
    }
    end();
}

/* ---- Those who receive, with reservations before them ---------------------------------- */

static void a_dropped_reservation_lets_a_send_through_to_who_receives(void **state)
{
    struct coro *c = *state;
    begin(1);
    reserve(0, &a);
    reserve(1, &b);
    receive(2);
    give(3, &a, 3); /* behind 1 */
    drop(&a);
    drop(&b);
    coro_settle(c);
    coro_expect("0:ok ok ok 1:ok 2=3 3:ok");
    end();
}

static void a_send_behind_a_cancelled_reservation_meets_who_receives(void **state)
{
    struct coro *c = *state;
    begin(1);
    reserve(0, &a);
    reserve(1, &b);
    receive(2);
    give(3, &a, 3);
    assert_true(eddy_wait_cancel(&users[1].waiter));
    coro_settle(c);
    coro_expect("0:ok 2=3 3:ok 1:off");
    end();
}

static void reservations_and_receivers_may_wait_side_by_side(void **state)
{
    struct coro *c = *state;
    begin(1);
    reserve(0, &a);
    reserve(1, &b);
    reserve(2, &b);
    receive(3);
    receive(4);
    commit(&a, 1);
    coro_settle(c);
    coro_expect("0:ok ok 3=1 1:ok");
    commit(&b, 2);
    coro_settle(c);
    coro_expect("ok 4=2 2:ok");
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(a_reservation_takes_room_until_it_is_committed_or_dropped),
        coro_test(without_a_reservation_there_is_nothing_to_commit_or_drop),
        coro_test(a_commit_goes_to_who_waits_to_receive),
        coro_test(who_waits_for_room_is_served_in_order_whether_to_send_or_to_reserve),
        coro_test(a_reservation_that_is_cancelled_while_it_waits_lets_the_next_go_on),
        coro_test(a_reservation_that_was_granted_stands_though_it_is_cancelled),
        coro_test(a_sender_that_closes_drops_what_it_has_reserved),
        coro_test(a_receiver_that_waits_is_told_when_the_last_reservation_is_gone),
        coro_test(a_commit_after_the_receivers_have_gone_leaves_the_item),
        coro_test(an_unbounded_channel_has_room_for_what_is_reserved),
        coro_test(a_dropped_reservation_lets_a_send_through_to_who_receives),
        coro_test(reservations_and_receivers_may_wait_side_by_side),
        coro_test(a_send_behind_a_cancelled_reservation_meets_who_receives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
