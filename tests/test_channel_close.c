/* What becomes of who waits at a channel when an end is closed. */
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

/* ---- Closing --------------------------------------------------------------------------- */

static void after_the_last_sender_there_is_what_is_left_and_then_the_end(void **state)
{
    struct coro *c = *state;
    begin(2, 2, 1);
    try_give(0, 1);
    try_give(1, 2);
    eddy_sender_close(&to[0]);
    try_give(0, 3);
    give(0, 0, 3);
    try_receive(0);
    try_receive(0);
    try_receive(0); /* the other is still open */
    coro_expect("ok ok shut 0:shut 1 2 no");
    receive(1, 0);
    eddy_sender_close(&to[1]);
    eddy_sender_close(&to[1]);
    coro_settle(c);
    coro_expect("1:end");
    try_receive(0);
    receive(1, 0);
    coro_expect("end 1:end");
    end(0, 1);
}

static void after_the_last_receiver_senders_keep_their_items(void **state)
{
    struct coro *c = *state;
    begin(1, 1, 2);
    try_give(0, 1);
    give(0, 0, 2);
    eddy_receiver_close(&from[0]);
    coro_settle(c);
    coro_expect("ok");
    eddy_receiver_close(&from[1]);
    eddy_receiver_close(&from[1]);
    try_give(0, 3);
    give(1, 0, 3);
    coro_settle(c);
    coro_expect("deaf 1:deaf 0:deaf");
    try_receive(0);
    receive(1, 0);
    coro_expect("shut 1:shut");
    end(1, 0);
    assert_string_equal(destroyed, "b");
}

static void a_sender_may_come_before_the_first_receiver(void **state)
{
    struct coro *c = *state;
    begin(1, 1, 0);
    try_give(0, 1);
    give(0, 0, 2);
    coro_settle(c);
    coro_expect("ok");
    eddy_receiver_open(&from[0], &channel);
    try_receive(0);
    try_receive(0);
    try_receive(0);
    coro_settle(c);
    coro_expect("1 2 no 0:ok");
    end(1, 1);
}

static void a_receiver_may_come_before_the_first_sender(void **state)
{
    struct coro *c = *state;
    begin(1, 0, 1);
    try_receive(0);
    receive(0, 0);
    eddy_sender_open(&to[0], &channel);
    try_give(0, 1);
    coro_settle(c);
    coro_expect("no ok 0=1");
    end(1, 1);
}

static void closing_an_end_wakes_only_who_waits_with_it(void **state)
{
    struct coro *c = *state;
    begin(1, 3, 3);
    receive(0, 0);
    receive(1, 1);
    receive(2, 0);
    receive(3, 2);
    eddy_receiver_close(&from[0]);
    coro_settle(c);
    coro_expect("0:shut 2:shut");
    eddy_receiver_close(&from[2]);
    coro_settle(c);
    coro_expect("3:shut");
    try_give(0, 1);
    coro_settle(c);
    coro_expect("ok 1=1");
    try_give(0, 0);
    give(0, 0, 2);
    give(1, 1, 3);
    give(2, 2, 4);
    give(3, 1, 5);
    eddy_sender_close(&to[1]);
    coro_settle(c);
    coro_expect("ok 1:shut 3:shut");
    try_receive(1);
    try_receive(1);
    try_receive(1);
    coro_settle(c);
    coro_expect("0 2 4 0:ok 2:ok");
    end(3, 3);
}

static void a_channel_with_an_open_end_does_not_end(void **state)
{
    (void)state;
    begin(2, 1, 1);
    assert_int_equal(eddy_channel_fini(&channel), -EBUSY);
    try_give(0, 1);
    try_give(0, 2);
    eddy_sender_close(&to[0]);
    assert_int_equal(eddy_channel_fini(&channel), -EBUSY);
    assert_string_equal(destroyed, "");
    end(0, 1);
    assert_string_equal(destroyed, "bc");
    coro_expect("ok ok");
}

static void an_unbounded_channel_never_lets_a_sender_wait(void **state)
{
    (void)state;
    begin(EDDY_UNBOUNDED, 1, 1);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(eddy_channel_try_send(&to[0], &items[i % ITEMS]), 0);
    }
    for (int i = 0; i < 100; i++) {
        void *item = NULL;
        assert_int_equal(eddy_channel_try_receive(&from[0], &item), 0);
        assert_int_equal(number(item), i % ITEMS);
    }
    end(1, 1);
}

/* ---- In coroutines --------------------------------------------------------------------- */

struct producer {
    EDDY_FRAME;
    struct eddy_sender to;
    int first;
    int i;
};

EDDY_CORO(producer)
{
    EDDY_BEGIN(producer) {
        eddy_sender_open(&my->to, &channel);
        for (my->i = 0; my->i < 3; my->i++) {
            EDDY_AWAIT(eddy_channel_send(&my->to, &items[my->first + my->i], me));
        }
    }
    EDDY_FINALLY
    {
        eddy_sender_close(&my->to);
    }
}

struct consumer {
    EDDY_FRAME;
    struct eddy_receiver from;
    void *item;
    int error;
};

EDDY_CORO(consumer)
{
    EDDY_BEGIN(consumer) {
        eddy_receiver_open(&my->from, &channel);
        for (;;) {
            EDDY_AWAIT(my->error, eddy_channel_receive(&my->from, &my->item, me));
            if (my->error < 0) {
                coro_say("%s", word(my->error));
                break;
            }
            coro_say("%d", number(my->item));
        }
    }
    EDDY_FINALLY
    {
        eddy_receiver_close(&my->from);
    }
}

static void the_end_of_all_producers_ends_the_consumer(void **state)
{
    struct coro *c = *state;
    for (size_t capacity = 0; capacity < 4; capacity++) {
        begin(capacity, 0, 0);
        eddy_task_release(CORO_START(c, producer, .first = 0));
        eddy_task_release(CORO_START(c, producer, .first = 10));
        assert_int_equal(CORO_RUN(c, consumer), 0);
        int next[2] = {0, 10};
        char *word_at = c->trace;
        for (int i = 0; i < 6; i++) { /* in the order of each producer */
            int received = (int)strtol(word_at, &word_at, 10);
            assert_int_equal(received, next[received >= 10]++);
        }
        assert_string_equal(word_at, " end");
        c->trace[0] = '\0';
        end(0, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(after_the_last_sender_there_is_what_is_left_and_then_the_end),
        coro_test(after_the_last_receiver_senders_keep_their_items),
        coro_test(a_sender_may_come_before_the_first_receiver),
        coro_test(a_receiver_may_come_before_the_first_sender),
        coro_test(closing_an_end_wakes_only_who_waits_with_it),
        coro_test(a_channel_with_an_open_end_does_not_end),
        coro_test(an_unbounded_channel_never_lets_a_sender_wait),
        coro_test(the_end_of_all_producers_ends_the_consumer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
