/* Watches whose descriptor's owner, or whose loop, is gone before them. */
#define _GNU_SOURCE
#include "support/check.h"

#include <eddy/watch.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static int copy_of_closed;

static void copy_and_close(struct probe *probe)
{
    const int *fd = probe->context;
    copy_of_closed = dup(*fd);
    close(*fd);
}

/* The file stays registered for writing, and can be written to for ever. */
static void a_descriptor_closed_in_a_wake_with_a_copy_alive_does_not_spin(void **state)
{
    struct fixture *f = *state;
    struct eddy_watch watch;
    struct probe reader, writer;
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    eddy_watch_init(&watch, &f->loop, ends[0]);
    probe_init(&reader, &f->loop);
    probe_init(&writer, &f->loop);
    writer.then = copy_and_close;
    writer.context = &ends[0];
    assert_int_equal(eddy_watch_wait(&watch, EDDY_READABLE, &reader.waiter), EDDY_PENDING);
    assert_int_equal(eddy_watch_wait(&watch, EDDY_WRITABLE, &writer.waiter), EDDY_PENDING);
    uint64_t waits = f->loop.poller.waits;
    run_for(&f->loop, EDDY_MS(200));
    assert_int_equal(writer.wakes, 1);
    assert_int_equal(reader.wakes, 0);
    assert_in_range(f->loop.poller.waits - waits, 1, 8);
    eddy_watch_close(&watch);
    run_until_quiet(&f->loop);
    assert_int_equal(reader.result, -ESHUTDOWN);
    close(copy_of_closed);
    close(ends[1]);
}

static void a_watch_that_was_never_waited_on_may_be_closed_after_its_loop(void **state)
{
    (void)state;
    static struct eddy_loop loop;
    struct eddy_watch watch;
    assert_int_equal(eddy_loop_init(&loop, NULL), 0);
    eddy_watch_init(&watch, &loop, 0);
    assert_int_equal(eddy_loop_fini(&loop), 0);
    eddy_watch_close(&watch);
    eddy_watch_close(&watch);
    assert_null(eddy_loop_current());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_descriptor_closed_in_a_wake_with_a_copy_alive_does_not_spin),
        cmocka_unit_test(a_watch_that_was_never_waited_on_may_be_closed_after_its_loop),
    };
    return cmocka_run_group_tests_name("watch owner", tests, NULL, NULL);
}
