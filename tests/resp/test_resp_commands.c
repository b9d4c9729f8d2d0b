/* What 12_resp answers to commands as they stand on the wire, good ones and bad ones. */
#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct talk {
    const char *text;
    const char *answers; /* all of them, until the server closes */
};

#define BAD "-ERR Protocol error: "

static void commands_are_answered_and_bad_ones_are_the_last(void **state)
{
    static const struct talk talks[] = {
        {"PING\r\nQUIT\r\n", "+PONG\r\n+OK\r\n"},
        {"ping\nquit\n", "+PONG\r\n+OK\r\n"},
        {"\r\n\r\n*0\r\n*-1\r\nQUIT\r\n", "+OK\r\n"},
        {"SET \"a key\" 'a value'\r\n*2\r\n$3\r\nGET\r\n$5\r\na key\r\nQUIT\r\n", "+OK\r\n$7\r\na value\r\n+OK\r\n"},
        {"  SET \t x   1  \r\nGET x\r\nQUIT now\r\nPING\r\n", "+OK\r\n$1\r\n1\r\n+OK\r\n"},
        {"*2\r\n$3\r\nGET\r\n$0\r\n\r\nQUIT\r\n", "$-1\r\n+OK\r\n"},
        {"*1\r\n$0\r\n\r\nQUIT\r\n", "-ERR unknown command ''\r\n+OK\r\n"},
        {"*1\r\n$3\r\na\r\n\r\nQUIT\r\n", "-ERR unknown command 'a?\?'\r\n+OK\r\n"},
        {"SET a \"b\r\n", BAD "unbalanced quotes in request\r\n"},
        {"*1025\r\n", BAD "invalid multibulk length\r\n"},
        {"*99999999999999999999\r\n", BAD "invalid multibulk length\r\n"},
        {"*x\r\n", BAD "invalid multibulk length\r\n"},
        {"*1\r\n+PING\r\n", BAD "expected '$'\r\n"},
        {"*1\r\n$-1\r\n", BAD "invalid bulk length\r\n"},
        {"*1\r\n$1048577\r\n", BAD "invalid bulk length\r\n"},
        {"*1\r\n$1x\r\n", BAD "invalid bulk length\r\n"},
        {"*1\r\n$4\r\nPINGPING\r\n", BAD "a bulk string without its end\r\n"},
        {"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$0000000000000000000000001\r\nx\r\nQUIT\r\n", "+OK\r\n+OK\r\n"},
        {"*1\r\n$000000000000000000000000", BAD "invalid bulk length\r\n"},
        {"GET / HTTP/1.1\r\nHost: test\r\n\r\n",
         "-ERR wrong number of arguments for 'GET' command\r\n-ERR this is not a web server\r\n"},
        {"POST / HTTP/1.1\r\nHost: test\r\n\r\nSET a b\r\n", "-ERR this is not a web server\r\n"},
    };
    struct server *server = *state;
    char said[4096];
    server_start(server, "--port", "0", NULL);
    unsigned descriptors = peers_count_descriptors(server, &store_manners);
    for (size_t i = 0; i < sizeof talks / sizeof *talks; i++) {
        int fd = client_connect(server);
        client_send(fd, talks[i].text, strlen(talks[i].text));
        if (strcmp(talks[i].text, "*1\r\n$000000000000000000000000") != 0) {
            shutdown(fd, SHUT_WR);
        }
        peers_read_all(fd, said, sizeof said);
        if (strcmp(said, talks[i].answers) != 0) {
            fail_msg("%s\nwas answered with:\n%s\nnot with:\n%s", talks[i].text, said, talks[i].answers);
        }
        close(fd);
    }
    server_await_descriptors(server, descriptors, 5);
}

static void ask(int fd, const char *command, size_t size, const char *answer)
{
    client_send(fd, command, size);
    client_expect(fd, answer, strlen(answer));
}

/* All bytes there are, in keys and in values up to the largest. */
static void keys_and_values_are_bytes(void **state)
{
    struct server *server = *state;
    enum { LARGEST = 1 << 20 };
    server_start(server, "--port", "0", NULL);
    int fd = client_connect(server);
    char *command = malloc(LARGEST + 256);
    char *value = malloc(LARGEST);
    assert_non_null(command);
    assert_non_null(value);
    for (size_t at = 0; at < LARGEST; at += PATTERN_MAX) {
        memcpy(value + at, pattern(3, at), PATTERN_MAX);
    }
    for (size_t size = 0; size <= LARGEST; size = size < 5000                            ? size + 1237
                                                  : size * 4 > LARGEST && size < LARGEST ? LARGEST
                                                                                         : size * 4) {
        int head = sprintf(command, "*3\r\n$3\r\nSET\r\n$5\r\nk%c\r\n%c\r\n$%zu\r\n", '\0', '\n', size);
        memcpy(command + head, value, size);
        memcpy(command + head + size, "\r\n", 2);
        ask(fd, command, (size_t)head + size + 2, "+OK\r\n");
        static const char get[] = "*2\r\n$3\r\nGET\r\n$5\r\nk\0\r\n\n\r\n";
        client_send(fd, get, sizeof get - 1);
        head = sprintf(command, "$%zu\r\n", size);
        client_expect(fd, command, (size_t)head);
        client_expect(fd, value, size);
        client_expect(fd, "\r\n", 2);
    }
    free(command);
    free(value);
    close(fd);
}

static void a_pipeline_is_answered_in_order_and_together(void **state)
{
    struct server *server = *state;
    enum { COUNT = 20000 };
    server_start(server, "--port", "0", NULL);
    int fd = client_connect(server);
    pid_t sender = fork();
    if (sender == 0) {
        static const char incr[] = "*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n";
        for (int i = 0; i < COUNT; i++) {
            client_send(fd, incr, sizeof incr - 1);
        }
        _exit(0);
    }
    for (int i = 1; i <= COUNT; i++) {
        char answer[32];
        int size = sprintf(answer, ":%d\r\n", i);
        client_expect(fd, answer, (size_t)size);
    }
    assert_int_equal(reap_process(sender), 0);
    close(fd);
}

/* More than the server would ever hold: it stops to listen until some is taken. */
static void a_client_that_asks_for_much_and_reads_gets_it_all(void **state)
{
    enum { SIZE = 1 << 20, COUNT = 60 };
    struct server *server = *state;
    server_start(server, "--port", "0", NULL);
    int fd = client_connect(server);
    char *value = malloc(SIZE + 64);
    assert_non_null(value);
    int head = sprintf(value, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$%d\r\n", SIZE);
    memset(value + head, 'v', SIZE);
    memcpy(value + head + SIZE, "\r\n", 2);
    ask(fd, value, (size_t)head + SIZE + 2, "+OK\r\n");
    for (int i = 0; i < COUNT; i++) {
        client_send(fd, "GET k\r\n", 7);
    }
    head = sprintf(value, "$%d\r\n", SIZE);
    memset(value + head, 'v', SIZE);
    memcpy(value + head + SIZE, "\r\n", 2);
    for (int i = 0; i < COUNT; i++) {
        client_expect(fd, value, (size_t)head + SIZE + 2);
    }
    assert_true(server_memory(server) < ((size_t)UNDER_ASAN * 400 + 40) << 20);
    free(value);
    close(fd);
}

static void a_command_of_many_words_and_its_limit(void **state)
{
    struct server *server = *state;
    char *command = malloc(100000);
    assert_non_null(command);
    server_start(server, "--port", "0", NULL);
    int fd = client_connect(server);
    char *at = command + sprintf(command, "*1023\r\n$4\r\nMSET\r\n");
    for (int i = 0; i < 511; i++) {
        at += sprintf(at, "$4\r\n%04d\r\n$1\r\nx\r\n", i);
    }
    ask(fd, command, (size_t)(at - command), "+OK\r\n");
    ask(fd, "DBSIZE\r\n", 8, ":511\r\n");
    /* Three words of a MiB are more than a command may have. */
    char said[256];
    char *large = calloc(1, 3 << 20);
    assert_non_null(large);
    size_t size = (size_t)sprintf(large, "*4\r\n$4\r\nMSET\r\n$1048576\r\n");
    memset(large + size, 'k', 1 << 20);
    size += 1 << 20;
    size += (size_t)sprintf(large + size, "\r\n$1048576\r\n");
    for (size_t sent = 0; sent < (size_t)2 << 20;) { /* the end comes while it is sent */
        ssize_t n = send(fd, large + sent, ((size_t)2 << 20) - sent, MSG_NOSIGNAL);
        if (n <= 0) {
            break;
        }
        sent += (size_t)n;
    }
    peers_read_all(fd, said, sizeof said);
    assert_true(said[0] == '\0' || strcmp(said, BAD "the command is too long\r\n") == 0);
    free(large);
    free(command);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(commands_are_answered_and_bad_ones_are_the_last),
        STORE_TEST(keys_and_values_are_bytes),
        STORE_TEST(a_pipeline_is_answered_in_order_and_together),
        STORE_TEST(a_client_that_asks_for_much_and_reads_gets_it_all),
        STORE_TEST(a_command_of_many_words_and_its_limit),
    };
    return cmocka_run_group_tests_name("12_resp on the wire", tests, NULL, NULL);
}
