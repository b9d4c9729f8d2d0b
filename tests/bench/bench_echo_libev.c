/* The echo server on libev: one ev_io per connection, recv and send by the program. */
#include "bench.h"

#include <errno.h>
#include <ev.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct connection {
    ev_io io;
    size_t sent;
    size_t size; /* of what waits to be sent */
    char *rest;
};

static char buffer[BENCH_ECHO_BUFFER];

static void connection_close(struct ev_loop *loop, struct connection *connection)
{
    ev_io_stop(loop, &connection->io);
    close(connection->io.fd);
    free(connection->rest);
    free(connection);
}

static void watch(struct ev_loop *loop, struct connection *connection, int events)
{
    ev_io_stop(loop, &connection->io);
    ev_io_set(&connection->io, connection->io.fd, events);
    ev_io_start(loop, &connection->io);
}

static void on_writable(struct ev_loop *loop, struct connection *connection)
{
    ssize_t sent =
        send(connection->io.fd, connection->rest + connection->sent, connection->size - connection->sent, MSG_NOSIGNAL);
    if (sent < 0) {
        if (errno != EAGAIN) {
            connection_close(loop, connection);
        }
        return;
    }
    connection->sent += (size_t)sent;
    if (connection->sent == connection->size) {
        free(connection->rest);
        connection->rest = NULL;
        watch(loop, connection, EV_READ);
    }
}

static void on_event(struct ev_loop *loop, ev_io *io, int events)
{
    struct connection *connection = (struct connection *)io;
    if (events & EV_WRITE) {
        on_writable(loop, connection);
        return;
    }
    ssize_t got = recv(io->fd, buffer, sizeof buffer, 0);
    if (got <= 0) {
        if (got == 0 || errno != EAGAIN) {
            connection_close(loop, connection);
        }
        return;
    }
    ssize_t sent = send(io->fd, buffer, (size_t)got, MSG_NOSIGNAL);
    if (sent == got) {
        return;
    }
    if (sent < 0 && errno != EAGAIN) {
        connection_close(loop, connection);
        return;
    }
    size_t done = sent < 0 ? 0 : (size_t)sent;
    connection->size = (size_t)got - done;
    connection->sent = 0;
    connection->rest = malloc(connection->size);
    memcpy(connection->rest, buffer + done, connection->size);
    watch(loop, connection, EV_WRITE);
}

static void on_connections(struct ev_loop *loop, ev_io *io, int events)
{
    int fd;
    (void)events;
    while ((fd = accept4(io->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct connection *connection = calloc(1, sizeof *connection);
        ev_io_init(&connection->io, on_event, fd, EV_READ);
        ev_io_start(loop, &connection->io);
    }
}

int main(int argc, char **argv)
{
    struct ev_loop *loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
    ev_io listener;
    ev_io_init(&listener, on_connections, bench_listen(argc, argv), EV_READ);
    ev_io_start(loop, &listener);
    ev_run(loop, 0);
    return 0;
}
