/* Queues that are joined, shut down and ended, asked by callbacks. */
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

static void put(int at, int item)
{
    struct user *user = user_of(at, false);
    done(user, eddy_queue_put(&queue, &items[item], &user->waiter));
}

static void join(int at)
{
    struct user *user = user_of(at, false);
    done(user, eddy_queue_join(&queue, &user->waiter));
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

/* ---- Cancel and deadline --------------------------------------------------------------- */

static void who_gives_up_before_the_grant_has_taken_nothing(void **state)
{
    struct coro *c = *state;
    begin(1, EDDY_FIFO);
    get(0);
    get(1);
    assert_true(eddy_wait_cancel(&users[0].waiter));
    try_put(5);
    coro_settle(c);
    coro_expect("ok 0:off 1=5");
    assert_null(users[0].taken[0]);
    try_put(6);
    put(2, 7);
    put(3, 8);
    assert_true(eddy_wait_cancel(&users[2].waiter));
    try_get();
    take_all();
    coro_settle(c);
    coro_expect("ok 6 8 2:off 3:ok");
    end();
}

static void a_cancel_after_the_grant_comes_too_late(void **state)
{
    struct coro *c = *state;
    begin(1, EDDY_FIFO);
    get(0);
    try_put(5);
    assert_false(eddy_wait_cancel(&users[0].waiter));
    try_put(6);
    put(1, 7);
    try_get();
    assert_false(eddy_wait_cancel(&users[1].waiter));
    coro_settle(c);
    coro_expect("ok ok 6 0=5 1:ok");
    take_all();
    coro_expect("7");
    end();
}

static void a_deadline_ends_a_get_a_put_and_a_join(void **state)
{
    struct coro *c = *state;
    begin(1, EDDY_FIFO);
    get(0);
    eddy_wait_until(&users[0].waiter, c->os.now + 5);
    coro_finish(c);
    coro_expect("0:late");
    assert_int_equal(coro_elapsed(c), 5);
    try_put(1);
    put(1, 2);
    eddy_wait_until(&users[1].waiter, c->os.now + 5);
    join(2);
    eddy_wait_until(&users[2].waiter, c->os.now + 7);
    coro_finish(c);
    coro_expect("ok 1:late 2:late");
    assert_int_equal(coro_elapsed(c), 12);
    take_all();
    coro_expect("1");
    end();
}

static void a_waiter_that_is_withdrawn_gets_nothing(void **state)
{
    struct coro *c = *state;
    begin(1, EDDY_FIFO);
    get(0);
    get(1);
    assert_int_equal(eddy_wait_withdraw(&users[0].waiter), EDDY_PENDING);
    try_put(5);
    assert_int_equal(eddy_wait_withdraw(&users[1].waiter), 0); /* the item is there, and its wake will not be */
    coro_settle(c);
    coro_expect("ok");
    assert_int_equal(number(users[1].taken[0]), 5);
    end();
}

/* ---- Done ------------------------------------------------------------------------------ */

static void join_waits_until_all_that_was_put_is_done(void **state)
{
    struct coro *c = *state;
    begin(4, EDDY_FIFO);
    join(0);
    coro_expect("0:ok");
    try_put(1);
    try_put(2);
    join(0);
    join(1);
    take_all();
    assert_int_equal(eddy_queue_task_done(&queue), 0);
    coro_settle(c);
    coro_expect("ok ok 1 2");
    assert_int_equal(eddy_queue_task_done(&queue), 0);
    coro_settle(c);
    coro_expect("0:ok 1:ok");
    end();
}

static void more_cannot_be_done_than_was_taken(void **state)
{
    (void)state;
    begin(4, EDDY_FIFO);
    assert_int_equal(eddy_queue_task_done(&queue), -EINVAL);
    try_put(1);
    assert_int_equal(eddy_queue_task_done(&queue), -EINVAL); /* it was put, and not taken */
    try_get();
    assert_int_equal(eddy_queue_task_done(&queue), 0);
    assert_int_equal(eddy_queue_task_done(&queue), -EINVAL);
    assert_int_equal(queue.unfinished, 0);
    coro_expect("ok 1");
    end();
}

static void a_join_that_was_granted_stays_so_when_more_is_put(void **state)
{
    struct coro *c = *state;
    begin(4, EDDY_FIFO);
    try_put(1);
    try_get();
    join(0);
    assert_int_equal(eddy_queue_task_done(&queue), 0);
    try_put(2);
    coro_settle(c);
    coro_expect("ok 1 ok 0:ok");
    end();
}

/* ---- Shutdown -------------------------------------------------------------------------- */

static void a_gentle_shutdown_leaves_what_is_there(void **state)
{
    struct coro *c = *state;
    begin(2, EDDY_FIFO);
    try_put(1);
    try_put(2);
    put(0, 3);
    join(1);
    eddy_queue_shut_down(&queue, false);
    try_put(4);
    put(2, 4);
    coro_settle(c);
    coro_expect("ok ok shut 2:shut 0:shut");
    get(3);
    try_get();
    try_get();
    get(4);
    coro_expect("3=1 2 end 4:end");
    assert_int_equal(eddy_queue_task_done(&queue), 0);
    assert_int_equal(eddy_queue_task_done(&queue), 0);
    coro_settle(c);
    coro_expect("1:ok");
    assert_string_equal(destroyed, "");
    end();
}

static void who_waits_for_an_item_is_told_of_a_shutdown(void **state)
{
    struct coro *c = *state;
    begin(2, EDDY_FIFO);
    get(0);
    get(1);
    eddy_queue_shut_down(&queue, false);
    eddy_queue_shut_down(&queue, false);
    coro_settle(c);
    coro_expect("0:end 1:end");
    end();
}

static void an_immediate_shutdown_drains_and_counts_what_it_drained(void **state)
{
    struct coro *c = *state;
    begin(2, EDDY_FIFO);
    try_put(0);
    try_put(1);
    put(0, 2);
    try_get(); /* 0 is at work; 1 and 2 are in */
    join(1);
    eddy_queue_shut_down(&queue, true);
    coro_settle(c);
    coro_expect("ok ok 0 0:ok");
    assert_string_equal(destroyed, "bc");
    assert_int_equal(queue.unfinished, 1);
    assert_int_equal(eddy_queue_task_done(&queue), 0);
    coro_settle(c);
    coro_expect("1:ok");
    end();
}

static void an_immediate_shutdown_with_nobody_at_work_ends_the_join(void **state)
{
    struct coro *c = *state;
    begin(2, EDDY_FIFO);
    try_put(0);
    join(0);
    eddy_queue_shut_down(&queue, false);
    coro_settle(c);
    coro_expect("ok");
    eddy_queue_shut_down(&queue, true); /* the second says more than the first */
    coro_settle(c);
    coro_expect("0:ok");
    assert_string_equal(destroyed, "a");
    end();
}

static void a_put_that_waits_at_a_shutdown_keeps_its_item(void **state)
{
    struct coro *c = *state;
    begin(0, EDDY_FIFO);
    put(0, 1);
    eddy_queue_shut_down(&queue, true);
    coro_settle(c);
    coro_expect("0:shut");
    assert_string_equal(destroyed, "");
    end();
}

/* ---- The end --------------------------------------------------------------------------- */

static void a_queue_somebody_waits_for_does_not_end(void **state)
{
    struct coro *c = *state;
    begin(1, EDDY_FIFO);
    get(0);
    assert_int_equal(eddy_queue_fini(&queue), -EBUSY);
    try_put(1);
    try_put(2);
    put(1, 3);
    assert_int_equal(eddy_queue_fini(&queue), -EBUSY);
    try_get();
    join(2);
    assert_int_equal(eddy_queue_fini(&queue), -EBUSY);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(eddy_wait_cancel(&users[i].waiter), i == 2);
    }
    coro_settle(c);
    coro_expect("ok ok 2 0=1 1:ok 2:off");
    end();
    assert_string_equal(destroyed, "d");
}

static void what_is_left_is_destroyed_in_order(void **state)
{
    (void)state;
    static const char *const orders[] = {"bcd", "dcb", "dcb"};
    static const enum eddy_queue_order kinds[] = {EDDY_FIFO, EDDY_LIFO, EDDY_PRIORITY};
    for (int i = 0; i < 6; i++) {
        begin(i < 3 ? 4 : EDDY_UNBOUNDED, kinds[i % 3]);
        for (int item = 1; item <= 3; item++) {
            assert_int_equal(eddy_queue_try_put(&queue, &items[item], -item), 0);
        }
        end();
        assert_string_equal(destroyed, orders[i % 3]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(who_gives_up_before_the_grant_has_taken_nothing),
        coro_test(a_cancel_after_the_grant_comes_too_late),
        coro_test(a_deadline_ends_a_get_a_put_and_a_join),
        coro_test(a_waiter_that_is_withdrawn_gets_nothing),
        coro_test(join_waits_until_all_that_was_put_is_done),
        coro_test(more_cannot_be_done_than_was_taken),
        coro_test(a_join_that_was_granted_stays_so_when_more_is_put),
        coro_test(a_gentle_shutdown_leaves_what_is_there),
        coro_test(who_waits_for_an_item_is_told_of_a_shutdown),
        coro_test(an_immediate_shutdown_drains_and_counts_what_it_drained),
        coro_test(an_immediate_shutdown_with_nobody_at_work_ends_the_join),
        coro_test(a_put_that_waits_at_a_shutdown_keeps_its_item),
        coro_test(a_queue_somebody_waits_for_does_not_end),
        coro_test(what_is_left_is_destroyed_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
