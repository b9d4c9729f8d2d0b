/* The loop: its life, its turns, stopping, foreign loops and fork. */
#define _GNU_SOURCE
#include "support/check.h"

#include <eddy/post.h>
#include <eddy/sleep.h>
#include <eddy/watch.h>
#include <eddy/watchdog.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- A wait that nobody ends by itself ------------------------------------------------- */

static void unpark_nothing(struct eddy_waiter *waiter)
{
    (void)waiter;
}

static const struct eddy_wait_kind promise_kind = {.name = "promise", .unpark = unpark_nothing, .expiry = -ETIMEDOUT};
static const struct eddy_wait_kind kernel_kind = {
    .name = "kernel", .unpark = unpark_nothing, .external = true, .expiry = -ETIMEDOUT};

static void park(struct probe *probe, const struct eddy_wait_kind *kind)
{
    assert_int_equal(eddy_wait_park(&probe->waiter, kind), EDDY_PENDING);
}

static void yield(struct probe *probe)
{
    assert_int_equal(eddy_yield(&probe->waiter), EDDY_PENDING);
}

/* ---- Life ------------------------------------------------------------------------------ */

static void a_thread_has_at_most_one_loop(void **state)
{
    struct fixture *f = *state;
    static struct eddy_loop second;
    assert_ptr_equal(eddy_loop_current(), &f->loop);
    assert_int_equal(eddy_loop_init(&second, NULL), -EBUSY);
    assert_ptr_equal(eddy_loop_current(), &f->loop);
}

static void a_bad_option_is_refused_and_no_loop_is_there(void **state)
{
    (void)state;
    static struct eddy_loop loop;
    struct eddy_loop_options negative = {.budget = -1};
    struct eddy_loop_options unknown = {.flags = 1u << 30};
    assert_int_equal(eddy_loop_init(&loop, &negative), -EINVAL);
    assert_int_equal(eddy_loop_init(&loop, &unknown), -EINVAL);
    assert_null(eddy_loop_current());
    assert_int_equal(eddy_loop_init(&loop, NULL), 0);
    assert_int_equal(eddy_loop_fini(&loop), 0);
    assert_null(eddy_loop_current());
}

static bool sigpipe_is(void (*handler)(int))
{
    struct sigaction action;
    sigaction(SIGPIPE, NULL, &action);
    return action.sa_handler == handler;
}

static void an_init_that_fails_leaves_nothing(void **state)
{
    (void)state;
    static struct test_os os;
    static struct eddy_loop loop;
    int error = -1;
    for (unsigned at = 1; error < 0; at++) {
        signal(SIGPIPE, SIG_DFL);
        test_os_init(&os);
        struct test_fault fault = {.at = at, .error = ENOMEM};
        test_os_restart(&os, &fault);
        struct test_snapshot before = test_snapshot_take(&os, NULL);
        struct eddy_loop_options options = {.os = &os.os, .allocator = os.allocator};
        error = eddy_loop_init(&loop, &options);
        if (error == 0) {
            assert_true(at > 3);
            break;
        }
        struct test_snapshot after = test_snapshot_take(&os, NULL);
        assert_int_equal(error, -ENOMEM);
        assert_null(test_snapshot_compare(&before, &after));
        assert_null(eddy_loop_current());
        assert_true(sigpipe_is(SIG_DFL));
    }
    assert_int_equal(eddy_loop_fini(&loop), 0);
}

static void try_to_end(struct probe *probe)
{
    struct fixture *f = probe->context;
    assert_int_equal(eddy_loop_fini(&f->loop), -EBUSY);
}

static void on_post_end(struct eddy_post *node)
{
    (void)node;
    assert_int_equal(eddy_loop_fini(eddy_loop_current()), -EBUSY);
}

static void a_loop_in_use_does_not_end(void **state)
{
    struct fixture *f = *state;
    struct probe probe;
    struct eddy_post post = {.run = on_post_end};
    probe_init(&probe, &f->loop);
    probe.then = try_to_end;
    probe.context = f;
    park(&probe, &promise_kind);
    assert_int_equal(eddy_loop_fini(&f->loop), -EBUSY); /* parked */
    assert_true(eddy_wait_cancel(&probe.waiter));
    assert_int_equal(eddy_loop_fini(&f->loop), -EBUSY); /* its wake on the way */
    run_until_quiet(&f->loop);                          /* and inside of it */
    assert_int_equal(probe.wakes, 1);
    eddy_post(&f->loop, &post);
    assert_int_equal(eddy_loop_fini(&f->loop), -EBUSY);
    run_until_quiet(&f->loop);
    assert_int_equal(eddy_sleep(1, &probe.waiter), EDDY_PENDING); /* nothing has changed */
    run_until_woken(&f->loop, &probe, 2);
}

static void the_allocator_of_the_options_is_used(void **state)
{
    struct fixture *f = *state;
    assert_true(f->os.blocks > 0);
}

/* ---- Run ------------------------------------------------------------------------------- */

static void run_without_waiters_returns_and_makes_no_system_call(void **state)
{
    struct fixture *f = *state;
    unsigned count = f->os.count;
    uint64_t waits = f->loop.poller.waits;
    assert_int_equal(eddy_loop_run(&f->loop), 0);
    assert_int_equal(eddy_loop_run(&f->loop), 0);
    assert_int_equal(f->os.count, count);
    assert_int_equal(f->loop.poller.waits, waits);
}

static void a_wait_that_nobody_can_end_is_a_deadlock(void **state)
{
    struct fixture *f = *state;
    struct probe stuck, sleeper;
    probe_init(&stuck, &f->loop);
    probe_init(&sleeper, &f->loop);
    park(&stuck, &promise_kind);
    assert_int_equal(eddy_sleep(EDDY_SEC(1), &sleeper.waiter), EDDY_PENDING);
    assert_int_equal(eddy_loop_run(&f->loop), -EDEADLK); /* but not before the sleep has passed */
    assert_int_equal(sleeper.wakes, 1);
    assert_int_equal(stuck.wakes, 0);
    assert_true(eddy_wait_cancel(&stuck.waiter));
    assert_int_equal(eddy_loop_run(&f->loop), 0); /* it can be run again */
    assert_int_equal(stuck.result, -ECANCELED);
}

static void a_deadline_is_hope_enough(void **state)
{
    struct fixture *f = *state;
    struct probe probe;
    probe_init(&probe, &f->loop);
    park(&probe, &promise_kind);
    eddy_wait_until(&probe.waiter, f->os.now + EDDY_SEC(86400));
    assert_int_equal(eddy_loop_run(&f->loop), 0);
    assert_int_equal(probe.result, -ETIMEDOUT);
}

static struct probe *to_wake;

static void wake_other(struct eddy_post *node)
{
    (void)node;
    eddy_wait_wake(&to_wake->waiter, 5);
    eddy_loop_release(eddy_loop_current());
}

static void *post_later(void *argument)
{
    static struct eddy_post post = {.run = wake_other};
    usleep(2000);
    eddy_post(argument, &post);
    return NULL;
}

static void a_hold_is_hope_enough(void **state)
{
    (void)state;
    static struct eddy_loop loop;
    static struct probe probe;
    pthread_t thread;
    assert_int_equal(eddy_loop_init(&loop, NULL), 0);
    probe_init(&probe, &loop);
    to_wake = &probe;
    park(&probe, &promise_kind);
    eddy_loop_hold(&loop);
    assert_int_equal(pthread_create(&thread, NULL, post_later, &loop), 0);
    assert_int_equal(eddy_loop_run(&loop), 0);
    pthread_join(thread, NULL);
    assert_int_equal(probe.result, 5);
    assert_int_equal(eddy_loop_fini(&loop), 0);
}

static void wake_to_wake(struct eddy_post *node)
{
    (void)node;
    eddy_wait_wake(&to_wake->waiter, 6);
}

static void *post_wake_later(void *argument)
{
    static struct eddy_post post = {.run = wake_to_wake};
    usleep(2000);
    eddy_post(argument, &post);
    return NULL;
}

static void a_wait_on_the_kernel_is_hope_enough(void **state)
{
    (void)state;
    static struct eddy_loop loop;
    static struct probe probe;
    pthread_t thread;
    assert_int_equal(eddy_loop_init(&loop, NULL), 0);
    probe_init(&probe, &loop);
    to_wake = &probe;
    park(&probe, &kernel_kind);
    assert_int_equal(pthread_create(&thread, NULL, post_wake_later, &loop), 0);
    int result = eddy_loop_run(&loop);
    pthread_join(thread, NULL);
    assert_int_equal(result, 0);
    assert_int_equal(probe.result, 6);
    assert_int_equal(eddy_loop_fini(&loop), 0);
}

static void an_error_of_epoll_wait_ends_the_run_and_it_can_be_run_again(void **state)
{
    struct fixture *f = *state;
    struct probe probe;
    probe_init(&probe, &f->loop);
    assert_int_equal(eddy_sleep(EDDY_SEC(1), &probe.waiter), EDDY_PENDING);
    struct test_fault fault = {.at = 1, .error = EBADF};
    test_os_restart(&f->os, &fault);
    assert_int_equal(eddy_loop_run(&f->loop), -EBADF);
    assert_int_equal(probe.wakes, 0);
    test_os_restart(&f->os, NULL);
    assert_int_equal(eddy_loop_run(&f->loop), 0);
    assert_int_equal(probe.wakes, 1);
}

static void run_again(struct probe *probe)
{
    struct fixture *f = probe->context;
    assert_int_equal(eddy_loop_run(&f->loop), -EBUSY);
    assert_int_equal(eddy_loop_step(&f->loop), -EBUSY);
}

static void on_post_run(struct eddy_post *node)
{
    (void)node;
    assert_int_equal(eddy_loop_run(eddy_loop_current()), -EBUSY);
    assert_int_equal(eddy_loop_step(eddy_loop_current()), -EBUSY);
}

static void a_run_inside_a_run_is_refused(void **state)
{
    struct fixture *f = *state;
    struct probe probe;
    struct eddy_post post = {.run = on_post_run};
    probe_init(&probe, &f->loop);
    probe.then = run_again;
    probe.context = f;
    yield(&probe);
    eddy_post(&f->loop, &post);
    assert_int_equal(eddy_loop_run(&f->loop), 0);
    yield(&probe);
    assert_int_equal(eddy_loop_step(&f->loop), 0);
    assert_int_equal(probe.wakes, 2);
}

static eddy_ns seen_first, seen_last;

static void see_now(struct probe *probe)
{
    struct fixture *f = probe->context;
    seen_first = eddy_loop_now(&f->loop);
    test_os_advance(&f->os, EDDY_MS(5)); /* work */
    seen_last = eddy_loop_now(&f->loop);
}

static void now_stands_still_within_a_turn(void **state)
{
    struct fixture *f = *state;
    struct probe probe;
    probe_init(&probe, &f->loop);
    probe.then = see_now;
    probe.context = f;
    for (int i = 0; i < 2; i++) {
        eddy_ns deadline = f->os.now + EDDY_MS(1);
        assert_int_equal(eddy_sleep_until(deadline, &probe.waiter), EDDY_PENDING);
        run_until_woken(&f->loop, &probe, i + 1);
        assert_true(seen_first >= deadline);
        assert_true(seen_last == seen_first);
        assert_true(f->os.now >= seen_first + EDDY_MS(5));
    }
}

/* ---- Stop ------------------------------------------------------------------------------ */

static void stop(struct probe *probe)
{
    eddy_loop_stop(probe->context);
    eddy_loop_stop(probe->context); /* however often */
}

static void yield_once(struct probe *probe)
{
    if (probe->wakes == 1) {
        yield(probe);
    }
}

static void stop_gives_those_who_are_ready_their_turn(void **state)
{
    struct fixture *f = *state;
    struct probe before, stopper, after;
    probe_init(&before, &f->loop);
    probe_init(&stopper, &f->loop);
    probe_init(&after, &f->loop);
    stopper.then = stop;
    stopper.context = &f->loop;
    after.then = yield_once;
    yield(&before);
    yield(&stopper);
    yield(&after);
    assert_int_equal(eddy_loop_run(&f->loop), 0);
    assert_int_equal(after.wakes, 1); /* it was ready; what it became since waits */
    assert_int_equal(eddy_loop_run(&f->loop), 0);
    assert_int_equal(after.wakes, 2);
}

static void yield_other_and_stop(struct probe *probe)
{
    yield(probe->context);
    eddy_loop_stop(eddy_loop_current());
}

static void who_became_ready_in_the_pass_of_the_stop_waits_for_the_next_run(void **state)
{
    struct fixture *f = *state;
    struct probe stopper, other;
    probe_init(&stopper, &f->loop);
    probe_init(&other, &f->loop);
    stopper.then = yield_other_and_stop;
    stopper.context = &other;
    yield(&stopper);
    assert_int_equal(eddy_loop_run(&f->loop), 0);
    assert_int_equal(other.wakes, 0);
    assert_int_equal(eddy_loop_run(&f->loop), 0);
    assert_int_equal(other.wakes, 1);
}

static void stop_before_run_stops_the_next_run_and_no_other(void **state)
{
    struct fixture *f = *state;
    struct probe probe;
    probe_init(&probe, &f->loop);
    yield(&probe);
    eddy_loop_stop(&f->loop);
    eddy_loop_stop(&f->loop);
    assert_int_equal(eddy_loop_run(&f->loop), 0);
    assert_int_equal(probe.wakes, 0);
    assert_int_equal(eddy_loop_run(&f->loop), 0);
    assert_int_equal(probe.wakes, 1);
}

static void on_post_stop(struct eddy_post *node)
{
    (void)node;
    eddy_loop_stop(eddy_loop_current());
}

static void a_post_may_stop_the_loop(void **state)
{
    struct fixture *f = *state;
    struct probe sleeper;
    struct eddy_post post = {.run = on_post_stop};
    probe_init(&sleeper, &f->loop);
    assert_int_equal(eddy_sleep(EDDY_SEC(1), &sleeper.waiter), EDDY_PENDING);
    eddy_post(&f->loop, &post);
    assert_int_equal(eddy_loop_run(&f->loop), 0);
    assert_int_equal(sleeper.wakes, 0);
    assert_int_equal(eddy_loop_run(&f->loop), 0);
    assert_int_equal(sleeper.wakes, 1);
}

/* ---- The order of a turn --------------------------------------------------------------- */

static char trace[64];

static void note(char what)
{
    size_t size = strlen(trace);
    if (size + 1 < sizeof trace) {
        trace[size] = what;
        trace[size + 1] = '\0';
    }
}

static int traced_wait(void *context, int epfd, struct epoll_event *events, int count, int timeout_ms)
{
    note('p');
    return eddy_os_linux.epoll_wait(context, epfd, events, count, timeout_ms);
}

static eddy_ns traced_clock(void *context)
{
    note('c');
    return eddy_os_linux.clock(context);
}

static void note_wake(struct probe *probe)
{
    note(*(const char *)probe->context);
}

static void note_post(struct eddy_post *node)
{
    (void)node;
    note('P');
}

static void a_turn_polls_then_ends_deadlines_then_runs_posts_then_wakes(void **state)
{
    (void)state;
    static struct eddy_loop loop;
    struct eddy_os os = eddy_os_linux;
    os.epoll_wait = traced_wait;
    os.clock = traced_clock;
    struct eddy_loop_options options = {.os = &os};
    assert_int_equal(eddy_loop_init(&loop, &options), 0);
    eddy_loop_set_watchdog(&loop, EDDY_FOREVER); /* it looks at the clock all the time */
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "x", 1), 1);
    struct probe event, sleeper, yielder;
    struct probe *probes[] = {&event, &sleeper, &yielder};
    for (size_t i = 0; i < 3; i++) {
        probe_init(probes[i], &loop);
        probes[i]->then = note_wake;
        probes[i]->context = (void *)(uintptr_t) & "EDY"[i];
    }
    struct eddy_watch watch;
    struct eddy_post post = {.run = note_post};
    eddy_watch_init(&watch, &loop, ends[0]);
    eddy_post(&loop, &post);
    assert_int_equal(eddy_sleep_until(1, &sleeper.waiter), EDDY_PENDING);
    assert_int_equal(eddy_watch_wait(&watch, EDDY_READABLE, &event.waiter), EDDY_PENDING);
    yield(&yielder);
    trace[0] = '\0';
    assert_int_equal(eddy_loop_step(&loop), 0);
    assert_string_equal(trace, "pcPYED");
    eddy_watch_close(&watch);
    close(ends[0]);
    close(ends[1]);
    assert_int_equal(eddy_loop_fini(&loop), 0);
}

static void data_that_came_by_the_same_turn_wins_over_its_deadline(void **state)
{
    struct fixture *f = *state;
    struct probe probe;
    struct eddy_watch watch;
    int ends[2];
    probe_init(&probe, &f->loop);
    assert_int_equal(pipe(ends), 0);
    eddy_watch_init(&watch, &f->loop, ends[0]);
    assert_int_equal(eddy_watch_wait(&watch, EDDY_READABLE, &probe.waiter), EDDY_PENDING);
    eddy_wait_until(&probe.waiter, f->os.now);
    assert_int_equal(write(ends[1], "x", 1), 1);
    assert_int_equal(eddy_loop_step(&f->loop), 0);
    assert_int_equal(probe.result, EDDY_READABLE);
    eddy_watch_close(&watch);
    close(ends[0]);
    close(ends[1]);
}

/* ---- Inside a foreign loop ------------------------------------------------------------- */

static void step_says_whether_more_is_ready(void **state)
{
    struct fixture *f = *state;
    struct probe probe;
    probe_init(&probe, &f->loop);
    assert_int_equal(eddy_loop_step(&f->loop), 0);
    assert_true(eddy_loop_timeout(&f->loop) == EDDY_FOREVER);
    yield(&probe);
    assert_true(eddy_loop_timeout(&f->loop) == 0);
    assert_int_equal(eddy_loop_step(&f->loop), 0);
    assert_int_equal(eddy_sleep(EDDY_MS(7), &probe.waiter), EDDY_PENDING);
    assert_true(eddy_loop_timeout(&f->loop) == EDDY_MS(7));
    test_os_advance(&f->os, EDDY_MS(3));
    assert_true(eddy_loop_timeout(&f->loop) == EDDY_MS(4));
    test_os_advance(&f->os, EDDY_MS(9));
    assert_true(eddy_loop_timeout(&f->loop) == 0);
    assert_int_equal(eddy_loop_step(&f->loop), 0);
    assert_int_equal(probe.wakes, 2);
}

static struct eddy_loop real;

static int setup_real(void **state)
{
    (void)state;
    return eddy_loop_init(&real, NULL);
}

static int teardown_real(void **state)
{
    (void)state;
    return eddy_loop_fini(&real);
}

/* A foreign loop: poll() on the descriptor, no longer than the timeout, until `probe` was woken. */
static int foreign_turns(const struct probe *probe, int wakes)
{
    int turns = 0;
    struct pollfd set = {.fd = eddy_loop_fd(&real), .events = POLLIN};
    assert_true(set.fd >= 0);
    for (; probe->wakes < wakes && turns < 100; turns++) {
        eddy_ns span = eddy_loop_timeout(&real);
        int timeout_ms = span == EDDY_FOREVER ? 5000 : (int)((span + EDDY_MS(1) - 1) / EDDY_MS(1));
        (void)poll(&set, 1, timeout_ms);
        assert_true(eddy_loop_step(&real) >= 0);
    }
    assert_int_equal(probe->wakes, wakes);
    return turns;
}

static void a_foreign_loop_drives_timers_and_io(void **state)
{
    (void)state;
    struct probe sleeper, reader;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct eddy_watch watch;
    probe_init(&sleeper, &real);
    probe_init(&reader, &real);
    eddy_watch_init(&watch, &real, ends[0]);
    assert_int_equal(eddy_sleep(EDDY_MS(3), &sleeper.waiter), EDDY_PENDING);
    assert_int_equal(eddy_watch_wait(&watch, EDDY_READABLE, &reader.waiter), EDDY_PENDING);
    assert_in_range(foreign_turns(&sleeper, 1), 1, 5);
    assert_int_equal(reader.wakes, 0);
    assert_int_equal(write(ends[1], "x", 1), 1);
    assert_in_range(foreign_turns(&reader, 1), 1, 2);
    eddy_watch_close(&watch);
    close(ends[0]);
    close(ends[1]);
}

static void *post_to_real(void *argument)
{
    usleep(2000);
    eddy_post(&real, argument);
    return NULL;
}

static void a_foreign_loop_hears_of_posts(void **state)
{
    (void)state;
    static struct probe probe;
    probe_init(&probe, &real);
    to_wake = &probe;
    for (int i = 1; i <= 3; i++) {
        struct eddy_post post = {.run = wake_to_wake};
        pthread_t thread;
        park(&probe, &promise_kind);
        assert_int_equal(pthread_create(&thread, NULL, post_to_real, &post), 0);
        assert_in_range(foreign_turns(&probe, i), 1, 3);
        pthread_join(thread, NULL);
    }
}

static void the_descriptor_is_not_readable_when_there_is_nothing_to_do(void **state)
{
    (void)state;
    struct pollfd set = {.fd = eddy_loop_fd(&real), .events = POLLIN};
    assert_int_equal(poll(&set, 1, 0), 0);
    static struct probe probe;
    struct eddy_post post = {.run = wake_to_wake};
    probe_init(&probe, &real);
    to_wake = &probe;
    park(&probe, &promise_kind);
    assert_true(eddy_loop_timeout(&real) == EDDY_FOREVER);
    eddy_post(&real, &post);
    assert_int_equal(poll(&set, 1, 1000), 1);
    assert_int_equal(eddy_loop_step(&real), 0);
    assert_int_equal(probe.wakes, 1);
    assert_int_equal(poll(&set, 1, 0), 0);
    assert_int_equal(eddy_loop_fd(&real), set.fd);
}

/* ---- Fork ------------------------------------------------------------------------------ */

static void expect_clean_exit(pid_t child)
{
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (status != 0) {
        fail_msg("the child ended with status %#x", (unsigned)status);
    }
}

static bool child_is_refused(struct probe *probe, struct eddy_watch *watch)
{
    eddy_loop_hold(&real);
    eddy_loop_stop(&real);
    return eddy_loop_run(&real) == -ECHILD && eddy_loop_step(&real) == -ECHILD && eddy_loop_fd(&real) == -ECHILD &&
           eddy_sleep(1, &probe->waiter) == -ECHILD &&
           eddy_watch_wait(watch, EDDY_WRITABLE, &probe->waiter) == -ECHILD && eddy_loop_fini(&real) == 0 &&
           eddy_loop_current() == NULL;
}

static void a_child_of_fork_is_refused_and_the_parent_does_not_notice(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct probe reader, spare;
    struct eddy_watch watch;
    probe_init(&reader, &real);
    probe_init(&spare, &real);
    eddy_watch_init(&watch, &real, ends[0]);
    assert_int_equal(eddy_watch_wait(&watch, EDDY_READABLE, &reader.waiter), EDDY_PENDING);
    assert_int_equal(eddy_loop_step(&real), 0);
    pid_t child = fork();
    if (child == 0) {
        _exit(child_is_refused(&spare, &watch) && a_loop_of_its_own_works() ? 0 : 1);
    }
    expect_clean_exit(child);
    assert_int_equal(write(ends[1], "x", 1), 1);
    run_until_woken(&real, &reader, 1);
    assert_int_equal(reader.result, EDDY_READABLE);
    eddy_watch_close(&watch);
    run_until_quiet(&real);
    close(ends[0]);
    close(ends[1]);
}

static pid_t forked;

static void fork_in_wake(struct probe *probe)
{
    (void)probe;
    forked = fork();
}

static void a_child_that_comes_home_from_a_wake_runs_nobody_elses(void **state)
{
    (void)state;
    struct probe first, second;
    probe_init(&first, &real);
    probe_init(&second, &real);
    first.then = fork_in_wake;
    yield(&first);
    yield(&second);
    int result = eddy_loop_run(&real);
    if (forked == 0) {
        _exit(result != -ECHILD ? 1 : second.wakes != 0 ? 2 : eddy_loop_fini(&real) != 0 ? 3 : 0);
    }
    assert_int_equal(result, 0);
    assert_int_equal(second.wakes, 1);
    expect_clean_exit(forked);
}

static void a_child_that_comes_home_from_a_wake_does_not_poll(void **state)
{
    (void)state;
    struct probe first, sleeper;
    probe_init(&first, &real);
    probe_init(&sleeper, &real);
    first.then = fork_in_wake;
    yield(&first);
    assert_int_equal(eddy_sleep(EDDY_MS(50), &sleeper.waiter), EDDY_PENDING);
    uint64_t waits = real.poller.waits;
    int result = eddy_loop_run(&real);
    if (forked == 0) {
        _exit(result != -ECHILD ? 1 : real.poller.waits > waits + 1 ? 2 : 0); /* the set is the parent's, too */
    }
    assert_int_equal(result, 0);
    assert_int_equal(sleeper.wakes, 1);
    expect_clean_exit(forked);
}

/* ---- Threads --------------------------------------------------------------------------- */

struct sleeper {
    struct eddy_waiter waiter;
    int wakes;
};

static void count_wake(struct eddy_waiter *waiter)
{
    EDDY_CONTAINER(waiter, struct sleeper, waiter)->wakes++;
}

static void *run_a_loop(void *argument)
{
    int *wakes = argument;
    struct eddy_loop *loop = malloc(sizeof *loop);
    struct sleeper sleeper = {.wakes = 0};
    if (loop == NULL || eddy_loop_current() != NULL || eddy_loop_init(loop, NULL) != 0) {
        free(loop);
        return NULL;
    }
    eddy_waiter_init(&sleeper.waiter, loop, count_wake);
    for (int i = 0; i < 20; i++) {
        if (eddy_sleep(EDDY_US(100), &sleeper.waiter) != EDDY_PENDING || eddy_loop_run(loop) != 0) {
            break;
        }
    }
    *wakes = eddy_loop_current() == loop && eddy_loop_fini(loop) == 0 ? sleeper.wakes : -1;
    free(loop);
    return NULL;
}

static void each_thread_has_a_loop_of_its_own(void **state)
{
    (void)state;
    pthread_t threads[2];
    int wakes[2] = {0, 0};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, run_a_loop, &wakes[i]), 0);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(wakes[i], 20);
    }
    assert_ptr_equal(eddy_loop_current(), &real);
}

/* ---- SIGPIPE --------------------------------------------------------------------------- */

static void on_sigpipe(int number)
{
    (void)number;
}

static void expect_sigpipe(unsigned flags, void (*before)(int), void (*after)(int))
{
    static struct eddy_loop loop;
    struct eddy_loop_options options = {.flags = flags};
    signal(SIGPIPE, before);
    assert_int_equal(eddy_loop_init(&loop, &options), 0);
    assert_true(sigpipe_is(after));
    assert_int_equal(eddy_loop_fini(&loop), 0);
    signal(SIGPIPE, SIG_DFL);
}

static void sigpipe_is_ignored_unless_told_otherwise_or_handled(void **state)
{
    (void)state;
    expect_sigpipe(0, SIG_DFL, SIG_IGN);
    expect_sigpipe(0, SIG_IGN, SIG_IGN);
    expect_sigpipe(0, on_sigpipe, on_sigpipe);
    expect_sigpipe(EDDY_KEEP_SIGPIPE, SIG_DFL, SIG_DFL);
    expect_sigpipe(EDDY_KEEP_SIGPIPE, on_sigpipe, on_sigpipe);
}

#define REAL(test) cmocka_unit_test_setup_teardown(test, setup_real, teardown_real)

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_thread_has_at_most_one_loop),
        cmocka_unit_test(a_bad_option_is_refused_and_no_loop_is_there),
        cmocka_unit_test(an_init_that_fails_leaves_nothing),
        fixture_test(a_loop_in_use_does_not_end),
        fixture_test(the_allocator_of_the_options_is_used),
        fixture_test(run_without_waiters_returns_and_makes_no_system_call),
        fixture_test(a_wait_that_nobody_can_end_is_a_deadlock),
        fixture_test(a_deadline_is_hope_enough),
        cmocka_unit_test(a_hold_is_hope_enough),
        cmocka_unit_test(a_wait_on_the_kernel_is_hope_enough),
        fixture_test(an_error_of_epoll_wait_ends_the_run_and_it_can_be_run_again),
        fixture_test(a_run_inside_a_run_is_refused),
        fixture_test(now_stands_still_within_a_turn),
        fixture_test(stop_gives_those_who_are_ready_their_turn),
        fixture_test(who_became_ready_in_the_pass_of_the_stop_waits_for_the_next_run),
        fixture_test(stop_before_run_stops_the_next_run_and_no_other),
        fixture_test(a_post_may_stop_the_loop),
        cmocka_unit_test(a_turn_polls_then_ends_deadlines_then_runs_posts_then_wakes),
        fixture_test(data_that_came_by_the_same_turn_wins_over_its_deadline),
        fixture_test(step_says_whether_more_is_ready),
        REAL(a_foreign_loop_drives_timers_and_io),
        REAL(a_foreign_loop_hears_of_posts),
        REAL(the_descriptor_is_not_readable_when_there_is_nothing_to_do),
        REAL(a_child_of_fork_is_refused_and_the_parent_does_not_notice),
        REAL(a_child_that_comes_home_from_a_wake_runs_nobody_elses),
        REAL(a_child_that_comes_home_from_a_wake_does_not_poll),
        REAL(each_thread_has_a_loop_of_its_own),
        cmocka_unit_test(sigpipe_is_ignored_unless_told_otherwise_or_handled),
    };
    return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
