/* How the echo server ends: on SIGINT and SIGTERM it takes nobody new, echoes what has arrived,
 * closes, and exits with 0, within a grace of 5 s. */
#include "client.h"

#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void without_connections_both_signals_end_it_with_zero(void **state)
{
    struct server *server = *state;
    server_start(server, "--port", "0", NULL);
    assert_int_equal(server_stop(server, SIGINT, 2), 0);
    server_start(server, "--port", "0", NULL);
    assert_int_equal(server_stop(server, SIGTERM, 2), 0);
}

static void idle_connections_are_closed_at_once(void **state)
{
    struct server *server = *state;
    server_start(server, "--port", "0", NULL);
    int fds[50];
    for (int i = 0; i < 50; i++) {
        fds[i] = client_connect(server);
        client_echo(fds[i], "hello\n");
    }
    assert_int_equal(server_stop(server, SIGTERM, 2), 0);
    for (int i = 0; i < 50; i++) {
        client_expect_end(fds[i]);
        close(fds[i]);
    }
}

static void bytes_that_were_sent_before_the_signal_come_back(void **state)
{
    struct server *server = *state;
    for (int round = 0; round < 10; round++) {
        server_start(server, "--port", "0", NULL);
        int fd = client_connect(server);
        client_echo(fd, "hello\n");
        client_send(fd, pattern(7, 0), 50000);
        kill(server->pid, SIGTERM);
        client_expect(fd, pattern(7, 0), 50000);
        client_expect_end(fd);
        close(fd);
        assert_int_equal(server_wait(server, 2), 0);
    }
}

/* Read to the end, comparing; false: a reset instead of the end. */
static bool read_to_end(int fd, unsigned seed, size_t *total)
{
    char buffer[PATTERN_MAX];
    ssize_t n;
    while ((n = recv(fd, buffer, sizeof buffer, 0)) > 0) {
        assert_memory_equal(buffer, pattern(seed, *total), (size_t)n);
        *total += (size_t)n;
    }
    return n == 0;
}

/* The server is in the middle of a write, its buffers full, and so are the client's. */
static void drain_stuck_connection(struct server *server)
{
    server_start(server, "--port", "0", NULL);
    int fd = client_connect(server);
    size_t sent = client_stuff(fd, 3, 200);
    int queued = 0;
    assert_return_code(ioctl(fd, SIOCOUTQ, &queued), errno);
    kill(server->pid, SIGTERM);
    nap_ms(50); /* so that the server is draining; the result does not hang on it */
    size_t total = 0;
    bool in_order = read_to_end(fd, 3, &total);
    print_message("sent %zu, of which %d had not arrived; %zu came back, then %s\n", sent, queued, total,
                  in_order ? "the end" : strerror(errno));
    assert_true(total >= sent - (size_t)queued);
    close(fd);
    assert_int_equal(server_wait(server, 6), 0);
}

/* A close while bytes lie unread makes the kernel reset the connection and drop what it has not
 * delivered yet. Whether it comes to that is a race, so it is tried more than once. */
static void a_connection_that_was_stuck_gets_what_had_arrived(void **state)
{
    for (int round = 0; round < 5; round++) {
        drain_stuck_connection(*state);
    }
}

static void a_client_that_never_reads_holds_it_for_the_grace_only(void **state)
{
    struct server *server = *state;
    server_start(server, "--port", "0", NULL);
    int fd = client_connect(server);
    assert_true(client_stuff(fd, 3, 300) > 100000);
    int64_t begin = clock_ns();
    assert_int_equal(server_stop(server, SIGTERM, 8), 0);
    int64_t span = (clock_ns() - begin) / 1000000;
    print_message("ended after %d ms\n", (int)span);
    assert_in_range(span, 3000, 6500);
    close(fd);
}

static void while_it_drains_nobody_new_is_accepted(void **state)
{
    struct server *server = *state;
    server_start(server, "--port", "0", NULL);
    int fd = client_connect(server);
    client_stuff(fd, 3, 300);
    kill(server->pid, SIGINT);
    int64_t deadline = clock_ns() + 2 * INT64_C(1000000000);
    int error = 0;
    do { /* until the signal has been seen */
        int other = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        error = connect(other, (struct sockaddr *)&server->address, server->address_size) == 0 ? 0 : errno;
        close(other);
    } while ((error == 0 || error == ECONNRESET) && clock_ns() < deadline); /* a reset: closed in the middle */
    assert_int_equal(error, ECONNREFUSED);
    close(fd);
    assert_int_equal(server_wait(server, 6), 0);
}

static void a_client_that_goes_on_sending_does_not_hold_it_longer(void **state)
{
    struct server *server = *state;
    server_start(server, "--port", "0", NULL);
    int fd = client_connect(server);
    client_echo(fd, "hello\n");
    kill(server->pid, SIGTERM);
    int64_t begin = clock_ns();
    char buffer[4096];
    while (clock_ns() - begin < 7 * INT64_C(1000000000)) { /* a talker that ends with the connection */
        if (send(fd, "talk", 4, MSG_NOSIGNAL) != 4 || recv(fd, buffer, sizeof buffer, 0) <= 0) {
            break;
        }
    }
    close(fd);
    assert_int_equal(server_wait(server, 1), 0);
}

static void two_thousand_connections_are_drained(void **state)
{
    struct server *server = *state;
    server_start(server, "--port", "0", NULL);
    int fds[2000];
    for (unsigned i = 0; i < 2000; i++) {
        fds[i] = client_connect_from(server, i);
        assert_return_code(fds[i], errno);
        client_send(fds[i], pattern(i, 0), 1000);
    }
    for (unsigned i = 0; i < 2000; i++) { /* all have been accepted */
        client_expect(fds[i], pattern(i, 0), 1000);
    }
    for (unsigned i = 0; i < 2000; i++) {
        client_send(fds[i], pattern(i, 1000), 1000);
    }
    kill(server->pid, SIGTERM);
    for (unsigned i = 0; i < 2000; i++) {
        client_expect(fds[i], pattern(i, 1000), 1000);
        client_expect_end(fds[i]);
        close(fds[i]);
    }
    assert_int_equal(server_wait(server, 6), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVER_TEST(without_connections_both_signals_end_it_with_zero),
        SERVER_TEST(idle_connections_are_closed_at_once),
        SERVER_TEST(bytes_that_were_sent_before_the_signal_come_back),
        SERVER_TEST(a_connection_that_was_stuck_gets_what_had_arrived),
        SERVER_TEST(a_client_that_never_reads_holds_it_for_the_grace_only),
        SERVER_TEST(while_it_drains_nobody_new_is_accepted),
        SERVER_TEST(a_client_that_goes_on_sending_does_not_hold_it_longer),
        SERVER_TEST(two_thousand_connections_are_drained),
    };
    return cmocka_run_group_tests_name("the end of the server", tests, NULL, NULL);
}
