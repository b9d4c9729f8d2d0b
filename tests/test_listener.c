/* Listeners: opening, accepting, closing. What they do in want is in test_listener_shortage.c. */
#define _GNU_SOURCE
#include "support/check.h"

#include <eddy/listener.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* A path of our own in a directory of our own. */
struct place {
    char directory[32];
    char path[64];
    struct eddy_address address;
};

static void place_make(struct place *place)
{
    strcpy(place->directory, "/tmp/eddy-test-XXXXXX");
    assert_non_null(mkdtemp(place->directory));
    snprintf(place->path, sizeof place->path, "%s/socket", place->directory);
    assert_int_equal(eddy_address_unix(&place->address, place->path), 0);
}

static void place_remove(const struct place *place)
{
    assert_int_equal(rmdir(place->directory), 0); /* and nothing was left in it */
}

static void open_loopback(struct eddy_listener *listener, struct eddy_loop *loop)
{
    struct eddy_address any_port;
    assert_int_equal(eddy_address_parse(&any_port, "127.0.0.1", 0), 0);
    assert_int_equal(eddy_listener_open(listener, loop, &any_port, NULL), 0);
}

/* A client's descriptor. */
static int call(const struct eddy_address *address)
{
    int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, &address->any, address->size), 0);
    return fd;
}

/* ---- Accepting ------------------------------------------------------------------------------ */

static void a_picked_port_is_told_and_accepts(void **state)
{
    struct fixture *f = *state;
    struct eddy_listener listener;
    struct eddy_stream stream;
    struct probe probe;
    char buffer[8];
    probe_init(&probe, &f->loop);
    open_loopback(&listener, &f->loop);
    assert_true(eddy_address_port(eddy_listener_address(&listener)) != 0);
    int answer = eddy_listener_accept(&listener, &stream, &probe.waiter);
    assert_int_equal(answer, EDDY_PENDING);
    int client = call(eddy_listener_address(&listener));
    assert_int_equal(probe_finish(&probe, answer), 0);
    assert_int_equal(listener.accepted, 1);
    assert_int_equal(send(client, "abc", 3, 0), 3);
    assert_int_equal(probe_finish(&probe, eddy_stream_read(&stream, buffer, sizeof buffer, &probe.waiter)), 3);
    eddy_stream_close(&stream);
    eddy_listener_close(&listener);
    close(client);
}

static int no_delay(int fd)
{
    int value = -1;
    socklen_t size = sizeof value;
    getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, &size);
    return value;
}

static void accepted_tcp_does_not_delay_unless_told_to(void **state)
{
    struct fixture *f = *state;
    for (int delay = 0; delay < 2; delay++) {
        struct eddy_listener listener;
        struct eddy_listener_options options = {.delay = delay != 0};
        struct eddy_address any_port;
        struct eddy_stream stream;
        struct probe probe;
        probe_init(&probe, &f->loop);
        assert_int_equal(eddy_address_parse(&any_port, "127.0.0.1", 0), 0);
        assert_int_equal(eddy_listener_open(&listener, &f->loop, &any_port, &options), 0);
        int client = call(eddy_listener_address(&listener));
        assert_int_equal(probe_finish(&probe, eddy_listener_accept(&listener, &stream, &probe.waiter)), 0);
        assert_int_equal(no_delay(eddy_stream_fd(&stream)), !delay);
        assert_true((fcntl(eddy_stream_fd(&stream), F_GETFD) & FD_CLOEXEC) != 0);
        assert_true((fcntl(eddy_stream_fd(&stream), F_GETFL) & O_NONBLOCK) != 0);
        eddy_stream_close(&stream);
        eddy_listener_close(&listener);
        close(client);
    }
}

static void a_second_acceptor_gets_ebusy(void **state)
{
    struct fixture *f = *state;
    struct eddy_listener listener;
    struct eddy_stream stream;
    struct probe first, second;
    probe_init(&first, &f->loop);
    probe_init(&second, &f->loop);
    open_loopback(&listener, &f->loop);
    int answer = eddy_listener_accept(&listener, &stream, &first.waiter);
    assert_int_equal(eddy_listener_accept(&listener, &stream, &second.waiter), -EBUSY);
    eddy_listener_close(&listener);
    eddy_listener_close(&listener);
    assert_int_equal(first.wakes, 0); /* never inside a call */
    assert_int_equal(probe_finish(&first, answer), -ESHUTDOWN);
    assert_int_equal(eddy_listener_accept(&listener, &stream, &first.waiter), -ESHUTDOWN);
    assert_int_equal(second.wakes, 0);
}

static void who_gives_up_accepting_takes_no_connection(void **state)
{
    struct fixture *f = *state;
    struct eddy_listener listener;
    struct eddy_stream stream;
    struct probe probe;
    probe_init(&probe, &f->loop);
    open_loopback(&listener, &f->loop);
    int answer = eddy_listener_accept(&listener, &stream, &probe.waiter);
    int client = call(eddy_listener_address(&listener));
    assert_true(eddy_wait_cancel(&probe.waiter));
    assert_int_equal(probe_finish(&probe, answer), -ECANCELED);
    run_until_quiet(&f->loop);
    assert_int_equal(listener.accepted, 0);
    assert_int_equal(f->os.calls[TEST_ACCEPT], 0);
    assert_int_equal(probe_finish(&probe, eddy_listener_accept(&listener, &stream, &probe.waiter)), 0);
    eddy_stream_close(&stream);
    answer = eddy_listener_accept(&listener, &stream, &probe.waiter);
    eddy_wait_until(&probe.waiter, eddy_ns_add(eddy_loop_now(&f->loop), EDDY_SEC(1)));
    assert_int_equal(probe_finish(&probe, answer), -ETIMEDOUT);
    eddy_listener_close(&listener);
    close(client);
}

static void close_listener(struct probe *probe)
{
    eddy_listener_close(probe->context);
    memset(probe->context, 0xA5, sizeof(struct eddy_listener));
}

static void a_listener_may_be_closed_in_its_own_wake(void **state)
{
    struct fixture *f = *state;
    struct eddy_listener listener;
    struct eddy_stream stream;
    struct probe probe;
    probe_init(&probe, &f->loop);
    probe.then = close_listener;
    probe.context = &listener;
    open_loopback(&listener, &f->loop);
    int answer = eddy_listener_accept(&listener, &stream, &probe.waiter);
    int client = call(eddy_listener_address(&listener)), more = call(eddy_listener_address(&listener));
    assert_int_equal(probe_finish(&probe, answer), 0);
    run_until_quiet(&f->loop);
    eddy_stream_close(&stream);
    close(client);
    close(more);
}

static void dead_connections_are_passed_over(void **state)
{
    struct fixture *f = *state;
    static const int errors[] = {ECONNABORTED, EPROTO};
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        struct eddy_listener listener;
        struct eddy_stream stream;
        struct probe probe;
        probe_init(&probe, &f->loop);
        open_loopback(&listener, &f->loop);
        int answer = eddy_listener_accept(&listener, &stream, &probe.waiter);
        int dead = call(eddy_listener_address(&listener)), client = call(eddy_listener_address(&listener));
        test_os_restart(&f->os, NULL);
        f->os.fault = (struct test_fault){.at = 2, .error = errors[i]}; /* after epoll_wait comes accept */
        assert_int_equal(probe_finish(&probe, answer), 0);
        assert_int_equal(f->os.struck, TEST_ACCEPT);
        assert_int_equal(listener.accepted, 1);
        assert_int_equal(listener.pauses, 0);
        assert_int_equal(send(client, "x", 1, 0), 1);
        char byte;
        assert_int_equal(probe_finish(&probe, eddy_stream_read(&stream, &byte, 1, &probe.waiter)), 1);
        eddy_stream_close(&stream);
        eddy_listener_close(&listener);
        close(dead);
        close(client);
    }
}

static void descriptor_0_is_as_good_as_any(void **state)
{
    struct fixture *f = *state;
    struct eddy_listener listener;
    struct eddy_stream stream;
    struct probe probe;
    char byte;
    probe_init(&probe, &f->loop);
    open_loopback(&listener, &f->loop);
    int client = call(eddy_listener_address(&listener));
    int kept = dup(0);
    close(0);
    int result = (int)probe_finish(&probe, eddy_listener_accept(&listener, &stream, &probe.waiter));
    int fd = eddy_stream_fd(&stream);
    assert_int_equal(send(client, "x", 1, 0), 1);
    ssize_t count = probe_finish(&probe, eddy_stream_read(&stream, &byte, 1, &probe.waiter));
    eddy_stream_close(&stream);
    int again = dup2(kept, 0);
    close(kept);
    assert_int_equal(result, 0);
    assert_int_equal(fd, 0);
    assert_int_equal(count, 1);
    assert_int_equal(again, 0);
    eddy_listener_close(&listener);
    close(client);
}

static void what_cannot_be_registered_is_closed(void **state)
{
    struct fixture *f = *state;
    struct eddy_listener listener;
    struct eddy_stream stream;
    struct probe probe;
    char byte;
    probe_init(&probe, &f->loop);
    open_loopback(&listener, &f->loop);
    int answer = eddy_listener_accept(&listener, &stream, &probe.waiter);
    int client = call(eddy_listener_address(&listener));
    test_os_restart(&f->os, NULL);
    f->os.fault = (struct test_fault){.at = 3, .error = ENOSPC}; /* epoll_wait, accept, epoll_ctl */
    assert_int_equal(probe_finish(&probe, answer), -ENOSPC);
    assert_int_equal(f->os.struck, TEST_EPOLL_ADD);
    assert_true(recv(client, &byte, 1, 0) <= 0);
    eddy_listener_close(&listener);
    close(client);
}

/* ---- Addresses ------------------------------------------------------------------------------- */

static void a_port_is_shared_only_if_all_agree(void **state)
{
    struct fixture *f = *state;
    struct eddy_listener first, second, third;
    struct eddy_listener_options share = {.reuse_port = true};
    struct eddy_address address;
    assert_int_equal(eddy_address_parse(&address, "127.0.0.1", 0), 0);
    assert_int_equal(eddy_listener_open(&first, &f->loop, &address, &share), 0);
    address = *eddy_listener_address(&first);
    assert_int_equal(eddy_listener_open(&second, &f->loop, &address, &share), 0);
    assert_int_equal(eddy_listener_open(&third, &f->loop, &address, NULL), -EADDRINUSE);
    eddy_listener_close(&third);
    eddy_listener_close(&second);
    eddy_listener_close(&first);
}

static void a_unix_socket_is_for_its_owner_unless_told_otherwise(void **state)
{
    struct fixture *f = *state;
    struct place place;
    struct eddy_listener listener;
    struct eddy_listener_options group = {.mode = 0660};
    struct stat status;
    place_make(&place);
    mode_t before = umask(0);
    assert_int_equal(eddy_listener_open(&listener, &f->loop, &place.address, NULL), 0);
    assert_int_equal(lstat(place.path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    eddy_listener_close(&listener);
    umask(0077);
    assert_int_equal(eddy_listener_open(&listener, &f->loop, &place.address, &group), 0);
    assert_int_equal(lstat(place.path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0660);
    assert_int_equal(umask(before), 0077);
    eddy_listener_close(&listener);
    place_remove(&place);
}

static void a_unix_socket_left_behind_is_replaced(void **state)
{
    struct fixture *f = *state;
    struct place place;
    struct eddy_listener listener;
    place_make(&place);
    int dead = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(dead, &place.address.any, place.address.size), 0);
    close(dead);
    assert_int_equal(eddy_listener_open(&listener, &f->loop, &place.address, NULL), 0);
    close(call(&place.address));
    eddy_listener_close(&listener);
    place_remove(&place);
}

static void a_unix_socket_in_use_is_left_alone(void **state)
{
    struct fixture *f = *state;
    struct place place;
    struct eddy_listener listener, second;
    place_make(&place);
    assert_int_equal(eddy_listener_open(&listener, &f->loop, &place.address, NULL), 0);
    assert_int_equal(eddy_listener_open(&second, &f->loop, &place.address, NULL), -EADDRINUSE);
    eddy_listener_close(&second);
    close(call(&place.address));
    eddy_listener_close(&listener);
    place_remove(&place);
}

static void a_file_in_its_place_is_left_alone(void **state)
{
    struct fixture *f = *state;
    struct place place;
    struct eddy_listener listener;
    struct stat status;
    place_make(&place);
    int file = open(place.path, O_CREAT | O_WRONLY, 0600);
    assert_int_equal(write(file, "precious", 8), 8);
    close(file);
    assert_int_equal(eddy_listener_open(&listener, &f->loop, &place.address, NULL), -EADDRINUSE);
    eddy_listener_close(&listener);
    assert_int_equal(stat(place.path, &status), 0);
    assert_int_equal(status.st_size, 8);
    unlink(place.path);
    place_remove(&place);
}

static void close_removes_only_its_own_file(void **state)
{
    struct fixture *f = *state;
    struct place place;
    struct eddy_listener old, new;
    place_make(&place);
    assert_int_equal(eddy_listener_open(&old, &f->loop, &place.address, NULL), 0);
    unlink(place.path);
    assert_int_equal(eddy_listener_open(&new, &f->loop, &place.address, NULL), 0);
    eddy_listener_close(&old);
    assert_int_equal(access(place.path, F_OK), 0);
    close(call(&place.address));
    eddy_listener_close(&new);
    assert_int_equal(access(place.path, F_OK), -1);
    place_remove(&place);
}

static void an_abstract_name_leaves_no_file(void **state)
{
    struct fixture *f = *state;
    struct eddy_listener listener, second;
    struct eddy_address address;
    struct eddy_stream stream;
    struct probe probe;
    char name[64], text[EDDY_ADDRESS_TEXT];
    probe_init(&probe, &f->loop);
    snprintf(name, sizeof name, "@eddy-test-%d", (int)getpid());
    assert_int_equal(eddy_address_unix(&address, name), 0);
    assert_int_equal(eddy_listener_open(&listener, &f->loop, &address, NULL), 0);
    assert_string_equal(eddy_address_text(eddy_listener_address(&listener), text), name);
    assert_int_equal(eddy_listener_open(&second, &f->loop, &address, NULL), -EADDRINUSE);
    int client = call(&address);
    assert_int_equal(probe_finish(&probe, eddy_listener_accept(&listener, &stream, &probe.waiter)), 0);
    eddy_stream_close(&stream);
    eddy_listener_close(&listener);
    close(client);
}

static void what_cannot_be_bound_is_refused(void **state)
{
    struct fixture *f = *state;
    struct eddy_listener listener;
    struct eddy_address address;
    assert_int_equal(eddy_address_unix(&address, "/nonexistent-directory/socket"), 0);
    assert_int_equal(eddy_listener_open(&listener, &f->loop, &address, NULL), -ENOENT);
    eddy_listener_close(&listener);
    assert_int_equal(eddy_address_parse(&address, "192.0.2.1", 0), 0); /* for documentation: nobody's */
    assert_int_equal(eddy_listener_open(&listener, &f->loop, &address, NULL), -EADDRNOTAVAIL);
    eddy_listener_close(&listener);
}

/* Between bind and listen a socket looks abandoned, and another program may take its place. */
static struct eddy_listener usurper;
static const struct place *contested;

static int listen_too_late(void *context, int fd, int backlog)
{
    struct test_os *os = context;
    os->os.listen = eddy_os_linux.listen;
    assert_int_equal(eddy_listener_open(&usurper, eddy_loop_current(), &contested->address, NULL), 0);
    return eddy_os_linux.listen(NULL, fd, backlog);
}

static void who_lost_its_file_before_it_listened_gets_eaddrinuse(void **state)
{
    struct fixture *f = *state;
    struct eddy_listener listener;
    struct place place;
    place_make(&place);
    contested = &place;
    f->os.os.listen = listen_too_late;
    assert_int_equal(eddy_listener_open(&listener, &f->loop, &place.address, NULL), -EADDRINUSE);
    eddy_listener_close(&listener);
    close(call(&place.address)); /* the other one is there, and its file */
    eddy_listener_close(&usurper);
    place_remove(&place);
}

static void a_loop_with_an_open_listener_does_not_end(void **state)
{
    struct fixture *f = *state;
    struct eddy_listener listener;
    open_loopback(&listener, &f->loop); /* nobody accepts */
    assert_int_equal(eddy_loop_fini(&f->loop), -EBUSY);
    eddy_listener_close(&listener); /* after which the fixture ends it */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_picked_port_is_told_and_accepts),
        fixture_test(accepted_tcp_does_not_delay_unless_told_to),
        fixture_test(a_second_acceptor_gets_ebusy),
        fixture_test(who_gives_up_accepting_takes_no_connection),
        fixture_test(a_listener_may_be_closed_in_its_own_wake),
        fixture_test(dead_connections_are_passed_over),
        fixture_test(descriptor_0_is_as_good_as_any),
        fixture_test(what_cannot_be_registered_is_closed),
        fixture_test(a_port_is_shared_only_if_all_agree),
        fixture_test(a_unix_socket_is_for_its_owner_unless_told_otherwise),
        fixture_test(a_unix_socket_left_behind_is_replaced),
        fixture_test(a_unix_socket_in_use_is_left_alone),
        fixture_test(a_file_in_its_place_is_left_alone),
        fixture_test(close_removes_only_its_own_file),
        fixture_test(an_abstract_name_leaves_no_file),
        fixture_test(what_cannot_be_bound_is_refused),
        fixture_test(who_lost_its_file_before_it_listened_gets_eaddrinuse),
        fixture_test(a_loop_with_an_open_listener_does_not_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
