/* 11_proxy from outside: curl through SOCKS5 and through a fixed tunnel, and clients that do not behave. Behind it
 * stands 01_echo, or 10_http. */
#define _GNU_SOURCE
#include "client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CROWD 5000
#define BULK ((size_t)32 << 20)

/* The proxy, and what is behind it. Both end with the test. */
struct scene {
    struct server *proxy;
    struct server *far;
};

static int scene_setup(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    void *proxy = NULL, *far = NULL;
    if (scene == NULL || server_setup(&proxy) != 0 || server_setup(&far) != 0) {
        return -1;
    }
    scene->proxy = proxy;
    scene->far = far;
    scene->proxy->program = PROXY;
    scene->far->program = ECHO;
    *state = scene;
    return 0;
}

static int scene_teardown(void **state)
{
    struct scene *scene = *state;
    void *proxy = scene->proxy, *far = scene->far;
    free(scene);
    return server_teardown(&proxy) + server_teardown(&far);
}

#define SCENE_TEST(test) cmocka_unit_test_setup_teardown(test, scene_setup, scene_teardown)

static int port_of(const struct server *server)
{
    return ntohs(((const struct sockaddr_in *)&server->address)->sin_port);
}

static void start_socks(struct scene *scene)
{
    server_start(scene->far, "--port", "0", NULL);
    server_start(scene->proxy, "--port", "0", NULL);
}

static void start_tunnel(struct scene *scene)
{
    char to[32];
    server_start(scene->far, "--port", "0", NULL);
    snprintf(to, sizeof to, "127.0.0.1:%d", port_of(scene->far));
    server_start(scene->proxy, "--port", "0", "--to", to, NULL);
}

/* ---- SOCKS by hand --------------------------------------------------------------------- */

static void greet(int fd)
{
    client_send(fd, "\5\1\0", 3);
    client_expect(fd, "\5\0", 2);
}

static size_t put_request(unsigned char *request, uint32_t host, int port)
{
    host = htonl(host);
    memcpy(request, "\5\1\0\1", 4);
    memcpy(request + 4, &host, 4);
    request[8] = (unsigned char)(port >> 8);
    request[9] = (unsigned char)port;
    return 10;
}

static void expect_answer(int fd, int status)
{
    const unsigned char answer[10] = {5, (unsigned char)status, 0, 1};
    client_expect(fd, answer, sizeof answer);
}

/* A connection through the proxy to what is behind it. */
static int pass_through(const struct scene *scene)
{
    unsigned char request[10];
    int fd = client_connect(scene->proxy);
    greet(fd);
    client_send(fd, request, put_request(request, INADDR_LOOPBACK, port_of(scene->far)));
    expect_answer(fd, 0);
    return fd;
}

static void socks_takes_a_client_to_where_it_wants(void **state)
{
    struct scene *scene = *state;
    start_socks(scene);
    int fd = pass_through(scene);
    client_echo(fd, "hello");
    close(fd);
    assert_int_equal(server_stop(scene->proxy, SIGTERM, 7), 0);
}

/* Everything at once, the first bytes for the far end included. */
static void a_client_need_not_wait_for_answers(void **state)
{
    struct scene *scene = *state;
    unsigned char all[3 + 10 + 5] = "\5\1";
    start_socks(scene);
    int fd = client_connect(scene->proxy);
    memcpy(all + 3 + put_request(all + 3, INADDR_LOOPBACK, port_of(scene->far)), "early", 5);
    client_send(fd, all, sizeof all);
    client_expect(fd, "\5\0", 2);
    expect_answer(fd, 0);
    client_expect(fd, "early", 5);
    close(fd);
}

static void a_request_may_come_byte_by_byte(void **state)
{
    struct scene *scene = *state;
    unsigned char all[3 + 10] = "\5\1";
    start_socks(scene);
    put_request(all + 3, INADDR_LOOPBACK, port_of(scene->far));
    int fd = client_connect(scene->proxy);
    for (size_t i = 0; i < sizeof all; i++) {
        client_send(fd, all + i, 1);
        nap_ms(2);
    }
    client_expect(fd, "\5\0", 2);
    expect_answer(fd, 0);
    client_echo(fd, "hello");
    close(fd);
}

static void what_cannot_be_reached_is_said(void **state)
{
    struct scene *scene = *state;
    unsigned char request[64];
    start_socks(scene);
    int taken = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); /* bound, and nobody listens */
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    assert_return_code(bind(taken, (struct sockaddr *)&address, size), errno);
    assert_return_code(getsockname(taken, (struct sockaddr *)&address, &size), errno);
    int fd = client_connect(scene->proxy);
    greet(fd);
    client_send(fd, request, put_request(request, INADDR_LOOPBACK, ntohs(address.sin_port)));
    expect_answer(fd, 5);
    client_expect_end(fd);
    close(fd);
    close(taken);
}

static void what_is_not_served_is_refused(void **state)
{
    struct scene *scene = *state;
    static const struct {
        const char *bytes;
        size_t size;
        int status;
    } requests[] = {
        {"\5\2\0\1\177\0\0\1\0\7", 10, 7}, /* to listen for it */
        {"\5\1\0\7\177\0\0\1\0\7", 10, 8}, /* no such kind of address */
        {"\4\1\0\1\177\0\0\1\0\7", 10, 1}, /* another version */
    };
    start_socks(scene);
    unsigned descriptors = server_descriptors(scene->proxy);
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        int fd = client_connect(scene->proxy);
        greet(fd);
        client_send(fd, requests[i].bytes, 5);
        expect_answer(fd, requests[i].status);
        client_expect_end(fd);
        close(fd);
    }
    static const char *const noise[] = {"GET / HTTP/1.1\r\n\r\n", "\5\1\2", "\5", "\5\1\0\5\1\0\3\377short",
                                        "\x16\3\1\2"};
    for (size_t i = 0; i < sizeof noise / sizeof *noise; i++) {
        int fd = client_connect(scene->proxy);
        client_send(fd, noise[i], strlen(noise[i]) + (i == 3 ? 11 : 0));
        assert_return_code(shutdown(fd, SHUT_WR), errno);
        char answer[64];
        while (recv(fd, answer, sizeof answer, 0) > 0) {
        }
        close(fd);
    }
    server_await_descriptors(scene->proxy, descriptors, 10);
    int fd = pass_through(scene);
    client_echo(fd, "still there");
    close(fd);
}

/* What a client calls a name is logged, and a terminal may show the log. */
static void a_name_that_is_none_is_refused(void **state)
{
    struct scene *scene = *state;
    static const char *const names[] = {"\x1b[2J", "a\nbc", "a bc", "a\0bc"};
    start_socks(scene);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char request[11] = "\5\1\0\3\4....\0\7";
        memcpy(request + 5, names[i], 4);
        int fd = client_connect(scene->proxy);
        greet(fd);
        client_send(fd, request, sizeof request);
        expect_answer(fd, 1);
        client_expect_end(fd);
        close(fd);
    }
}

/* ---- The tunnel ------------------------------------------------------------------------ */

static void both_halves_close_by_themselves(void **state)
{
    struct scene *scene = *state;
    start_tunnel(scene);
    struct crowd crowd = {.server = scene->proxy, .count = 20, .bytes = 1 << 20, .seed = 5, .half_close = true};
    assert_int_equal(crowd_run(&crowd), crowd.count);
}

static void a_peer_that_never_reads_is_not_stored_up(void **state)
{
    struct scene *scene = *state;
    scene->proxy->weighed = true;
    start_tunnel(scene);
    int good = client_connect(scene->proxy);
    client_echo(good, "hello");
    size_t memory = server_memory(scene->proxy);
    int fds[10];
    for (unsigned i = 0; i < 10; i++) {
        fds[i] = client_connect(scene->proxy);
        assert_true(client_stuff(fds[i], i, 100) < STUFF_MAX);
    }
    client_echo(good, "hello again");
    assert_true(server_memory(scene->proxy) < memory + ((size_t)4 << 20));
    for (unsigned i = 0; i < 10; i++) {
        close(fds[i]);
    }
    close(good);
}

static void a_reset_on_one_side_ends_the_other(void **state)
{
    struct scene *scene = *state;
    start_tunnel(scene);
    unsigned descriptors = server_descriptors(scene->proxy);
    for (int i = 0; i < 50; i++) {
        int fd = client_connect(scene->proxy);
        client_echo(fd, "hello");
        client_send(fd, pattern(1, 0), 10000);
        client_reset_on_close(fd);
        close(fd);
    }
    server_await_descriptors(scene->proxy, descriptors, 10);
    int fd = client_connect(scene->proxy);
    client_echo(fd, "hello");
    kill(scene->far->pid, SIGKILL);
    char byte;
    assert_true(recv(fd, &byte, 1, 0) <= 0);
    close(fd);
    server_await_descriptors(scene->proxy, descriptors, 10);
}

static void thousands_may_come_at_once(void **state)
{
    struct scene *scene = *state;
    scene->proxy->weighed = true;
    unsigned limit = descriptor_limit();
    start_tunnel(scene);
    unsigned descriptors = server_descriptors(scene->proxy);
    size_t memory[2];
    for (int round = 0; round < 2; round++) {
        unsigned most = (limit - 200) / 2; /* each has two descriptors in the proxy */
        struct crowd crowd = {.server = scene->proxy, .count = most < CROWD ? most : CROWD, .bytes = 100, .seed = 9};
        assert_int_equal(crowd_run(&crowd), crowd.count);
        server_await_descriptors(scene->proxy, descriptors, 20);
        memory[round] = server_memory(scene->proxy);
    }
    assert_true(memory[1] < memory[0] + memory[0] / 4);
}

/* A client that is taken in finds a descriptor for its other end. */
static void who_comes_when_descriptors_are_short_waits(void **state)
{
    struct scene *scene = *state;
    scene->proxy->limited = true;
    scene->proxy->descriptor_limit = 128;
    start_tunnel(scene);
    int fds[100];
    for (int i = 0; i < 100; i++) {
        fds[i] = client_connect(scene->proxy);
    }
    for (int i = 0; i < 100; i++) {
        client_echo(fds[i], "hello");
        close(fds[i]);
    }
}

/* Until the server takes nobody new. */
static void await_stop(const struct server *server)
{
    int result = 0;
    for (int i = 0; i < 500 && result == 0; i++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        result = connect(fd, (const struct sockaddr *)&server->address, server->address_size);
        close(fd);
        nap_ms(result == 0 ? 10 : 0);
    }
    assert_int_equal(result, -1);
}

/* Nor does the far end see an end that the client did not send. */
static void at_its_end_it_closes_what_is_left_after_a_while(void **state)
{
    struct scene *scene = *state;
    start_tunnel(scene);
    int fd = client_connect(scene->proxy);
    client_echo(fd, "hello");
    kill(scene->proxy->pid, SIGTERM);
    await_stop(scene->proxy);
    client_echo(fd, "one more");
    close(fd);
    assert_int_equal(server_wait(scene->proxy, 7), 0);
}

/* ---- curl ------------------------------------------------------------------------------ */

#ifdef HTTP
static void make_file(const char *path)
{
    int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
    assert_return_code(fd, errno);
    for (size_t at = 0; at < BULK; at += PATTERN_MAX) {
        assert_int_equal(write(fd, pattern(4, at), PATTERN_MAX), PATTERN_MAX);
    }
    close(fd);
}

static int run_command(const char *command)
{
    int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void curl_fetches_a_large_file_both_ways(void **state)
{
    struct scene *scene = *state;
    char path[128], command[512], to[32];
    scene->far->program = HTTP;
    snprintf(path, sizeof path, "%s/file", scene->far->directory);
    make_file(path);
    server_start(scene->far, "--port", "0", "--root", scene->far->directory, NULL);
    server_start(scene->proxy, "--port", "0", NULL);
    static const char *const kinds[] = {"socks5", "socks5-hostname"};
    for (int i = 0; i < 2; i++) {
        snprintf(command, sizeof command, "curl -sS --max-time 30 --%s 127.0.0.1:%d http://%s:%d/file | cmp - %s",
                 kinds[i], port_of(scene->proxy), i == 0 ? "127.0.0.1" : "localhost", port_of(scene->far), path);
        assert_int_equal(run_command(command), 0);
    }
    assert_int_equal(server_stop(scene->proxy, SIGTERM, 7), 0);
    snprintf(to, sizeof to, "localhost:%d", port_of(scene->far));
    server_start(scene->proxy, "--port", "0", "--to", to, NULL);
    snprintf(command, sizeof command, "curl -sS --max-time 30 http://127.0.0.1:%d/file | cmp - %s",
             port_of(scene->proxy), path);
    assert_int_equal(run_command(command), 0);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(socks_takes_a_client_to_where_it_wants),
        SCENE_TEST(a_client_need_not_wait_for_answers),
        SCENE_TEST(a_request_may_come_byte_by_byte),
        SCENE_TEST(what_cannot_be_reached_is_said),
        SCENE_TEST(what_is_not_served_is_refused),
        SCENE_TEST(a_name_that_is_none_is_refused),
        SCENE_TEST(both_halves_close_by_themselves),
        SCENE_TEST(a_peer_that_never_reads_is_not_stored_up),
        SCENE_TEST(a_reset_on_one_side_ends_the_other),
        SCENE_TEST(thousands_may_come_at_once),
        SCENE_TEST(who_comes_when_descriptors_are_short_waits),
        SCENE_TEST(at_its_end_it_closes_what_is_left_after_a_while),
#ifdef HTTP
        SCENE_TEST(curl_fetches_a_large_file_both_ways),
#endif
    };
    return cmocka_run_group_tests_name("proxy", tests, NULL, NULL);
}
