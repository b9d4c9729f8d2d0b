/* The system calls of the echo server, counted from outside by strace. */
#include "client.h"
#include "trace.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define BEGIN "mark-of-the-begin\n"
#define END "mark-of-the-end\n"

static struct trace count(const struct server *server)
{
    return trace_count(server, "mark-of-the-begin", "mark-of-the-end");
}

static void one_connection_takes_three_calls_per_round_trip(void **state)
{
    enum { rounds = 1000 };
    struct server *server = *state;
    trace_start(server);
    int fd = client_connect(server);
    client_echo(fd, BEGIN);
    for (int i = 0; i < rounds; i++) {
        client_echo(fd, "sixty-four bytes are what the tables are about, so be it: ......");
    }
    client_echo(fd, END);
    struct trace trace = count(server);
    trace_print("one connection", &trace, rounds);
    assert_true(trace.calls <= rounds * 302 / 100 + 5);
    assert_int_equal(trace.changes, 0);
    assert_int_equal(trace.vain, 0);
    close(fd);
    assert_int_equal(server_stop(server, SIGTERM, 5), 0);
}

/* All send, then all read: while the server is at the first message the others arrive, so that
 * one wait finds many. */
static void sixty_four_connections_take_two_calls_and_a_share_of_a_wait(void **state)
{
    enum { connections = 64, rounds = 100, messages = connections * rounds };
    struct server *server = *state;
    trace_start(server);
    int fds[connections];
    for (int i = 0; i < connections; i++) {
        fds[i] = client_connect(server);
        client_echo(fds[i], "hello\n");
    }
    client_echo(fds[0], BEGIN);
    for (int round = 0; round < rounds; round++) {
        for (unsigned i = 0; i < connections; i++) {
            client_send(fds[i], pattern(i, 0), 64);
        }
        for (unsigned i = 0; i < connections; i++) {
            client_expect(fds[i], pattern(i, 0), 64);
        }
    }
    client_echo(fds[0], END);
    struct trace trace = count(server);
    trace_print("64 connections", &trace, messages);
    assert_true(trace.calls <= 2 * messages + trace.waits + 2);
    assert_true(trace.waits <= messages / 4);
    assert_int_equal(trace.changes, 0);
    assert_int_equal(trace.vain, 0);
}

/* Connect, send, receive, close, with so many at once, until `total` have been through. */
static void churn(const struct server *server, unsigned total, unsigned at_once)
{
    struct pollfd fds[64];
    assert_true(at_once <= 64);
    unsigned started = 0, done = 0;
    for (unsigned i = 0; i < at_once; i++) {
        fds[i].fd = -1;
    }
    while (done < total) {
        for (unsigned i = 0; i < at_once && started < total; i++) {
            if (fds[i].fd < 0) {
                fds[i] = (struct pollfd){.fd = client_connect_from(server, started++), .events = POLLIN};
                assert_return_code(fds[i].fd, errno);
                client_send(fds[i].fd, pattern(i, 0), 64);
            }
        }
        assert_true(poll(fds, at_once, 20000) > 0);
        for (unsigned i = 0; i < at_once; i++) {
            if (fds[i].fd >= 0 && fds[i].revents != 0) {
                client_expect(fds[i].fd, pattern(i, 0), 64);
                close(fds[i].fd);
                fds[i].fd = -1;
                done++;
            }
        }
    }
}

static void a_connections_whole_life_takes_at_most_eight_and_a_half_calls(void **state)
{
    enum { total = 2000, at_once = 64 };
    struct server *server = *state;
    trace_start(server);
    int fd = client_connect(server);
    client_echo(fd, "hello\n");
    unsigned descriptors = server_descriptors(server);
    churn(server, 200, at_once); /* memory that is got once belongs to nobody */
    server_await_descriptors(server, descriptors, 5);
    client_echo(fd, BEGIN);
    churn(server, total, at_once);
    server_await_descriptors(server, descriptors, 5);
    client_echo(fd, END);
    struct trace trace = count(server);
    trace_print("connect, echo, close", &trace, total);
    assert_true(trace.calls <= total * 85 / 10);
    assert_true(trace.changes <= total + 2);
}

static void an_idle_server_makes_no_call_in_five_seconds(void **state)
{
    struct server *server = *state;
    trace_start(server);
    int idle[20];
    for (int i = 0; i < 20; i++) {
        idle[i] = client_connect(server);
        client_echo(idle[i], "hello\n");
    }
    client_echo(idle[0], BEGIN);
    nap_ms(5000);
    client_echo(idle[0], END);
    struct trace trace = count(server);
    trace_print("idle", &trace, 1);
    assert_int_equal(trace.calls, 2); /* the echo of the mark, and the wait that the end ended */
}

/* A write that had to wait asks epoll for room once, not each time. */
static void a_slow_reader_costs_one_change_for_its_whole_life(void **state)
{
    struct server *server = *state;
    trace_start(server);
    int control = client_connect(server);
    client_echo(control, "hello\n");
    client_echo(control, BEGIN);
    int fd = client_connect(server);
    for (unsigned round = 0; round < 5; round++) {
        size_t sent = client_stuff(fd, round, 100);
        assert_true(sent > 100000);
        for (size_t got = 0; got < sent;) {
            size_t part = sent - got < 16384 ? sent - got : 16384;
            client_expect(fd, pattern(round, got), part);
            got += part;
        }
    }
    client_echo(control, END);
    struct trace trace = count(server);
    trace_print("a slow reader, five times stuck", &trace, 1);
    assert_int_equal(trace.changes, 2); /* one to begin with, one for the first full buffer */
}

/* ---- Out of descriptors ------------------------------------------------------------------- */

enum { crowd_size = 200 };

struct waiting {
    struct pollfd fds[crowd_size];
    unsigned served;
    int served_fds[crowd_size];
    unsigned to_close;
};

static void connect_all(const struct server *server, struct waiting *waiting)
{
    for (unsigned i = 0; i < crowd_size; i++) {
        waiting->fds[i] = (struct pollfd){.fd = client_connect(server), .events = POLLIN};
        client_send(waiting->fds[i].fd, "line\n", 5);
    }
}

/* Note who has got the line back; false: nobody new within `ms`. */
static bool collect(struct waiting *waiting, int ms)
{
    if (poll(waiting->fds, crowd_size, ms) <= 0) {
        return false;
    }
    for (unsigned i = 0; i < crowd_size; i++) {
        if (waiting->fds[i].fd >= 0 && waiting->fds[i].revents != 0) {
            client_expect(waiting->fds[i].fd, "line\n", 5);
            waiting->served_fds[waiting->served++] = waiting->fds[i].fd;
            waiting->fds[i].fd = -1;
        }
    }
    return true;
}

static void out_of_descriptors_it_waits_without_spinning_and_serves_all_in_the_end(void **state)
{
    struct server *server = *state;
    struct waiting waiting = {0};
    server->limited = true;
    server->descriptor_limit = 64;
    trace_start(server);
    connect_all(server, &waiting);
    while (collect(&waiting, 500)) {
    }
    print_message("%u of %d served with 64 descriptors\n", waiting.served, crowd_size);
    assert_in_range(waiting.served, 40, 64);
    client_echo(waiting.served_fds[0], BEGIN);
    nap_ms(2000);
    client_echo(waiting.served_fds[0], END);
    struct trace trace = count(server);
    trace_print("two seconds out of descriptors", &trace, 1);
    assert_true(trace.waits < 100);
    assert_true(trace.calls < 400);
    assert_int_equal(waiting.to_close, 0);
    while (waiting.to_close < crowd_size) { /* one after another leaves, and lets another in */
        if (waiting.to_close < waiting.served) {
            close(waiting.served_fds[waiting.to_close++]);
        }
        if (!collect(&waiting, waiting.to_close == waiting.served ? 5000 : 0) && waiting.to_close == waiting.served) {
            break;
        }
    }
    assert_int_equal(waiting.served, crowd_size);
    int fd = client_connect(server);
    client_echo(fd, "as if nothing had been\n");
    close(fd);
    assert_int_equal(server_stop(server, SIGTERM, 5), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVER_TEST(one_connection_takes_three_calls_per_round_trip),
        SERVER_TEST(sixty_four_connections_take_two_calls_and_a_share_of_a_wait),
        SERVER_TEST(a_connections_whole_life_takes_at_most_eight_and_a_half_calls),
        SERVER_TEST(an_idle_server_makes_no_call_in_five_seconds),
        SERVER_TEST(a_slow_reader_costs_one_change_for_its_whole_life),
        SERVER_TEST(out_of_descriptors_it_waits_without_spinning_and_serves_all_in_the_end),
    };
    return cmocka_run_group_tests_name("the server's system calls", tests, NULL, NULL);
}
