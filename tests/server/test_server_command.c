/* The command line of the echo server: where it listens, what it prints, how it refuses. */
#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void check_echo(const struct server *server)
{
    int fd = client_connect(server);
    client_echo(fd, "hello\n");
    client_send(fd, pattern(1, 0), PATTERN_MAX);
    client_expect(fd, pattern(1, 0), PATTERN_MAX);
    close(fd);
}

static unsigned count_lines(const char *text)
{
    unsigned lines = 0;
    for (; (text = strchr(text, '\n')) != NULL; text++) {
        lines++;
    }
    return lines;
}

/* One line of some use on stderr, nothing on stdout. */
static void check_refusal(const struct outcome *outcome, int status)
{
    assert_int_equal(outcome->status, status);
    assert_string_equal(outcome->output, "");
    assert_int_equal(count_lines(outcome->errors), 1);
    assert_int_equal(outcome->errors[strlen(outcome->errors) - 1], '\n');
    assert_true(strlen(outcome->errors) > 20);
}

static void port_zero_picks_a_port_and_both_lines_name_it(void **state)
{
    struct server *server = *state;
    server_start(server, "--port", "0", NULL);
    unsigned port = 0;
    assert_int_equal(sscanf(server->first, "listening on 127.0.0.1:%u", &port), 1);
    assert_in_range(port, 1, 65535);
    char text[16];
    snprintf(text, sizeof text, "%u", port);
    assert_non_null(strstr(server->second, text));
    check_echo(server);
    assert_int_equal(server_stop(server, SIGINT, 3), 0);
}

static void two_servers_with_port_zero_get_two_ports(void **state)
{
    struct server *server = *state;
    void *other = NULL;
    assert_int_equal(server_setup(&other), 0);
    struct server *second = other;
    server_start(server, "--port", "0", NULL);
    server_start(second, "--port", "0", NULL);
    bool differ = strcmp(server->first, second->first) != 0;
    server_teardown(&other);
    assert_true(differ);
}

static void it_listens_on_every_ipv4_address(void **state)
{
    struct server *server = *state;
    server_start(server, "--host", "0.0.0.0", "--port", "0", NULL);
    struct sockaddr_in *in = (struct sockaddr_in *)&server->address;
    in->sin_addr.s_addr = htonl(0x7f090807);
    check_echo(server);
}

static void localhost_is_a_host(void **state)
{
    struct server *server = *state;
    server_start(server, "--host", "localhost", "--port", "0", NULL);
    check_echo(server);
}

static void it_listens_on_ipv6(void **state)
{
    struct server *server = *state;
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in6 loopback = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    bool works = fd >= 0 && bind(fd, (struct sockaddr *)&loopback, sizeof loopback) == 0;
    close(fd);
    if (!works) {
        print_message("there is no IPv6 here\n");
        skip();
    }
    server_start(server, "--host", "::1", "--port", "0", NULL);
    assert_memory_equal(server->first, "listening on [::1]:", 19);
    check_echo(server);
}

static void a_unix_socket_is_private_and_goes_away_at_exit(void **state)
{
    struct server *server = *state;
    char path[96], line[128];
    snprintf(path, sizeof path, "%s/socket", server->directory);
    snprintf(line, sizeof line, "listening on %s", path);
    mode_t old = umask(0); /* the mode must not come from the umask */
    server_start(server, "--unix", path, NULL);
    umask(old);
    assert_string_equal(server->first, line);
    assert_non_null(strstr(server->second, path));
    struct stat status;
    assert_return_code(stat(path, &status), errno);
    assert_true(S_ISSOCK(status.st_mode));
    assert_int_equal(status.st_mode & 07777, 0600);
    check_echo(server);
    assert_int_equal(server_stop(server, SIGTERM, 3), 0);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(errno, ENOENT);
}

static void a_unix_socket_left_by_a_dead_server_is_replaced(void **state)
{
    struct server *server = *state;
    char path[96];
    snprintf(path, sizeof path, "%s/socket", server->directory);
    server_start(server, "--unix", path, NULL);
    assert_int_equal(server_stop(server, SIGKILL, 3), 128 + SIGKILL);
    assert_int_equal(access(path, F_OK), 0);
    server_start(server, "--unix", path, NULL);
    check_echo(server);
    assert_int_equal(server_stop(server, SIGTERM, 3), 0);
    assert_int_equal(access(path, F_OK), -1);
}

static void a_unix_socket_in_use_is_refused_and_left_working(void **state)
{
    struct server *server = *state;
    char path[96];
    snprintf(path, sizeof path, "%s/socket", server->directory);
    server_start(server, "--unix", path, NULL);
    struct outcome outcome = server_run(server, "--unix", path, NULL);
    check_refusal(&outcome, 1);
    check_echo(server);
}

static void a_file_in_the_place_of_the_socket_is_left_alone(void **state)
{
    struct server *server = *state;
    char path[96];
    snprintf(path, sizeof path, "%s/file", server->directory);
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    assert_int_equal(write(fd, "precious", 8), 8);
    close(fd);
    struct outcome outcome = server_run(server, "--unix", path, NULL);
    check_refusal(&outcome, 1);
    struct stat status;
    assert_return_code(stat(path, &status), errno);
    assert_true(S_ISREG(status.st_mode));
    assert_int_equal(status.st_size, 8);
}

static void it_listens_on_an_abstract_unix_name(void **state)
{
    struct server *server = *state;
    char name[64], line[96];
    snprintf(name, sizeof name, "@eddy-test-%d", (int)getpid());
    snprintf(line, sizeof line, "listening on %s", name);
    server_start(server, "--unix", name, NULL);
    assert_string_equal(server->first, line);
    check_echo(server);
    struct outcome outcome = server_run(server, "--unix", name, NULL);
    check_refusal(&outcome, 1);
    assert_int_equal(server_stop(server, SIGTERM, 3), 0);
}

static void a_port_in_use_is_refused_in_one_line(void **state)
{
    struct server *server = *state;
    server_start(server, "--port", "0", NULL);
    const char *port = strrchr(server->first, ':') + 1;
    struct outcome outcome = server_run(server, "--port", port, NULL);
    check_refusal(&outcome, 1);
    assert_non_null(strstr(outcome.errors, port));
    assert_non_null(strstr(outcome.errors, "in use"));
    check_echo(server);
}

static void an_address_that_is_not_ours_is_refused_in_one_line(void **state)
{
    struct outcome outcome = server_run(*state, "--host", "192.0.2.1", "--port", "0", NULL);
    check_refusal(&outcome, 1);
}

static void bad_arguments_get_the_usage_and_status_two(void **state)
{
    static const char *const bad[][2] = {
        {"--nonsense", NULL}, {"--port", NULL},  {"--port", ""},      {"--port", "abc"},
        {"--port", "-1"},     {"--port", "80x"}, {"--port", "65536"}, {"--port", "99999999999999999999"},
        {"stray", NULL},      {"--unix", ""},    {"--host", "1.2.3"}, {"--host", "no.such.host.invalid"},
        {"--host", ""},       {"-z", NULL},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct outcome outcome = server_run(*state, bad[i][0], bad[i][1], NULL);
        if (outcome.status != 2 || strstr(outcome.errors, "usage") == NULL || outcome.output[0] != '\0') {
            fail_msg("%s %s: status %d, output \"%s\", errors \"%s\"", bad[i][0], bad[i][1] != NULL ? bad[i][1] : "",
                     outcome.status, outcome.output, outcome.errors);
        }
    }
}

static void a_unix_path_that_is_too_long_is_refused(void **state)
{
    char path[200];
    memset(path, 'x', sizeof path - 1);
    path[0] = '/';
    path[sizeof path - 1] = '\0';
    struct outcome outcome = server_run(*state, "--unix", path, NULL);
    assert_int_equal(outcome.status, 2);
    assert_non_null(strstr(outcome.errors, "usage"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVER_TEST(port_zero_picks_a_port_and_both_lines_name_it),
        SERVER_TEST(two_servers_with_port_zero_get_two_ports),
        SERVER_TEST(it_listens_on_every_ipv4_address),
        SERVER_TEST(localhost_is_a_host),
        SERVER_TEST(it_listens_on_ipv6),
        SERVER_TEST(a_unix_socket_is_private_and_goes_away_at_exit),
        SERVER_TEST(a_unix_socket_left_by_a_dead_server_is_replaced),
        SERVER_TEST(a_unix_socket_in_use_is_refused_and_left_working),
        SERVER_TEST(a_file_in_the_place_of_the_socket_is_left_alone),
        SERVER_TEST(it_listens_on_an_abstract_unix_name),
        SERVER_TEST(a_port_in_use_is_refused_in_one_line),
        SERVER_TEST(an_address_that_is_not_ours_is_refused_in_one_line),
        SERVER_TEST(bad_arguments_get_the_usage_and_status_two),
        SERVER_TEST(a_unix_path_that_is_too_long_is_refused),
    };
    return cmocka_run_group_tests_name("the server's command line", tests, NULL, NULL);
}
