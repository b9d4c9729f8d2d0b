/* Streams: connecting. */
#define _GNU_SOURCE
#include "support/check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A plain socket that listens on loopback. */
static int listen_tcp(struct eddy_address *address, int backlog)
{
    assert_int_equal(eddy_address_parse(address, "127.0.0.1", 0), 0);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, &address->any, address->size), 0);
    assert_int_equal(listen(fd, backlog), 0);
    assert_int_equal(getsockname(fd, &address->any, &address->size), 0);
    return fd;
}

/* And one with an abstract name. */
static int listen_unix(struct eddy_address *address, int backlog)
{
    char name[64];
    snprintf(name, sizeof name, "@eddy-test-connect-%d", (int)getpid());
    assert_int_equal(eddy_address_unix(address, name), 0);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, &address->any, address->size), 0);
    assert_int_equal(listen(fd, backlog), 0);
    return fd;
}

static ssize_t connect_to(struct fixture *f, struct eddy_stream *stream, const struct eddy_address *address)
{
    struct probe probe;
    probe_init(&probe, &f->loop);
    return probe_finish(&probe, eddy_stream_connect(stream, &f->loop, address, &probe.waiter));
}

static void assert_no_stream(struct eddy_stream *stream)
{
    assert_int_equal(eddy_stream_fd(stream), -1);
    eddy_stream_close(stream); /* allowed after a failed connect */
}

static void talk(struct fixture *f, struct eddy_stream *stream, int listener)
{
    struct probe probe;
    char buffer[8];
    int peer = accept(listener, NULL, NULL);
    assert_true(peer >= 0);
    probe_init(&probe, &f->loop);
    assert_int_equal(eddy_stream_write(stream, "abc", 3, &probe.waiter), 3);
    assert_int_equal(recv(peer, buffer, sizeof buffer, 0), 3);
    assert_int_equal(send(peer, "hello", 5, 0), 5);
    assert_int_equal(probe_finish(&probe, eddy_stream_read(stream, buffer, sizeof buffer, &probe.waiter)), 5);
    eddy_stream_close(stream);
    close(peer);
    close(listener);
}

static void a_tcp_connect_makes_a_stream(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct eddy_address address, local, peer;
    int listener = listen_tcp(&address, 8);
    assert_int_equal(connect_to(f, &stream, &address), 0);
    assert_int_equal(f->os.calls[TEST_EPOLL_ADD], 2); /* the loop's own and this one */
    assert_int_equal(f->os.calls[TEST_EPOLL_MOD], 0);
    assert_int_equal(eddy_stream_peer(&stream, &peer), 0);
    assert_int_equal(eddy_address_port(&peer), eddy_address_port(&address));
    assert_int_equal(eddy_stream_local(&stream, &local), 0);
    assert_true(eddy_address_port(&local) != 0);
    talk(f, &stream, listener);
}

static void a_unix_connect_makes_a_stream(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct eddy_address address;
    int listener = listen_unix(&address, 8);
    assert_int_equal(connect_to(f, &stream, &address), 0);
    talk(f, &stream, listener);
}

static void an_interrupted_connect_goes_on(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct eddy_address address;
    int listener = listen_tcp(&address, 8);
    /* socket, setsockopt, connect */
    f->os.fault = (struct test_fault){.at = f->os.count + 3, .error = EINTR};
    assert_int_equal(connect_to(f, &stream, &address), 0);
    assert_int_equal(f->os.struck, TEST_CONNECT_INET);
    talk(f, &stream, listener);
}

static void nobody_there_is_econnrefused(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct eddy_address address;
    close(listen_tcp(&address, 8));
    assert_int_equal(connect_to(f, &stream, &address), -ECONNREFUSED);
    assert_no_stream(&stream);
    close(listen_unix(&address, 8));
    assert_int_equal(connect_to(f, &stream, &address), -ECONNREFUSED);
    assert_no_stream(&stream);
    assert_int_equal(eddy_address_unix(&address, "/nonexistent-directory/socket"), 0);
    assert_int_equal(connect_to(f, &stream, &address), -ENOENT);
    assert_no_stream(&stream);
}

static void what_the_kernel_says_later_is_the_result(void **state)
{
    static const int errors[] = {ETIMEDOUT, EHOSTUNREACH, ENETUNREACH, ECONNREFUSED};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        struct eddy_stream stream;
        struct eddy_address address;
        struct probe probe;
        int listener = listen_tcp(&address, 8);
        probe_init(&probe, &f->loop);
        int answer = eddy_stream_connect(&stream, &f->loop, &address, &probe.waiter);
        assert_int_equal(answer, EDDY_PENDING);
        test_os_restart(&f->os, NULL);
        f->os.fault = (struct test_fault){.at = 2, .error = errors[i]}; /* after epoll_wait comes SO_ERROR */
        assert_int_equal(probe_finish(&probe, answer), -errors[i]);
        assert_int_equal(f->os.struck, TEST_GETSOCKOPT_ERROR);
        assert_no_stream(&stream);
        close(listener);
    }
}

static void a_full_unix_backlog_is_eagain(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream streams[3];
    struct eddy_address address;
    int listener = listen_unix(&address, 0);
    int result = 0;
    int opened = 0;
    while (opened < 3 && result == 0) {
        result = (int)connect_to(f, &streams[opened], &address);
        opened += result == 0;
    }
    assert_int_equal(result, -EAGAIN);
    assert_no_stream(&streams[opened]);
    while (opened-- > 0) {
        eddy_stream_close(&streams[opened]);
    }
    close(listener);
}

/* ---- Giving up ------------------------------------------------------------------------------- */

/* A listener whose backlog is full: what connects there hears nothing. Two clients fill it. */
static int listen_deaf(struct eddy_address *address, int clients[2])
{
    int listener = listen_tcp(address, 0);
    for (int i = 0; i < 2; i++) {
        clients[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | (i > 0 ? SOCK_NONBLOCK : 0), 0);
        int result = connect(clients[i], &address->any, address->size);
        assert_true(result == 0 || errno == EINPROGRESS);
    }
    return listener;
}

static void give_up(struct fixture *f, int how)
{
    struct eddy_address address;
    struct eddy_stream stream;
    struct probe probe;
    int clients[2];
    char buffer[4];
    int listener = listen_deaf(&address, clients);
    probe_init(&probe, &f->loop);
    int answer = eddy_stream_connect(&stream, &f->loop, &address, &probe.waiter);
    assert_int_equal(answer, EDDY_PENDING);
    assert_int_equal(eddy_stream_try_read(&stream, buffer, sizeof buffer), -ENOTCONN);
    if (how == -ECANCELED) {
        assert_true(eddy_wait_cancel(&probe.waiter));
    } else if (how == -ETIMEDOUT) {
        eddy_wait_until(&probe.waiter, eddy_ns_add(eddy_loop_now(&f->loop), EDDY_MS(500)));
    } else {
        eddy_stream_close(&stream);
    }
    assert_int_equal(probe.wakes, 0);
    assert_int_equal(probe_finish(&probe, answer), how);
    assert_no_stream(&stream);
    run_until_quiet(&f->loop);
    assert_int_equal(probe.wakes, 1);
    close(clients[0]);
    close(clients[1]);
    close(listener);
}

static void a_connect_given_up_leaves_nothing(void **state)
{
    give_up(*state, -ECANCELED);
    give_up(*state, -ETIMEDOUT);
    give_up(*state, -ESHUTDOWN);
}

static void a_withdrawn_connect_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    struct eddy_address address;
    struct eddy_stream stream;
    struct probe probe;
    int clients[2];
    int listener = listen_deaf(&address, clients);
    probe_init(&probe, &f->loop);
    assert_int_equal(eddy_stream_connect(&stream, &f->loop, &address, &probe.waiter), EDDY_PENDING);
    assert_int_equal(eddy_wait_withdraw(&probe.waiter), EDDY_PENDING);
    assert_no_stream(&stream);
    run_until_quiet(&f->loop);
    assert_int_equal(probe.wakes, 0);
    close(clients[0]);
    close(clients[1]);
    close(listener);
}

/* ---- Meeting itself -------------------------------------------------------------------------- */

/* The kernel picks the port that is called for: made certain by binding it first. */
static int connect_from_there(void *context, int fd, const struct sockaddr *address, socklen_t size)
{
    (void)context;
    int error = eddy_os_linux.bind(NULL, fd, address, size);
    return error < 0 ? error : eddy_os_linux.connect(NULL, fd, address, size);
}

static void tcp_that_met_itself_is_eaddrinuse(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct eddy_address address;
    close(listen_tcp(&address, 8));
    f->os.os.connect = connect_from_there;
    ssize_t result = connect_to(f, &stream, &address);
    assert_int_equal(result, -EADDRINUSE);
    assert_no_stream(&stream);
}

static void too_few_descriptors_are_reported(void **state)
{
    struct fixture *f = *state;
    struct eddy_stream stream;
    struct eddy_address address;
    int listener = listen_tcp(&address, 8);
    f->os.fault = (struct test_fault){.at = f->os.count + 1, .error = EMFILE};
    assert_int_equal(connect_to(f, &stream, &address), -EMFILE);
    assert_no_stream(&stream);
    close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_tcp_connect_makes_a_stream),
        fixture_test(a_unix_connect_makes_a_stream),
        fixture_test(an_interrupted_connect_goes_on),
        fixture_test(nobody_there_is_econnrefused),
        fixture_test(what_the_kernel_says_later_is_the_result),
        fixture_test(a_full_unix_backlog_is_eagain),
        fixture_test(a_connect_given_up_leaves_nothing),
        fixture_test(a_withdrawn_connect_leaves_nothing),
        fixture_test(tcp_that_met_itself_is_eaddrinuse),
        fixture_test(too_few_descriptors_are_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
