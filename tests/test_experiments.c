/* Twenty-two experiments in which other libraries lose a wake, a value, a cancel or an order, part one: what is waited
 * for. The numbers are those of the list that the design began with. */
#include "support/coro.h"

#include <errno.h>

static struct eddy_queue queue;
static struct eddy_queue_slot slots[32];
static int items[128];

static int number(const void *item)
{
    return (int)((const int *)item - items);
}

/* ---- 3, 4, 5, 7, 8, 20: queues --------------------------------------------------------- */

struct getter {
    EDDY_FRAME;
    int name;
    void *item;
};

EDDY_CORO(getter)
{
    EDDY_BEGIN(getter) {
        EDDY_AWAIT(eddy_queue_get(&queue, &my->item, me));
        coro_say("%d=%d", my->name, number(my->item));
        EDDY_AWAIT(eddy_yield(me));
        coro_say("%d.", my->name);
    }
}

struct putter {
    EDDY_FRAME;
    int item;
};

EDDY_CORO(putter)
{
    EDDY_BEGIN(putter) {
        EDDY_AWAIT(eddy_queue_put(&queue, &items[my->item], me));
    }
}

static void begin_queue(size_t capacity, enum eddy_queue_order order)
{
    eddy_queue_init(&queue, slots, capacity, order, NULL);
}

static void end_queue(void)
{
    assert_int_equal(eddy_queue_fini(&queue), 0);
}

static void take(int expected)
{
    void *item = NULL;
    assert_int_equal(eddy_queue_try_get(&queue, &item), 0);
    assert_int_equal(number(item), expected);
}

static void experiment_03_a_value_that_was_granted_is_delivered_and_the_cancel_comes_after_it(void **state)
{
    struct coro *c = *state;
    begin_queue(4, EDDY_FIFO);
    struct eddy_task *task = CORO_START(c, getter);
    coro_settle(c);
    assert_int_equal(eddy_queue_try_put(&queue, &items[5], 0), 0);
    eddy_task_cancel(task, -ECANCELED);
    assert_int_equal(coro_end(c, task), -ECANCELED);
    coro_expect("0=5");
    end_queue();
}

static void experiment_04_nobody_takes_what_was_put_for_who_waits(void **state)
{
    struct coro *c = *state;
    begin_queue(4, EDDY_FIFO);
    eddy_task_release(CORO_START(c, getter, .name = 0));
    eddy_task_release(CORO_START(c, getter, .name = 1));
    coro_settle(c);
    void *item;
    assert_int_equal(eddy_queue_try_put(&queue, &items[10], 0), 0);
    assert_int_equal(eddy_queue_try_get(&queue, &item), -EAGAIN);
    assert_int_equal(eddy_queue_try_put(&queue, &items[11], 0), 0);
    coro_finish(c);
    coro_expect("0=10 1=11 0. 1.");
    end_queue();
}

static void experiment_05_a_new_put_does_not_overtake_those_that_wait(void **state)
{
    struct coro *c = *state;
    begin_queue(1, EDDY_FIFO);
    assert_int_equal(eddy_queue_try_put(&queue, &items[0], 0), 0);
    eddy_task_release(CORO_START(c, putter, .item = 1));
    eddy_task_release(CORO_START(c, putter, .item = 2));
    coro_settle(c);
    take(0);
    assert_int_equal(eddy_queue_try_put(&queue, &items[99], 0), -EAGAIN);
    take(1);
    take(2);
    coro_finish(c);
    end_queue();
}

static void experiment_07_equal_keys_stay_in_order(void **state)
{
    (void)state;
    begin_queue(32, EDDY_PRIORITY);
    for (int i = 0; i < 32; i++) {
        assert_int_equal(eddy_queue_try_put(&queue, &items[i], i % 2), 0);
    }
    for (int i = 0; i < 32; i++) {
        take(i < 16 ? 2 * i : 2 * (i - 16) + 1);
    }
    end_queue();
}

struct glutton {
    EDDY_FRAME;
    void *item;
    int i;
    bool *done;
};

EDDY_CORO(glutton)
{
    EDDY_BEGIN(glutton) {
        for (my->i = 0; my->i < 20000; my->i++) {
            assert_int_equal(eddy_queue_try_put(&queue, &items[0], 0), 0);
            EDDY_AWAIT(eddy_queue_get(&queue, &my->item, me));
        }
        *my->done = true;
    }
}

struct polite {
    EDDY_FRAME_RET(int);
    bool *done;
};

EDDY_CORO(polite)
{
    EDDY_BEGIN(polite) {
        while (!*my->done) {
            my->ret++;
            EDDY_AWAIT(eddy_yield(me));
        }
    }
}

static void experiment_08_twenty_thousand_ready_gets_leave_others_their_turns(void **state)
{
    struct coro *c = *state;
    begin_queue(4, EDDY_FIFO);
    bool done = false;
    int turns = 0;
    eddy_task_release(CORO_START(c, glutton, .done = &done));
    assert_int_equal(CORO_RUN_RET(c, &turns, polite, .done = &done), 0);
    assert_true(turns >= 20000 / 130);
    end_queue();
}

struct worker {
    EDDY_FRAME;
    struct eddy_guard guard;
    void *item;
};

EDDY_CORO(worker)
{
    EDDY_BEGIN(worker) {
        for (;;) {
            EDDY_QUEUE_WORK(&my->guard, &queue, &my->item) {
                EDDY_AWAIT(eddy_sleep(10, me));
            }
        }
    }
}

struct joiner {
    EDDY_FRAME;
};

EDDY_CORO(joiner)
{
    EDDY_BEGIN(joiner) {
        EDDY_AWAIT(eddy_queue_join(&queue, me));
        coro_say("joined");
    }
}

static void experiment_20_a_worker_that_is_cancelled_at_its_work_does_not_hang_the_join(void **state)
{
    struct coro *c = *state;
    begin_queue(4, EDDY_FIFO);
    assert_int_equal(eddy_queue_try_put(&queue, &items[0], 0), 0);
    struct eddy_task *works = CORO_START(c, worker);
    struct eddy_task *joins = CORO_START(c, joiner);
    coro_settle(c);
    eddy_task_cancel(works, -ECANCELED);
    coro_finish(c);
    coro_expect("joined");
    assert_int_equal(eddy_queue_task_done(&queue), -EINVAL); /* and one too many is told */
    eddy_task_release(works);
    assert_int_equal(coro_end(c, joins), 0);
    end_queue();
}

/* ---- 6: timers ------------------------------------------------------------------------- */

struct sleeper {
    EDDY_FRAME;
    int name;
    eddy_ns deadline;
};

EDDY_CORO(sleeper)
{
    EDDY_BEGIN(sleeper) {
        EDDY_AWAIT(eddy_sleep_until(my->deadline, me));
        coro_say("%d", my->name);
    }
}

static void experiment_06_ten_sleeps_until_one_instant_end_in_their_order(void **state)
{
    struct coro *c = *state;
    for (int i = 0; i < 10; i++) {
        eddy_task_release(CORO_START(c, sleeper, .name = i, .deadline = c->os.now + EDDY_MS(50)));
    }
    coro_finish(c);
    coro_expect("0 1 2 3 4 5 6 7 8 9");
}

/* ---- 9: futures ------------------------------------------------------------------------ */

static struct eddy_future future;

struct reader {
    EDDY_FRAME;
    int error;
};

EDDY_CORO(reader)
{
    EDDY_BEGIN(reader) {
        EDDY_TRY(my->error, eddy_future_wait(&future, me));
        coro_say("%d", number(eddy_future_value(&future)));
    }
}

static void experiment_09_who_stops_waiting_for_a_future_stops_nobody_else(void **state)
{
    struct coro *c = *state;
    struct eddy_promise promise;
    eddy_future_init(&future, &promise, &c->loop);
    struct eddy_task *a = CORO_START(c, reader);
    struct eddy_task *b = CORO_START(c, reader);
    coro_settle(c);
    eddy_task_cancel(a, -ECANCELED);
    coro_settle(c);
    assert_true(eddy_task_is_done(a));
    assert_int_equal(eddy_promise_set(&promise, &items[3]), 0);
    eddy_task_release(a);
    assert_int_equal(coro_end(c, b), 0);
    coro_expect("3");
    assert_int_equal(eddy_future_fini(&future), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(experiment_03_a_value_that_was_granted_is_delivered_and_the_cancel_comes_after_it),
        coro_test(experiment_04_nobody_takes_what_was_put_for_who_waits),
        coro_test(experiment_05_a_new_put_does_not_overtake_those_that_wait),
        coro_test(experiment_06_ten_sleeps_until_one_instant_end_in_their_order),
        coro_test(experiment_07_equal_keys_stay_in_order),
        coro_test(experiment_08_twenty_thousand_ready_gets_leave_others_their_turns),
        coro_test(experiment_09_who_stops_waiting_for_a_future_stops_nobody_else),
        coro_test(experiment_20_a_worker_that_is_cancelled_at_its_work_does_not_hang_the_join),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
