/* 12_resp and bad peers: each gets an error or is dropped by a limit, and polite ones beside them are served. */
#include "store.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char set[] = "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$5\r\nvalue\r\n";

static void start(struct server *server, const char *command, const char *idle, const char *stall)
{
    server->weighed = true;
    server_start(server, "--port", "0", "--command", command, "--idle", idle, "--stall", stall, "--grace", "2", NULL);
}

/* A value of a MiB, for who does not read it. */
static void store_large(const struct server *server)
{
    static char command[(1 << 20) + 64];
    int fd = client_connect(server);
    size_t size = (size_t)sprintf(command, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1048576\r\n");
    memset(command + size, 'v', 1 << 20);
    memcpy(command + size + (1 << 20), "\r\n", 2);
    client_send(fd, command, size + (1 << 20) + 2);
    client_expect(fd, "+OK\r\n", 5);
    close(fd);
}

static void five_thousand_connections_at_once_are_served(void **state)
{
    struct server *server = *state;
    start(server, "30", "30", "30");
    peers_crowd(server, &store_manners, 5000);
}

static void truncated_commands_leave_nothing_behind(void **state)
{
    struct server *server = *state;
    start(server, "30", "30", "30");
    peers_truncate(server, &store_manners, set, false);
    peers_truncate(server, &store_manners, set, true);
    peers_truncate(server, &store_manners, "SET key 'value'\r\n", false);
}

static void random_bytes_are_refused(void **state)
{
    struct server *server = *state;
    start(server, "30", "30", "30");
    peers_babble(server, &store_manners);
}

static void a_command_that_comes_byte_by_byte_runs_out_of_time(void **state)
{
    struct server *server = *state;
    char said[4096];
    start(server, "0.5", "30", "30");
    peers_dribble(server, &store_manners,
                  "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$31\r\na value that takes too long a time\r\n", 20, said,
                  sizeof said);
    assert_string_equal(said, "");
}

/* Half-open: it is connected, and silent for ever. */
static void who_says_nothing_is_dropped(void **state)
{
    struct server *server = *state;
    start(server, "30", "0.4", "30");
    unsigned descriptors = peers_count_descriptors(server, &store_manners);
    int fds[100];
    for (unsigned i = 0; i < 100; i++) {
        fds[i] = client_connect(server);
        if (i % 2 == 0) {
            peers_ask(fds[i], &store_manners);
        }
    }
    peers_serve_one(server, &store_manners);
    server_await_descriptors(server, descriptors, 5);
    for (unsigned i = 0; i < 100; i++) {
        client_expect_end(fds[i]);
        close(fds[i]);
    }
}

static void answers_that_are_reset_leave_nothing_behind(void **state)
{
    struct server *server = *state;
    start(server, "30", "30", "30");
    store_large(server);
    peers_reset(server, &store_manners, "GET k\r\nGET k\r\nGET k\r\n", 100000);
}

/* Each is owed 1 MiB, and over 64 KiB nobody is listened to. */
static void who_never_reads_is_dropped_and_costs_an_answer(void **state)
{
    struct server *server = *state;
    start(server, "30", "30", "0.7");
    store_large(server);
    peers_never_read(server, &store_manners, "GET k\r\nGET k\r\nGET k\r\nGET k\r\n", 40, 20, (size_t)80 << 20);
}

static void idle_connections_end_with_the_server(void **state)
{
    struct server *server = *state;
    start(server, "30", "30", "30");
    int fds[50];
    for (int i = 0; i < 50; i++) {
        fds[i] = client_connect(server);
        peers_ask(fds[i], &store_manners);
    }
    int64_t begin = clock_ns();
    assert_int_equal(server_stop(server, SIGTERM, 5), 0);
    assert_true(clock_ns() - begin < 1500 * INT64_C(1000000)); /* not by the grace of 2 s */
    for (int i = 0; i < 50; i++) {
        client_expect_end(fds[i]);
        close(fds[i]);
    }
}

static void a_command_that_does_not_end_holds_the_server_for_the_grace_only(void **state)
{
    struct server *server = *state;
    start(server, "30", "30", "30");
    int fd = client_connect(server);
    client_send(fd, set, 20);
    peers_serve_one(server, &store_manners);
    assert_int_equal(server_stop(server, SIGINT, 6), 0);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(five_thousand_connections_at_once_are_served),
        STORE_TEST(truncated_commands_leave_nothing_behind),
        STORE_TEST(random_bytes_are_refused),
        STORE_TEST(a_command_that_comes_byte_by_byte_runs_out_of_time),
        STORE_TEST(who_says_nothing_is_dropped),
        STORE_TEST(answers_that_are_reset_leave_nothing_behind),
        STORE_TEST(who_never_reads_is_dropped_and_costs_an_answer),
        STORE_TEST(idle_connections_end_with_the_server),
        STORE_TEST(a_command_that_does_not_end_holds_the_server_for_the_grace_only),
    };
    return cmocka_run_group_tests_name("12_resp and bad peers", tests, NULL, NULL);
}
