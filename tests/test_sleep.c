/* Sleeps and yields: on a clock that only moves when the loop sleeps, and the promise never to be early on the
 * real one. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <eddy.h>
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct eddy_loop loop;
static struct eddy_os os;
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

struct probe {
    struct eddy_waiter waiter;
    int wakes;
    ssize_t result;
    int place;
    eddy_ns woken_at;
    eddy_ns deadline;
    void (*then)(struct probe *probe);
};

static struct probe a, b, c;
static int wakes;

static void on_wake(struct eddy_waiter *waiter)
{
    struct probe *probe = EDDY_CONTAINER(waiter, struct probe, waiter);
    probe->wakes++;
    probe->result = waiter->result;
    probe->place = ++wakes;
    probe->woken_at = loop.os->clock(loop.os->context);
    if (probe->then != NULL) {
        probe->then(probe);
    }
}

static void probe_init(struct probe *probe)
{
    memset(probe, 0, sizeof *probe);
    eddy_waiter_init(&probe->waiter, &loop, on_wake);
    probe->result = -1;
}

static int start_on(const struct eddy_os *table)
{
    wakes = 0;
    fake_now = EDDY_SEC(1000);
    struct eddy_loop_options options = {.os = table};
    int error = eddy_loop_init(&loop, &options);
    probe_init(&a);
    probe_init(&b);
    probe_init(&c);
    return error;
}

static int start(void **state)
{
    (void)state;
    os = eddy_os_linux;
    os.clock = fake_clock;
    os.epoll_wait = fake_epoll_wait;
    os.epoll_pwait2 = fake_epoll_pwait2;
    return start_on(&os);
}

static int start_real(void **state)
{
    (void)state;
    return start_on(NULL);
}

static int finish(void **state)
{
    (void)state;
    return eddy_loop_fini(&loop);
}

static void sleep_for(struct probe *probe, eddy_ns span)
{
    assert_int_equal(eddy_sleep(span, &probe->waiter), EDDY_PENDING);
}

static void run(void)
{
    assert_int_equal(eddy_loop_run(&loop), 0);
}

static void a_sleep_wakes_with_zero_after_its_span(void **state)
{
    (void)state;
    static const eddy_ns spans[] = {1,
                                    999999,
                                    EDDY_MS(1),
                                    EDDY_MS(10) - 1,
                                    EDDY_MS(10),
                                    EDDY_MS(10) + 1,
                                    EDDY_SEC(1) + 1,
                                    EDDY_SEC(86400 * 60),
                                    EDDY_SEC(86400) * 365 * 20};
    for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++) {
        probe_init(&a);
        eddy_ns deadline = fake_now + spans[i];
        sleep_for(&a, spans[i]);
        run();
        assert_int_equal(a.wakes, 1);
        assert_int_equal(a.result, 0);
        assert_true(a.woken_at == deadline);
    }
}

static void a_sleep_of_nothing_passes_in_the_next_turn(void **state)
{
    (void)state;
    static const eddy_ns spans[] = {0, -1, INT64_MIN};
    for (size_t i = 0; i < 3; i++) {
        probe_init(&a);
        eddy_ns before = fake_now;
        sleep_for(&a, spans[i]);
        assert_int_equal(a.wakes, 0);
        assert_int_equal(eddy_loop_step(&loop), 0);
        assert_int_equal(a.wakes, 1);
        assert_true(fake_now == before);
    }
}

static void a_deadline_in_the_past_passes_in_the_next_turn(void **state)
{
    (void)state;
    assert_int_equal(eddy_sleep_until(fake_now - EDDY_SEC(5), &a.waiter), EDDY_PENDING);
    assert_int_equal(eddy_sleep_until(INT64_MIN, &b.waiter), EDDY_PENDING);
    assert_int_equal(eddy_loop_step(&loop), 0);
    assert_int_equal(a.result, 0);
    assert_int_equal(b.result, 0);
    assert_int_equal(b.place, 1);
}

static void sleep_until_wakes_at_the_instant(void **state)
{
    (void)state;
    eddy_ns deadline = fake_now + EDDY_SEC(7) + 3;
    assert_int_equal(eddy_sleep_until(deadline, &a.waiter), EDDY_PENDING);
    run();
    assert_true(a.woken_at == deadline);
    assert_int_equal(a.result, 0);
}

static void a_sleep_for_ever_never_passes(void **state)
{
    (void)state;
    sleep_for(&a, EDDY_FOREVER);
    assert_int_equal(eddy_sleep_until(EDDY_FOREVER, &b.waiter), EDDY_PENDING);
    sleep_for(&c, EDDY_SEC(86400) * 365);
    assert_int_equal(eddy_loop_run(&loop), -EDEADLK); /* once c has passed, nobody can ever wake these */
    assert_int_equal(c.wakes, 1);
    assert_int_equal(a.wakes + b.wakes, 0);
    assert_int_equal(eddy_wait_withdraw(&a.waiter), EDDY_PENDING);
    assert_int_equal(eddy_wait_withdraw(&b.waiter), EDDY_PENDING);
}

static void a_huge_span_does_not_overflow(void **state)
{
    (void)state;
    sleep_for(&a, EDDY_FOREVER - 1);
    sleep_for(&b, 5);
    for (int i = 0; i < 3; i++) {
        assert_true(eddy_loop_step(&loop) >= 0);
    }
    assert_int_equal(a.wakes, 0);
    assert_int_equal(eddy_wait_withdraw(&a.waiter), EDDY_PENDING);
    run();
    assert_int_equal(b.wakes, 1);
}

static void sleep_b_after_work(struct probe *probe)
{
    (void)probe;
    fake_now += EDDY_MS(40); /* the step works for a while before it sleeps */
    sleep_for(&b, EDDY_MS(10));
    b.deadline = fake_now + EDDY_MS(10);
}

static void a_span_counts_from_the_call_not_from_the_turn(void **state)
{
    (void)state;
    a.then = sleep_b_after_work;
    sleep_for(&a, EDDY_MS(1));
    run();
    assert_true(b.woken_at == b.deadline);
}

static void sleeps_wake_by_deadline_and_ties_by_order(void **state)
{
    (void)state;
    struct probe probes[9];
    for (int i = 0; i < 9; i++) {
        probe_init(&probes[i]);
        sleep_for(&probes[i], EDDY_MS(3 - i % 3));
    }
    run();
    static const int places[9] = {7, 4, 1, 8, 5, 2, 9, 6, 3};
    for (int i = 0; i < 9; i++) {
        assert_int_equal(probes[i].place, places[i]);
    }
}

static void timers_that_are_late_keep_their_order(void **state)
{
    (void)state;
    sleep_for(&a, EDDY_SEC(3));
    sleep_for(&b, EDDY_SEC(1));
    sleep_for(&c, EDDY_SEC(2));
    fake_now += EDDY_SEC(86400); /* the machine was suspended, or the loop was not driven */
    assert_int_equal(eddy_loop_step(&loop), 0);
    assert_int_equal(b.place, 1);
    assert_int_equal(c.place, 2);
    assert_int_equal(a.place, 3);
}

static void a_sleep_can_be_moved_later_and_sooner(void **state)
{
    (void)state;
    eddy_ns began = fake_now;
    sleep_for(&a, EDDY_SEC(10));
    sleep_for(&b, EDDY_SEC(10));
    sleep_for(&c, EDDY_SEC(10));
    eddy_wait_until(&a.waiter, began + EDDY_SEC(20));
    eddy_wait_until(&b.waiter, began + EDDY_SEC(5));
    eddy_wait_until(&c.waiter, began - 1);
    run();
    assert_true(a.woken_at == began + EDDY_SEC(20));
    assert_true(b.woken_at == began + EDDY_SEC(5));
    assert_true(c.woken_at == began);
    assert_int_equal(a.result + b.result + c.result, 0); /* a sleep that passed is no timeout */
}

static void a_sleep_for_ever_can_be_given_an_end(void **state)
{
    (void)state;
    eddy_ns began = fake_now;
    sleep_for(&a, EDDY_FOREVER);
    eddy_wait_until(&a.waiter, began + 9);
    run();
    assert_true(a.woken_at == began + 9);
    assert_int_equal(a.result, 0);
}

static void a_sleep_is_cancelled_or_withdrawn(void **state)
{
    (void)state;
    eddy_ns began = fake_now;
    sleep_for(&a, EDDY_SEC(10));
    sleep_for(&b, EDDY_SEC(10));
    assert_true(eddy_wait_cancel(&a.waiter));
    assert_int_equal(eddy_wait_withdraw(&b.waiter), EDDY_PENDING);
    run();
    assert_int_equal(a.result, -ECANCELED);
    assert_int_equal(b.wakes, 0);
    assert_true(fake_now == began);
}

static void a_sleep_that_passed_cannot_be_cancelled(void **state)
{
    (void)state;
    sleep_for(&b, 1);
    sleep_for(&a, 1);
    fake_now += 1;
    assert_int_equal(eddy_loop_step(&loop), 0);
    assert_int_equal(a.wakes, 1);
    assert_false(eddy_wait_cancel(&a.waiter));
}

/* ---- Yield ----------------------------------------------------------------------------- */

static void yields_take_turns(void **state)
{
    (void)state;
    assert_int_equal(eddy_yield(&b.waiter), EDDY_PENDING);
    assert_int_equal(eddy_yield(&a.waiter), EDDY_PENDING);
    assert_int_equal(eddy_yield(&c.waiter), EDDY_PENDING);
    assert_int_equal(wakes, 0);
    run();
    assert_int_equal(b.place, 1);
    assert_int_equal(a.place, 2);
    assert_int_equal(c.place, 3);
    assert_int_equal(a.result, 0);
}

static void yield_thrice(struct probe *probe)
{
    if (probe->wakes < 3) {
        assert_int_equal(eddy_yield(&probe->waiter), EDDY_PENDING);
    }
}

static void who_yields_goes_behind_everybody_who_is_ready(void **state)
{
    (void)state;
    a.then = yield_thrice;
    b.then = yield_thrice;
    assert_int_equal(eddy_yield(&a.waiter), EDDY_PENDING);
    assert_int_equal(eddy_yield(&b.waiter), EDDY_PENDING);
    run();
    assert_int_equal(a.place, 5);
    assert_int_equal(b.place, 6);
}

static void a_yield_cannot_be_cancelled_and_has_no_deadline(void **state)
{
    (void)state;
    assert_int_equal(eddy_yield(&a.waiter), EDDY_PENDING);
    assert_true(eddy_waiter_is_waiting(&a.waiter));
    assert_false(eddy_wait_cancel(&a.waiter));
    eddy_wait_until(&a.waiter, 0);
    run();
    assert_int_equal(a.wakes, 1);
    assert_int_equal(a.result, 0);
}

static void a_yield_can_be_withdrawn(void **state)
{
    (void)state;
    assert_int_equal(eddy_yield(&a.waiter), EDDY_PENDING);
    assert_int_equal(eddy_wait_withdraw(&a.waiter), 0);
    run();
    assert_int_equal(a.wakes, 0);
}

/* ---- Who does not stop ----------------------------------------------------------------- */

static int rounds;
static int pipe_end = -1; /* written to in the tenth round */

static bool goes_on(void)
{
    if (++rounds == 10 && pipe_end >= 0) {
        assert_int_equal(write(pipe_end, "x", 1), 1);
    }
    return rounds < 20000 && b.wakes == 0;
}

static void sleep_zero_for_a_while(struct probe *probe)
{
    if (goes_on()) {
        sleep_for(probe, 0);
    }
}

static void yield_for_a_while(struct probe *probe)
{
    if (goes_on()) {
        assert_int_equal(eddy_yield(&probe->waiter), EDDY_PENDING);
    }
}

/* A pipe that gets readable is heard of although somebody else always has something to do. */
static void expect_no_starvation(void (*busy)(struct probe *probe), int rounds_max)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct eddy_watch watch;
    eddy_watch_init(&watch, &loop, ends[0]);
    assert_int_equal(eddy_watch_wait(&watch, EDDY_READABLE, &b.waiter), EDDY_PENDING);
    pipe_end = ends[1];
    rounds = 0;
    a.then = busy;
    busy(&a);
    run();
    pipe_end = -1;
    assert_int_equal(b.wakes, 1);
    assert_in_range(rounds, 10, rounds_max);
    eddy_watch_close(&watch);
    close(ends[0]);
    close(ends[1]);
}

static void a_sleep_of_zero_that_is_renewed_does_not_starve_io(void **state)
{
    (void)state;
    expect_no_starvation(sleep_zero_for_a_while, 13);
}

static void yielding_for_ever_does_not_starve_io(void **state)
{
    (void)state;
    expect_no_starvation(yield_for_a_while, 130);
}

static void a_sleep_of_zero_that_is_renewed_does_not_starve_timers(void **state)
{
    (void)state;
    rounds = 0;
    a.then = sleep_zero_for_a_while;
    sleep_for(&b, EDDY_MS(1));
    sleep_for(&a, 0);
    assert_int_equal(eddy_loop_step(&loop), 0);
    fake_now += EDDY_MS(1);
    for (int i = 0; i < 3; i++) {
        assert_true(eddy_loop_step(&loop) >= 0);
    }
    assert_int_equal(b.wakes, 1);
    run();
}

/* ---- The real clock -------------------------------------------------------------------- */

static void sleep_again(struct probe *probe)
{
    assert_true(probe->woken_at >= probe->deadline);
    if (probe->wakes < 40) {
        eddy_ns span = EDDY_US(37 * (probe->wakes % 20) * (probe->wakes % 20)) + probe->wakes;
        probe->deadline = eddy_os_linux.clock(NULL) + span;
        sleep_for(probe, span);
    }
}

static void a_sleep_is_never_early_on_the_real_clock(void **state)
{
    (void)state;
    struct probe *probes[] = {&a, &b, &c};
    for (int i = 0; i < 3; i++) {
        probes[i]->then = sleep_again;
        probes[i]->deadline = eddy_os_linux.clock(NULL) + EDDY_US(300 * i);
        sleep_for(probes[i], EDDY_US(300 * i));
    }
    run();
    assert_int_equal(a.wakes, 40);
    assert_int_equal(c.wakes, 40);
}

static void in_a_child_of_fork_nobody_sleeps(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        bool refused = eddy_sleep(1, &a.waiter) == -ECHILD && eddy_sleep_until(1, &a.waiter) == -ECHILD &&
                       eddy_yield(&a.waiter) == -ECHILD && !eddy_waiter_is_waiting(&a.waiter);
        _exit(refused ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

#define T(test) cmocka_unit_test_setup_teardown(test, start, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_sleep_wakes_with_zero_after_its_span),
        T(a_sleep_of_nothing_passes_in_the_next_turn),
        T(a_deadline_in_the_past_passes_in_the_next_turn),
        T(sleep_until_wakes_at_the_instant),
        T(a_sleep_for_ever_never_passes),
        T(a_huge_span_does_not_overflow),
        T(a_span_counts_from_the_call_not_from_the_turn),
        T(sleeps_wake_by_deadline_and_ties_by_order),
        T(timers_that_are_late_keep_their_order),
        T(a_sleep_can_be_moved_later_and_sooner),
        T(a_sleep_for_ever_can_be_given_an_end),
        T(a_sleep_is_cancelled_or_withdrawn),
        T(a_sleep_that_passed_cannot_be_cancelled),
        T(yields_take_turns),
        T(who_yields_goes_behind_everybody_who_is_ready),
        T(a_yield_cannot_be_cancelled_and_has_no_deadline),
        T(a_yield_can_be_withdrawn),
        T(a_sleep_of_zero_that_is_renewed_does_not_starve_io),
        T(yielding_for_ever_does_not_starve_io),
        T(a_sleep_of_zero_that_is_renewed_does_not_starve_timers),
        cmocka_unit_test_setup_teardown(a_sleep_is_never_early_on_the_real_clock, start_real, finish),
        cmocka_unit_test_setup_teardown(in_a_child_of_fork_nobody_sleeps, start_real, finish),
    };
    return cmocka_run_group_tests_name("sleep", tests, NULL, NULL);
}
