/* A child of fork ends the loop it inherited, inside a wake or a post, and comes home. */
#define _GNU_SOURCE
#include "support/check.h"

#include <eddy/post.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static struct eddy_loop loop;
static pid_t forked;
static int ended; /* what eddy_loop_fini() answered in the child */

static int setup(void **state)
{
    (void)state;
    forked = -1;
    ended = -1;
    return eddy_loop_init(&loop, NULL);
}

static int teardown(void **state)
{
    (void)state;
    return eddy_loop_fini(&loop);
}

/* A crash of the child shall end it, and not go on as a test. */
static pid_t fork_for_good(void)
{
    pid_t child = fork();
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL);
        signal(SIGBUS, SIG_DFL);
        signal(SIGABRT, SIG_DFL);
    }
    return child;
}

static void fork_and_end(void)
{
    if (forked < 0) {
        forked = fork_for_good();
        if (forked == 0) {
            ended = eddy_loop_fini(&loop);
        }
    }
}

static void fork_in_wake(struct probe *probe)
{
    (void)probe;
    fork_and_end();
}

static void fork_in_post(struct eddy_post *node)
{
    (void)node;
    fork_and_end();
}

static void just_fork(struct probe *probe)
{
    (void)probe;
    forked = fork_for_good();
}

/* The child's end of a test: its status. The loop has ended, so that its memory is free for other things. */
static int check_child(int result, const struct probe *other)
{
    if (result != -ECHILD || ended != 0) {
        return 1;
    }
    if (other->wakes != 0) {
        return 2; /* it was the parent's */
    }
    memset(&loop, 0xEE, sizeof loop);
    return a_loop_of_its_own_works() ? 0 : 3;
}

/* Run to the end, and all has to be well in both processes. */
static void run_in_both(const struct probe *other)
{
    int result = eddy_loop_run(&loop);
    if (forked == 0) {
        _exit(check_child(result, other));
    }
    int status;
    assert_int_equal(waitpid(forked, &status, 0), forked);
    assert_int_equal(result, 0);
    assert_int_equal(other->wakes, 1);
    if (status != 0) {
        fail_msg("the child ended with status %#x", (unsigned)status);
    }
}

static void a_child_may_end_the_loop_in_a_wake_and_come_home(void **state)
{
    (void)state;
    struct probe first, second;
    probe_init(&first, &loop);
    probe_init(&second, &loop);
    first.then = fork_in_wake;
    assert_int_equal(eddy_yield(&first.waiter), EDDY_PENDING);
    assert_int_equal(eddy_yield(&second.waiter), EDDY_PENDING);
    run_in_both(&second);
}

static void a_child_may_end_the_loop_in_the_wake_of_a_deadline(void **state)
{
    (void)state;
    struct probe first, second;
    probe_init(&first, &loop);
    probe_init(&second, &loop);
    first.then = fork_in_wake;
    assert_int_equal(eddy_sleep(1, &first.waiter), EDDY_PENDING);
    assert_int_equal(eddy_sleep(EDDY_MS(1), &second.waiter), EDDY_PENDING);
    run_in_both(&second);
}

static void a_child_may_end_the_loop_in_a_post_and_come_home(void **state)
{
    (void)state;
    struct probe other;
    struct eddy_post post = {.run = fork_in_post};
    probe_init(&other, &loop);
    eddy_post(&loop, &post);
    assert_int_equal(eddy_yield(&other.waiter), EDDY_PENDING);
    run_in_both(&other);
}

/* Two events in one batch: the first wake forks, and the second is not for the child. */
static void a_child_may_end_the_loop_in_the_wake_of_a_stream(void **state)
{
    (void)state;
    struct eddy_stream streams[2];
    struct probe probes[2];
    char bytes[2];
    int peers[2];
    for (int i = 0; i < 2; i++) {
        peers[i] = stream_pair(&streams[i], &loop);
        probe_init(&probes[i], &loop);
        probes[i].then = fork_in_wake;
        assert_int_equal(eddy_stream_read(&streams[i], &bytes[i], 1, &probes[i].waiter), EDDY_PENDING);
        assert_int_equal(send(peers[i], "x", 1, 0), 1);
    }
    const struct probe *second = &probes[1];
    run_in_both(second);
    assert_int_equal(probes[0].wakes, 1);
    for (int i = 0; i < 2; i++) {
        eddy_stream_close(&streams[i]);
        close(peers[i]);
    }
}

static void a_step_in_which_a_child_ended_the_loop_is_its_last(void **state)
{
    (void)state;
    struct probe first, second;
    probe_init(&first, &loop);
    probe_init(&second, &loop);
    first.then = fork_in_wake;
    assert_int_equal(eddy_yield(&first.waiter), EDDY_PENDING);
    assert_int_equal(eddy_yield(&second.waiter), EDDY_PENDING);
    int result = eddy_loop_step(&loop);
    if (forked == 0) {
        _exit(check_child(result, &second));
    }
    int status;
    assert_int_equal(waitpid(forked, &status, 0), forked);
    assert_int_equal(status, 0);
    assert_int_equal(result, 0);
    assert_int_equal(second.wakes, 1);
}

static void a_child_that_came_home_and_ends_the_loop_may_begin_another(void **state)
{
    (void)state;
    struct probe probe;
    probe_init(&probe, &loop);
    probe.then = just_fork;
    assert_int_equal(eddy_yield(&probe.waiter), EDDY_PENDING);
    int result = eddy_loop_run(&loop);
    if (forked == 0) {
        _exit(result != -ECHILD             ? 1
              : eddy_loop_fini(&loop) != 0  ? 2
              : eddy_loop_current() != NULL ? 3
              : !a_loop_of_its_own_works()  ? 4
                                            : 0);
    }
    int status;
    assert_int_equal(waitpid(forked, &status, 0), forked);
    assert_int_equal(status, 0);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_child_may_end_the_loop_in_a_wake_and_come_home),
        T(a_child_may_end_the_loop_in_the_wake_of_a_deadline),
        T(a_child_may_end_the_loop_in_a_post_and_come_home),
        T(a_child_may_end_the_loop_in_the_wake_of_a_stream),
        T(a_step_in_which_a_child_ended_the_loop_is_its_last),
        T(a_child_that_came_home_and_ends_the_loop_may_begin_another),
    };
    return cmocka_run_group_tests_name("loop fork", tests, NULL, NULL);
}
