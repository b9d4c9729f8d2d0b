/* The echo server with nothing between it and epoll: the floor. Level-triggered, or with BENCH_EDGE == 1
 * edge-triggered (a short read has drained the socket unless the other end has hung up). */
#include "bench.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS_MAX 1024

static const bool edge = BENCH_EDGE;

struct connection {
    int fd;
    size_t sent;
    size_t size; /* of what waits to be sent; 0: nothing */
    char *rest;
};

static int epfd;
static int listener;
static char buffer[BENCH_ECHO_BUFFER];

static void control(int operation, int fd, uint32_t mask, void *subject)
{
    struct epoll_event event = {.events = mask, .data.ptr = subject};
    if (epoll_ctl(epfd, operation, fd, &event) != 0) {
        bench_die("epoll_ctl: %s", strerror(errno));
    }
}

static void watch(struct connection *connection, int operation, uint32_t mask)
{
    if (edge) {
        mask |= EPOLLRDHUP | EPOLLET;
    }
    control(operation, connection->fd, mask, connection);
}

static void connection_close(struct connection *connection)
{
    close(connection->fd);
    free(connection->rest);
    free(connection);
}

/* What could not be sent is kept, and nothing more is read until it is gone. */
static void keep_rest(struct connection *connection, const char *data, size_t size)
{
    connection->rest = malloc(size);
    memcpy(connection->rest, data, size);
    connection->size = size;
    connection->sent = 0;
    watch(connection, EPOLL_CTL_MOD, edge ? EPOLLIN | EPOLLOUT : EPOLLOUT);
}

static void on_readable(struct connection *connection, bool hung_up)
{
    for (;;) {
        ssize_t got = recv(connection->fd, buffer, sizeof buffer, 0);
        if (got <= 0) {
            if (got == 0 || errno != EAGAIN) {
                connection_close(connection);
            }
            return;
        }
        ssize_t sent = send(connection->fd, buffer, (size_t)got, MSG_NOSIGNAL);
        if (sent != got) {
            if (sent < 0 && errno != EAGAIN) {
                connection_close(connection);
                return;
            }
            size_t done = sent < 0 ? 0 : (size_t)sent;
            keep_rest(connection, buffer + done, (size_t)got - done);
            return;
        }
        if (!edge || (got < (ssize_t)sizeof buffer && !hung_up)) {
            return;
        }
    }
}

/* True: all is sent, and reading goes on. */
static bool on_writable(struct connection *connection)
{
    ssize_t sent =
        send(connection->fd, connection->rest + connection->sent, connection->size - connection->sent, MSG_NOSIGNAL);
    if (sent < 0) {
        if (errno != EAGAIN) {
            connection_close(connection);
        }
        return false;
    }
    connection->sent += (size_t)sent;
    if (connection->sent < connection->size) {
        return false;
    }
    free(connection->rest);
    connection->rest = NULL;
    connection->size = 0;
    if (!edge) {
        watch(connection, EPOLL_CTL_MOD, EPOLLIN);
    }
    return edge;
}

static void on_connections(void)
{
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct connection *connection = calloc(1, sizeof *connection);
        connection->fd = fd;
        watch(connection, EPOLL_CTL_ADD, EPOLLIN);
    }
}

int main(int argc, char **argv)
{
    static struct epoll_event events[EVENTS_MAX];
    listener = bench_listen(argc, argv);
    epfd = epoll_create1(EPOLL_CLOEXEC);
    control(EPOLL_CTL_ADD, listener, EPOLLIN, NULL);
    for (;;) {
        int count = epoll_wait(epfd, events, EVENTS_MAX, -1);
        for (int i = 0; i < count; i++) {
            struct connection *connection = events[i].data.ptr;
            if (connection == NULL) {
                on_connections();
            } else if (connection->size == 0 || on_writable(connection)) {
                on_readable(connection, (events[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0);
            }
        }
    }
}
