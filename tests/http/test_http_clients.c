/* 10_http and its real clients: curl and wrk. */
#include "site.h"

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static unsigned port_of(const struct server *server)
{
    return ntohs(((const struct sockaddr_in *)&server->address)->sin_port);
}

static void start(struct server *server)
{
    command_need("curl");
    server_start(server, "--port", "0", "--root", site_root(server), NULL);
}

/* What curl tells of a request: "STATUS SIZE TYPE". */
static void expect(const struct server *server, const char *options, const char *path, const char *told)
{
    char output[1024];
    int status = command_run(output, sizeof output,
                             "curl -s -m 10 --path-as-is -o /dev/null -w '%%{http_code} %%{size_download} "
                             "%%{content_type}' %s 'http://127.0.0.1:%u%s'",
                             options, port_of(server), path);
    if (status != 0 || strcmp(output, told) != 0) {
        fail_msg("%s %s: curl ended with %d and told \"%s\", not \"%s\"", options, path, status, output, told);
    }
}

#define TEXT "text/plain; charset=utf-8"
#define HTML "text/html; charset=utf-8"

static void files_are_served_with_their_types(void **state)
{
    struct server *server = *state;
    start(server);
    expect(server, "", "/hello", "200 5 " TEXT);
    expect(server, "", "/", "200 14 " HTML);
    expect(server, "", "/index.html?x=1", "200 14 " HTML);
    expect(server, "", "/sub", "200 4 " HTML);
    expect(server, "", "/sub/", "200 4 " HTML);
    expect(server, "", "/a%20b.txt", "200 6 " TEXT);
    expect(server, "", "/empty.txt", "200 0 " TEXT);
    expect(server, "", "/in", "200 5242880 application/octet-stream");
    expect(server, "-I", "/big.bin", "200 0 application/octet-stream");
    expect(server, "-0", "/hello", "200 5 " TEXT);
}

static void what_is_not_below_the_root_is_refused(void **state)
{
    struct server *server = *state;
    start(server);
    expect(server, "", "/nothing", "404 14 " TEXT);
    expect(server, "", "/bare", "404 14 " TEXT);
    expect(server, "", "/a%20b.txt/", "404 14 " TEXT);
    expect(server, "", "//etc/passwd", "404 14 " TEXT);
    expect(server, "", "/out", "403 14 " TEXT);
    expect(server, "", "/up/site/index.html", "403 14 " TEXT);
    expect(server, "", "/fifo", "403 14 " TEXT);
    expect(server, "", "/../../etc/passwd", "403 14 " TEXT);
    expect(server, "", "/sub/../index.html", "403 14 " TEXT);
    expect(server, "", "/..%2f..%2fetc/passwd", "403 14 " TEXT);
    expect(server, "", "/%2e%2e/x", "403 14 " TEXT);
    expect(server, "", "/index.html%00.txt", "400 16 " TEXT);
    expect(server, "", "/%zz", "400 16 " TEXT);
    if (geteuid() != 0) { /* root may read all */
        expect(server, "", "/secret", "403 14 " TEXT);
    }
}

/* Without openat2, as before Linux 5.6: the same, and symbolic links are not followed at all. */
static void an_older_kernel_serves_no_symbolic_link(void **state)
{
    struct server *server = *state;
    char output[256];
    command_need("curl");
    command_need("strace");
    if (UNDER_ASAN || command_run(output, sizeof output, "strace -e inject=openat2:error=ENOSYS true") != 0) {
        skip();
    }
    server->program = "strace";
    server_start(server, "-D", "-f", "-o", "/dev/null", "-e", "trace=openat2", "-e", "inject=openat2:error=ENOSYS",
                 HTTP_SERVER, "--port", "0", "--root", site_root(server), NULL);
    expect(server, "", "/", "200 14 " HTML);
    expect(server, "", "/sub/index.html", "200 4 " HTML);
    expect(server, "", "/big.bin", "200 5242880 application/octet-stream");
    expect(server, "", "/in", "403 14 " TEXT);
    expect(server, "", "/out", "403 14 " TEXT);
    expect(server, "", "/up/site/index.html", "404 14 " TEXT);
    expect(server, "", "/bare", "404 14 " TEXT);
}

static void every_byte_of_a_large_file_arrives(void **state)
{
    struct server *server = *state;
    char output[256];
    start(server);
    assert_int_equal(command_run(output, sizeof output, "curl -s -m 20 http://127.0.0.1:%u/big.bin | cmp - %s/big.bin",
                                 port_of(server), site_root(server)),
                     0);
}

static void a_connection_is_used_again(void **state)
{
    struct server *server = *state;
    char output[256];
    start(server);
    assert_int_equal(command_run(output, sizeof output,
                                 "curl -s -m 10 -w ' %%{num_connects};' http://127.0.0.1:%u/hello "
                                 "http://127.0.0.1:%u/nothing http://127.0.0.1:%u/empty.txt",
                                 port_of(server), port_of(server), port_of(server)),
                     0);
    assert_string_equal(output, "hello 1;404 Not Found\n 0; 0;");
}

static void a_body_is_refused_before_it_is_sent_or_while_it_is(void **state)
{
    struct server *server = *state;
    start(server);
    expect(server, "-d x", "/hello", "405 23 " TEXT);
    expect(server, "-X DELETE", "/hello", "405 23 " TEXT);
    expect(server, "-X BREW", "/hello", "501 20 " TEXT);
    char options[256];
    snprintf(options, sizeof options, "-H 'Expect: 100-continue' --data-binary @%s/big.bin", site_root(server));
    expect(server, options, "/hello", "413 22 " TEXT);
    snprintf(options, sizeof options, "-H Expect: --data-binary @%s/big.bin", site_root(server));
    expect(server, options, "/hello", "413 22 " TEXT);
    snprintf(options, sizeof options, "-H Expect: -H 'Transfer-Encoding: chunked' --data-binary @%s/big.bin",
             site_root(server));
    expect(server, options, "/hello", "413 22 " TEXT);
}

static void wrk_finds_no_error(void **state)
{
    struct server *server = *state;
    char output[4096];
    command_need("wrk");
    server_start(server, "--port", "0", "--root", site_root(server), NULL);
    unsigned descriptors = peers_count_descriptors(server, &site_manners);
    static const char *const paths[] = {"/hello", "/index.html", "/nothing", "/big.bin"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        assert_int_equal(
            command_run(output, sizeof output, "wrk -t1 -c50 -d1s http://127.0.0.1:%u%s", port_of(server), paths[i]),
            0);
        if (strstr(output, "requests in") == NULL || strstr(output, "Socket errors") != NULL ||
            (strstr(output, "Non-2xx") != NULL) != (i == 2)) {
            fail_msg("%s: %s", paths[i], output);
        }
    }
    server_await_descriptors(server, descriptors, 10);
    assert_int_equal(server_stop(server, SIGTERM, 5), 0);
}

static void a_missing_directory_is_said_in_one_line(void **state)
{
    struct server *server = *state;
    struct outcome outcome = server_run(server, "--root", "/nowhere/at/all", "--port", "0", NULL);
    assert_int_equal(outcome.status, 1);
    assert_non_null(strstr(outcome.errors, "/nowhere/at/all: No such file or directory\n"));
    outcome = server_run(server, "--port", "0", NULL);
    assert_int_equal(outcome.status, 2);
    assert_non_null(strstr(outcome.errors, "usage"));
    outcome = server_run(server, "--root", "/", "--idle", "soon", NULL);
    assert_int_equal(outcome.status, 2);
    assert_non_null(strstr(outcome.errors, "--root DIR"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SITE_TEST(files_are_served_with_their_types),
        SITE_TEST(what_is_not_below_the_root_is_refused),
        SITE_TEST(an_older_kernel_serves_no_symbolic_link),
        SITE_TEST(every_byte_of_a_large_file_arrives),
        SITE_TEST(a_connection_is_used_again),
        SITE_TEST(a_body_is_refused_before_it_is_sent_or_while_it_is),
        SITE_TEST(wrk_finds_no_error),
        SITE_TEST(a_missing_directory_is_said_in_one_line),
    };
    return cmocka_run_group_tests_name("10_http and its clients", tests, NULL, NULL);
}
