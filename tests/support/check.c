#define _GNU_SOURCE
#include "support/check.h"

#include <eddy/sleep.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int wake_order;

int fixture_setup(void **state)
{
    struct fixture *f = malloc(sizeof *f);
    assert_non_null(f);
    test_os_init(&f->os);
    f->before = test_snapshot_take(&f->os, NULL);
    struct eddy_loop_options options = {.os = &f->os.os, .allocator = f->os.allocator};
    assert_int_equal(eddy_loop_init(&f->loop, &options), 0);
    *state = f;
    return 0;
}

int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    int error = eddy_loop_fini(&f->loop);
    struct test_snapshot after = test_snapshot_take(&f->os, NULL);
    const char *leak = test_snapshot_compare(&f->before, &after);
    if (error != 0) {
        print_error("something still waits, is open or was posted: %d\n", error);
        return -1;
    }
    free(f);
    if (leak != NULL) {
        print_error("%s\n", leak);
    }
    return leak == NULL ? 0 : -1;
}

static void on_wake(struct eddy_waiter *waiter)
{
    struct probe *probe = EDDY_CONTAINER(waiter, struct probe, waiter);
    probe->wakes++;
    probe->result = waiter->result;
    probe->order = ++wake_order;
    if (probe->then != NULL) {
        probe->then(probe);
    }
}

void probe_init(struct probe *probe, struct eddy_loop *loop)
{
    memset(probe, 0, sizeof *probe);
    eddy_waiter_init(&probe->waiter, loop, on_wake);
    wake_order = 0;
}

static struct eddy_loop *loop_of(const struct probe *probe)
{
    return (struct eddy_loop *)(void *)probe->waiter.scheduler;
}

ssize_t probe_finish(struct probe *probe, ssize_t answer)
{
    if (answer != EDDY_PENDING) {
        return answer;
    }
    if (!eddy_waiter_is_waiting(&probe->waiter)) {
        return probe->result; /* woken meanwhile */
    }
    run_until_woken(loop_of(probe), probe, probe->wakes + 1);
    return probe->result;
}

static void stop_loop(struct eddy_waiter *waiter)
{
    eddy_loop_stop((struct eddy_loop *)(void *)waiter->scheduler);
}

/* A turn that may wait: the stopper ends the run in the turn after the first event. */
static void run_one_wait(struct eddy_loop *loop, eddy_ns span)
{
    struct eddy_waiter stopper;
    eddy_waiter_init(&stopper, loop, stop_loop);
    assert_int_equal(eddy_sleep(span, &stopper), EDDY_PENDING);
    int error = eddy_loop_run(loop);
    eddy_wait_withdraw(&stopper);
    assert_int_equal(error, 0);
}

/* Steps first; then what the kernel does in its own time, or, with a deadline to come, time goes by. */
void run_until_woken(struct eddy_loop *loop, const struct probe *probe, int wakes)
{
    run_until_quiet(loop);
    while (probe->wakes < wakes) {
        eddy_ns next = eddy_loop_timeout(loop);
        if (next == EDDY_FOREVER) {
            struct pollfd set = {.fd = loop->poller.epfd, .events = POLLIN};
            assert_int_equal(poll(&set, 1, 2000), 1); /* else nothing will ever wake the waiter */
        } else {
            run_one_wait(loop, next);
        }
        run_until_quiet(loop);
    }
    assert_int_equal(probe->wakes, wakes);
}

void run_until_quiet(struct eddy_loop *loop)
{
    uint64_t steps;
    uint64_t events;
    int more;
    do {
        steps = loop->scheduler.steps;
        events = loop->poller.events_seen;
        more = eddy_loop_step(loop);
        assert_true(more >= 0);
    } while (more > 0 || steps != loop->scheduler.steps || events != loop->poller.events_seen);
}

void run_for(struct eddy_loop *loop, eddy_ns span)
{
    run_one_wait(loop, span);
}

/* ---- Sockets ------------------------------------------------------------------------------ */

static void make_pair(int fds[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
}

int stream_pair(struct eddy_stream *stream, struct eddy_loop *loop)
{
    int fds[2];
    make_pair(fds);
    assert_int_equal(eddy_stream_open(stream, loop, fds[0]), 0);
    return fds[1];
}

void stream_couple(struct eddy_stream *one, struct eddy_stream *other, struct eddy_loop *loop)
{
    int fds[2];
    make_pair(fds);
    assert_int_equal(eddy_stream_open(one, loop, fds[0]), 0);
    assert_int_equal(eddy_stream_open(other, loop, fds[1]), 0);
}

int stream_pair_tcp(struct eddy_stream *stream, struct eddy_loop *loop)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    int peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(peer, (struct sockaddr *)&address, size), 0);
    assert_int_equal(fcntl(peer, F_SETFL, O_NONBLOCK), 0);
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    assert_true(fd >= 0);
    close(listener);
    assert_int_equal(eddy_stream_open(stream, loop, fd), 0);
    return peer;
}

size_t fill(int fd)
{
    static const char block[4096];
    size_t sum = 0;
    ssize_t n;
    while ((n = send(fd, block, sizeof block, MSG_NOSIGNAL | MSG_DONTWAIT)) > 0) {
        sum += (size_t)n;
    }
    return sum;
}

size_t drain(int fd)
{
    char block[4096];
    size_t sum = 0;
    ssize_t n;
    while ((n = recv(fd, block, sizeof block, MSG_DONTWAIT)) > 0) {
        sum += (size_t)n;
    }
    return sum;
}

bool a_loop_of_its_own_works(void)
{
    static struct eddy_loop own;
    struct probe probe;
    if (eddy_loop_init(&own, NULL) != 0) {
        return false;
    }
    probe_init(&probe, &own);
    return eddy_sleep(EDDY_MS(1), &probe.waiter) == EDDY_PENDING && eddy_loop_run(&own) == 0 && probe.wakes == 1 &&
           eddy_loop_fini(&own) == 0;
}
