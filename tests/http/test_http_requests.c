/* What 10_http answers to requests as they stand on the wire, good ones and bad ones. */
#include "site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HOST "Host: test\r\n"

struct request {
    const char *text;
    const char *answers; /* the statuses of all answers until the server closes: "200 200 400" */
};

/* The statuses in what a server said. */
static void list_statuses(const char *said, char *list, size_t size)
{
    list[0] = '\0';
    for (const char *at = said; (at = strstr(at, "HTTP/1.1 ")) != NULL; at += 9) {
        size_t used = strlen(list);
        snprintf(list + used, size - used, "%s%.3s", used > 0 ? " " : "", at + 9);
    }
}

static void expect_answers(const struct server *server, const char *text, size_t size, const char *answers)
{
    char said[65536], list[256];
    int fd = client_connect(server);
    client_send(fd, text, size);
    peers_read_all(fd, said, sizeof said);
    close(fd);
    list_statuses(said, list, sizeof list);
    if (strcmp(list, answers) != 0) {
        fail_msg("%.200s\nwas answered with \"%s\", not \"%s\"", text, list, answers);
    }
}

static void each_request_gets_its_answer_and_a_bad_one_the_end(void **state)
{
    static const struct request requests[] = {
        {"GET /hello HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", "200"},
        {"\r\n\r\nGET /hello HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", "200"},
        {"GET /hello HTTP/1.0\r\n\r\n", "200"},
        {"GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /hello HTTP/1.0\r\n\r\n", "200 200"},
        {"GET http://test/hello HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", "200"},
        {"GET http://test HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", "200"},
        {"GET /hello HTTP/1.1\r\n" HOST "Connection: upgrade, close\r\nUpgrade: h2c\r\n\r\n", "200"},
        {"GET /hello HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n"
         "GET /hello HTTP/1.1\r\n" HOST "Content-Length: 4\r\nConnection: close\r\n\r\nbody",
         "200 200"},
        {"GET /hello HTTP/1.1\r\n" HOST "Content-Length: 4\r\nExpect: 100-continue\r\nConnection: close\r\n\r\nbody",
         "200"}, /* it did not wait */
        {"HEAD / HTTP/1.1\r\n" HOST "\r\nHEAD /nothing HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", "200 404"},
        {"OPTIONS * HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", "405"},
        {"CONNECT test:80 HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", "405"},
        {"BREW / HTTP/1.1\r\n" HOST "\r\nGET /hello HTTP/1.1\r\n" HOST "\r\n", "501"},
        {"GET /hello HTTP/1.1\r\n\r\n", "400"},
        {"GET /hello HTTP/1.1\r\n" HOST HOST "\r\n", "400"},
        {"GET /hello HTTP/2.0\r\n" HOST "\r\n", "505"},
        {"GET /hello HTTP/7.3\r\n" HOST "\r\n", "505"},
        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505"},
        {"GET /hello\r\n\r\n", "505"}, /* HTTP/0.9 */
        {"GET /hello GOPHER/1.1\r\n\r\n", "400"},
        {"hello\r\n\r\n", "400"},
        {"GET /he llo HTTP/1.1\r\n" HOST "\r\n", "400"},
        {"GET /hello HTTP/1.1\nHost: test\n\n", "400"},
        {"GET /hello HTTP/1.1\r\nHost : test\r\n\r\n", "400"},
        {"GET /hello HTTP/1.1\r\n" HOST "X: a\x01z\r\n\r\n", "400"},
        {"GET /hello HTTP/1.1\r\n" HOST "Content-Length: x\r\n\r\n", "400"},
        {"GET /hello HTTP/1.1\r\n" HOST "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
        {"GET /hello HTTP/1.1\r\n" HOST "Content-Length: 4\r\nContent-Length: 5\r\n\r\nbody", "400"},
        {"GET /hello HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n\r\n", "400"},
        {"GET /hello HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nzz\r\n", "400"},
        {"GET /hello HTTP/1.1\r\n" HOST "Content-Length: 65537\r\n\r\n", "413"},
        {"GET /hello HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999\r\n\r\n", "400"},
        {"GET /hello HTTP/1.1\r\n" HOST "Expect: a miracle\r\n\r\n", "417"},
        {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "400"}, /* a client that speaks TLS */
    };
    struct server *server = *state;
    site_start(server, "5", "5", "5");
    unsigned descriptors = peers_count_descriptors(server, &site_manners);
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        expect_answers(server, requests[i].text, strlen(requests[i].text), requests[i].answers);
    }
    server_await_descriptors(server, descriptors, 5);
}

/* A request whose target, one header, number of headers and body have these sizes. */
static void expect_sizes(const struct server *server, size_t target, size_t header, size_t headers, size_t body,
                         const char *answers)
{
    char *text = calloc(1, 400000);
    assert_non_null(text);
    char *at = text + sprintf(text, "GET /hello?");
    memset(at, 'a', target - 7);
    at += target - 7;
    at += sprintf(at, " HTTP/1.1\r\n" HOST "Connection: close\r\nContent-Length: %zu\r\nX: ", body);
    memset(at, 'b', header);
    at += header;
    for (size_t i = 4; i < headers; i++) {
        at += sprintf(at, "\r\nx: y");
    }
    at += sprintf(at, "\r\n\r\n");
    memset(at, 'c', body);
    expect_answers(server, text, (size_t)(at - text) + body, answers);
    free(text);
}

static void what_is_within_the_limits_is_served_and_one_more_is_refused(void **state)
{
    struct server *server = *state;
    site_start(server, "5", "5", "5");
    expect_sizes(server, 1024, 1, 4, 0, "200");
    expect_sizes(server, 1025, 1, 4, 0, "414");
    expect_sizes(server, 100000, 1, 4, 0, "414");
    expect_sizes(server, 20, 7900, 4, 0, "200");
    expect_sizes(server, 20, 8192, 4, 0, "431");
    expect_sizes(server, 20, 200000, 4, 0, "431");
    expect_sizes(server, 20, 1, 64, 0, "200");
    expect_sizes(server, 20, 1, 65, 0, "431");
    expect_sizes(server, 20, 1, 4, 65536, "200");
    expect_sizes(server, 20, 1, 4, 65537, "413");
}

/* Send `text` `count` times in a process of its own, finish, and read all answers. */
static char *pipeline(const struct server *server, const char *text, int count)
{
    enum { ROOM = 4 << 20 };
    int fd = client_connect(server);
    pid_t sender = fork();
    if (sender == 0) {
        for (int i = 0; i < count; i++) {
            client_send(fd, text, strlen(text));
        }
        shutdown(fd, SHUT_WR);
        _exit(0);
    }
    char *said = calloc(1, ROOM);
    assert_non_null(said);
    assert_true(peers_read_all(fd, said, ROOM) < ROOM);
    assert_int_equal(reap_process(sender), 0);
    close(fd);
    return said;
}

static void expect_parts(const char *said, const char *const *parts, int part_count, int count)
{
    for (int i = 0; i < count; i++) {
        const char *part = parts[i % part_count];
        const char *at = strstr(said, part);
        if (at == NULL) {
            fail_msg("answer %d is missing", i);
        }
        said = at + strlen(part);
    }
    assert_string_equal(said, "");
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    struct server *server = *state;
    static const char four[] = "GET /hello HTTP/1.1\r\n" HOST "\r\nHEAD / HTTP/1.1\r\n" HOST "\r\n"
                               "GET /a%20b.txt HTTP/1.1\r\n" HOST "\r\nGET /nothing HTTP/1.1\r\n" HOST "\r\n";
    static const char *const parts[] = {"\r\n\r\nhello", "text/html", "\r\n\r\nblank\n", "404 Not Found\n"};
    site_start(server, "5", "5", "5");
    char *said = pipeline(server, four, 1000);
    expect_parts(said, parts, 4, 4000);
    free(said);
    said = pipeline(server, site_manners.request, 3000);
    expect_parts(said, parts, 1, 3000);
    free(said);
}

/* Or its answer might be lost in a reset. */
static void a_client_that_was_refused_may_finish_sending(void **state)
{
    static const char head[] = "GET /hello HTTP/1.1\r\n" HOST "Content-Length: 900000\r\n\r\n";
    struct server *server = *state;
    char said[4096], list[64];
    site_start(server, "5", "5", "5");
    int fd = client_connect(server);
    client_send(fd, head, sizeof head - 1);
    client_expect(fd, "HTTP/1.1 413 ", 13);
    for (size_t sent = 0; sent < 900000; sent += 10000) {
        client_send(fd, pattern(1, sent), 10000);
    }
    shutdown(fd, SHUT_WR);
    peers_read_all(fd, said, sizeof said);
    list_statuses(said, list, sizeof list);
    assert_string_equal(list, "");
    assert_int_equal(recv(fd, said, 1, 0), 0); /* no reset */
    close(fd);
}

static void a_client_that_expects_leave_gets_it(void **state)
{
    static const char leave[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct server *server = *state;
    char said[4096], list[64];
    site_start(server, "5", "5", "5");
    int fd = client_connect(server);
    const char *head = "GET /hello HTTP/1.1\r\n" HOST "Content-Length: 4\r\nExpect: 100-continue\r\n"
                       "Connection: close\r\n\r\n";
    client_send(fd, head, strlen(head));
    client_expect(fd, leave, sizeof leave - 1);
    client_send(fd, "body", 4);
    peers_read_all(fd, said, sizeof said);
    list_statuses(said, list, sizeof list);
    assert_string_equal(list, "200");
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SITE_TEST(each_request_gets_its_answer_and_a_bad_one_the_end),
        SITE_TEST(what_is_within_the_limits_is_served_and_one_more_is_refused),
        SITE_TEST(pipelined_requests_are_answered_in_order),
        SITE_TEST(a_client_that_was_refused_may_finish_sending),
        SITE_TEST(a_client_that_expects_leave_gets_it),
    };
    return cmocka_run_group_tests_name("10_http on the wire", tests, NULL, NULL);
}
