/* The one way to wait: results, wakes, cancels, withdrawals and deadlines, with a wait kind of the test's own
 * and a clock that only moves when the loop sleeps. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <eddy.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct eddy_loop loop;
static eddy_ns fake_now;

static eddy_ns fake_clock(void *context)
{
    (void)context;
    return fake_now;
}

static int fake_epoll_wait(void *context, int epfd, struct epoll_event *events, int count, int timeout_ms)
{
    int ready = eddy_os_linux.epoll_wait(context, epfd, events, count, 0);
    if (ready == 0 && timeout_ms > 0) {
        fake_now += EDDY_MS(timeout_ms);
    }
    return ready;
}

static int fake_epoll_pwait2(void *context, int epfd, struct epoll_event *events, int count, eddy_ns span)
{
    int ready = eddy_os_linux.epoll_wait(context, epfd, events, count, 0);
    fake_now += ready == 0 ? span : 0;
    return ready;
}

/* ---- A gate: a queue of waiters, and tokens that let them pass -------------------------- */

struct gate {
    struct eddy_list waiters;
    int tokens;
    int unparks;
    int completes;
};

struct probe {
    struct eddy_waiter waiter;
    struct gate *gate;
    int wakes;
    ssize_t result;
    int place;
    void (*then)(struct probe *probe);
};

static struct gate gate;
static struct probe a, b, c, d;
static int wakes;

static void unpark_gate(struct eddy_waiter *waiter)
{
    eddy_list_remove(&waiter->link);
    gate.unparks++;
}

static ssize_t complete_gate(struct eddy_waiter *waiter)
{
    gate.completes++;
    if (gate.tokens == 0) {
        return EDDY_PENDING;
    }
    gate.tokens--;
    eddy_list_remove(&waiter->link);
    return 1000;
}

static const struct eddy_wait_kind gate_kind = {
    .name = "gate", .unpark = unpark_gate, .complete = complete_gate, .expiry = -ETIMEDOUT};

static const struct eddy_wait_kind kernel_kind = {
    .name = "kernel", .unpark = unpark_gate, .external = true, .expiry = -ETIMEDOUT};

static void on_wake(struct eddy_waiter *waiter)
{
    struct probe *probe = EDDY_CONTAINER(waiter, struct probe, waiter);
    probe->wakes++;
    probe->result = waiter->result;
    probe->place = ++wakes;
    if (probe->then != NULL) {
        probe->then(probe);
    }
}

static void probe_init(struct probe *probe)
{
    memset(probe, 0xA5, sizeof *probe);
    eddy_waiter_init(&probe->waiter, &loop, on_wake);
    probe->wakes = 0;
    probe->place = 0;
    probe->result = 0;
    probe->then = NULL;
}

static void park(struct probe *probe)
{
    eddy_list_append(&gate.waiters, &probe->waiter.link);
    assert_int_equal(eddy_wait_park(&probe->waiter, &gate_kind), EDDY_PENDING);
}

/* Let the parked probe go with `result`, as an operation's owner does. */
static void let_go(struct probe *probe, ssize_t result)
{
    eddy_list_remove(&probe->waiter.link);
    eddy_wait_wake(&probe->waiter, result);
}

static int step(void)
{
    int more = eddy_loop_step(&loop);
    assert_true(more == 0 || more == 1);
    return more;
}

static void settle(void)
{
    while (step() == 1) {
    }
}

static struct eddy_os os;

static int start_with_budget(int budget)
{
    os = eddy_os_linux;
    os.clock = fake_clock;
    os.epoll_wait = fake_epoll_wait;
    os.epoll_pwait2 = fake_epoll_pwait2;
    fake_now = EDDY_SEC(1000);
    wakes = 0;
    memset(&gate, 0, sizeof gate);
    eddy_list_init(&gate.waiters);
    struct eddy_loop_options options = {.os = &os, .budget = budget};
    int error = eddy_loop_init(&loop, &options);
    probe_init(&a);
    probe_init(&b);
    probe_init(&c);
    probe_init(&d);
    return error;
}

static int start(void **state)
{
    (void)state;
    return start_with_budget(0);
}

static int finish(void **state)
{
    (void)state;
    return eddy_loop_fini(&loop);
}

/* ---- Being woken ----------------------------------------------------------------------- */

static void a_fresh_waiter_does_not_wait(void **state)
{
    (void)state;
    assert_false(eddy_waiter_is_waiting(&a.waiter));
    assert_false(eddy_wait_cancel(&a.waiter));
    assert_int_equal(eddy_wait_withdraw(&a.waiter), 0);
    eddy_wait_until(&a.waiter, fake_now - 1);
    settle();
    assert_int_equal(a.wakes, 0);
}

static void a_parked_waiter_is_woken_once_with_the_result(void **state)
{
    (void)state;
    park(&a);
    assert_true(eddy_waiter_is_waiting(&a.waiter));
    assert_ptr_equal(a.waiter.kind, &gate_kind);
    let_go(&a, 77);
    assert_true(eddy_waiter_is_waiting(&a.waiter));
    assert_int_equal(a.wakes, 0);
    settle();
    settle();
    assert_int_equal(a.wakes, 1);
    assert_int_equal(a.result, 77);
    assert_false(eddy_waiter_is_waiting(&a.waiter));
}

static void no_wake_is_called_inside_a_call(void **state)
{
    (void)state;
    gate.tokens = 1;
    park(&a);
    park(&b);
    park(&c);
    park(&d);
    let_go(&a, 1);
    eddy_wait_retry(&b.waiter);
    assert_true(eddy_wait_cancel(&c.waiter));
    eddy_wait_until(&d.waiter, fake_now - 1);
    assert_int_equal(wakes, 0);
    assert_int_equal(gate.completes, 0);
    settle();
    assert_int_equal(wakes, 4);
}

static void check_running(struct probe *probe)
{
    assert_ptr_equal(loop.scheduler.running, &probe->waiter);
    assert_false(eddy_waiter_is_waiting(&probe->waiter));
}

static void the_scheduler_knows_whose_wake_is_called(void **state)
{
    (void)state;
    a.then = check_running;
    park(&a);
    let_go(&a, 0);
    uint64_t steps = loop.scheduler.steps;
    assert_null(loop.scheduler.running);
    settle();
    assert_null(loop.scheduler.running);
    assert_int_equal(loop.scheduler.steps, steps + 1);
    assert_int_equal(a.wakes, 1);
}

static void wakes_come_in_the_order_in_which_the_waits_ended(void **state)
{
    (void)state;
    gate.tokens = 1;
    park(&a);
    park(&b);
    park(&c);
    park(&d);
    let_go(&c, 1);
    eddy_wait_retry(&a.waiter);
    assert_true(eddy_wait_cancel(&d.waiter));
    let_go(&b, 1);
    settle();
    assert_int_equal(c.place, 1);
    assert_int_equal(a.place, 2);
    assert_int_equal(d.place, 3);
    assert_int_equal(b.place, 4);
}

static void park_again(struct probe *probe)
{
    if (probe->wakes == 1) {
        park(probe);
        let_go(probe, 2);
    }
}

static void a_waiter_can_wait_again_in_its_wake_and_goes_to_the_back(void **state)
{
    (void)state;
    a.then = park_again;
    park(&a);
    park(&b);
    let_go(&a, 1);
    let_go(&b, 1);
    settle();
    assert_int_equal(a.wakes, 2);
    assert_int_equal(a.result, 2);
    assert_int_equal(b.place, 2);
    assert_int_equal(a.place, 3);
}

static void free_probe(struct probe *probe)
{
    memset(probe, 0xEE, sizeof *probe);
    free(probe);
}

static void a_waiter_may_be_freed_in_its_wake(void **state)
{
    (void)state;
    struct probe *probes[3];
    for (int i = 0; i < 3; i++) {
        probes[i] = malloc(sizeof *probes[i]);
        assert_non_null(probes[i]);
        probe_init(probes[i]);
        probes[i]->then = free_probe;
        park(probes[i]);
    }
    let_go(probes[0], 1);
    assert_true(eddy_wait_cancel(&probes[1]->waiter));
    eddy_wait_until(&probes[2]->waiter, fake_now);
    settle();
    assert_int_equal(wakes, 3);
}

static void the_counts_tell_who_waits(void **state)
{
    (void)state;
    park(&a);
    eddy_list_append(&gate.waiters, &b.waiter.link);
    assert_int_equal(eddy_wait_park(&b.waiter, &kernel_kind), EDDY_PENDING);
    assert_int_equal(loop.scheduler.internal + loop.scheduler.external, 2);
    assert_int_equal(loop.scheduler.external, 1);
    let_go(&a, 0);
    assert_int_equal(loop.scheduler.internal + loop.scheduler.external, 1);
    assert_int_equal(eddy_wait_withdraw(&b.waiter), EDDY_PENDING);
    assert_int_equal(loop.scheduler.internal + loop.scheduler.external, 0);
    assert_int_equal(loop.scheduler.external, 0);
    settle();
}

/* ---- Retry ----------------------------------------------------------------------------- */

static void a_retry_that_succeeds_wakes_with_the_result_of_complete(void **state)
{
    (void)state;
    gate.tokens = 1;
    park(&a);
    eddy_wait_retry(&a.waiter);
    eddy_wait_retry(&a.waiter); /* once on the queue is enough */
    settle();
    assert_int_equal(a.wakes, 1);
    assert_int_equal(a.result, 1000);
    assert_int_equal(gate.completes, 1);
    assert_int_equal(gate.unparks, 0);
}

static void a_retry_in_vain_leaves_the_waiter_parked(void **state)
{
    (void)state;
    park(&a);
    eddy_wait_retry(&a.waiter);
    settle();
    assert_int_equal(a.wakes, 0);
    assert_true(eddy_waiter_is_waiting(&a.waiter));
    assert_int_equal(loop.scheduler.internal + loop.scheduler.external, 1);
    gate.tokens = 1;
    eddy_wait_retry(&a.waiter);
    settle();
    assert_int_equal(a.result, 1000);
}

static void retries_take_their_turn_so_the_first_gets_the_token(void **state)
{
    (void)state;
    gate.tokens = 1;
    park(&a);
    park(&b);
    eddy_wait_retry(&b.waiter);
    eddy_wait_retry(&a.waiter);
    settle();
    assert_int_equal(b.wakes, 1);
    assert_int_equal(a.wakes, 0);
    assert_true(eddy_wait_cancel(&a.waiter));
    settle();
}

/* ---- Cancel ---------------------------------------------------------------------------- */

static void cancel_withdraws_the_operation_and_wakes(void **state)
{
    (void)state;
    park(&a);
    assert_true(eddy_wait_cancel(&a.waiter));
    assert_int_equal(gate.unparks, 1);
    assert_true(eddy_list_is_empty(&gate.waiters));
    assert_false(eddy_wait_cancel(&a.waiter));
    settle();
    assert_int_equal(a.wakes, 1);
    assert_int_equal(a.result, -ECANCELED);
}

static void cancel_of_a_retry_takes_no_token(void **state)
{
    (void)state;
    gate.tokens = 1;
    park(&a);
    eddy_wait_retry(&a.waiter);
    assert_true(eddy_wait_cancel(&a.waiter));
    settle();
    assert_int_equal(a.wakes, 1);
    assert_int_equal(a.result, -ECANCELED);
    assert_int_equal(gate.tokens, 1);
    assert_int_equal(gate.completes, 0);
}

static void a_wake_on_the_way_comes_with_its_own_result_in_spite_of_cancel(void **state)
{
    (void)state;
    park(&a);
    let_go(&a, 5);
    assert_false(eddy_wait_cancel(&a.waiter));
    settle();
    assert_int_equal(a.wakes, 1);
    assert_int_equal(a.result, 5);
    assert_int_equal(gate.unparks, 0);
}

static void cancel_b(struct probe *probe)
{
    (void)probe;
    (void)eddy_wait_cancel(&b.waiter);
}

static void a_cancel_from_a_wake_reaches_the_other_in_a_later_pass(void **state)
{
    (void)state;
    a.then = cancel_b;
    park(&a);
    park(&b);
    park(&c);
    let_go(&a, 0);
    let_go(&c, 0);
    settle();
    assert_int_equal(b.result, -ECANCELED);
    assert_int_equal(c.place, 2);
    assert_int_equal(b.place, 3);
}

/* ---- Withdraw -------------------------------------------------------------------------- */

static void withdraw_of_a_parked_waiter_undoes_the_operation(void **state)
{
    (void)state;
    park(&a);
    eddy_wait_until(&a.waiter, fake_now + 5);
    assert_int_equal(eddy_wait_withdraw(&a.waiter), EDDY_PENDING);
    assert_false(eddy_waiter_is_waiting(&a.waiter));
    assert_true(eddy_list_is_empty(&gate.waiters));
    memset(&a, 0xEE, sizeof a);
    fake_now += 10;
    settle();
    assert_int_equal(wakes, 0);
    assert_int_equal(loop.scheduler.internal + loop.scheduler.external, 0);
}

static void withdraw_of_a_retry_takes_no_token(void **state)
{
    (void)state;
    gate.tokens = 1;
    park(&a);
    eddy_wait_retry(&a.waiter);
    assert_int_equal(eddy_wait_withdraw(&a.waiter), EDDY_PENDING);
    memset(&a, 0xEE, sizeof a);
    settle();
    assert_int_equal(wakes, 0);
    assert_int_equal(gate.tokens, 1);
    assert_int_equal(gate.completes, 0);
}

static void withdraw_gives_the_result_that_was_on_the_way(void **state)
{
    (void)state;
    park(&a);
    let_go(&a, 5);
    assert_int_equal(eddy_wait_withdraw(&a.waiter), 5);
    park(&a);
    assert_true(eddy_wait_cancel(&a.waiter));
    assert_int_equal(eddy_wait_withdraw(&a.waiter), -ECANCELED);
    assert_int_equal(eddy_wait_withdraw(&a.waiter), 0);
    settle();
    assert_int_equal(wakes, 0);
    assert_false(eddy_waiter_is_waiting(&a.waiter));
}

static void withdraw_takes_any_place_of_the_ready_queue(void **state)
{
    (void)state;
    struct probe *all[] = {&a, &b, &c, &d};
    for (unsigned mask = 0; mask < 16; mask++) {
        int staying = 0;
        wakes = 0;
        for (size_t i = 0; i < 4; i++) {
            all[i]->wakes = 0;
            park(all[i]);
            let_go(all[i], (ssize_t)i);
        }
        for (size_t i = 0; i < 4; i++) {
            if ((mask >> i & 1) != 0) {
                assert_int_equal(eddy_wait_withdraw(&all[i]->waiter), i);
            }
        }
        settle();
        for (size_t i = 0; i < 4; i++) {
            bool stays = (mask >> i & 1) == 0;
            assert_int_equal(all[i]->wakes, stays);
            if (stays) {
                assert_int_equal(all[i]->place, ++staying);
            }
        }
    }
}

static void the_queue_goes_on_after_its_last_was_withdrawn(void **state)
{
    (void)state;
    park(&a);
    park(&b);
    let_go(&a, 1);
    let_go(&b, 1);
    assert_int_equal(eddy_wait_withdraw(&b.waiter), 1);
    park(&c);
    let_go(&c, 1);
    settle();
    assert_int_equal(a.place, 1);
    assert_int_equal(c.place, 2);
}

/* In the wake of `a`, with the rest of the pass still to come: withdraw by a mask, then make others ready. */
static unsigned withdraw_mask;

static void withdraw_others(struct probe *probe)
{
    (void)probe;
    struct probe *others[] = {&b, &c};
    for (size_t i = 0; i < 2; i++) {
        if ((withdraw_mask >> i & 1) != 0) {
            assert_int_equal(eddy_wait_withdraw(&others[i]->waiter), i + 1);
        }
    }
    park(&d);
    let_go(&d, 4);
}

static void withdraw_inside_a_pass_leaves_its_order_alone(void **state)
{
    (void)state;
    for (withdraw_mask = 0; withdraw_mask < 4; withdraw_mask++) {
        wakes = 0;
        b.wakes = c.wakes = d.wakes = 0;
        a.then = withdraw_others;
        park(&a);
        park(&b);
        park(&c);
        let_go(&a, 0);
        let_go(&b, 1);
        let_go(&c, 2);
        settle();
        assert_int_equal(b.wakes, (withdraw_mask & 1) == 0);
        assert_int_equal(c.wakes, (withdraw_mask & 2) == 0);
        assert_int_equal(d.wakes, 1);
        assert_int_equal(d.place, wakes);
    }
}

static void withdraw_b_once_and_yield(struct probe *probe)
{
    if (probe->wakes == 1) {
        assert_int_equal(eddy_wait_withdraw(&b.waiter), 0);
    }
    if (probe->wakes < 1000) {
        assert_int_equal(eddy_yield(&probe->waiter), EDDY_PENDING);
    }
}

static void a_pass_ends_though_its_last_was_withdrawn(void **state)
{
    (void)state;
    a.then = withdraw_b_once_and_yield;
    assert_int_equal(eddy_yield(&a.waiter), EDDY_PENDING);
    assert_int_equal(eddy_yield(&b.waiter), EDDY_PENDING);
    uint64_t waits = loop.poller.waits;
    assert_int_equal(eddy_loop_run(&loop), 0);
    assert_int_equal(a.wakes, 1000);
    assert_int_equal(b.wakes, 0);
    assert_true(loop.poller.waits - waits > 10); /* others are looked after all the while */
}

/* ---- Deadlines ------------------------------------------------------------------------- */

static void a_deadline_withdraws_the_operation(void **state)
{
    (void)state;
    eddy_ns deadline = fake_now + EDDY_MS(5) + 1;
    park(&a);
    eddy_wait_until(&a.waiter, deadline);
    fake_now = deadline - 1;
    settle();
    assert_int_equal(a.wakes, 0);
    fake_now = deadline;
    settle();
    assert_int_equal(a.result, -ETIMEDOUT);
    assert_int_equal(a.wakes, 1);
    assert_int_equal(gate.unparks, 1);
    assert_true(eddy_list_is_empty(&gate.waiters));
}

static void a_deadline_moves_sooner_and_later_and_away(void **state)
{
    (void)state;
    eddy_ns began = fake_now;
    park(&a);
    eddy_wait_until(&a.waiter, began + EDDY_SEC(10));
    eddy_wait_until(&a.waiter, began + EDDY_SEC(60));
    fake_now = began + EDDY_SEC(59);
    settle();
    assert_int_equal(a.wakes, 0);
    eddy_wait_until(&a.waiter, EDDY_FOREVER);
    fake_now = began + EDDY_SEC(100);
    settle();
    assert_int_equal(a.wakes, 0);
    eddy_wait_until(&a.waiter, began + EDDY_SEC(200));
    eddy_wait_until(&a.waiter, began + EDDY_SEC(101));
    fake_now = began + EDDY_SEC(101);
    settle();
    assert_int_equal(a.result, -ETIMEDOUT);
}

static void a_deadline_in_the_past_ends_the_wait_in_the_next_turn(void **state)
{
    (void)state;
    park(&a);
    eddy_wait_until(&a.waiter, -1);
    assert_int_equal(a.wakes, 0);
    step();
    assert_int_equal(a.result, -ETIMEDOUT);
}

static void a_deadline_for_a_wake_on_the_way_does_nothing(void **state)
{
    (void)state;
    park(&a);
    let_go(&a, 3);
    eddy_wait_until(&a.waiter, fake_now - 1);
    settle();
    assert_int_equal(a.wakes, 1);
    assert_int_equal(a.result, 3);
    assert_int_equal(loop.scheduler.timers.armed, 0);
}

static void a_deadline_is_of_one_wait_not_of_the_next(void **state)
{
    (void)state;
    park(&a);
    eddy_wait_until(&a.waiter, fake_now + 10);
    let_go(&a, 1);
    settle();
    assert_int_equal(loop.scheduler.timers.armed, 0);
    park(&a);
    fake_now += 100;
    settle();
    assert_int_equal(a.wakes, 1);
    assert_int_equal(eddy_wait_withdraw(&a.waiter), EDDY_PENDING);
}

static void what_is_there_at_the_deadline_comes_before_it(void **state)
{
    (void)state;
    gate.tokens = 1;
    park(&a);
    eddy_wait_until(&a.waiter, fake_now);
    eddy_wait_retry(&a.waiter);
    settle();
    assert_int_equal(a.result, 1000);
    assert_int_equal(a.wakes, 1);
}

static void a_retry_in_vain_at_the_deadline_times_out(void **state)
{
    (void)state;
    park(&a);
    eddy_wait_until(&a.waiter, fake_now);
    eddy_wait_retry(&a.waiter);
    settle();
    assert_int_equal(a.result, -ETIMEDOUT);
    assert_int_equal(a.wakes, 1);
    assert_int_equal(gate.unparks, 1);
    assert_int_equal(loop.scheduler.internal + loop.scheduler.external, 0);
}

static void give_b_more_time(struct probe *probe)
{
    (void)probe;
    eddy_wait_until(&b.waiter, fake_now + EDDY_SEC(1));
}

static void a_deadline_put_off_while_the_retry_is_queued_is_put_off(void **state)
{
    (void)state;
    a.then = give_b_more_time;
    park(&a);
    park(&b);
    let_go(&a, 0);
    eddy_wait_retry(&b.waiter);
    eddy_wait_until(&b.waiter, fake_now);
    settle();
    assert_int_equal(b.wakes, 0);
    fake_now += EDDY_SEC(1);
    settle();
    assert_int_equal(b.result, -ETIMEDOUT);
}

static void run_sleeps_until_the_deadline_and_ends_when_nobody_waits(void **state)
{
    (void)state;
    eddy_ns deadline = fake_now + EDDY_SEC(3600) + 1;
    park(&a);
    eddy_wait_until(&a.waiter, deadline);
    assert_int_equal(eddy_loop_run(&loop), 0);
    assert_int_equal(a.result, -ETIMEDOUT);
    assert_true(fake_now == deadline);
}

/* ---- The budget ------------------------------------------------------------------------ */

static void a_ready_result_is_returned_and_the_waiter_not_touched(void **state)
{
    (void)state;
    struct eddy_waiter before;
    memcpy(&before, &a.waiter, sizeof before);
    for (int i = 0; i < 1000; i++) { /* outside of any wake there is no budget to spend */
        assert_int_equal(eddy_wait_settle(&a.waiter, i), i);
    }
    assert_memory_equal(&before, &a.waiter, sizeof before);
}

static int at_once;

static void settle_until_pending(struct probe *probe)
{
    if (probe->wakes > 3) {
        return;
    }
    for (at_once = 0; eddy_wait_settle(&probe->waiter, 40 + probe->wakes) != EDDY_PENDING; at_once++) {
        assert_true(at_once < 1000);
    }
    assert_true(eddy_waiter_is_waiting(&probe->waiter));
    assert_false(eddy_wait_cancel(&probe->waiter)); /* it happened: nothing is left to cancel */
}

static void expect_budget(int option, int expected)
{
    assert_int_equal(start_with_budget(option), 0);
    a.then = settle_until_pending;
    park(&a);
    let_go(&a, 0);
    for (int i = 1; i <= 3; i++) {
        step();
        if (at_once != expected) {
            fail_msg("budget %d: %d results at once", option, at_once);
        }
    }
    settle();
    assert_int_equal(a.wakes, 4);
    assert_int_equal(a.result, 43);
    assert_int_equal(eddy_loop_fini(&loop), 0);
}

static void a_step_gets_as_many_ready_results_as_its_budget(void **state)
{
    (void)state;
    expect_budget(1, 1);
    expect_budget(2, 2);
    expect_budget(0, 128);
    expect_budget(500, 500);
}

static void spend_then_wake_b(struct probe *probe)
{
    if (probe->wakes == 1) {
        settle_until_pending(probe);
    }
}

static void who_spent_the_budget_goes_behind_those_who_are_ready(void **state)
{
    (void)state;
    a.then = spend_then_wake_b;
    park(&a);
    park(&b);
    let_go(&a, 0);
    let_go(&b, 0);
    settle();
    assert_int_equal(b.place, 2);
    assert_int_equal(a.place, 3);
    assert_int_equal(a.result, 41);
}

static void a_settled_result_can_be_withdrawn_and_is_not_lost(void **state)
{
    (void)state;
    a.then = settle_until_pending;
    park(&a);
    let_go(&a, 0);
    park(&b);
    step();
    if (eddy_waiter_is_waiting(&a.waiter)) {
        assert_int_equal(eddy_wait_withdraw(&a.waiter), 40 + a.wakes);
    }
    assert_int_equal(eddy_wait_withdraw(&b.waiter), EDDY_PENDING);
    settle();
}

#define T(test) cmocka_unit_test_setup_teardown(test, start, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_fresh_waiter_does_not_wait),
        T(a_parked_waiter_is_woken_once_with_the_result),
        T(no_wake_is_called_inside_a_call),
        T(the_scheduler_knows_whose_wake_is_called),
        T(wakes_come_in_the_order_in_which_the_waits_ended),
        T(a_waiter_can_wait_again_in_its_wake_and_goes_to_the_back),
        T(a_waiter_may_be_freed_in_its_wake),
        T(the_counts_tell_who_waits),
        T(a_retry_that_succeeds_wakes_with_the_result_of_complete),
        T(a_retry_in_vain_leaves_the_waiter_parked),
        T(retries_take_their_turn_so_the_first_gets_the_token),
        T(cancel_withdraws_the_operation_and_wakes),
        T(cancel_of_a_retry_takes_no_token),
        T(a_wake_on_the_way_comes_with_its_own_result_in_spite_of_cancel),
        T(a_cancel_from_a_wake_reaches_the_other_in_a_later_pass),
        T(withdraw_of_a_parked_waiter_undoes_the_operation),
        T(withdraw_of_a_retry_takes_no_token),
        T(withdraw_gives_the_result_that_was_on_the_way),
        T(withdraw_takes_any_place_of_the_ready_queue),
        T(the_queue_goes_on_after_its_last_was_withdrawn),
        T(withdraw_inside_a_pass_leaves_its_order_alone),
        T(a_pass_ends_though_its_last_was_withdrawn),
        T(a_deadline_withdraws_the_operation),
        T(a_deadline_moves_sooner_and_later_and_away),
        T(a_deadline_in_the_past_ends_the_wait_in_the_next_turn),
        T(a_deadline_for_a_wake_on_the_way_does_nothing),
        T(a_deadline_is_of_one_wait_not_of_the_next),
        T(what_is_there_at_the_deadline_comes_before_it),
        T(a_retry_in_vain_at_the_deadline_times_out),
        T(a_deadline_put_off_while_the_retry_is_queued_is_put_off),
        T(run_sleeps_until_the_deadline_and_ends_when_nobody_waits),
        T(a_ready_result_is_returned_and_the_waiter_not_touched),
        cmocka_unit_test(a_step_gets_as_many_ready_results_as_its_budget),
        T(who_spent_the_budget_goes_behind_those_who_are_ready),
        T(a_settled_result_can_be_withdrawn_and_is_not_lost),
    };
    return cmocka_run_group_tests_name("wait", tests, NULL, NULL);
}
