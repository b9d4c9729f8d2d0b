/* Bad peers: those that never read, that leave half way, that die. They cost the server nothing. */
#include "client.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

/* What may come and go in the resident memory of a healthy server; ASan surrounds each block. */
/* Less than 2 KiB for each of the 3,500 connections of seven rounds: the allocator keeps what the largest
 * crowd needed, and how many are there at a time differs. */
#define KILLED_SLACK ((size_t)6 << 20)
#define MEMORY_SLACK ((size_t)(UNDER_ASAN ? 8 : 1) << 20)

/* How much of the memory is new since `before`. */
static size_t grown(const struct server *server, size_t before)
{
    size_t now = server_memory(server);
    return now > before ? now - before : 0;
}

static void clients_that_never_read_cost_neither_memory_nor_time(void **state)
{
    enum { count = 20 };
    struct server *server = *state;
    server_start(server, "--port", "0", NULL);
    int witness = client_connect(server);
    client_echo(witness, "before\n");
    unsigned descriptors = server_descriptors(server);
    size_t memory = server_memory(server), sent = 0;
    int fds[count];
    for (unsigned i = 0; i < count; i++) {
        fds[i] = client_connect(server);
        size_t taken = client_stuff(fds[i], i, 100);
        assert_true(taken < STUFF_MAX);
        sent += taken;
    }
    assert_true(sent > count * 100000);
    size_t growth = grown(server, memory);
    int64_t begin = server_processor_time(server);
    nap_ms(1000);
    int64_t used = server_processor_time(server) - begin;
    print_message("%zu bytes sent: %zu bytes of memory, %d us of processor time in a second of nothing\n", sent, growth,
                  (int)(used / 1000));
    assert_true(growth <= MEMORY_SLACK);
    assert_true(used < 50000000);
    client_echo(witness, "others are served meanwhile\n");
    for (unsigned i = 0; i < count; i++) {
        close(fds[i]);
    }
    server_await_descriptors(server, descriptors, 5);
}

static void a_client_that_reads_late_gets_every_byte(void **state)
{
    struct server *server = *state;
    server_start(server, "--port", "0", NULL);
    int fd = client_connect(server);
    size_t sent = client_stuff(fd, 5, 200);
    shutdown(fd, SHUT_WR);
    for (size_t got = 0; got < sent;) {
        size_t part = sent - got < 16384 ? sent - got : 16384;
        client_expect(fd, pattern(5, got), part);
        got += part;
    }
    client_expect_end(fd);
    close(fd);
}

static void clients_that_finish_sending_get_all_bytes_and_then_the_end(void **state)
{
    struct server *server = *state;
    server_start(server, "--port", "0", NULL);
    unsigned descriptors = client_count_descriptors(server);
    struct crowd crowd = {.server = server, .count = 50, .bytes = 300 * 1024, .seed = 9, .half_close = true};
    assert_int_equal(crowd_run(&crowd), crowd.count);
    server_await_descriptors(server, descriptors, 5);
}

static void one_byte_and_the_end_at_once_are_not_lost(void **state)
{
    struct server *server = *state;
    server_start(server, "--port", "0", NULL);
    unsigned descriptors = client_count_descriptors(server);
    for (unsigned size = 0; size < 200; size++) {
        int fd = client_connect(server);
        client_send(fd, pattern(size, 0), size);
        shutdown(fd, SHUT_WR);
        client_expect(fd, pattern(size, 0), size);
        client_expect_end(fd);
        close(fd);
    }
    server_await_descriptors(server, descriptors, 5);
}

/* A hundred clients that send much, read nothing and reset. */
static void reset_round(const struct server *server)
{
    int fds[100];
    for (unsigned i = 0; i < 100; i++) {
        fds[i] = client_connect_from(server, i);
        assert_return_code(fds[i], errno);
        client_stuff(fds[i], i, 0);
        client_reset_on_close(fds[i]);
    }
    for (unsigned i = 0; i < 100; i++) {
        close(fds[i]);
    }
}

static void clients_that_reset_in_the_middle_leave_nothing_behind(void **state)
{
    struct server *server = *state;
    server->weighed = true;
    server_start(server, "--port", "0", NULL);
    unsigned descriptors = client_count_descriptors(server);
    size_t memory = 0;
    for (int round = 1; round <= 10; round++) {
        reset_round(server);
        server_await_descriptors(server, descriptors, 10);
        memory = round == 3 ? server_memory(server) : memory;
    }
    assert_true(grown(server, memory) <= MEMORY_SLACK / 2);
    int fd = client_connect(server);
    client_echo(fd, "alive\n");
    close(fd);
    assert_int_equal(server_stop(server, SIGTERM, 5), 0);
}

struct victim {
    const struct server *server;
    int ready_fd;
};

/* Opens 500 connections, sends more than comes back, and waits to be killed. */
static int victim_process(void *context)
{
    const struct victim *victim = context;
    for (unsigned i = 0; i < 500; i++) {
        int fd = client_connect_from(victim->server, i);
        if (fd < 0) {
            return 1;
        }
        client_set_blocking(fd, false);
        for (size_t sent = 0; sent < 65536;) {
            ssize_t n = send(fd, pattern(i, sent), 16384, MSG_NOSIGNAL);
            if (n <= 0) {
                break;
            }
            sent += (size_t)n;
        }
    }
    char byte = 1;
    ssize_t written = write(victim->ready_fd, &byte, 1);
    for (;;) {
        pause();
    }
    return written == 1;
}

static void kill_round(const struct server *server)
{
    int ready[2];
    char byte;
    assert_return_code(pipe(ready), errno);
    struct victim victim = {server, ready[1]};
    pid_t pid = start_process(victim_process, &victim);
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    kill(pid, SIGKILL);
    assert_int_equal(reap_process(pid), 128 + SIGKILL);
}

static void a_killed_client_with_500_connections_leaves_nothing_behind(void **state)
{
    struct server *server = *state;
    server->weighed = true;
    server_start(server, "--port", "0", NULL);
    unsigned descriptors = client_count_descriptors(server);
    size_t memory = 0;
    for (int round = 1; round <= 10; round++) {
        kill_round(server);
        server_await_descriptors(server, descriptors, 10);
        memory = round == 3 ? server_memory(server) : memory;
    }
    size_t growth = grown(server, memory);
    print_message("%zu bytes more after round 10 than after round 3\n", growth);
    assert_true(growth <= KILLED_SLACK);
    assert_int_equal(server_stop(server, SIGTERM, 5), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVER_TEST(clients_that_never_read_cost_neither_memory_nor_time),
        SERVER_TEST(a_client_that_reads_late_gets_every_byte),
        SERVER_TEST(clients_that_finish_sending_get_all_bytes_and_then_the_end),
        SERVER_TEST(one_byte_and_the_end_at_once_are_not_lost),
        SERVER_TEST(clients_that_reset_in_the_middle_leave_nothing_behind),
        SERVER_TEST(a_killed_client_with_500_connections_leaves_nothing_behind),
    };
    return cmocka_run_group_tests_name("the server and bad peers", tests, NULL, NULL);
}
