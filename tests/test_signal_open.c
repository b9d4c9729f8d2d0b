/* Signals that could not be opened. */
#define _GNU_SOURCE
#include "support/check.h"

#include <eddy/signal.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the memory holds when it comes fresh from the stack or the heap. */
static void scribble(struct eddy_signal *signal)
{
    memset(signal, 0xEE, sizeof *signal);
}

static void a_signal_whose_number_is_refused_may_be_closed(void **state)
{
    struct fixture *f = *state;
    struct eddy_signal signal;
    scribble(&signal);
    assert_int_equal(eddy_signal_open(&signal, &f->loop, SIGKILL), -EINVAL);
    eddy_signal_close(&signal);
    eddy_signal_close(&signal);
}

static void a_signal_that_could_not_be_opened_for_want_of_anything_may_be_closed(void **state)
{
    struct fixture *f = *state;
    for (unsigned at = 1; at < 20; at++) {
        struct eddy_signal signal;
        scribble(&signal);
        test_os_restart(&f->os, &(struct test_fault){.at = at, .error = ENOMEM});
        int error = eddy_signal_open(&signal, &f->loop, SIGUSR1);
        test_os_restart(&f->os, NULL);
        eddy_signal_close(&signal);
        if (error == 0) {
            assert_true(at > 1);
            return;
        }
        assert_int_equal(error, -ENOMEM);
    }
    fail_msg("it never opened");
}

static void a_signal_refused_in_a_child_may_be_closed(void **state)
{
    struct fixture *f = *state;
    pid_t child = fork();
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL); /* a crash shall end the child, and not go on as a test */
        struct eddy_signal refused;
        scribble(&refused);
        int error = eddy_signal_open(&refused, &f->loop, SIGUSR1);
        eddy_signal_close(&refused);
        _exit(error == -ECHILD ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_signal_whose_number_is_refused_may_be_closed),
        fixture_test(a_signal_that_could_not_be_opened_for_want_of_anything_may_be_closed),
        fixture_test(a_signal_refused_in_a_child_may_be_closed),
    };
    return cmocka_run_group_tests_name("signal open", tests, NULL, NULL);
}
