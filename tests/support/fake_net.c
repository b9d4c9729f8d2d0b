#define _GNU_SOURCE
#include "support/fake_net.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PENDING_MAX = 32 };

/* A connection that is being made. */
struct pending {
    struct eddy_waiter waiter;
    int fd; /* -1: unused */
    const struct fake_host *host;
    int error; /* what SO_ERROR says */
    int epfd;
    struct epoll_event event;
};

static struct {
    struct eddy_loop *loop;
    struct eddy_os os;
    const struct eddy_os *below;
    struct eddy_threads threads;
    const struct fake_host *hosts;
    int lookup_error;
    int listeners[2]; /* IPv4, IPv6 */
    struct pending pending[PENDING_MAX];
} net;

static void insist(bool is_so)
{
    if (!is_so) {
        abort();
    }
}

/* ---- Names ----------------------------------------------------------------------------- */

static int net_getaddrinfo(void *context, const char *name, const char *service, const struct addrinfo *hints,
                           struct addrinfo **list)
{
    (void)context, (void)name, (void)service, (void)hints;
    for (const struct fake_host *host = net.hosts; host->address != NULL && net.lookup_error == 0; host++) {
        struct eddy_address address;
        insist(eddy_address_parse(&address, host->address, 0) == 0);
        struct addrinfo *info = calloc(1, sizeof *info + sizeof address);
        insist(info != NULL);
        info->ai_family = address.any.sa_family;
        info->ai_addrlen = address.size;
        info->ai_addr = (struct sockaddr *)(info + 1);
        memcpy(info + 1, &address.any, address.size);
        *list = info;
        list = &info->ai_next;
    }
    return net.lookup_error;
}

static void net_freeaddrinfo(void *context, struct addrinfo *list)
{
    (void)context;
    while (list != NULL) {
        struct addrinfo *next = list->ai_next;
        free(list);
        list = next;
    }
}

/* ---- Connections ------------------------------------------------------------------------- */

static const struct fake_host *host_at(const struct sockaddr *address)
{
    for (const struct fake_host *host = net.hosts; host->address != NULL; host++) {
        struct eddy_address known;
        insist(eddy_address_parse(&known, host->address, 0) == 0);
        bool same = known.any.sa_family == address->sa_family;
        if (same && address->sa_family == AF_INET) {
            same = memcmp(&known.in.sin_addr, &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4) == 0;
        } else if (same) {
            same =
                memcmp(&known.in6.sin6_addr, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, 16) == 0;
        }
        if (same) {
            return host;
        }
    }
    return NULL;
}

static struct pending *pending_of(int fd)
{
    for (int i = 0; i < PENDING_MAX; i++) {
        if (net.pending[i].fd == fd) {
            return &net.pending[i];
        }
    }
    return NULL;
}

static int open_listener(int family)
{
    struct eddy_address address;
    insist(eddy_address_parse(&address, family == AF_INET ? "127.0.0.1" : "::1", 0) == 0);
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    insist(fd >= 0 && bind(fd, &address.any, address.size) == 0 && listen(fd, 16) == 0);
    return fd;
}

/* Over loopback all is done within the call. */
static int connect_really(int fd, const struct fake_host *host, int family)
{
    struct eddy_address address = {.size = sizeof address.un};
    if (host->error == FAKE_MEETS_ITSELF) {
        insist(eddy_address_parse(&address, family == AF_INET ? "127.0.0.1" : "::1", 0) == 0);
        insist(bind(fd, &address.any, address.size) == 0);
        insist(getsockname(fd, &address.any, &address.size) == 0);
        return connect(fd, &address.any, address.size) == 0 ? 0 : -errno;
    }
    int listener = net.listeners[family == AF_INET6];
    insist(getsockname(listener, &address.any, &address.size) == 0);
    int result = connect(fd, &address.any, address.size) == 0 ? 0 : -errno;
    int peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    insist(peer >= 0);
    close(peer);
    return result;
}

static void on_due(struct eddy_waiter *waiter)
{
    struct pending *pending = EDDY_CONTAINER(waiter, struct pending, waiter);
    int fd = pending->fd;
    if (pending->host->error < 0) {
        pending->error = pending->host->error;
        struct epoll_event event = pending->event; /* set anew, it is told of anew */
        insist(epoll_ctl(pending->epfd, EPOLL_CTL_MOD, fd, &event) == 0);
        return;
    }
    pending->fd = -1;
    (void)connect_really(fd, pending->host, strchr(pending->host->address, ':') != NULL ? AF_INET6 : AF_INET);
}

static int net_connect(void *context, int fd, const struct sockaddr *address, socklen_t size)
{
    const struct fake_host *host = host_at(address);
    if (host == NULL) {
        return net.below->connect(context, fd, address, size);
    }
    if (host->after == 0) {
        return host->error < 0 ? host->error : connect_really(fd, host, address->sa_family);
    }
    struct pending *pending = pending_of(-1);
    insist(pending != NULL);
    pending->fd = fd;
    pending->host = host;
    pending->error = 0;
    eddy_waiter_init(&pending->waiter, net.loop, on_due);
    if (host->after != EDDY_FOREVER) {
        insist(eddy_sleep(host->after, &pending->waiter) == EDDY_PENDING);
    }
    return -EINPROGRESS;
}

static int net_epoll_ctl(void *context, int epfd, int op, int fd, struct epoll_event *event)
{
    struct pending *pending = pending_of(fd);
    if (pending != NULL && op == EPOLL_CTL_ADD) {
        pending->epfd = epfd;
        pending->event = *event;
    }
    return net.below->epoll_ctl(context, epfd, op, fd, event);
}

static int net_getsockopt(void *context, int fd, int level, int name, void *value, socklen_t *size)
{
    const struct pending *pending = pending_of(fd);
    int result = net.below->getsockopt(context, fd, level, name, value, size);
    if (pending != NULL && level == SOL_SOCKET && name == SO_ERROR) {
        *(int *)value = -pending->error;
    }
    return result;
}

static int net_close(void *context, int fd)
{
    struct pending *pending = fd >= 0 ? pending_of(fd) : NULL;
    if (pending != NULL) {
        pending->fd = -1;
        (void)eddy_wait_withdraw(&pending->waiter);
    }
    return net.below->close(context, fd);
}

/* ---- Life -------------------------------------------------------------------------------- */

void fake_net_begin(struct eddy_loop *loop, const struct fake_host *hosts)
{
    net.loop = loop;
    net.hosts = hosts;
    net.lookup_error = 0;
    net.below = loop->os;
    net.os = *loop->os;
    net.os.connect = net_connect;
    net.os.epoll_ctl = net_epoll_ctl;
    net.os.getsockopt = net_getsockopt;
    net.os.close = net_close;
    loop->os = &net.os;
    loop->poller.os = &net.os;
    net.threads = (struct eddy_threads){.getaddrinfo = net_getaddrinfo, .freeaddrinfo = net_freeaddrinfo};
    loop->threads = &net.threads;
    loop->flags |= EDDY_WORK_INLINE;
    net.listeners[0] = open_listener(AF_INET);
    net.listeners[1] = open_listener(AF_INET6);
    for (int i = 0; i < PENDING_MAX; i++) {
        net.pending[i].fd = -1;
    }
}

void fake_net_end(void)
{
    close(net.listeners[0]);
    close(net.listeners[1]);
    net.loop->os = net.below;
    net.loop->poller.os = net.below;
}

void fake_net_lookup_error(int error)
{
    net.lookup_error = error;
}

int fake_net_pending(void)
{
    int count = 0;
    for (int i = 0; i < PENDING_MAX; i++) {
        count += net.pending[i].fd >= 0;
    }
    return count;
}
