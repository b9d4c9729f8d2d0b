/* Listeners on sockets that somebody else has made. */
#define _GNU_SOURCE
#include "support/check.h"

#include <eddy/listener.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Blocking, and inherited by exec, as such sockets come. */
static int listening_on(const struct eddy_address *address)
{
    int fd = socket(address->any.sa_family, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, &address->any, address->size), 0);
    assert_int_equal(listen(fd, 16), 0);
    return fd;
}

static int listening_on_loopback(void)
{
    struct eddy_address address;
    assert_int_equal(eddy_address_parse(&address, "127.0.0.1", 0), 0);
    return listening_on(&address);
}

static int call(const struct eddy_address *address)
{
    int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, &address->any, address->size), 0);
    return fd;
}

static void an_adopted_socket_accepts_like_any(void **state)
{
    struct fixture *f = *state;
    struct eddy_listener listener;
    struct eddy_stream stream;
    struct probe probe;
    char byte;
    int fd = listening_on_loopback(), value = 0;
    socklen_t size = sizeof value;
    probe_init(&probe, &f->loop);
    assert_int_equal(eddy_listener_adopt(&listener, &f->loop, fd), 0);
    assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    assert_true((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    assert_true(eddy_address_port(eddy_listener_address(&listener)) != 0);
    int answer = eddy_listener_accept(&listener, &stream, &probe.waiter);
    int client = call(eddy_listener_address(&listener));
    assert_int_equal(probe_finish(&probe, answer), 0);
    assert_int_equal(getsockopt(eddy_stream_fd(&stream), IPPROTO_TCP, TCP_NODELAY, &value, &size), 0);
    assert_int_equal(value, 1);
    assert_int_equal(send(client, "x", 1, 0), 1);
    assert_int_equal(probe_finish(&probe, eddy_stream_read(&stream, &byte, 1, &probe.waiter)), 1);
    eddy_stream_close(&stream);
    eddy_listener_close(&listener);
    eddy_listener_close(&listener);
    assert_int_equal(fcntl(fd, F_GETFD), -1); /* it was the listener's */
    close(client);
}

static void the_file_of_an_adopted_socket_stays(void **state)
{
    struct fixture *f = *state;
    struct eddy_listener listener;
    struct eddy_address address;
    char directory[] = "/tmp/eddy-test-XXXXXX", path[64], text[EDDY_ADDRESS_TEXT];
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/socket", directory);
    assert_int_equal(eddy_address_unix(&address, path), 0);
    assert_int_equal(eddy_listener_adopt(&listener, &f->loop, listening_on(&address)), 0);
    assert_string_equal(eddy_address_text(eddy_listener_address(&listener), text), path);
    eddy_listener_close(&listener);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(directory), 0);
}

static void expect_refused(struct fixture *f, int fd, int error)
{
    struct eddy_listener listener;
    assert_int_equal(eddy_listener_adopt(&listener, &f->loop, fd), error);
    eddy_listener_close(&listener);
    assert_true(error == -EBADF || close(fd) == 0); /* it is still ours */
}

static void what_does_not_listen_for_streams_is_refused(void **state)
{
    struct fixture *f = *state;
    int pair[2], ends[2];
    struct eddy_address name;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(pipe(ends), 0);
    expect_refused(f, pair[0], -EINVAL);
    expect_refused(f, ends[0], -EINVAL);
    expect_refused(f, socket(AF_INET, SOCK_STREAM, 0), -EINVAL);
    expect_refused(f, socket(AF_INET, SOCK_DGRAM, 0), -EINVAL);
    int packets = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    assert_int_equal(eddy_address_unix(&name, "@eddy-test-packets"), 0);
    assert_int_equal(bind(packets, &name.any, name.size), 0);
    assert_int_equal(listen(packets, 1), 0);
    expect_refused(f, packets, -EINVAL);
    expect_refused(f, 9999, -EBADF);
    expect_refused(f, -1, -EBADF);
    close(pair[1]);
    close(ends[1]);
}

static void without_a_spare_descriptor_it_is_not_adopted(void **state)
{
    struct fixture *f = *state;
    struct eddy_listener listener;
    static const int errors[] = {EMFILE, ENFILE, ENOMEM};
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        int fd = listening_on_loopback();
        test_os_restart(&f->os, NULL);
        for (unsigned at = 1; f->os.struck != TEST_EVENTFD; at++) {
            test_os_restart(&f->os, &(struct test_fault){.at = at, .error = errors[i]});
            int error = eddy_listener_adopt(&listener, &f->loop, fd);
            assert_int_equal(error, -errors[i]);
            eddy_listener_close(&listener);
            assert_true(fcntl(fd, F_GETFD) >= 0);
        }
        close(fd);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(an_adopted_socket_accepts_like_any),
        fixture_test(the_file_of_an_adopted_socket_stays),
        fixture_test(what_does_not_listen_for_streams_is_refused),
        fixture_test(without_a_spare_descriptor_it_is_not_adopted),
    };
    return cmocka_run_group_tests_name("adopted listeners", tests, NULL, NULL);
}
