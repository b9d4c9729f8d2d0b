/* What the tests of the loop share: a loop on a test_os that is checked for leaks, and waiters
 * that remember how they were woken. Includes cmocka.
 */
#ifndef TEST_CHECK_H
#define TEST_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <eddy/loop.h>
#include <eddy/sleep.h>
#include <eddy/stream.h>
#include <eddy/wait.h>

#include "support/test_os.h"

/* Room for a test's loop: cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown), and
 * in the test `struct fixture *f = *state`. The teardown ends the loop, and fails the test if
 * that answers -EBUSY or if a descriptor, a file's registration or memory is left. */
struct fixture {
    struct test_os os;
    struct eddy_loop loop;
    struct test_snapshot before;
};

int fixture_setup(void **state);
int fixture_teardown(void **state);

/* fixture_test(name): the line in the table of tests. */
#define fixture_test(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

/* A waiter that writes down its wakes. */
struct probe {
    struct eddy_waiter waiter;
    int wakes;
    ssize_t result;
    int order;                         /* 1 for the first probe woken since probe_init() of any, ... */
    void (*then)(struct probe *probe); /* or NULL: called in the wake, after all is written down */
    void *context;
};

void probe_init(struct probe *probe, struct eddy_loop *loop);

/* What an operation answered, or, if it parked, the result it comes to: runs the loop until then. */
ssize_t probe_finish(struct probe *probe, ssize_t answer);

/* The loop runs until `probe` has been woken `wakes` times; fails the test if that never happens. */
void run_until_woken(struct eddy_loop *loop, const struct probe *probe, int wakes);

/* Turns without waiting, until one changes nothing. The clock stands still. */
void run_until_quiet(struct eddy_loop *loop);

/* Run with at most `span` of virtual time going by. */
void run_for(struct eddy_loop *loop, eddy_ns span);

/* A stream on one end of a Unix socketpair; returns the other end, non-blocking, yours to close. */
int stream_pair(struct eddy_stream *stream, struct eddy_loop *loop);

/* A stream on one end of a TCP connection over loopback, and the other end as above. */
int stream_pair_tcp(struct eddy_stream *stream, struct eddy_loop *loop);

/* Two streams joined by a Unix socketpair. */
void stream_couple(struct eddy_stream *one, struct eddy_stream *other, struct eddy_loop *loop);

/* Write to `fd` until it is full; the number of bytes. */
size_t fill(int fd);

/* Read all that is there from `fd`; the number of bytes. */
size_t drain(int fd);

/* Whether a child of fork can start a loop of its own, on Linux, and sleep on it. */
bool a_loop_of_its_own_works(void);

#endif
