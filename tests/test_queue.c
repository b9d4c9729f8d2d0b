/* Queues, asked by callbacks: who gets what, in which order, and what a cancel, a deadline and a shutdown leave. */
#include "support/users.h"

static struct eddy_queue queue;
static struct eddy_queue_slot slots[8];
static char destroyed[ITEMS + 1];
static size_t destroyed_count;

static void get(int at)
{
    struct user *user = user_of(at, true);
    done(user, eddy_queue_get(&queue, &user->taken[0], &user->waiter));
}

static void put_key(int at, int item, int key)
{
    struct user *user = user_of(at, false);
    done(user, eddy_queue_put_key(&queue, &items[item], key, &user->waiter));
}

static void put(int at, int item)
{
    struct user *user = user_of(at, false);
    done(user, eddy_queue_put(&queue, &items[item], &user->waiter));
}

static void try_put(int item)
{
    coro_say("%s", word(eddy_queue_try_put(&queue, &items[item], 0)));
}

static void try_get(void)
{
    void *item = NULL;
    int result = eddy_queue_try_get(&queue, &item);
    if (result == 0) {
        coro_say("%d", number(item));
    } else {
        coro_say("%s", word(result));
    }
}

/* Take all that is there. */
static void take_all(void)
{
    while (queue.length > 0) {
        try_get();
    }
}

static void destroy(void *item)
{
    destroyed[destroyed_count++] = (char)('a' + number(item));
    destroyed[destroyed_count] = '\0';
}

static void begin(size_t capacity, enum eddy_queue_order order)
{
    bool given = capacity > 0 && capacity != EDDY_UNBOUNDED;
    eddy_queue_init(&queue, given ? slots : NULL, capacity, order, destroy);
    destroyed_count = 0;
    destroyed[0] = '\0';
}

static void end(void)
{
    assert_int_equal(eddy_queue_fini(&queue), 0);
}

/* ---- Order ----------------------------------------------------------------------------- */

static void first_in_is_first_out(void **state)
{
    (void)state;
    begin(4, EDDY_FIFO);
    for (int i = 0; i < 30; i++) { /* around the ring's end, at each place of it */
        try_put(2 * i % ITEMS);
        try_put((2 * i + 1) % ITEMS);
        coro_current()->trace[0] = '\0';
        void *item = NULL;
        assert_int_equal(eddy_queue_try_get(&queue, &item), 0);
        assert_int_equal(number(item), 2 * i);
        assert_int_equal(eddy_queue_try_get(&queue, &item), 0);
        assert_int_equal(number(item), 2 * i + 1);
    }
    assert_int_equal(queue.peak, 2);
    assert_int_equal(queue.puts, 60);
    assert_int_equal(queue.gets, 60);
    end();
}

static void last_in_is_first_out(void **state)
{
    (void)state;
    begin(4, EDDY_LIFO);
    for (int i = 1; i <= 5; i++) {
        try_put(i);
    }
    coro_expect("ok ok ok ok no");
    try_get();
    try_put(6);
    take_all();
    coro_expect("4 ok 6 3 2 1");
    end();
}

static void the_lowest_key_comes_first_and_equal_keys_in_order(void **state)
{
    (void)state;
    static const int keys[] = {3, 1, 3, -2, 1, 3, INT32_MIN, INT32_MAX};
    begin(8, EDDY_PRIORITY);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(eddy_queue_try_put(&queue, &items[i], keys[i]), 0);
    }
    take_all();
    coro_expect("6 3 1 4 0 2 5 7");
    end();
}

static void equal_keys_stay_in_order_while_items_come_and_go(void **state)
{
    (void)state;
    begin(8, EDDY_PRIORITY);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(eddy_queue_try_put(&queue, &items[i], 5), 0);
    }
    for (int i = 6; i < 40; i++) {
        void *item = NULL;
        assert_int_equal(eddy_queue_try_get(&queue, &item), 0);
        assert_int_equal(number(item), i - 6);
        assert_int_equal(eddy_queue_try_put(&queue, &items[i], 5), 0);
    }
    take_all();
    coro_expect("34 35 36 37 38 39");
    end();
}

/* ---- Hand over ------------------------------------------------------------------------- */

static void a_put_gives_its_item_to_who_has_waited_longest(void **state)
{
    struct coro *c = *state;
    begin(4, EDDY_FIFO);
    get(0);
    get(1);
    try_put(7);
    assert_int_equal(number(users[0].taken[0]), 7); /* it is 0's before 0 runs */
    try_get();
    try_put(8);
    try_get();
    coro_settle(c);
    coro_expect("ok no ok no 0=7 1=8");
    assert_int_equal(queue.length, 0);
    end();
}

static void a_get_lets_in_the_first_that_waits_for_room(void **state)
{
    struct coro *c = *state;
    begin(1, EDDY_FIFO);
    try_put(0);
    put(1, 1);
    put(2, 2);
    try_get();
    try_put(9); /* the room is taken already, and 2 waits */
    coro_settle(c);
    coro_expect("ok 0 no 1:ok");
    try_get();
    try_get();
    coro_settle(c);
    coro_expect("1 2 2:ok");
    end();
}

static void nobody_overtakes_a_put_that_waits(void **state)
{
    struct coro *c = *state;
    begin(2, EDDY_FIFO);
    try_put(0);
    try_put(1);
    put(2, 2);
    put(3, 3);
    put(4, 4);
    take_all();
    coro_settle(c);
    coro_expect("ok ok 0 1 2 3 4 2:ok 3:ok 4:ok");
    end();
}

static void puts_that_wait_keep_their_keys(void **state)
{
    struct coro *c = *state;
    begin(1, EDDY_PRIORITY);
    put_key(0, 0, 9);
    put_key(1, 1, 5);
    put_key(2, 2, -3);
    try_get();
    assert_int_equal(queue.slots[0].key, 5); /* in the order in which they waited */
    take_all();
    coro_settle(c);
    coro_expect("0:ok 0 1 2 1:ok 2:ok");
    end();
}

/* ---- No room at all -------------------------------------------------------------------- */

static void with_capacity_0_a_put_waits_until_it_is_taken(void **state)
{
    struct coro *c = *state;
    begin(0, EDDY_FIFO);
    try_put(1);
    put(0, 2);
    put(1, 3);
    coro_settle(c);
    coro_expect("no");
    assert_int_equal(queue.unfinished, 0); /* nothing was put yet */
    get(2);
    coro_settle(c);
    coro_expect("2=2 0:ok");
    try_get();
    try_get();
    coro_settle(c);
    coro_expect("3 no 1:ok");
    get(3);
    try_put(4);
    coro_settle(c);
    coro_expect("ok 3=4");
    assert_int_equal(queue.unfinished, 3);
    assert_int_equal(queue.peak, 0);
    end();
}

/* ---- No bound -------------------------------------------------------------------------- */

static void an_unbounded_queue_grows_also_where_its_ring_is_wrapped(void **state)
{
    (void)state;
    for (int head = 0; head < 16; head++) {
        begin(EDDY_UNBOUNDED, EDDY_FIFO);
        for (int i = 0; i < 16; i++) {
            assert_int_equal(eddy_queue_try_put(&queue, &items[0], 0), 0);
        }
        for (int i = 0; i < 16; i++) { /* the first item that counts lies at `head` */
            void *item;
            if (i < head) {
                assert_int_equal(eddy_queue_try_get(&queue, &item), 0);
            }
        }
        int next = 1;
        for (int i = 0; i < head; i++) {
            assert_int_equal(eddy_queue_try_put(&queue, &items[(next++ + 7 * head) % ITEMS], 0), 0);
        }
        for (int i = 0; i < 40; i++) { /* grows twice */
            assert_int_equal(eddy_queue_try_put(&queue, &items[(next++ + 7 * head) % ITEMS], 0), 0);
        }
        for (int i = 0; i < 16 - head; i++) {
            void *item = NULL;
            assert_int_equal(eddy_queue_try_get(&queue, &item), 0);
            assert_int_equal(number(item), 0);
        }
        for (int i = 1; i < next; i++) {
            void *item = NULL;
            assert_int_equal(eddy_queue_try_get(&queue, &item), 0);
            assert_int_equal(number(item), (i + 7 * head) % ITEMS); /* another than freed memory may hold */
        }
        assert_int_equal(queue.length, 0);
        end();
    }
}

static void unbounded_stacks_and_heaps_grow_as_well(void **state)
{
    (void)state;
    for (int round = 0; round < 2; round++) {
        begin(EDDY_UNBOUNDED, round == 0 ? EDDY_LIFO : EDDY_PRIORITY);
        for (int i = 0; i < 50; i++) {
            assert_int_equal(eddy_queue_try_put(&queue, &items[i], 50 - i), 0);
        }
        for (int i = 49; i >= 0; i--) {
            void *item = NULL;
            assert_int_equal(eddy_queue_try_get(&queue, &item), 0);
            assert_int_equal(number(item), i);
        }
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(first_in_is_first_out),
        coro_test(last_in_is_first_out),
        coro_test(the_lowest_key_comes_first_and_equal_keys_in_order),
        coro_test(equal_keys_stay_in_order_while_items_come_and_go),
        coro_test(a_put_gives_its_item_to_who_has_waited_longest),
        coro_test(a_get_lets_in_the_first_that_waits_for_room),
        coro_test(nobody_overtakes_a_put_that_waits),
        coro_test(puts_that_wait_keep_their_keys),
        coro_test(with_capacity_0_a_put_waits_until_it_is_taken),
        coro_test(an_unbounded_queue_grows_also_where_its_ring_is_wrapped),
        coro_test(unbounded_stacks_and_heaps_grow_as_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
