/* Many connections and many bytes: everything comes back, to whom it belongs. */
#include "client.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define PROCESSES 2

static int crowd_process(void *context)
{
    const struct crowd *crowd = context;
    return crowd_run(crowd) == crowd->count ? 0 : 1;
}

/* Two crowds connect, wait for each other, and send. */
static void run_two_crowds(const struct server *server, unsigned count, size_t bytes)
{
    unsigned before = client_count_descriptors(server);
    int ready[2], go[2];
    assert_return_code(pipe(ready), errno);
    assert_return_code(pipe(go), errno);
    struct crowd crowds[PROCESSES];
    pid_t pids[PROCESSES];
    for (unsigned i = 0; i < PROCESSES; i++) {
        crowds[i] = (struct crowd){.server = server,
                                   .count = count / PROCESSES,
                                   .bytes = bytes,
                                   .seed = i * 100000,
                                   .ready_fd = ready[1],
                                   .go_fd = go[0]};
        pids[i] = start_process(crowd_process, &crowds[i]);
    }
    close(ready[1]); /* so that the end comes when a crowd fails */
    char bytes_of_two[PROCESSES] = {0};
    for (unsigned i = 0; i < PROCESSES; i++) {
        assert_int_equal(read(ready[0], bytes_of_two, 1), 1);
    }
    server_await_descriptors(server, before + count / PROCESSES * PROCESSES, 20);
    assert_int_equal(write(go[1], bytes_of_two, PROCESSES), PROCESSES);
    int failed = 0;
    for (unsigned i = 0; i < PROCESSES; i++) {
        failed += reap_process(pids[i]);
    }
    close(ready[0]);
    close(go[0]);
    close(go[1]);
    assert_int_equal(failed, 0);
    server_await_descriptors(server, before, 20);
}

static void ten_thousand_connections_at_once_get_their_bytes_back(void **state)
{
    struct server *server = *state;
    unsigned count = 10000, room = descriptor_limit();
    if (room < count + 100) {
        count = room < 100 ? 0 : room - 100;
        fprintf(stderr, "only %u descriptors are allowed: %u connections instead of 10000\n", room, count);
    }
    if (count < 2000) {
        print_message("fewer than 2000 connections would prove nothing\n");
        skip();
    }
    server_start(server, "--port", "0", NULL);
    run_two_crowds(server, count, 16384);
    assert_int_equal(server_stop(server, SIGTERM, 5), 0);
}

static void a_hundred_connections_get_a_mebibyte_back_each(void **state)
{
    struct server *server = *state;
    server_start(server, "--port", "0", NULL);
    run_two_crowds(server, 100, 1048576);
    assert_int_equal(server_stop(server, SIGTERM, 5), 0);
}

static void a_hundred_unix_connections_get_a_mebibyte_back_each(void **state)
{
    struct server *server = *state;
    char path[96];
    snprintf(path, sizeof path, "%s/socket", server->directory);
    server_start(server, "--unix", path, NULL);
    run_two_crowds(server, 100, 1048576);
    assert_int_equal(server_stop(server, SIGTERM, 5), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVER_TEST(ten_thousand_connections_at_once_get_their_bytes_back),
        SERVER_TEST(a_hundred_connections_get_a_mebibyte_back_each),
        SERVER_TEST(a_hundred_unix_connections_get_a_mebibyte_back_each),
    };
    return cmocka_run_group_tests_name("the server under load", tests, NULL, NULL);
}
