/* 09_chat from outside: people who type lines through nc, and worse company. */
#define _GNU_SOURCE
#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CROWD 5000

/* ---- Guests ---------------------------------------------------------------------------- */

static void start_chat(struct server *server)
{
    server->program = CHAT;
    server_start(server, "--port", "0", NULL);
}

/* What comes on `fd` until `text` was in it; fails after 10 s, or at the end. */
static void hear(int fd, const char *text)
{
    static char heard[1 << 16];
    size_t size = 0;
    int64_t deadline = clock_ns() + 10 * INT64_C(1000000000);
    do {
        struct pollfd readable = {.fd = fd, .events = POLLIN};
        ssize_t n = poll(&readable, 1, 10000) > 0 ? read(fd, heard + size, sizeof heard - 1 - size) : 0;
        if (n <= 0 || clock_ns() > deadline) {
            fail_msg("never heard \"%s\", but \"%s\"", text, heard);
        }
        size += (size_t)n;
        heard[size] = '\0';
    } while (strstr(heard, text) == NULL && size < sizeof heard - 1);
}

static void type(int fd, const char *line)
{
    assert_int_equal(write(fd, line, strlen(line)), (ssize_t)strlen(line));
}

/* A guest with a name. */
static int come_in(const struct server *server, const char *name)
{
    char line[64];
    int fd = client_connect(server);
    hear(fd, "has come to lobby\n");
    snprintf(line, sizeof line, "/nick %s\n", name);
    type(fd, line);
    snprintf(line, sizeof line, "is now %s\n", name);
    hear(fd, line);
    return fd;
}

/* ---- A real line client: nc ------------------------------------------------------------ */

struct line_client {
    pid_t pid;
    int in; /* what is typed */
    int out;
};

static struct line_client start_nc(const struct server *server)
{
    struct line_client client;
    int in[2], out[2];
    char port[8];
    snprintf(port, sizeof port, "%d", ntohs(((const struct sockaddr_in *)&server->address)->sin_port));
    assert_return_code(pipe2(in, O_CLOEXEC), errno);
    assert_return_code(pipe2(out, O_CLOEXEC), errno);
    client.pid = fork();
    if (client.pid == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        execlp("nc", "nc", "127.0.0.1", port, (char *)NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    client.in = in[1];
    client.out = out[0];
    hear(client.out, "has come to lobby\n");
    return client;
}

static void end_nc(struct line_client *client)
{
    close(client->in);
    kill(client->pid, SIGTERM);
    assert_int_equal(waitpid(client->pid, NULL, 0), client->pid);
    close(client->out);
}

static void people_with_nc_hear_each_other(void **state)
{
    struct server *server = *state;
    if (system("command -v nc >/dev/null") != 0) {
        print_message("skipped: nc is missing\n");
        skip();
    }
    start_chat(server);
    struct line_client ada = start_nc(server), brian = start_nc(server), dennis = start_nc(server);
    type(ada.in, "/nick Ada\n");
    hear(dennis.out, "* guest1 is now Ada\n");
    type(ada.in, "good morning\n");
    hear(brian.out, "Ada: good morning\n");
    hear(dennis.out, "Ada: good morning\n");
    type(brian.in, "/join den\n");
    hear(ada.out, "* guest2 has left");
    type(dennis.in, "who is there?\n");
    type(brian.in, "nobody hears me\n/rooms\n");
    hear(brian.out, "guest2: nobody hears me\n");
    hear(ada.out, "guest3: who is there?\n");
    end_nc(&brian);
    end_nc(&ada);
    hear(dennis.out, "* Ada has left");
    end_nc(&dennis);
    assert_int_equal(server_stop(server, SIGTERM, 3), 0);
}

/* ---- Names and rooms ------------------------------------------------------------------- */

static void a_name_is_unique_in_its_room_and_plain(void **state)
{
    struct server *server = *state;
    start_chat(server);
    int ada = come_in(server, "Ada");
    int other = come_in(server, "Brian");
    type(other, "/nick Ada\n");
    hear(other, "* that name is taken here\n");
    type(other, "/nick A d a\n");
    hear(other, "* a name has 1 to 20");
    type(other, "/nick 012345678901234567890\n");
    hear(other, "* a name has 1 to 20");
    type(other, "/join den\n");
    hear(other, "Brian has come to den\n");
    type(other, "/nick Ada\n");
    hear(other, "* Brian is now Ada\n");
    type(other, "/join lobby\n");
    hear(other, "* somebody there has your name\n");
    type(other, "/who\n");
    hear(other, "Ada\n");
    close(other);
    close(ada);
    assert_int_equal(server_stop(server, SIGTERM, 3), 0);
}

/* Whoever is there before him, a newcomer is let in. */
static void a_name_that_a_newcomer_would_get_may_be_taken(void **state)
{
    struct server *server = *state;
    start_chat(server);
    int ada = client_connect(server);
    hear(ada, "* guest1 has come to lobby\n");
    type(ada, "/nick guest2\n");
    hear(ada, "* guest1 is now guest2\n");
    int other = client_connect(server);
    hear(other, "* guest3 has come to lobby\n");
    close(other);
    close(ada);
    assert_int_equal(server_stop(server, SIGTERM, 3), 0);
}

/* ---- Bad company ----------------------------------------------------------------------- */

static void what_a_terminal_would_obey_is_left_out(void **state)
{
    struct server *server = *state;
    start_chat(server);
    int ada = come_in(server, "Ada");
    int other = client_connect(server);
    char line[] = "\x1b[2J\a\x00ring\xc3\xa9 \xc2\x9b \xc2\x1b\x9b \xc2\xa3\r\n"; /* U+009B begins commands, too */
    client_send(other, line, sizeof line - 1);
    hear(ada, ": [2Jring\xc3\xa9   \xc2\xa3\n");
    close(other);
    close(ada);
}

static void a_line_that_is_too_long_ends_its_writer_alone(void **state)
{
    struct server *server = *state;
    start_chat(server);
    int ada = come_in(server, "Ada");
    int other = come_in(server, "Brian");
    client_send(other, pattern(3, 0), 60000);
    hear(ada, "* Brian has left");
    close(other);
    type(ada, "still here\n");
    hear(ada, "Ada: still here\n");
    close(ada);
}

static void a_line_may_come_byte_by_byte(void **state)
{
    struct server *server = *state;
    start_chat(server);
    int ada = come_in(server, "Ada");
    int slow = come_in(server, "Brian");
    for (const char *at = "one by one\r\n"; *at != '\0'; at++) {
        client_send(slow, at, 1);
        nap_ms(5);
    }
    hear(ada, "Brian: one by one\n");
    close(slow);
    close(ada);
}

static void who_finishes_sending_or_resets_is_gone(void **state)
{
    struct server *server = *state;
    start_chat(server);
    int ada = come_in(server, "Ada");
    int half = come_in(server, "Brian"), reset = come_in(server, "Dennis");
    type(half, "an unfinished line");
    assert_return_code(shutdown(half, SHUT_WR), errno);
    hear(ada, "Brian: an unfinished line\n* Brian has left");
    type(reset, "never fini");
    client_reset_on_close(reset);
    close(reset);
    hear(ada, "* Dennis has left");
    close(half);
    close(ada);
}

/* Brian reads nothing. What the kernel's buffers take is his; then his outbox fills up, and he is dropped. */
static void who_reads_too_slowly_is_dropped_and_nobody_waits(void **state)
{
    struct server *server = *state;
    server->weighed = true;
    start_chat(server);
    int ada = come_in(server, "Ada");
    int brian = come_in(server, "Brian");
    size_t memory = server_memory(server);
    char line[1001];
    memset(line, 'x', sizeof line - 1);
    line[999] = '\n';
    line[1000] = '\0';
    bool dropped = false;
    static char heard[1 << 16];
    for (int i = 0; i < 20000 && !dropped; i++) {
        type(ada, line);
        for (size_t got = 0; got < 5 + 999 + 1 && !dropped;) { /* "Ada: " and the line, or that he has left */
            ssize_t n = read(ada, heard, sizeof heard - 1);
            assert_true(n > 0);
            heard[n] = '\0';
            got += (size_t)n;
            dropped = strstr(heard, "* Brian has left") != NULL;
        }
    }
    assert_true(dropped);
    assert_true(server_memory(server) < memory + ((size_t)(UNDER_ASAN ? 16 : 2) << 20));
    close(brian);
    close(ada);
    assert_int_equal(server_stop(server, SIGTERM, 3), 0);
}

/* It all comes in one turn of the loop, and is more than an outbox holds. */
static void who_says_much_at_once_drops_nobody_who_reads(void **state)
{
    struct server *server = *state;
    static char all[400 * 1000];
    start_chat(server);
    int ada = come_in(server, "Ada"), brian = come_in(server, "Brian");
    memset(all, 'x', sizeof all);
    for (size_t i = 999; i < sizeof all; i += 1000) {
        all[i] = '\n';
    }
    client_send(brian, all, sizeof all);
    for (size_t heard = 0; heard < sizeof all;) {
        ssize_t n = read(ada, all, sizeof all);
        assert_true(n > 0);
        heard += (size_t)n;
    }
    close(brian);
    close(ada);
}

static void thousands_may_come_at_once(void **state)
{
    struct server *server = *state;
    server->weighed = true;
    start_chat(server);
    int ada = come_in(server, "Ada");
    unsigned descriptors = server_descriptors(server);
    unsigned limit = descriptor_limit(), crowd = limit > CROWD + 100 ? CROWD : limit - 100;
    size_t memory[2];
    static int fds[CROWD];
    for (int round = 0; round < 2; round++) {
        for (unsigned i = 0; i < crowd; i++) {
            fds[i] = client_connect_from(server, i);
            assert_true(fds[i] >= 0);
        }
        server_await_descriptors(server, descriptors + crowd, 20);
        type(ada, round == 0 ? "first\n" : "second\n");
        for (unsigned i = 0; i < crowd; i += 499) {
            hear(fds[i], round == 0 ? "Ada: first\n" : "Ada: second\n");
        }
        for (unsigned i = 0; i < crowd; i++) {
            close(fds[i]);
        }
        server_await_descriptors(server, descriptors, 20);
        memory[round] = server_memory(server);
    }
    assert_true(memory[1] < memory[0] + memory[0] / 4);
    close(ada);
    assert_int_equal(server_stop(server, SIGTERM, 3), 0);
}

static void at_its_end_it_closes_and_is_done(void **state)
{
    struct server *server = *state;
    start_chat(server);
    int ada = come_in(server, "Ada"), silent = client_connect(server);
    int64_t began = clock_ns();
    assert_int_equal(server_stop(server, SIGINT, 4), 0);
    assert_true(clock_ns() - began < 3 * INT64_C(1000000000));
    char byte[4096];
    while (read(ada, byte, sizeof byte) > 0) {
    }
    close(silent);
    close(ada);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVER_TEST(people_with_nc_hear_each_other),
        SERVER_TEST(a_name_is_unique_in_its_room_and_plain),
        SERVER_TEST(a_name_that_a_newcomer_would_get_may_be_taken),
        SERVER_TEST(what_a_terminal_would_obey_is_left_out),
        SERVER_TEST(a_line_that_is_too_long_ends_its_writer_alone),
        SERVER_TEST(a_line_may_come_byte_by_byte),
        SERVER_TEST(who_finishes_sending_or_resets_is_gone),
        SERVER_TEST(who_reads_too_slowly_is_dropped_and_nobody_waits),
        SERVER_TEST(who_says_much_at_once_drops_nobody_who_reads),
        SERVER_TEST(thousands_may_come_at_once),
        SERVER_TEST(at_its_end_it_closes_and_is_done),
    };
    return cmocka_run_group_tests_name("chat", tests, NULL, NULL);
}
