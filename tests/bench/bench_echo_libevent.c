/* The echo server on libevent's plain events (not bufferevents, which cost 30% more): one event per
 * connection inside its structure, recv and send by the program. */
#include "bench.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct connection {
    struct event event;
    size_t sent;
    size_t size; /* of what waits to be sent */
    char *rest;
};

static struct event_base *base;
static char buffer[BENCH_ECHO_BUFFER];

static void on_event(evutil_socket_t fd, short events, void *argument);

static void connection_close(struct connection *connection, int fd)
{
    event_del(&connection->event);
    close(fd);
    free(connection->rest);
    free(connection);
}

static void watch(struct connection *connection, int fd, short events)
{
    event_del(&connection->event);
    event_assign(&connection->event, base, fd, (short)(events | EV_PERSIST), on_event, connection);
    event_add(&connection->event, NULL);
}

static void on_writable(struct connection *connection, int fd)
{
    ssize_t sent = send(fd, connection->rest + connection->sent, connection->size - connection->sent, MSG_NOSIGNAL);
    if (sent < 0) {
        if (errno != EAGAIN) {
            connection_close(connection, fd);
        }
        return;
    }
    connection->sent += (size_t)sent;
    if (connection->sent == connection->size) {
        free(connection->rest);
        connection->rest = NULL;
        watch(connection, fd, EV_READ);
    }
}

static void on_event(evutil_socket_t fd, short events, void *argument)
{
    struct connection *connection = argument;
    if (events & EV_WRITE) {
        on_writable(connection, fd);
        return;
    }
    ssize_t got = recv(fd, buffer, sizeof buffer, 0);
    if (got <= 0) {
        if (got == 0 || errno != EAGAIN) {
            connection_close(connection, fd);
        }
        return;
    }
    ssize_t sent = send(fd, buffer, (size_t)got, MSG_NOSIGNAL);
    if (sent == got) {
        return;
    }
    if (sent < 0 && errno != EAGAIN) {
        connection_close(connection, fd);
        return;
    }
    size_t done = sent < 0 ? 0 : (size_t)sent;
    connection->size = (size_t)got - done;
    connection->sent = 0;
    connection->rest = malloc(connection->size);
    memcpy(connection->rest, buffer + done, connection->size);
    watch(connection, fd, EV_WRITE);
}

static void on_connections(evutil_socket_t listener, short events, void *argument)
{
    int fd;
    (void)events;
    (void)argument;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct connection *connection = calloc(1, sizeof *connection);
        event_assign(&connection->event, base, fd, EV_READ | EV_PERSIST, on_event, connection);
        event_add(&connection->event, NULL);
    }
}

int main(int argc, char **argv)
{
    struct event_config *config = event_config_new();
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_IGNORE_ENV);
    base = event_base_new_with_config(config);
    struct event listener;
    event_assign(&listener, base, bench_listen(argc, argv), EV_READ | EV_PERSIST, on_connections, NULL);
    event_add(&listener, NULL);
    event_base_dispatch(base);
    return 0;
}
