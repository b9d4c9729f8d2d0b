/* Listeners that run out of descriptors and buffers. */
#define _GNU_SOURCE
#include "support/check.h"

#include <eddy/listener.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct counter {
    struct eddy_listener listener;
    struct eddy_stream stream;
    struct probe probe;
};

static void counter_open(struct counter *c, struct fixture *f)
{
    struct eddy_address any_port;
    probe_init(&c->probe, &f->loop);
    assert_int_equal(eddy_address_parse(&any_port, "127.0.0.1", 0), 0);
    assert_int_equal(eddy_listener_open(&c->listener, &f->loop, &any_port, NULL), 0);
}

static int counter_accept(struct counter *c)
{
    return eddy_listener_accept(&c->listener, &c->stream, &c->probe.waiter);
}

static int call(const struct counter *c)
{
    const struct eddy_address *address = eddy_listener_address(&c->listener);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, &address->any, address->size), 0);
    return fd;
}

/* The shortage lasts for 8 calls of accept. */
static void wait_out(struct fixture *f, int error)
{
    struct counter c;
    counter_open(&c, f);
    int answer = counter_accept(&c);
    int client = call(&c);
    test_os_restart(&f->os, NULL);
    f->os.fault = (struct test_fault){.at = 2, .error = error, .forever = true}; /* after epoll_wait comes accept */
    eddy_ns began = f->os.now;
    assert_int_equal(probe_finish(&c.probe, answer), 0);
    assert_int_equal(f->os.failed, 8);
    assert_true(c.listener.pauses >= 4 && c.listener.pauses <= 8);
    assert_int_equal(c.listener.last_error, -error);
    assert_int_equal(c.listener.accepted, 1);
    assert_true(f->os.now - began >= EDDY_MS(150) && f->os.now - began <= EDDY_MS(800));
    assert_true(f->os.waits < 100); /* nothing spins */
    eddy_stream_close(&c.stream);
    eddy_listener_close(&c.listener);
    close(client);
}

static void every_shortage_is_waited_out(void **state)
{
    wait_out(*state, ENOBUFS);
    wait_out(*state, ENOMEM);
    wait_out(*state, EMFILE);
    wait_out(*state, ENFILE);
}

static void the_pauses_grow_from_10_to_100_ms(void **state)
{
    struct fixture *f = *state;
    struct counter c;
    counter_open(&c, f);
    int answer = counter_accept(&c);
    int client = call(&c);
    test_os_restart(&f->os, NULL);
    f->os.fault = (struct test_fault){.at = 2, .error = ENOBUFS, .forever = true};
    eddy_ns began = f->os.now;
    assert_int_equal(probe_finish(&c.probe, answer), 0);
    assert_true(f->os.now - began == EDDY_MS(10 + 20 + 40 + 80 + 4 * 100));
    assert_int_equal(c.listener.pauses, 8);
    eddy_stream_close(&c.stream);
    eddy_listener_close(&c.listener);
    close(client);
}

static void a_paused_listener_makes_no_accept(void **state)
{
    struct fixture *f = *state;
    struct counter c;
    counter_open(&c, f);
    int answer = counter_accept(&c);
    int client = call(&c);
    test_os_restart(&f->os, NULL);
    f->os.fault = (struct test_fault){.at = 2, .error = ENOBUFS};
    run_until_quiet(&f->loop);
    assert_int_equal(c.listener.pauses, 1);
    assert_int_equal(f->os.calls[TEST_ACCEPT], 1);
    assert_true(eddy_wait_cancel(&c.probe.waiter));
    assert_int_equal(probe_finish(&c.probe, answer), -ECANCELED);
    answer = counter_accept(&c); /* a new one waits for the end of the pause like the old one */
    run_until_quiet(&f->loop);
    assert_int_equal(f->os.calls[TEST_ACCEPT], 1);
    assert_int_equal(probe_finish(&c.probe, answer), 0);
    eddy_stream_close(&c.stream);
    eddy_listener_close(&c.listener);
    close(client);
}

static void a_paused_listener_can_be_closed(void **state)
{
    struct fixture *f = *state;
    struct counter c;
    counter_open(&c, f);
    int answer = counter_accept(&c);
    int client = call(&c);
    test_os_restart(&f->os, NULL);
    f->os.fault = (struct test_fault){.at = 2, .error = EMFILE, .forever = true};
    run_until_quiet(&f->loop);
    assert_int_equal(c.listener.pauses, 1);
    eddy_listener_close(&c.listener);
    assert_int_equal(probe_finish(&c.probe, answer), -ESHUTDOWN);
    close(client);
}

/* Use up every descriptor below a low limit; the number taken. */
static int exhaust(int taken[], int size, struct rlimit *before)
{
    int lowest = dup(0);
    close(lowest);
    getrlimit(RLIMIT_NOFILE, before);
    struct rlimit low = {.rlim_cur = (rlim_t)lowest + 8, .rlim_max = before->rlim_max};
    setrlimit(RLIMIT_NOFILE, &low);
    int count = 0;
    while (count < size && (taken[count] = dup(0)) >= 0) {
        count++;
    }
    return count;
}

/* Without any injection: a process at its real limit. */
static void the_last_descriptor_serves_one_more_and_the_next_waits(void **state)
{
    struct fixture *f = *state;
    struct counter c;
    struct eddy_stream second;
    struct rlimit limit;
    int taken[64];
    counter_open(&c, f);
    int clients[2] = {call(&c), call(&c)};
    int count = exhaust(taken, 64, &limit);
    int first_result = (int)probe_finish(&c.probe, counter_accept(&c));
    int answer = eddy_listener_accept(&c.listener, &second, &c.probe.waiter);
    run_until_quiet(&f->loop);
    uint64_t pauses = c.listener.pauses;
    run_for(&f->loop, EDDY_SEC(10));
    uint64_t pauses_later = c.listener.pauses;
    int wakes = c.probe.wakes;
    while (count-- > 0) {
        close(taken[count]);
    }
    setrlimit(RLIMIT_NOFILE, &limit);
    assert_int_equal(first_result, 0);
    assert_int_equal(answer, EDDY_PENDING);
    assert_int_equal(pauses, 1);
    assert_true(pauses_later > 90 && pauses_later < 120);
    assert_int_equal(c.listener.last_error, -EMFILE);
    eddy_ns began = f->os.now;
    assert_int_equal(probe_finish(&c.probe, answer), 0);
    assert_int_equal(c.probe.wakes, wakes + 1);
    assert_true(f->os.now - began <= EDDY_MS(200)); /* recovered */
    eddy_stream_close(&second);
    eddy_stream_close(&c.stream);
    eddy_listener_close(&c.listener);
    close(clients[0]);
    close(clients[1]);
}

/* A shortage of descriptors that takes the spare as well: one connection is served, the next waits. */
static int use_up_the_spare(struct fixture *f, struct counter *c, int taken[], int size, struct rlimit *limit)
{
    int count = exhaust(taken, size, limit);
    int first = (int)probe_finish(&c->probe, counter_accept(c));
    eddy_stream_close(&c->stream);
    taken[count++] = dup(0); /* the number that came free */
    int second = counter_accept(c);
    run_until_quiet(&f->loop);
    if (first != 0 || second != EDDY_PENDING || c->listener.pauses != 1) {
        count = -1;
    }
    return count;
}

static void give_back(int taken[], int count, const struct rlimit *limit)
{
    while (count-- > 0) {
        close(taken[count]);
    }
    setrlimit(RLIMIT_NOFILE, limit);
}

static void a_paused_listener_that_nobody_waits_for_does_not_keep_the_loop_going(void **state)
{
    struct fixture *f = *state;
    struct counter c;
    struct rlimit limit;
    int taken[64];
    counter_open(&c, f);
    int clients[2] = {call(&c), call(&c)};
    int count = use_up_the_spare(f, &c, taken, 63, &limit);
    bool cancelled = eddy_wait_cancel(&c.probe.waiter);
    unsigned waits = f->os.waits;
    int result = eddy_loop_run(&f->loop);
    waits = f->os.waits - waits;
    give_back(taken, count, &limit);
    assert_true(count > 0);
    assert_true(cancelled);
    assert_int_equal(result, 0);
    assert_true(waits < 10);
    assert_int_equal(probe_finish(&c.probe, counter_accept(&c)), 0); /* the next one finds out for itself */
    eddy_stream_close(&c.stream);
    eddy_listener_close(&c.listener);
    close(clients[0]);
    close(clients[1]);
}

/* In a root where there is nothing: 0, or 77 where the system does not let us go there. */
static int recover_without_files(struct fixture *f, const char *directory)
{
    struct counter c;
    struct eddy_loop_options options = {.os = &f->os.os, .allocator = f->os.allocator};
    static struct eddy_loop loop; /* the child's own */
    if (eddy_loop_init(&loop, &options) != 0) {
        return 1;
    }
    probe_init(&c.probe, &loop);
    struct eddy_address any_port;
    if (eddy_address_parse(&any_port, "127.0.0.1", 0) != 0 ||
        eddy_listener_open(&c.listener, &loop, &any_port, NULL) != 0) {
        return 2;
    }
    int client = call(&c);
    if (chroot(directory) != 0 && (unshare(CLONE_NEWUSER) != 0 || chroot(directory) != 0)) {
        return 77;
    }
    int answer = counter_accept(&c);
    test_os_restart(&f->os, NULL);
    f->os.fault = (struct test_fault){.at = 2, .error = EMFILE, .forever = true};
    struct probe patience;
    probe_init(&patience, &loop);
    if (answer == EDDY_PENDING && eddy_sleep(EDDY_SEC(60), &patience.waiter) == EDDY_PENDING) {
        while (c.probe.wakes == 0 && patience.wakes == 0 && eddy_loop_step(&loop) >= 0) {
            test_os_advance(&f->os, EDDY_MS(10));
        }
    }
    close(client);
    return c.probe.wakes == 1 && c.probe.result == 0 && c.listener.pauses > 0 ? 0 : 3;
}

static void a_listener_recovers_where_there_are_no_files(void **state)
{
    struct fixture *f = *state;
    char directory[] = "/tmp/eddy-test-XXXXXX";
    assert_non_null(mkdtemp(directory));
    pid_t child = fork();
    if (child == 0) {
        _exit(recover_without_files(f, directory));
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(rmdir(directory), 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
        print_message("neither chroot nor a namespace is allowed here\n");
        return;
    }
    assert_int_equal(status, 0);
}

/* The same without privileges: what it opens to see whether there are descriptors again has no path. */
static void the_spare_needs_no_file(void **state)
{
    struct fixture *f = *state;
    struct counter c;
    char link[32], target[64] = "";
    counter_open(&c, f);
    assert_int_equal(counter_accept(&c), EDDY_PENDING);
    assert_true(c.listener.spare >= 0);
    snprintf(link, sizeof link, "/proc/self/fd/%d", c.listener.spare);
    assert_true(readlink(link, target, sizeof target - 1) > 0);
    assert_int_not_equal(target[0], '/');
    eddy_listener_close(&c.listener);
    run_until_quiet(&f->loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(every_shortage_is_waited_out),
        fixture_test(the_pauses_grow_from_10_to_100_ms),
        fixture_test(a_paused_listener_makes_no_accept),
        fixture_test(a_paused_listener_can_be_closed),
        fixture_test(the_last_descriptor_serves_one_more_and_the_next_waits),
        fixture_test(a_paused_listener_that_nobody_waits_for_does_not_keep_the_loop_going),
        fixture_test(a_listener_recovers_where_there_are_no_files),
        fixture_test(the_spare_needs_no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
