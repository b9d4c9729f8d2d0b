/* What goes wrong in event loops, one test for each hazard that is known of epoll and of other libraries, unless
 * another file has it:
 *
 *     stale event after close in the same batch    below
 *     fd reuse in the same batch                   below; test_watch: set_fd_..., a_growing_mask_...
 *     dup / fork-shared description                below
 *     same description twice in epoll              test_watch: a_second_watch_..., a_descriptor_and_its_duplicate_...
 *     EPOLLHUP/ERR cannot be masked                test_watch: a_hangup_does_not_spin_...
 *     RDHUP / half-close                           below; test_watch: a_half_close_...
 *     ET + short read + FIN                        below
 *     EMFILE/ENFILE on accept                      the listener's tests
 *     regular files                                test_watch: files_that_epoll_refuses_...
 *     fork                                         test_loop, test_post, test_signal, test_sleep
 *     EINTR                                        below
 *     SIGPIPE                                      below; test_loop: sigpipe_is_ignored_...
 *     clock jump / suspend                         below; test_sleep: timers_that_are_late_...
 *     huge timeouts                                test_poller: huge_timeouts_...; test_sleep: a_huge_span_...
 *     zero timeouts                                test_sleep: a_sleep_of_zero_...
 *     early timers                                 test_sleep: a_sleep_is_never_early_...; test_poller
 *     starvation by drain loops                    below
 *     close self/other in a callback               below; test_watch, test_signal
 *     stop in a callback / before run              test_loop: stop_...
 *     nested run                                   test_loop: a_run_inside_a_run_...
 *     callback frees its own handle                below; test_wait, test_watch, test_signal, test_post
 *     ENOMEM                                       below
 *     eventfd without read                         test_post: posts_to_a_loop_that_sleeps_...
 *     epoll_pwait2 that is missing                 test_poller: without_pwait2_...
 *     connect() result                             the streams' tests
 *     EPOLLEXCLUSIVE, pidfd                        not used yet
 */
#define _GNU_SOURCE
#include "support/check.h"

#include <eddy/sleep.h>
#include <eddy/stream.h>
#include <eddy/watch.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static struct eddy_loop *loop;
static struct test_os *os;
static struct probe a, b, c;

static int setup(void **state)
{
    int error = fixture_setup(state);
    struct fixture *fixture = *state;
    loop = &fixture->loop;
    os = &fixture->os;
    probe_init(&a, loop);
    probe_init(&b, loop);
    probe_init(&c, loop);
    return error;
}

static void make_pair(int ends[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
}

static void put(int fd, size_t size)
{
    char bytes[100];
    memset(bytes, 'x', sizeof bytes);
    assert_int_equal(write(fd, bytes, size), size);
}

/* ---- One batch of events --------------------------------------------------------------- */

struct pair {
    struct eddy_stream stream;
    int far;
    char buffer[100];
};

static struct pair *first, *second;

static struct pair *new_pair(struct probe *reader)
{
    struct pair *pair = calloc(1, sizeof *pair);
    assert_non_null(pair);
    pair->far = stream_pair(&pair->stream, loop);
    assert_int_equal(eddy_stream_read(&pair->stream, pair->buffer, sizeof pair->buffer, &reader->waiter), EDDY_PENDING);
    return pair;
}

static void free_pair(struct pair *pair)
{
    eddy_stream_close(&pair->stream);
    close(pair->far);
    memset(pair, 0xEE, sizeof *pair);
    free(pair);
}

static void free_second(struct probe *probe)
{
    (void)probe;
    free_pair(second);
}

static void free_both(struct probe *probe)
{
    free_pair(first);
    free_second(probe);
}

static void expect_close_in_a_batch(void (*then)(struct probe *probe))
{
    first = new_pair(&a);
    second = new_pair(&b);
    a.then = then;
    put(first->far, 1);
    put(second->far, 1); /* both events are in one batch */
    run_until_quiet(loop);
    assert_int_equal(a.wakes, 1);
    assert_int_equal(a.result, 1);
    assert_int_equal(b.wakes, 1);
    assert_int_equal(b.result, -ESHUTDOWN);
}

static void an_event_in_the_batch_of_a_stream_that_was_closed_reaches_nobody(void **state)
{
    (void)state;
    expect_close_in_a_batch(free_second);
    free_pair(first);
}

static void a_wake_may_close_and_free_itself_and_the_other(void **state)
{
    (void)state;
    expect_close_in_a_batch(free_both);
}

/* As a proxy does at the end of each connection. An event that was on the way is no sign of a description that
 * lives on, and a new epoll set costs a call for each descriptor. */
static void closing_others_in_a_batch_does_not_make_the_epoll_set_anew(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        probe_init(&a, loop);
        probe_init(&b, loop);
        expect_close_in_a_batch(free_both);
    }
    assert_int_equal(loop->poller.rebuilds, 0);
}

static struct eddy_watch old_watch, new_watch;
static int old_fd, new_far;

/* Close the other descriptor, though its event is here, and use its number for another file. */
static void reuse_number(struct probe *probe)
{
    (void)probe;
    int ends[2];
    eddy_watch_close(&old_watch);
    make_pair(ends);
    assert_int_equal(dup3(ends[0], old_fd, O_CLOEXEC), old_fd);
    close(ends[0]);
    new_far = ends[1];
    eddy_watch_init(&new_watch, loop, old_fd);
    assert_int_equal(eddy_watch_wait(&new_watch, EDDY_READABLE, &c.waiter), EDDY_PENDING);
}

static void the_event_of_a_number_that_was_reused_in_the_batch_is_not_for_the_new_file(void **state)
{
    (void)state;
    int ends[2], others[2];
    struct eddy_watch watch;
    make_pair(ends);
    make_pair(others);
    old_fd = others[0];
    eddy_watch_init(&watch, loop, ends[0]);
    eddy_watch_init(&old_watch, loop, old_fd);
    assert_int_equal(eddy_watch_wait(&watch, EDDY_READABLE, &a.waiter), EDDY_PENDING);
    assert_int_equal(eddy_watch_wait(&old_watch, EDDY_READABLE, &b.waiter), EDDY_PENDING);
    a.then = reuse_number;
    put(ends[1], 1);
    put(others[1], 1);
    run_until_quiet(loop);
    assert_int_equal(b.wakes, 1);
    assert_int_equal(c.wakes, 0);
    put(new_far, 1);
    run_until_quiet(loop);
    assert_int_equal(c.result, EDDY_READABLE);
    eddy_watch_close(&watch);
    eddy_watch_close(&new_watch);
    int fds[] = {ends[0], ends[1], others[0], others[1], new_far};
    for (size_t i = 0; i < 5; i++) {
        close(fds[i]);
    }
}

/* ---- A description that lives on elsewhere --------------------------------------------- */

/* A stream whose socket a child, or as here a duplicate, still has, is closed; events go on coming. */
static void a_description_that_lives_on_makes_the_epoll_set_anew(void **state)
{
    (void)state;
    struct eddy_stream stream;
    int far = stream_pair(&stream, loop);
    struct eddy_stream bystander;
    int bystander_far = stream_pair(&bystander, loop);
    char byte;
    assert_int_equal(eddy_stream_read(&bystander, &byte, 1, &a.waiter), EDDY_PENDING);
    int duplicate = fcntl(eddy_stream_fd(&stream), F_DUPFD_CLOEXEC, 0);
    eddy_stream_close(&stream);
    for (int i = 0; i < 10; i++) {
        put(far, 1); /* an edge, and nobody's */
        run_until_quiet(loop);
    }
    assert_int_equal(loop->poller.stale_seen, 2);
    assert_int_equal(loop->poller.rebuilds, 1);
    put(bystander_far, 1); /* the new set has who was in the old one */
    run_until_quiet(loop);
    assert_int_equal(a.result, 1);
    eddy_stream_close(&bystander);
    close(duplicate);
    close(far);
    close(bystander_far);
}

static void an_event_of_before_does_not_reach_who_has_the_slot_now(void **state)
{
    (void)state;
    struct eddy_stream stream;
    int ends[2];
    int far = stream_pair(&stream, loop);
    uint32_t slot = stream.slot;
    int duplicate = fcntl(eddy_stream_fd(&stream), F_DUPFD_CLOEXEC, 0);
    eddy_stream_close(&stream);
    make_pair(ends);
    struct eddy_watch watch;
    eddy_watch_init(&watch, loop, ends[0]);
    assert_int_equal(eddy_watch_wait(&watch, EDDY_READABLE, &a.waiter), EDDY_PENDING);
    assert_int_equal(watch.interest.slot, slot); /* else this test shows nothing */
    put(far, 1);
    run_until_quiet(loop);
    assert_int_equal(a.wakes, 0);
    assert_int_equal(loop->poller.stale_seen, 1);
    put(ends[1], 1);
    run_until_quiet(loop);
    assert_int_equal(a.wakes, 1);
    eddy_watch_close(&watch);
    int fds[] = {far, duplicate, ends[0], ends[1]};
    for (size_t i = 0; i < 4; i++) {
        close(fds[i]);
    }
}

static void a_watch_closed_before_its_descriptor_leaves_no_events_behind(void **state)
{
    (void)state;
    int ends[2];
    make_pair(ends);
    struct eddy_watch watch;
    eddy_watch_init(&watch, loop, ends[0]);
    assert_int_equal(eddy_watch_wait(&watch, EDDY_READABLE, &a.waiter), EDDY_PENDING);
    int duplicate = fcntl(ends[0], F_DUPFD_CLOEXEC, 0);
    eddy_watch_close(&watch);
    close(ends[0]);
    put(ends[1], 1);
    run_until_quiet(loop);
    assert_int_equal(loop->poller.stale_seen, 0);
    close(duplicate);
    close(ends[1]);
}

/* The owner closed first, and a duplicate lives: level-triggered events that cannot be removed any more. */
static void a_watch_closed_too_late_spins_at_most_until_the_set_is_new(void **state)
{
    (void)state;
    int ends[2];
    make_pair(ends);
    struct eddy_watch watch;
    eddy_watch_init(&watch, loop, ends[0]);
    assert_int_equal(eddy_watch_wait(&watch, EDDY_READABLE, &a.waiter), EDDY_PENDING);
    int duplicate = fcntl(ends[0], F_DUPFD_CLOEXEC, 0);
    close(ends[0]);
    eddy_watch_close(&watch);
    put(ends[1], 1);
    for (int i = 0; i < 10; i++) {
        assert_true(eddy_loop_step(loop) >= 0);
    }
    assert_in_range(loop->poller.stale_seen, 2, 3);
    assert_int_equal(loop->poller.rebuilds, 1);
    close(duplicate);
    close(ends[1]);
}

/* The same in a foreign loop: a child that was forked has the old epoll set too, and keeps it alive. */
static void a_foreign_loop_does_not_spin_on_the_old_epoll_set(void **state)
{
    (void)state;
    struct eddy_stream stream;
    int far = stream_pair(&stream, loop);
    struct pollfd set = {.fd = eddy_loop_fd(loop), .events = POLLIN};
    pid_t child = fork(); /* shares the stream's socket and the epoll set */
    if (child == 0) {
        pause();
        _exit(0);
    }
    eddy_stream_close(&stream);
    int readable = 0;
    for (int i = 0; i < 10; i++) {
        put(far, 1);
        readable = poll(&set, 1, 0);
        run_until_quiet(loop);
    }
    uint64_t rebuilds = loop->poller.rebuilds;
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    close(far);
    assert_int_equal(rebuilds, 1);
    assert_int_equal(readable, 0);
}

/* ---- The end of a stream --------------------------------------------------------------- */

static void data_is_read_before_the_end_is_told(void **state)
{
    (void)state;
    struct eddy_stream stream;
    int far = stream_pair(&stream, loop);
    char buffer[100];
    put(far, 10);
    assert_int_equal(shutdown(far, SHUT_WR), 0);
    run_until_quiet(loop); /* data, RDHUP and all are one edge, and it is over */
    assert_int_equal(probe_finish(&a, eddy_stream_read(&stream, buffer, 100, &a.waiter)), 10); /* short */
    assert_int_equal(probe_finish(&a, eddy_stream_read(&stream, buffer, 100, &a.waiter)), 0);
    assert_int_equal(probe_finish(&a, eddy_stream_write(&stream, "y", 1, &a.waiter)), 1); /* only half is closed */
    assert_int_equal(drain(far), 1);
    eddy_stream_close(&stream);
    close(far);
}

static void an_end_that_comes_while_a_short_read_is_under_way_is_not_lost(void **state)
{
    (void)state;
    struct eddy_stream stream;
    int far = stream_pair(&stream, loop);
    char buffer[100];
    assert_int_equal(eddy_stream_read(&stream, buffer, 100, &a.waiter), EDDY_PENDING);
    put(far, 10);
    run_until_woken(loop, &a, 1);
    assert_int_equal(a.result, 10);
    close(far);
    assert_int_equal(probe_finish(&a, eddy_stream_read(&stream, buffer, 100, &a.waiter)), 0);
    eddy_stream_close(&stream);
}

static volatile sig_atomic_t alarms;

static void count_signal(int number)
{
    (void)number;
    alarms = alarms + 1;
}

static void a_write_to_who_is_gone_is_an_error_and_no_signal(void **state)
{
    (void)state;
    struct sigaction action = {.sa_handler = count_signal}, before;
    assert_int_equal(sigaction(SIGPIPE, &action, &before), 0);
    struct eddy_stream stream;
    close(stream_pair(&stream, loop));
    alarms = 0;
    assert_int_equal(probe_finish(&a, eddy_stream_write(&stream, "x", 1, &a.waiter)), -EPIPE);
    sigaction(SIGPIPE, &before, NULL);
    assert_int_equal(alarms, 0);
    eddy_stream_close(&stream);
}

/* ---- Interruptions and time ------------------------------------------------------------ */

static void a_signal_storm_neither_shortens_nor_lengthens_a_sleep(void **state)
{
    (void)state;
    static struct eddy_loop real;
    struct sigaction action = {.sa_handler = count_signal, .sa_flags = SA_RESTART};
    const struct itimerval each = {.it_interval.tv_usec = 500, .it_value.tv_usec = 500};
    const struct itimerval none = {.it_value.tv_usec = 0};
    struct probe probe;
    assert_int_equal(eddy_loop_init(&real, NULL), 0);
    probe_init(&probe, &real);
    assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
    alarms = 0;
    eddy_ns began = eddy_os_linux.clock(NULL);
    assert_int_equal(eddy_sleep(EDDY_MS(60), &probe.waiter), EDDY_PENDING);
    setitimer(ITIMER_REAL, &each, NULL);
    int result = eddy_loop_run(&real); /* with a relative timeout it would start over at each signal */
    setitimer(ITIMER_REAL, &none, NULL);
    action.sa_handler = SIG_IGN; /* one may still be on its way */
    sigaction(SIGALRM, &action, NULL);
    eddy_ns took = eddy_os_linux.clock(NULL) - began;
    assert_int_equal(result, 0);
    assert_int_equal(probe.wakes, 1);
    assert_true(took >= EDDY_MS(60));
    assert_true(took < EDDY_SEC(2));
    assert_true(alarms > 5);
    assert_int_equal(eddy_loop_fini(&real), 0);
}

static void after_a_jump_of_the_clock_each_sleep_passes_once_and_in_order(void **state)
{
    (void)state;
    assert_int_equal(eddy_sleep(EDDY_SEC(3600), &b.waiter), EDDY_PENDING);
    assert_int_equal(eddy_sleep(EDDY_SEC(60), &a.waiter), EDDY_PENDING);
    assert_int_equal(eddy_sleep(EDDY_SEC(86400 * 30), &c.waiter), EDDY_PENDING);
    test_os_advance(os, EDDY_SEC(86400));
    run_until_quiet(loop);
    assert_int_equal(a.order, 1);
    assert_int_equal(b.order, 2);
    assert_int_equal(c.wakes, 0);
    run_until_woken(loop, &c, 1);
    assert_int_equal(a.wakes + b.wakes, 2);
}

/* ---- Starvation ------------------------------------------------------------------------ */

static struct eddy_stream greedy;
static int most_in_a_wake;

static void read_all_there_is(struct probe *probe)
{
    static char byte;
    int reads = 0;
    while (eddy_stream_read(&greedy, &byte, 1, &probe->waiter) == 1) {
        reads++;
    }
    most_in_a_wake = reads > most_in_a_wake ? reads : most_in_a_wake;
}

static int greedy_wakes_before;

static void see_how_often_a_ran(struct probe *probe)
{
    (void)probe;
    greedy_wakes_before = a.wakes;
}

static void who_reads_all_there_is_lets_others_have_a_turn(void **state)
{
    (void)state;
    int far = stream_pair(&greedy, loop);
    size_t there = fill(far);
    assert_true(there > 10000);
    most_in_a_wake = 0;
    a.then = read_all_there_is;
    b.then = see_how_often_a_ran;
    assert_int_equal(eddy_yield(&a.waiter), EDDY_PENDING);
    assert_int_equal(eddy_yield(&b.waiter), EDDY_PENDING);
    run_until_quiet(loop);
    assert_int_equal(most_in_a_wake, 128);
    assert_int_equal(greedy_wakes_before, 1);
    assert_true((size_t)a.wakes > there / 130);
    eddy_stream_close(&greedy);
    run_until_quiet(loop);
    close(far);
}

/* ---- No memory ------------------------------------------------------------------------- */

static void release_no_loop(struct eddy_post *node)
{
    eddy_wait_wake(&a.waiter, 9);
    (void)node;
}

static void unpark_nothing(struct eddy_waiter *waiter)
{
    (void)waiter;
}

static void arming_waking_and_cancelling_take_no_memory(void **state)
{
    (void)state;
    static const struct eddy_wait_kind kind = {.name = "promise", .unpark = unpark_nothing, .expiry = -ETIMEDOUT};
    static struct probe sleepers[1000];
    struct eddy_post post = {.run = release_no_loop};
    unsigned before = os->calls[TEST_ALLOCATE];
    for (size_t i = 0; i < 1000; i++) {
        probe_init(&sleepers[i], loop);
        assert_int_equal(eddy_sleep(EDDY_MS(i), &sleepers[i].waiter), EDDY_PENDING);
        eddy_wait_until(&sleepers[i].waiter, os->now + EDDY_SEC(i));
    }
    assert_int_equal(eddy_wait_park(&a.waiter, &kind), EDDY_PENDING);
    eddy_post(loop, &post);
    for (size_t i = 1; i < 1000; i++) {
        assert_true(eddy_wait_cancel(&sleepers[i].waiter));
    }
    run_until_quiet(loop);
    assert_int_equal(a.result, 9);
    assert_int_equal(sleepers[0].wakes, 1);
    assert_int_equal(sleepers[999].result, -ECANCELED);
    assert_int_equal(os->calls[TEST_ALLOCATE], before);
}

static void a_watch_without_memory_is_refused_and_nothing_else_suffers(void **state)
{
    (void)state;
    int ends[2];
    make_pair(ends);
    struct eddy_watch watch;
    eddy_watch_init(&watch, loop, ends[0]);
    for (unsigned at = 1; at <= 3; at++) {
        struct test_fault fault = {.at = at, .error = ENOMEM};
        test_os_restart(os, &fault);
        ssize_t result = eddy_watch_wait(&watch, EDDY_READABLE, &a.waiter);
        test_os_restart(os, NULL);
        if (result == EDDY_PENDING) {
            assert_true(at > 1);
            break;
        }
        assert_int_equal(result, -ENOMEM);
        assert_false(eddy_waiter_is_waiting(&a.waiter));
        assert_int_equal(loop->poller.open, 0);
    }
    put(ends[1], 1);
    run_until_quiet(loop);
    assert_int_equal(a.result, EDDY_READABLE);
    eddy_watch_close(&watch);
    close(ends[0]);
    close(ends[1]);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(an_event_in_the_batch_of_a_stream_that_was_closed_reaches_nobody),
        T(a_wake_may_close_and_free_itself_and_the_other),
        T(closing_others_in_a_batch_does_not_make_the_epoll_set_anew),
        T(the_event_of_a_number_that_was_reused_in_the_batch_is_not_for_the_new_file),
        T(a_description_that_lives_on_makes_the_epoll_set_anew),
        T(an_event_of_before_does_not_reach_who_has_the_slot_now),
        T(a_watch_closed_before_its_descriptor_leaves_no_events_behind),
        T(a_watch_closed_too_late_spins_at_most_until_the_set_is_new),
        T(a_foreign_loop_does_not_spin_on_the_old_epoll_set),
        T(data_is_read_before_the_end_is_told),
        T(an_end_that_comes_while_a_short_read_is_under_way_is_not_lost),
        T(a_write_to_who_is_gone_is_an_error_and_no_signal),
        cmocka_unit_test(a_signal_storm_neither_shortens_nor_lengthens_a_sleep),
        T(after_a_jump_of_the_clock_each_sleep_passes_once_and_in_order),
        T(who_reads_all_there_is_lets_others_have_a_turn),
        T(arming_waking_and_cancelling_take_no_memory),
        T(a_watch_without_memory_is_refused_and_nothing_else_suffers),
    };
    return cmocka_run_group_tests_name("hazards", tests, NULL, NULL);
}
