/* Signals as waits. */
#define _GNU_SOURCE
#include "support/check.h"

#include <eddy/signal.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct signal_test {
    struct eddy_loop *loop;
    struct test_os *os;
    struct eddy_signal usr1;
    struct eddy_signal other;
    struct probe waiter;
    struct probe second;
};

static struct signal_test t;
static volatile sig_atomic_t handled;

static void on_signal(int number)
{
    (void)number;
    handled = handled + 1;
}

static bool is_blocked(int number)
{
    sigset_t set;
    assert_int_equal(pthread_sigmask(SIG_BLOCK, NULL, &set), 0);
    return sigismember(&set, number) == 1;
}

static int setup(void **state)
{
    for (int number = 1; number < NSIG; number++) { /* whatever the shell left */
        signal(number, SIG_DFL);
    }
    sigset_t none;
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, NULL);
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGUSR2, &action, NULL);
    handled = 0;
    memset(&t, 0, sizeof t);
    int error = fixture_setup(state);
    struct fixture *fixture = *state;
    t.loop = &fixture->loop;
    t.os = &fixture->os;
    probe_init(&t.waiter, t.loop);
    probe_init(&t.second, t.loop);
    return error;
}

static void send_signal(int number)
{
    assert_int_equal(kill(getpid(), number), 0);
}

static void open_usr1(void)
{
    assert_int_equal(eddy_signal_open(&t.usr1, t.loop, SIGUSR1), 0);
}

static ssize_t wait_usr1(void)
{
    return eddy_signal_wait(&t.usr1, &t.waiter.waiter);
}

/* A signal that was sent is in the kernel at once, and with the loop after a turn. */
static void turn(void)
{
    run_until_quiet(t.loop);
}

static void a_signal_wakes_who_waits(void **state)
{
    (void)state;
    open_usr1();
    assert_int_equal(t.usr1.number, SIGUSR1);
    for (int i = 1; i <= 3; i++) {
        assert_int_equal(wait_usr1(), EDDY_PENDING);
        turn();
        assert_int_equal(t.waiter.wakes, i - 1);
        send_signal(SIGUSR1);
        turn();
        assert_int_equal(t.waiter.wakes, i);
        assert_int_equal(t.waiter.result, SIGUSR1);
    }
    assert_int_equal(handled, 0);
    assert_false(t.usr1.pending);
    eddy_signal_close(&t.usr1);
}

static void several_that_come_before_the_wait_count_as_one(void **state)
{
    (void)state;
    open_usr1();
    for (int i = 0; i < 3; i++) {
        send_signal(SIGUSR1);
        send_signal(SIGUSR1);
        turn();
    }
    assert_true(t.usr1.pending);
    assert_int_equal(wait_usr1(), SIGUSR1);
    assert_false(t.usr1.pending);
    assert_int_equal(wait_usr1(), EDDY_PENDING);
    turn();
    assert_int_equal(t.waiter.wakes, 0);
    eddy_signal_close(&t.usr1);
    turn();
    assert_int_equal(t.waiter.result, -ESHUTDOWN);
}

static void real_time_signals_that_queue_count_as_one_too(void **state)
{
    (void)state;
    assert_int_equal(eddy_signal_open(&t.usr1, t.loop, SIGRTMIN), 0);
    for (int i = 0; i < 20; i++) { /* more than are read at once */
        send_signal(SIGRTMIN);
    }
    turn();
    assert_int_equal(wait_usr1(), SIGRTMIN);
    assert_int_equal(wait_usr1(), EDDY_PENDING);
    turn();
    assert_int_equal(t.waiter.wakes, 0);
    assert_int_equal(eddy_wait_withdraw(&t.waiter.waiter), EDDY_PENDING);
    eddy_signal_close(&t.usr1);
}

static void each_of_two_listeners_of_a_number_hears_every_signal(void **state)
{
    (void)state;
    open_usr1();
    assert_int_equal(eddy_signal_open(&t.other, t.loop, SIGUSR1), 0);
    assert_int_equal(wait_usr1(), EDDY_PENDING);
    send_signal(SIGUSR1);
    turn();
    assert_int_equal(t.waiter.wakes, 1);
    assert_int_equal(eddy_signal_wait(&t.other, &t.second.waiter), SIGUSR1); /* kept for it */
    eddy_signal_close(&t.usr1);
    assert_true(is_blocked(SIGUSR1));
    assert_int_equal(eddy_signal_wait(&t.other, &t.second.waiter), EDDY_PENDING);
    send_signal(SIGUSR1);
    turn();
    assert_int_equal(t.second.result, SIGUSR1);
    eddy_signal_close(&t.other);
    assert_false(is_blocked(SIGUSR1));
    assert_int_equal(handled, 0);
}

static void two_numbers_do_not_mix(void **state)
{
    (void)state;
    open_usr1();
    assert_int_equal(eddy_signal_open(&t.other, t.loop, SIGUSR2), 0);
    assert_int_equal(wait_usr1(), EDDY_PENDING);
    send_signal(SIGUSR2);
    turn();
    assert_int_equal(t.waiter.wakes, 0);
    assert_int_equal(eddy_signal_wait(&t.other, &t.second.waiter), SIGUSR2);
    eddy_signal_close(&t.other);
    assert_false(is_blocked(SIGUSR2));
    assert_true(is_blocked(SIGUSR1));
    send_signal(SIGUSR2); /* ours no more */
    assert_int_equal(handled, 1);
    send_signal(SIGUSR1);
    turn();
    assert_int_equal(t.waiter.result, SIGUSR1);
    eddy_signal_close(&t.usr1);
}

static void a_second_waiter_gets_ebusy(void **state)
{
    (void)state;
    open_usr1();
    assert_int_equal(wait_usr1(), EDDY_PENDING);
    assert_int_equal(eddy_signal_wait(&t.usr1, &t.second.waiter), -EBUSY);
    assert_true(eddy_wait_cancel(&t.waiter.waiter));
    turn();
    assert_int_equal(t.waiter.result, -ECANCELED);
    assert_int_equal(eddy_signal_wait(&t.usr1, &t.second.waiter), EDDY_PENDING);
    send_signal(SIGUSR1);
    turn();
    assert_int_equal(t.second.result, SIGUSR1);
    eddy_signal_close(&t.usr1);
}

static void a_cancelled_wait_takes_no_signal(void **state)
{
    (void)state;
    open_usr1();
    assert_int_equal(wait_usr1(), EDDY_PENDING);
    assert_int_equal(eddy_wait_withdraw(&t.waiter.waiter), EDDY_PENDING);
    send_signal(SIGUSR1);
    turn();
    assert_int_equal(wait_usr1(), SIGUSR1);
    eddy_signal_close(&t.usr1);
}

static void a_wait_for_a_signal_has_a_deadline(void **state)
{
    (void)state;
    open_usr1();
    assert_int_equal(wait_usr1(), EDDY_PENDING);
    eddy_wait_until(&t.waiter.waiter, t.os->now + EDDY_SEC(1));
    run_until_woken(t.loop, &t.waiter, 1);
    assert_int_equal(t.waiter.result, -ETIMEDOUT);
    eddy_signal_close(&t.usr1);
}

static void what_is_no_signal_is_invalid_and_changes_nothing(void **state)
{
    (void)state;
    static const int numbers[] = {SIGKILL, SIGSTOP, 0, -1, 65, 100000};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        assert_int_equal(eddy_signal_open(&t.usr1, t.loop, numbers[i]), -EINVAL);
    }
    assert_int_equal(t.loop->poller.open, 0);
    eddy_signal_close(&t.usr1); /* it was zeroed, and never open */
}

static void an_open_that_fails_changes_nothing(void **state)
{
    (void)state;
    for (unsigned at = 1; at < 20; at++) {
        struct test_fault fault = {.at = at, .error = ENOMEM};
        test_os_restart(t.os, &fault);
        int error = eddy_signal_open(&t.usr1, t.loop, SIGUSR1);
        test_os_restart(t.os, NULL);
        if (error == 0) {
            assert_true(at > 2);
            break;
        }
        assert_int_equal(error, -ENOMEM);
        assert_false(is_blocked(SIGUSR1));
        assert_int_equal(t.loop->poller.open, 0);
    }
    eddy_signal_close(&t.usr1);
}

static void a_second_number_that_fails_leaves_the_first(void **state)
{
    (void)state;
    open_usr1();
    for (unsigned at = 1; at < 20; at++) {
        struct test_fault fault = {.at = at, .error = ENOMEM};
        test_os_restart(t.os, &fault);
        int error = eddy_signal_open(&t.other, t.loop, SIGUSR2);
        test_os_restart(t.os, NULL);
        if (error == 0) {
            assert_true(at > 1);
            break;
        }
        assert_false(is_blocked(SIGUSR2));
    }
    send_signal(SIGUSR1);
    turn();
    assert_int_equal(wait_usr1(), SIGUSR1);
    eddy_signal_close(&t.usr1);
    eddy_signal_close(&t.other);
}

/* ---- Close ----------------------------------------------------------------------------- */

static void close_wakes_and_may_be_repeated(void **state)
{
    (void)state;
    open_usr1();
    assert_int_equal(wait_usr1(), EDDY_PENDING);
    eddy_signal_close(&t.usr1);
    eddy_signal_close(&t.usr1);
    assert_int_equal(t.waiter.wakes, 0);
    assert_int_equal(wait_usr1(), -ESHUTDOWN);
    turn();
    assert_int_equal(t.waiter.wakes, 1);
    assert_int_equal(t.waiter.result, -ESHUTDOWN);
}

static void close_raises_the_signal_that_nobody_took(void **state)
{
    (void)state;
    open_usr1();
    send_signal(SIGUSR1);
    turn();
    assert_true(t.usr1.pending);
    eddy_signal_close(&t.usr1);
    assert_int_equal(handled, 1);
    open_usr1();
    send_signal(SIGUSR1); /* still in the kernel when it is closed */
    eddy_signal_close(&t.usr1);
    assert_int_equal(handled, 2);
}

static void close_does_not_raise_what_was_taken(void **state)
{
    (void)state;
    open_usr1();
    send_signal(SIGUSR1);
    turn();
    assert_int_equal(wait_usr1(), SIGUSR1);
    eddy_signal_close(&t.usr1);
    assert_int_equal(handled, 0);
}

static void close_does_not_raise_what_another_listener_took(void **state)
{
    (void)state;
    open_usr1();
    assert_int_equal(eddy_signal_open(&t.other, t.loop, SIGUSR1), 0);
    send_signal(SIGUSR1);
    turn();
    assert_int_equal(eddy_signal_wait(&t.other, &t.second.waiter), SIGUSR1);
    eddy_signal_close(&t.other);
    eddy_signal_close(&t.usr1);
    assert_int_equal(handled, 0);
}

static void close_raises_once_for_two_listeners(void **state)
{
    (void)state;
    open_usr1();
    assert_int_equal(eddy_signal_open(&t.other, t.loop, SIGUSR1), 0);
    send_signal(SIGUSR1);
    turn();
    eddy_signal_close(&t.usr1);
    assert_int_equal(handled, 0);
    eddy_signal_close(&t.other);
    assert_int_equal(handled, 1);
}

static void the_mask_is_as_before(void **state)
{
    (void)state;
    sigset_t usr2;
    sigemptyset(&usr2);
    sigaddset(&usr2, SIGUSR2);
    assert_int_equal(pthread_sigmask(SIG_BLOCK, &usr2, NULL), 0);
    for (int i = 0; i < 2; i++) {
        open_usr1();
        assert_int_equal(eddy_signal_open(&t.other, t.loop, SIGUSR2), 0);
        assert_true(is_blocked(SIGUSR1));
        assert_true(is_blocked(SIGUSR2));
        eddy_signal_close(i == 0 ? &t.usr1 : &t.other);
        eddy_signal_close(i == 0 ? &t.other : &t.usr1);
        assert_false(is_blocked(SIGUSR1));
        assert_true(is_blocked(SIGUSR2)); /* the caller had it blocked */
    }
}

static struct eddy_signal *allocated;

static void close_and_free(struct probe *probe)
{
    (void)probe;
    eddy_signal_close(allocated);
    memset(allocated, 0xEE, sizeof *allocated);
    free(allocated);
}

static void a_signal_may_be_freed_in_its_wake(void **state)
{
    (void)state;
    allocated = malloc(sizeof *allocated);
    assert_non_null(allocated);
    assert_int_equal(eddy_signal_open(allocated, t.loop, SIGUSR1), 0);
    t.waiter.then = close_and_free;
    assert_int_equal(eddy_signal_wait(allocated, &t.waiter.waiter), EDDY_PENDING);
    send_signal(SIGUSR1);
    turn();
    assert_int_equal(t.waiter.wakes, 1);
    assert_int_equal(t.loop->poller.open, 0);
}

static void a_loop_with_an_open_signal_does_not_end(void **state)
{
    (void)state;
    open_usr1();
    assert_int_equal(eddy_loop_fini(t.loop), -EBUSY);
    eddy_signal_close(&t.usr1);
}

static void sigpipe_that_is_ignored_is_heard_all_the_same(void **state)
{
    (void)state;
    assert_int_equal(eddy_signal_open(&t.usr1, t.loop, SIGPIPE), 0);
    send_signal(SIGPIPE);
    turn();
    assert_int_equal(wait_usr1(), SIGPIPE);
    eddy_signal_close(&t.usr1);
}

/* ---- Fork and exec --------------------------------------------------------------------- */

static void in_a_child_of_fork_it_is_refused(void **state)
{
    (void)state;
    open_usr1();
    pid_t child = fork();
    if (child == 0) {
        bool refused =
            wait_usr1() == -ECHILD && eddy_signal_open(&t.other, t.loop, SIGUSR2) == -ECHILD && !is_blocked(SIGUSR2);
        eddy_signal_close(&t.usr1);
        _exit(refused ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    send_signal(SIGUSR1); /* the parent hears as before */
    turn();
    assert_int_equal(wait_usr1(), SIGUSR1);
    eddy_signal_close(&t.usr1);
}

/* The line `name` of an exec'ed program's /proc/self/status. */
static unsigned long long status_of_child(const char *name)
{
    int ends[2];
    char text[8192];
    size_t size = 0;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t child = fork();
    if (child == 0) {
        if (dup2(ends[1], STDOUT_FILENO) < 0 || eddy_signal_defaults(t.loop) != 0) {
            _exit(1);
        }
        execlp("cat", "cat", "/proc/self/status", (char *)NULL);
        _exit(2);
    }
    close(ends[1]);
    for (ssize_t got; (got = read(ends[0], text + size, sizeof text - 1 - size)) > 0;) {
        size += (size_t)got;
    }
    close(ends[0]);
    text[size] = '\0';
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    const char *line = strstr(text, name);
    assert_non_null(line);
    return strtoull(line + strlen(name), NULL, 16);
}

static void a_child_starts_as_if_from_a_shell(void **state)
{
    (void)state;
    open_usr1();
    assert_int_equal(eddy_signal_open(&t.other, t.loop, SIGTERM), 0);
    assert_true(status_of_child("SigBlk:") == 0);
    assert_true(status_of_child("SigIgn:") == 0);
    eddy_signal_close(&t.usr1);
    eddy_signal_close(&t.other);
}

static void without_signals_too_sigpipe_is_no_longer_ignored(void **state)
{
    (void)state;
    assert_true(status_of_child("SigIgn:") == 0);
    struct sigaction action;
    sigaction(SIGPIPE, NULL, &action);
    assert_true(action.sa_handler == SIG_IGN); /* here it is */
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_signal_wakes_who_waits),
        T(several_that_come_before_the_wait_count_as_one),
        T(real_time_signals_that_queue_count_as_one_too),
        T(each_of_two_listeners_of_a_number_hears_every_signal),
        T(two_numbers_do_not_mix),
        T(a_second_waiter_gets_ebusy),
        T(a_cancelled_wait_takes_no_signal),
        T(a_wait_for_a_signal_has_a_deadline),
        T(what_is_no_signal_is_invalid_and_changes_nothing),
        T(an_open_that_fails_changes_nothing),
        T(a_second_number_that_fails_leaves_the_first),
        T(close_wakes_and_may_be_repeated),
        T(close_raises_the_signal_that_nobody_took),
        T(close_does_not_raise_what_was_taken),
        T(close_does_not_raise_what_another_listener_took),
        T(close_raises_once_for_two_listeners),
        T(the_mask_is_as_before),
        T(a_signal_may_be_freed_in_its_wake),
        T(a_loop_with_an_open_signal_does_not_end),
        T(sigpipe_that_is_ignored_is_heard_all_the_same),
        T(in_a_child_of_fork_it_is_refused),
        T(a_child_starts_as_if_from_a_shell),
        T(without_signals_too_sigpipe_is_no_longer_ignored),
    };
    return cmocka_run_group_tests_name("signal", tests, NULL, NULL);
}
