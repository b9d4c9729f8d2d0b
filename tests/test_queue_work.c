/* Queues in coroutines: workers, budgets, cancel at the moment of the grant, and the scoped form on every way out. */
#include "support/coro.h"

#include <errno.h>

enum { ITEMS = 400 };

static struct eddy_queue queue;
static struct eddy_queue_slot slots[ITEMS];
static int items[ITEMS];

static int number(const void *item)
{
    return (int)((const int *)item - items);
}

static void begin(size_t capacity, int filled)
{
    eddy_queue_init(&queue, slots, capacity, EDDY_FIFO, NULL);
    for (int i = 0; i < filled; i++) {
        assert_int_equal(eddy_queue_try_put(&queue, &items[i], 0), 0);
    }
}

static void end(void)
{
    assert_int_equal(eddy_queue_fini(&queue), 0);
}

/* ---- Every way out --------------------------------------------------------------------- */

enum way { FALL, CONTINUE, BREAK, RETURN, FAIL, SLEEP };

struct worker {
    EDDY_FRAME;
    enum way way; /* of item 1 */
    struct eddy_guard guard;
    void *item;
    int count;
};

EDDY_CORO(worker)
{
    EDDY_BEGIN(worker) {
        for (;;) {
            EDDY_QUEUE_WORK(&my->guard, &queue, &my->item) {
                coro_say("%d", number(my->item));
                EDDY_AWAIT(eddy_yield(me));
                if (number(my->item) == 1) {
                    if (my->way == CONTINUE) {
                        continue;
                    } else if (my->way == BREAK) {
                        break;
                    } else if (my->way == RETURN) {
                        return;
                    } else if (my->way == FAIL) {
                        EDDY_FAIL(-EIO);
                    } else if (my->way == SLEEP) {
                        EDDY_AWAIT(eddy_sleep(EDDY_SEC(1), me));
                    }
                }
                coro_say("end");
            }
            coro_say("after");
            my->count++;
        }
        coro_say("left");
    }
}

static void work(struct coro *c, enum way way, int status, const char *trace, size_t unfinished)
{
    begin(4, 3);
    eddy_queue_shut_down(&queue, false);
    assert_int_equal(CORO_RUN(c, worker, .way = way), status);
    coro_expect(trace);
    assert_int_equal(queue.unfinished, unfinished);
    c->log_count = 0;
    end();
}

static void work_is_done_however_its_block_is_left(void **state)
{
    struct coro *c = *state;
    work(c, FALL, 0, "0 end after 1 end after 2 end after left", 0);
    work(c, CONTINUE, 0, "0 end after 1 after 2 end after left", 0);
    work(c, BREAK, 0, "0 end after 1 left", 1);
    work(c, RETURN, 0, "0 end after 1", 1);
    work(c, FAIL, -EIO, "0 end after 1", 1);
}

static void work_that_is_cancelled_is_done(void **state)
{
    struct coro *c = *state;
    begin(4, 2);
    struct eddy_task *task = CORO_START(c, worker, .way = SLEEP);
    coro_settle(c);
    assert_int_equal(queue.unfinished, 1);
    eddy_task_cancel(task, -ECANCELED);
    assert_int_equal(coro_end(c, task), -ECANCELED);
    assert_int_equal(queue.unfinished, 0);
    coro_expect("0 end after 1");
    end();
}

static void a_worker_that_is_cancelled_while_it_waits_takes_nothing(void **state)
{
    struct coro *c = *state;
    begin(4, 0);
    struct eddy_task *task = CORO_START(c, worker);
    coro_settle(c);
    eddy_task_cancel(task, -ECANCELED);
    assert_int_equal(eddy_queue_try_put(&queue, &items[0], 0), 0);
    assert_int_equal(coro_end(c, task), -ECANCELED);
    assert_int_equal(queue.length, 1);
    coro_expect("");
    end();
}

static void a_worker_that_was_given_work_before_the_cancel_has_it_and_has_done_it(void **state)
{
    struct coro *c = *state;
    begin(4, 0);
    struct eddy_task *task = CORO_START(c, worker);
    coro_settle(c);
    assert_int_equal(eddy_queue_try_put(&queue, &items[0], 0), 0);
    eddy_task_cancel(task, -ECANCELED);
    assert_int_equal(coro_end(c, task), -ECANCELED);
    coro_expect("0"); /* the body began, and unwound at its first await */
    assert_int_equal(queue.unfinished, 0);
    end();
}

static void a_worker_that_is_cancelled_before_it_begins_takes_nothing(void **state)
{
    struct coro *c = *state;
    begin(4, 1);
    struct eddy_task *task = CORO_START(c, worker);
    eddy_task_cancel(task, -ECANCELED);
    assert_int_equal(coro_end(c, task), -ECANCELED);
    assert_int_equal(queue.length, 1);
    coro_expect("");
    end();
}

static void a_worker_that_waits_is_told_of_the_end(void **state)
{
    struct coro *c = *state;
    begin(4, 0);
    struct eddy_task *task = CORO_START(c, worker);
    coro_settle(c);
    eddy_queue_shut_down(&queue, false);
    assert_int_equal(coro_end(c, task), 0);
    coro_expect("left");
    end();
}

/* ---- Workers and a join ---------------------------------------------------------------- */

struct company {
    EDDY_FRAME;
    struct eddy_group group;
    int i;
};

EDDY_CORO(company)
{
    EDDY_BEGIN(company) {
        EDDY_GROUP(&my->group) {
            for (my->i = 0; my->i < 3; my->i++) {
                EDDY_AWAIT(EDDY_SPAWN(&my->group, worker, .way = FALL));
            }
            for (my->i = 0; my->i < 20; my->i++) {
                EDDY_AWAIT(eddy_queue_put(&queue, &items[my->i], me));
            }
            EDDY_AWAIT(eddy_queue_join(&queue, me));
            assert_int_equal(queue.length, 0);
            assert_int_equal(queue.unfinished, 0);
            eddy_queue_shut_down(&queue, false);
        }
    }
}

static void a_join_waits_for_all_workers(void **state)
{
    struct coro *c = *state;
    begin(2, 0);
    assert_int_equal(CORO_RUN(c, company), 0);
    assert_int_equal(queue.gets, 20);
    end();
}

/* ---- Budget ---------------------------------------------------------------------------- */

struct greedy {
    EDDY_FRAME;
    void *item;
    int i;
    int *taken;
};

EDDY_CORO(greedy)
{
    EDDY_BEGIN(greedy) {
        for (my->i = 0; my->i < ITEMS; my->i++) {
            EDDY_AWAIT(eddy_queue_get(&queue, &my->item, me));
            assert_int_equal(number(my->item), my->i);
            ++*my->taken;
        }
    }
}

struct giver {
    EDDY_FRAME;
    int i;
};

EDDY_CORO(giver)
{
    EDDY_BEGIN(giver) {
        for (my->i = 0; my->i < ITEMS; my->i++) {
            EDDY_AWAIT(eddy_queue_put(&queue, &items[my->i], me));
        }
    }
}

struct other {
    EDDY_FRAME;
    struct eddy_task *beside;
    int *turns;
};

EDDY_CORO(other)
{
    EDDY_BEGIN(other) {
        while (!eddy_task_is_done(my->beside)) {
            ++*my->turns;
            EDDY_AWAIT(eddy_yield(me));
        }
    }
}

static void gets_and_puts_that_are_ready_let_others_run(void **state)
{
    struct coro *c = *state;
    int turns = 0;
    int taken = 0;
    begin(ITEMS, 0);
    struct eddy_task *gives = CORO_START(c, giver);
    struct eddy_task *beside = CORO_START(c, other, .beside = gives, .turns = &turns);
    coro_finish(c);
    assert_int_equal(turns, 3); /* 400 puts, of which 128 are done at once and one more after a turn */
    eddy_task_release(beside);
    eddy_task_release(gives);
    turns = 0;
    struct eddy_task *takes = CORO_START(c, greedy, .taken = &taken);
    beside = CORO_START(c, other, .beside = takes, .turns = &turns);
    coro_finish(c);
    assert_int_equal(turns, 3);
    eddy_task_release(takes);
    eddy_task_release(beside);
    assert_int_equal(queue.length, 0);
    end();
}

struct canceller {
    EDDY_FRAME;
    struct eddy_task *task;
};

EDDY_CORO(canceller)
{
    EDDY_BEGIN(canceller) {
        eddy_task_cancel(my->task, -ECANCELED);
    }
}

static void a_get_that_spends_the_budget_keeps_its_item_though_it_is_cancelled(void **state)
{
    struct coro *c = *state;
    int taken = 0;
    begin(ITEMS, ITEMS);
    struct eddy_task *takes = CORO_START(c, greedy, .taken = &taken);
    struct eddy_task *cancels = CORO_START(c, canceller, .task = takes);
    coro_finish(c);
    assert_int_equal(queue.gets, 129);
    assert_int_equal(taken, 129); /* the last was taken before the cancel, so its await returned */
    eddy_task_release(cancels);
    assert_int_equal(coro_end(c, takes), -ECANCELED);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(work_is_done_however_its_block_is_left),
        coro_test(work_that_is_cancelled_is_done),
        coro_test(a_worker_that_is_cancelled_while_it_waits_takes_nothing),
        coro_test(a_worker_that_was_given_work_before_the_cancel_has_it_and_has_done_it),
        coro_test(a_worker_that_is_cancelled_before_it_begins_takes_nothing),
        coro_test(a_worker_that_waits_is_told_of_the_end),
        coro_test(a_join_waits_for_all_workers),
        coro_test(gets_and_puts_that_are_ready_let_others_run),
        coro_test(a_get_that_spends_the_budget_keeps_its_item_though_it_is_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
