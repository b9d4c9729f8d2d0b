/* The floor of the http suite: a server that answers every request with "hello", with nothing between it and epoll.
 * It finds the ends of request heads and looks at nothing in them; what it answers is what 10_http answers to
 * GET /hello, byte for byte. Requests that came together are answered together. */
#include "bench.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS_MAX = 1024, HEAD_MAX = 8192, ANSWERS_MAX = 65536 };

struct connection {
    int fd;
    size_t size; /* of a head that is not all there */
    char head[HEAD_MAX];
};

static int epfd;
static int listener;
static char answers[ANSWERS_MAX];
static char answer[512];
static size_t answer_size;

/* The answer, with the date of this second. */
static void make_answer(void)
{
    static time_t made;
    time_t now = time(NULL);
    if (now != made) {
        struct tm parts;
        answer_size = strftime(answer, sizeof answer,
                               "HTTP/1.1 200 OK\r\nDate: %a, %d %b %Y %H:%M:%S GMT\r\n"
                               "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 5\r\n\r\nhello",
                               gmtime_r(&now, &parts));
        made = now;
    }
}

static void add(int fd, void *subject)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = subject};
    if (epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &event) != 0) {
        bench_die("epoll_ctl: %s", strerror(errno));
    }
}

static void connection_close(struct connection *connection)
{
    close(connection->fd);
    free(connection);
}

/* The bytes of answers to the whole heads in `data`; what is left of it is kept in the connection. */
static size_t answer_heads(struct connection *connection, const char *data, size_t size)
{
    size_t answered = 0;
    const char *end;
    while ((end = memmem(data, size, "\r\n\r\n", 4)) != NULL && answered + answer_size <= sizeof answers) {
        memcpy(answers + answered, answer, answer_size);
        answered += answer_size;
        size -= (size_t)(end + 4 - data);
        data = end + 4;
    }
    memmove(connection->head, data, size);
    connection->size = size;
    return answered;
}

/* False: it is over. A client that does not take its answers is not waited for. */
static bool on_readable(struct connection *connection)
{
    ssize_t got = recv(connection->fd, connection->head + connection->size, HEAD_MAX - connection->size, 0);
    if (got <= 0) {
        return got < 0 && errno == EAGAIN;
    }
    make_answer();
    size_t size = answer_heads(connection, connection->head, connection->size + (size_t)got);
    return size == 0 ? connection->size < HEAD_MAX : send(connection->fd, answers, size, MSG_NOSIGNAL) == (ssize_t)size;
}

static void on_connections(void)
{
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct connection *connection = malloc(sizeof *connection);
        connection->fd = fd;
        connection->size = 0;
        add(fd, connection);
    }
}

int main(int argc, char **argv)
{
    static struct epoll_event events[EVENTS_MAX];
    listener = bench_listen(argc, argv);
    epfd = epoll_create1(EPOLL_CLOEXEC);
    add(listener, NULL);
    for (;;) {
        int count = epoll_wait(epfd, events, EVENTS_MAX, -1);
        for (int i = 0; i < count; i++) {
            struct connection *connection = events[i].data.ptr;
            if (connection == NULL) {
                on_connections();
            } else if (!on_readable(connection)) {
                connection_close(connection);
            }
        }
    }
}
