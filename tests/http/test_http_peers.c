/* 10_http and bad peers: each gets an error or is dropped by a limit, and polite ones beside them are served. */
#include "site.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char big[] = "GET /big.bin HTTP/1.1\r\nHost: test\r\n\r\n";
static const char whole[] = "GET /hello HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\nbody";

static void five_thousand_connections_at_once_are_served(void **state)
{
    struct server *server = *state;
    server->weighed = true;
    site_start(server, "30", "30", "30");
    peers_crowd(server, &site_manners, 5000);
}

static void truncated_requests_leave_nothing_behind(void **state)
{
    struct server *server = *state;
    site_start(server, "30", "30", "30");
    peers_truncate(server, &site_manners, whole, false);
    peers_truncate(server, &site_manners, whole, true);
}

static void random_bytes_are_refused(void **state)
{
    struct server *server = *state;
    server->weighed = true;
    site_start(server, "30", "30", "30");
    peers_babble(server, &site_manners);
}

static void a_head_that_comes_byte_by_byte_runs_out_of_time(void **state)
{
    struct server *server = *state;
    char said[4096];
    site_start(server, "0.5", "30", "30");
    peers_dribble(server, &site_manners, "GET /hello HTTP/1.1\r\nHost: a-name-that-takes-longer-than-the-limit\r\n\r\n",
                  20, said, sizeof said);
    assert_memory_equal(said, "HTTP/1.1 408 ", 13);
}

static void a_body_that_comes_byte_by_byte_runs_out_of_time(void **state)
{
    struct server *server = *state;
    char said[4096], text[1200] = "GET /hello HTTP/1.1\r\nHost: test\r\nContent-Length: 1000\r\n\r\n";
    site_start(server, "0.5", "30", "30");
    int fd = client_connect(server);
    client_send(fd, text, strlen(text));
    peers_ask(client_connect(server), &site_manners);
    peers_read_all(fd, said, sizeof said);
    assert_memory_equal(said, "HTTP/1.1 408 ", 13);
    close(fd);
}

/* Half-open: it is connected, and silent for ever. */
static void who_says_nothing_is_dropped(void **state)
{
    struct server *server = *state;
    site_start(server, "0.3", "0.5", "30");
    unsigned descriptors = peers_count_descriptors(server, &site_manners);
    int fds[100];
    for (unsigned i = 0; i < 100; i++) {
        fds[i] = client_connect(server);
        if (i % 2 == 0) { /* and those who say nothing more */
            peers_ask(fds[i], &site_manners);
        }
    }
    peers_serve_one(server, &site_manners);
    server_await_descriptors(server, descriptors, 5);
    for (unsigned i = 0; i < 100; i++) {
        client_expect_end(fds[i]);
        close(fds[i]);
    }
}

static void downloads_that_are_reset_leave_nothing_behind(void **state)
{
    struct server *server = *state;
    server->weighed = true;
    site_start(server, "30", "30", "30");
    peers_reset(server, &site_manners, big, 100000);
}

static void who_never_reads_is_dropped_and_costs_little(void **state)
{
    struct server *server = *state;
    server->weighed = true;
    site_start(server, "30", "30", "0.7");
    peers_never_read(server, &site_manners, big, 100, 20, (size_t)8 << 20);
}

static void idle_connections_end_with_the_server(void **state)
{
    struct server *server = *state;
    site_start(server, "30", "30", "30");
    int fds[50];
    for (int i = 0; i < 50; i++) {
        fds[i] = client_connect(server);
        peers_ask(fds[i], &site_manners);
    }
    int64_t begin = clock_ns();
    assert_int_equal(server_stop(server, SIGTERM, 5), 0);
    assert_true(clock_ns() - begin < 1500 * INT64_C(1000000)); /* not by the grace of 2 s */
    for (int i = 0; i < 50; i++) {
        client_expect_end(fds[i]);
        close(fds[i]);
    }
}

static void a_download_is_finished_before_the_server_ends(void **state)
{
    struct server *server = *state;
    char said[65536];
    site_start(server, "30", "30", "30");
    int fd = client_connect(server);
    client_send(fd, big, sizeof big - 1);
    client_expect(fd, "HTTP/1.1 200 OK\r\n", 17);
    assert_return_code(kill(server->pid, SIGTERM), errno);
    for (int refused = 0; refused == 0;) { /* until it has seen the signal */
        int other = client_connect_from(server, 7);
        refused = other < 0;
        close(other);
    }
    size_t size = peers_read_all(fd, said, sizeof said);
    assert_true(size > SITE_BIG);
    close(fd);
    assert_int_equal(server_wait(server, 5), 0);
}

static void a_request_that_does_not_end_holds_the_server_for_the_grace_only(void **state)
{
    struct server *server = *state;
    site_start(server, "30", "30", "30");
    int fd = client_connect(server);
    int reader = client_connect(server);
    client_send(fd, "GET /hel", 8);
    client_send(reader, big, sizeof big - 1); /* and never reads */
    peers_serve_one(server, &site_manners);
    assert_int_equal(server_stop(server, SIGINT, 6), 0);
    close(fd);
    close(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SITE_TEST(five_thousand_connections_at_once_are_served),
        SITE_TEST(truncated_requests_leave_nothing_behind),
        SITE_TEST(random_bytes_are_refused),
        SITE_TEST(a_head_that_comes_byte_by_byte_runs_out_of_time),
        SITE_TEST(a_body_that_comes_byte_by_byte_runs_out_of_time),
        SITE_TEST(who_says_nothing_is_dropped),
        SITE_TEST(downloads_that_are_reset_leave_nothing_behind),
        SITE_TEST(who_never_reads_is_dropped_and_costs_little),
        SITE_TEST(idle_connections_end_with_the_server),
        SITE_TEST(a_download_is_finished_before_the_server_ends),
        SITE_TEST(a_request_that_does_not_end_holds_the_server_for_the_grace_only),
    };
    return cmocka_run_group_tests_name("10_http and bad peers", tests, NULL, NULL);
}
