/* client.c - see client.h. What a crowd does must work in a forked child, so it asserts nothing. */
#include "client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/time.h>
#include <unistd.h>

#define PATTERN_PERIOD 65521 /* a prime, so that seeds and offsets do not fall together */

/* ---- Data --------------------------------------------------------------------------------- */

const char *pattern(unsigned seed, size_t offset)
{
    static char bytes[PATTERN_PERIOD + PATTERN_MAX];
    static bool filled;
    if (!filled) {
        uint32_t random = 2463534242u;
        for (size_t i = 0; i < sizeof bytes; i++) {
            random ^= random << 13;
            random ^= random >> 17;
            random ^= random << 5;
            bytes[i] = i < PATTERN_PERIOD ? (char)random : bytes[i - PATTERN_PERIOD];
        }
        filled = true;
    }
    return bytes + (seed * (size_t)7919 + offset) % PATTERN_PERIOD;
}

/* ---- One connection ------------------------------------------------------------------------ */

static void set_limits(int fd)
{
    struct timeval limit = {.tv_sec = 20};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

int client_connect(const struct server *server)
{
    int fd = socket(server->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_return_code(fd, errno);
    set_limits(fd);
    assert_return_code(connect(fd, (const struct sockaddr *)&server->address, server->address_size), errno);
    return fd;
}

int client_connect_from(const struct server *server, unsigned number)
{
    int fd = socket(server->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    set_limits(fd);
    if (server->address.ss_family == AF_INET) {
        int on = 1;
        setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        uint32_t host = 0x7f000000u | (1 + (uint32_t)getpid() % 250) << 16 | (1 + number % 20);
        struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr = {htonl(host)}};
        if (bind(fd, (struct sockaddr *)&own, sizeof own) != 0) {
            close(fd);
            return -1;
        }
    }
    if (connect(fd, (const struct sockaddr *)&server->address, server->address_size) != 0) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

void client_send(int fd, const void *data, size_t size)
{
    for (size_t sent = 0; sent < size;) {
        ssize_t n = send(fd, (const char *)data + sent, size - sent, MSG_NOSIGNAL);
        assert_return_code(n, errno);
        sent += (size_t)n;
    }
}

void client_expect(int fd, const void *data, size_t size)
{
    char buffer[65536];
    for (size_t got = 0; got < size;) {
        size_t room = size - got < sizeof buffer ? size - got : sizeof buffer;
        ssize_t n = recv(fd, buffer, room, 0);
        if (n <= 0) {
            fail_msg("%zu of %zu bytes came back, then: %s", got, size, n == 0 ? "the end" : strerror(errno));
        }
        assert_memory_equal(buffer, (const char *)data + got, (size_t)n);
        got += (size_t)n;
    }
}

void client_echo(int fd, const char *text)
{
    client_send(fd, text, strlen(text));
    client_expect(fd, text, strlen(text));
}

void client_expect_end(int fd)
{
    char byte;
    ssize_t n = recv(fd, &byte, 1, 0);
    assert_return_code(n, errno);
    assert_int_equal(n, 0);
}

size_t client_stuff(int fd, unsigned seed, int quiet_ms)
{
    size_t total = 0;
    struct pollfd writable = {.fd = fd, .events = POLLOUT};
    while (total < STUFF_MAX && poll(&writable, 1, quiet_ms) == 1) {
        ssize_t n = send(fd, pattern(seed, total), 16384, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno != EAGAIN) {
            break;
        }
        total += n > 0 ? (size_t)n : 0;
    }
    return total;
}

void client_reset_on_close(int fd)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}

void client_set_blocking(int fd, bool blocking)
{
    int flags = fcntl(fd, F_GETFL);
    fcntl(fd, F_SETFL, blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
}

unsigned client_count_descriptors(const struct server *server)
{
    int fd = client_connect(server);
    client_echo(fd, "hello\n"); /* now its start is over */
    unsigned count = server_descriptors(server) - 1;
    close(fd);
    server_await_descriptors(server, count, 5);
    return count;
}

/* ---- A crowd -------------------------------------------------------------------------------- */

struct member {
    int fd;
    unsigned seed;
    size_t sent;
    size_t received;
    bool ended;
    bool failed;
};

static void give_up(struct member *member, const char *what)
{
    fprintf(stderr, "connection %u: %s after %zu bytes sent and %zu received (%s)\n", member->seed, what, member->sent,
            member->received, strerror(errno));
    member->failed = true;
}

static void push(const struct crowd *crowd, struct member *member)
{
    while (member->sent < crowd->bytes) {
        size_t left = crowd->bytes - member->sent;
        ssize_t n = send(member->fd, pattern(member->seed, member->sent), left < 16384 ? left : 16384,
                         MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EAGAIN) {
            return;
        }
        if (n < 0) {
            give_up(member, "cannot send");
            return;
        }
        member->sent += (size_t)n;
        if (member->sent == crowd->bytes && crowd->half_close) {
            shutdown(member->fd, SHUT_WR);
        }
    }
}

static void pull(const struct crowd *crowd, struct member *member)
{
    char buffer[PATTERN_MAX];
    for (;;) {
        errno = 0;
        ssize_t n = recv(member->fd, buffer, sizeof buffer, MSG_DONTWAIT);
        if (n < 0 && errno == EAGAIN) {
            return;
        }
        if (n == 0 && crowd->half_close && member->received == crowd->bytes) {
            member->ended = true;
            return;
        }
        if (n <= 0) {
            give_up(member, n == 0 ? "the end came" : "cannot receive");
            return;
        }
        if (member->received + (size_t)n > crowd->bytes ||
            memcmp(buffer, pattern(member->seed, member->received), (size_t)n) != 0) {
            give_up(member, "other bytes came");
            return;
        }
        member->received += (size_t)n;
        if (member->received == crowd->bytes && !crowd->half_close) {
            member->ended = true;
            return;
        }
    }
}

static bool crowd_connect(const struct crowd *crowd, struct member *members, int epoll)
{
    for (unsigned i = 0; i < crowd->count; i++) {
        members[i] = (struct member){.fd = client_connect_from(crowd->server, i), .seed = crowd->seed + i};
        struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = &members[i]};
        if (members[i].fd < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, members[i].fd, &event) != 0) {
            fprintf(stderr, "connection %u: not connected: %s\n", i, strerror(errno));
            return false;
        }
    }
    char byte = 0;
    return crowd->ready_fd <= 0 || (write(crowd->ready_fd, &byte, 1) == 1 && read(crowd->go_fd, &byte, 1) == 1);
}

static unsigned crowd_exchange(const struct crowd *crowd, int epoll)
{
    unsigned exact = 0;
    for (unsigned left = crowd->count; left > 0;) {
        struct epoll_event events[256];
        int count = epoll_wait(epoll, events, 256, 20000);
        if (count <= 0) {
            fprintf(stderr, "%u connections wait in vain\n", left);
            break;
        }
        for (int i = 0; i < count; i++) {
            struct member *member = events[i].data.ptr;
            if (member->ended || member->failed) {
                continue;
            }
            pull(crowd, member);
            if (!member->failed && !member->ended) {
                push(crowd, member);
            }
            left -= member->ended || member->failed;
            exact += member->ended && !member->failed;
        }
    }
    return exact;
}

unsigned crowd_run(const struct crowd *crowd)
{
    struct member *members = calloc(crowd->count, sizeof *members);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    unsigned exact = 0;
    if (members != NULL && crowd_connect(crowd, members, epoll)) {
        exact = crowd_exchange(crowd, epoll);
    }
    for (unsigned i = 0; members != NULL && i < crowd->count; i++) {
        if (members[i].fd > 0) {
            close(members[i].fd);
        }
    }
    close(epoll);
    free(members);
    return exact;
}
