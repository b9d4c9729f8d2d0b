/* The floor of the proxy suite: `bench_proxy_raw PORT` takes its clients to that port, with nothing between it and
 * epoll. With BENCH_SPLICE == 1 the bytes do not pass through the program. Edge-triggered: a short read has drained the
 * socket unless the other end has hung up. */
#include "bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS_MAX = 1024, PART = 65536 };

/* One side of a connection, and the way from it to the other side. */
struct side {
    struct pair *pair;
    struct side *other;
    int fd;
    int pipe[2];
    size_t kept; /* bytes received and not sent */
    size_t sent; /* of `rest` */
    char *rest;
    bool ended; /* it has finished sending, */
    bool told;  /* and the other side knows */
};

struct pair {
    struct side sides[2];
    struct pair *next; /* of the closed ones, that are freed after the batch of events */
    bool closed;
};

static int epfd;
static int listener;
static struct sockaddr_in target;
static struct pair *closed;

static void watch(int fd, void *subject, uint32_t mask)
{
    struct epoll_event event = {.events = mask, .data.ptr = subject};
    if (epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &event) != 0) {
        bench_die("epoll_ctl: %s", strerror(errno));
    }
}

static void pair_close(struct pair *pair)
{
    for (int i = 0; i < 2; i++) {
        close(pair->sides[i].fd);
        free(pair->sides[i].rest);
        if (BENCH_SPLICE) {
            close(pair->sides[i].pipe[0]);
            close(pair->sides[i].pipe[1]);
        }
    }
    pair->closed = true;
    pair->next = closed;
    closed = pair;
}

/* ---- By splice, or by copy: what is received is kept, and sent as far as there is room -------- */

static char buffer[PART];

static ssize_t take(struct side *from)
{
    return BENCH_SPLICE ? splice(from->fd, NULL, from->pipe[1], NULL, PART, SPLICE_F_NONBLOCK | SPLICE_F_MOVE)
                        : recv(from->fd, buffer, PART, 0);
}

/* Send what is kept: false: an error. */
static bool give(struct side *from)
{
    while (from->kept > 0) {
        const char *data = from->rest != NULL ? from->rest + from->sent : buffer;
        ssize_t n = BENCH_SPLICE ? splice(from->pipe[0], NULL, from->other->fd, NULL, from->kept, SPLICE_F_NONBLOCK)
                                 : send(from->other->fd, data, from->kept, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN) {
            if (!BENCH_SPLICE && from->rest == NULL) {
                from->rest = malloc(from->kept);
                memcpy(from->rest, buffer, from->kept);
                from->sent = 0;
            }
            return true;
        }
        if (n < 0) {
            return false;
        }
        from->kept -= (size_t)n;
        from->sent += (size_t)n;
        if (!BENCH_SPLICE && from->rest == NULL && from->kept > 0) {
            memmove(buffer, buffer + n, from->kept);
        }
    }
    free(from->rest);
    from->rest = NULL;
    return true;
}

/* Move what can be moved from one side to the other. False: an error. */
static bool pump(struct side *from, bool hung_up)
{
    for (;;) {
        if (!give(from)) {
            return false;
        }
        if (from->kept > 0) {
            return true;
        }
        if (from->ended) {
            if (!from->told) {
                shutdown(from->other->fd, SHUT_WR);
                from->told = true;
            }
            return true;
        }
        ssize_t n = take(from);
        if (n < 0) {
            return errno == EAGAIN;
        }
        from->ended = n == 0;
        from->kept = (size_t)n;
        if (n > 0 && n < PART && !hung_up) {
            return give(from);
        }
    }
}

static void on_event(struct side *side, uint32_t events)
{
    bool hung_up = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    bool good = true;
    if ((events & EPOLLOUT) != 0 && side->other->kept > 0) {
        good = pump(side->other, true);
    }
    if (good && (hung_up || (events & EPOLLIN) != 0)) {
        good = pump(side, hung_up);
    }
    if (!good || (side->told && side->other->told)) {
        pair_close(side->pair);
    }
}

static void on_connections(void)
{
    int fd, on = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct pair *pair = calloc(1, sizeof *pair);
        int far = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        setsockopt(far, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (connect(far, (struct sockaddr *)&target, sizeof target) != 0 && errno != EINPROGRESS) {
            bench_die("connect: %s", strerror(errno));
        }
        for (int i = 0; i < 2; i++) {
            struct side *side = &pair->sides[i];
            *side = (struct side){.pair = pair, .other = &pair->sides[1 - i], .fd = i == 0 ? fd : far};
            if (BENCH_SPLICE && pipe2(side->pipe, O_NONBLOCK | O_CLOEXEC) != 0) {
                bench_die("pipe: %s", strerror(errno));
            }
        }
        watch(fd, &pair->sides[0], EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
        watch(far, &pair->sides[1], EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
    }
}

int main(int argc, char **argv)
{
    static struct epoll_event events[EVENTS_MAX];
    if (argc != 2) {
        bench_die("usage: %s PORT", argv[0]);
    }
    target = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1]))};
    target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listener = bench_listen(1, argv);
    epfd = epoll_create1(EPOLL_CLOEXEC);
    watch(listener, NULL, EPOLLIN);
    for (;;) {
        int count = epoll_wait(epfd, events, EVENTS_MAX, -1);
        for (int i = 0; i < count; i++) {
            struct side *side = events[i].data.ptr;
            if (side == NULL) {
                on_connections();
            } else if (!side->pair->closed) {
                on_event(side, events[i].events);
            }
        }
        while (closed != NULL) {
            struct pair *pair = closed;
            closed = pair->next;
            free(pair);
        }
    }
}
