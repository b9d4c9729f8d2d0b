/* peers.c - see peers.h. */
#include "peers.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- Polite ---------------------------------------------------------------------------- */

static bool ends_with(const char *text, size_t size, const char *end)
{
    size_t length = strlen(end);
    return size >= length && memcmp(text + size - length, end, length) == 0;
}

void peers_ask(int fd, const struct manners *manners)
{
    char answer[4096];
    size_t size = 0;
    client_send(fd, manners->request, strlen(manners->request));
    while (!ends_with(answer, size, manners->answer)) {
        ssize_t n = size < sizeof answer ? recv(fd, answer + size, sizeof answer - size, 0) : 0;
        if (n <= 0) {
            fail_msg("no answer, but %zu bytes and: %s", size, n == 0 ? "the end" : strerror(errno));
        }
        size += (size_t)n;
    }
}

void peers_serve_one(const struct server *server, const struct manners *manners)
{
    int fd = client_connect(server);
    peers_ask(fd, manners);
    close(fd);
}

unsigned peers_count_descriptors(const struct server *server, const struct manners *manners)
{
    int fd = client_connect(server);
    peers_ask(fd, manners);
    unsigned count = server_descriptors(server) - 1;
    close(fd);
    server_await_descriptors(server, count, 5);
    return count;
}

size_t peers_read_all(int fd, char *text, size_t size)
{
    char rest[16384];
    size_t total = 0;
    ssize_t n;
    do {
        bool fits = total + 1 < size;
        n = recv(fd, fits ? text + total : rest, fits ? size - 1 - total : sizeof rest, 0);
        total += n > 0 ? (size_t)n : 0;
    } while (n > 0);
    if (n < 0 && errno != ECONNRESET) {
        fail_msg("%zu bytes came, then: %s", total, strerror(errno));
    }
    text[total < size ? total : size - 1] = '\0';
    return total;
}

/* ---- Rounds ---------------------------------------------------------------------------- */

/* What a server had before, and must have again. */
struct before {
    unsigned descriptors;
    size_t memory;
};

static struct before look(const struct server *server, const struct manners *manners)
{
    struct before before = {.descriptors = peers_count_descriptors(server, manners)};
    before.memory = server_memory(server);
    return before;
}

static void check(const struct server *server, const struct manners *manners, const struct before *before, int seconds)
{
    peers_serve_one(server, manners);
    server_await_descriptors(server, before->descriptors, seconds);
}

static void check_memory(const struct server *server, size_t memory)
{
    size_t now = server_memory(server);
    size_t slack = UNDER_ASAN ? 16 * PEERS_SLACK : PEERS_SLACK;
    if (now > memory + slack) {
        fail_msg("its memory grew from %zu to %zu bytes", memory, now);
    }
}

/* ---- Bad ------------------------------------------------------------------------------- */

static void crowd_round(const struct server *server, const struct manners *manners, int *fds, unsigned count)
{
    int guest = client_connect(server);
    for (unsigned i = 0; i < count; i++) {
        fds[i] = client_connect_from(server, i);
        assert_return_code(fds[i], errno);
        if (i % 500 == 0) {
            peers_ask(guest, manners);
        }
    }
    for (unsigned i = 0; i < count; i++) {
        client_send(fds[i], manners->request, strlen(manners->request));
    }
    for (unsigned i = 0; i < count; i++) {
        char answer[4096];
        size_t size = 0;
        while (!ends_with(answer, size, manners->answer)) {
            ssize_t n = recv(fds[i], answer + size, sizeof answer - size, 0);
            assert_true(n > 0);
            size += (size_t)n;
        }
    }
    for (unsigned i = 0; i < count; i++) {
        close(fds[i]);
    }
    peers_ask(guest, manners);
    close(guest);
}

void peers_crowd(const struct server *server, const struct manners *manners, unsigned count)
{
    struct before before = look(server, manners);
    unsigned limit = (unsigned)(descriptor_limit() * 8u / 10u); /* the server's own is 9 of 10 */
    if (count > limit) {
        print_message("only %u connections: descriptors are limited\n", limit);
        count = limit;
    }
    int *fds = calloc(count, sizeof *fds);
    assert_non_null(fds);
    size_t memory = 0;
    for (int round = 0; round < 3; round++) {
        crowd_round(server, manners, fds, count);
        check(server, manners, &before, 20);
        memory = round == 0 ? server_memory(server) : memory;
    }
    free(fds);
    check_memory(server, memory);
}

static void reset_round(const struct server *server, const char *text, size_t reads)
{
    int fds[100];
    for (unsigned i = 0; i < 100; i++) {
        fds[i] = client_connect_from(server, i);
        assert_return_code(fds[i], errno);
        client_send(fds[i], text, strlen(text));
    }
    for (unsigned i = 0; i < 100; i++) {
        char buffer[4096];
        for (size_t got = 0; got < reads;) {
            size_t left = reads - got;
            ssize_t n = recv(fds[i], buffer, left < sizeof buffer ? left : sizeof buffer, 0);
            assert_true(n > 0);
            got += (size_t)n;
        }
        client_reset_on_close(fds[i]);
        close(fds[i]);
    }
}

void peers_reset(const struct server *server, const struct manners *manners, const char *text, size_t reads)
{
    struct before before = look(server, manners);
    size_t memory = 0;
    for (int round = 0; round < 6; round++) {
        reset_round(server, text, reads);
        check(server, manners, &before, 10);
        memory = round == 1 ? server_memory(server) : memory;
    }
    check_memory(server, memory);
}

/* Send `text` again and again until nothing more is taken, 1 MiB at the most. */
static void stuff(int fd, const char *text)
{
    size_t size = strlen(text);
    for (size_t total = 0; total < (size_t)1 << 20;) {
        ssize_t n = send(fd, text, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0) {
            break;
        }
        total += (size_t)n;
    }
}

void peers_never_read(const struct server *server, const struct manners *manners, const char *text, unsigned count,
                      int seconds, size_t memory)
{
    struct before before = look(server, manners);
    int fds[200];
    size_t most = 0;
    int small = 4096;
    assert_true(count <= 200);
    for (unsigned i = 0; i < count; i++) {
        fds[i] = client_connect_from(server, i);
        assert_return_code(fds[i], errno);
        setsockopt(fds[i], SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
        stuff(fds[i], text);
        size_t now = server_memory(server);
        most = now > most ? now : most;
    }
    int64_t begin = clock_ns(), used = server_processor_time(server);
    for (int64_t end = begin + seconds * INT64_C(1000000000);
         server_descriptors(server) != before.descriptors && clock_ns() < end; nap_ms(20)) {
        size_t now = server_memory(server);
        most = now > most ? now : most;
        peers_serve_one(server, manners);
    }
    server_await_descriptors(server, before.descriptors, 1);
    assert_true(server_processor_time(server) - used <= (clock_ns() - begin) / 2); /* who waits does not spin */
    print_message("%u clients that never read cost %zu bytes at most\n", count,
                  most > before.memory ? most - before.memory : 0);
    if (!UNDER_ASAN) {
        assert_true(most < before.memory + memory);
    }
    for (unsigned i = 0; i < count; i++) {
        close(fds[i]);
    }
    peers_serve_one(server, manners);
}

void peers_truncate(const struct server *server, const struct manners *manners, const char *text, bool resets)
{
    struct before before = look(server, manners);
    char said[65536];
    for (size_t size = 0; size < strlen(text); size++) {
        int fd = client_connect_from(server, (unsigned)size);
        assert_return_code(fd, errno);
        client_send(fd, text, size);
        if (resets) {
            client_reset_on_close(fd);
        } else {
            shutdown(fd, SHUT_WR);
            peers_read_all(fd, said, sizeof said); /* it ends: nobody waits for the rest */
        }
        close(fd);
    }
    check(server, manners, &before, 10);
}

void peers_babble(const struct server *server, const struct manners *manners)
{
    struct before before = look(server, manners);
    char said[65536];
    for (unsigned i = 0; i < 300; i++) {
        int fd = client_connect_from(server, i);
        assert_return_code(fd, errno);
        size_t size = 1 + (i * (size_t)7919) % 20000;
        const char *bytes = pattern(i, 0);
        for (size_t sent = 0; sent < size;) {
            ssize_t n = send(fd, bytes + sent, size - sent, MSG_NOSIGNAL);
            if (n <= 0) {
                break; /* it had enough */
            }
            sent += (size_t)n;
        }
        shutdown(fd, SHUT_WR);
        peers_read_all(fd, said, sizeof said);
        close(fd);
    }
    check(server, manners, &before, 10);
    check_memory(server, before.memory);
}

void peers_dribble(const struct server *server, const struct manners *manners, const char *text, int span_ms,
                   char *said, size_t size)
{
    struct before before = look(server, manners);
    int guest = client_connect(server);
    int fd = client_connect(server);
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    size_t i = 0;
    while (text[i] != '\0' && poll(&readable, 1, span_ms) == 0) {
        send(fd, &text[i++], 1, MSG_NOSIGNAL);
        peers_ask(guest, manners);
    }
    if (text[i] == '\0') {
        fail_msg("it took %zu bytes, one at a time", i);
    }
    peers_read_all(fd, said, size);
    close(fd);
    close(guest);
    check(server, manners, &before, 10);
}
