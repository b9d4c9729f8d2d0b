/* A kernel that costs nothing, for the null suite. Preloaded into an echo server (LD_PRELOAD), it answers the
 * system calls of the echo loop in user space: the listening socket yields NULL_CONNECTIONS connections, each
 * of them has a 64-byte message in every epoll_wait, recv delivers it (once per wait, then EAGAIN) and send takes
 * it. After NULL_MESSAGES messages it prints "null NS", the CPU time per message, and ends the process.
 *
 * What it spends itself, some 3 ns per message, is part of every contender's figure alike. Connections are
 * unconnected sockets, so that fcntl, setsockopt and the like work on them. */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define MESSAGE 64
#define DESCRIPTORS_MAX 4096
#define SPINS_MAX 100000

/* 0: not one of ours; else the number of the wait in which it was read last. */
static uint64_t read_in[DESCRIPTORS_MAX];
static bool registered[DESCRIPTORS_MAX];
static struct epoll_event ready[DESCRIPTORS_MAX];
static int ready_count;
static int ready_next;

static int connections;
static int accepted;
static int listener = -1;
static struct epoll_event listener_event;
static uint64_t wait_number = 1;
static uint64_t handed_out;
static uint64_t bytes_sent;
static uint64_t mark; /* messages at which something happens: the clock starts, then stops */
static uint64_t messages_measured;
static int64_t started;
static char message[MESSAGE];
static int spins;

static void fail(const char *why)
{
    fprintf(stderr, "null kernel: %s\n", why);
    _exit(1);
}

static bool is_ours(int fd)
{
    return (unsigned)fd < DESCRIPTORS_MAX && read_in[fd] != 0;
}

static int64_t cpu_clock(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* ---- Connections ------------------------------------------------------------------------ */

int listen(int fd, int backlog)
{
    const char *count = getenv("NULL_CONNECTIONS");
    const char *messages = getenv("NULL_MESSAGES");
    if (count == NULL || messages == NULL) {
        fail("NULL_CONNECTIONS and NULL_MESSAGES are not set");
    }
    connections = atoi(count);
    messages_measured = strtoull(messages, NULL, 10);
    mark = messages_measured / 10 + 1;
    listener = fd;
    return (int)syscall(SYS_listen, fd, backlog);
}

int accept4(int fd, struct sockaddr *address, socklen_t *size, int flags)
{
    if (fd != listener) {
        return (int)syscall(SYS_accept4, fd, address, size, flags);
    }
    if (accepted == connections) {
        errno = EAGAIN;
        return -1;
    }
    int fake = socket(AF_INET, SOCK_STREAM | (flags & (SOCK_NONBLOCK | SOCK_CLOEXEC)), 0);
    if (fake < 0 || fake >= DESCRIPTORS_MAX) {
        fail("no descriptor for a connection");
    }
    accepted++;
    read_in[fake] = 1;
    if (size != NULL) {
        *size = 0;
    }
    return fake;
}

int accept(int fd, struct sockaddr *address, socklen_t *size)
{
    return accept4(fd, address, size, 0);
}

/* ---- Waiting ---------------------------------------------------------------------------- */

int epoll_ctl(int epfd, int operation, int fd, struct epoll_event *event)
{
    if (fd == listener && operation != EPOLL_CTL_DEL) {
        listener_event = *event;
        listener_event.events = EPOLLIN;
    } else if (is_ours(fd)) {
        if (operation != EPOLL_CTL_ADD || registered[fd]) {
            fail("a connection is registered otherwise than once");
        }
        registered[fd] = true;
        ready[ready_count] = *event;
        ready[ready_count++].events = EPOLLIN;
        return 0;
    }
    return (int)syscall(SYS_epoll_ctl, epfd, operation, fd, event);
}

static void at_mark(void)
{
    if (started == 0) {
        bytes_sent = 0;
        handed_out = 0;
        mark = messages_measured;
        started = cpu_clock();
        return;
    }
    int64_t spent = cpu_clock() - started;
    if (bytes_sent != handed_out * MESSAGE) {
        fail("not every message was echoed");
    }
    printf("null %.3f\n", (double)spent / (double)handed_out);
    fflush(stdout);
    _exit(0);
}

static int hand_out(struct epoll_event *events, int count_max)
{
    if (listener < 0) {
        return 0; /* a program may wait before it listens */
    }
    if (ready_count < connections) {
        if (++spins > SPINS_MAX) {
            fail("the connections are not accepted and registered");
        }
        events[0] = listener_event;
        return 1;
    }
    if (handed_out >= mark) {
        at_mark();
    }
    wait_number++;
    int count = ready_count - ready_next < count_max ? ready_count - ready_next : count_max;
    memcpy(events, ready + ready_next, (size_t)count * sizeof *events);
    ready_next = ready_next + count == ready_count ? 0 : ready_next + count;
    handed_out += (uint64_t)count;
    return count;
}

int epoll_wait(int epfd, struct epoll_event *events, int count_max, int timeout)
{
    (void)epfd;
    (void)timeout;
    return hand_out(events, count_max);
}

int epoll_pwait(int epfd, struct epoll_event *events, int count_max, int timeout, const sigset_t *mask)
{
    (void)epfd;
    (void)timeout;
    (void)mask;
    return hand_out(events, count_max);
}

int epoll_pwait2(int epfd, struct epoll_event *events, int count_max, const struct timespec *timeout,
                 const sigset_t *mask)
{
    (void)epfd;
    (void)timeout;
    (void)mask;
    return hand_out(events, count_max);
}

/* ---- Bytes ------------------------------------------------------------------------------ */

/* Bytes are copied, as they must be in any kernel; these 64 are all there ever are. */
static ssize_t deliver(int fd, void *buffer)
{
    if (read_in[fd] == wait_number) {
        errno = EAGAIN;
        return -1;
    }
    read_in[fd] = wait_number;
    memcpy(buffer, message, MESSAGE);
    return MESSAGE;
}

static ssize_t take(const void *data, size_t size)
{
    if (size == MESSAGE) {
        memcpy(message, data, MESSAGE);
    }
    bytes_sent += size;
    return (ssize_t)size;
}

static size_t total(const struct iovec *parts, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        size += parts[i].iov_len;
    }
    return size;
}

ssize_t recv(int fd, void *buffer, size_t size, int flags)
{
    return is_ours(fd) ? deliver(fd, buffer) : syscall(SYS_recvfrom, fd, buffer, size, flags, NULL, NULL);
}

ssize_t read(int fd, void *buffer, size_t size)
{
    return is_ours(fd) ? deliver(fd, buffer) : syscall(SYS_read, fd, buffer, size);
}

ssize_t recvmsg(int fd, struct msghdr *header, int flags)
{
    return is_ours(fd) ? deliver(fd, header->msg_iov[0].iov_base) : syscall(SYS_recvmsg, fd, header, flags);
}

/* What a library built with _FORTIFY_SOURCE calls instead. */
ssize_t __recv_chk(int fd, void *buffer, size_t size, size_t room, int flags);
ssize_t __recv_chk(int fd, void *buffer, size_t size, size_t room, int flags)
{
    (void)room;
    return recv(fd, buffer, size, flags);
}

ssize_t __read_chk(int fd, void *buffer, size_t size, size_t room);
ssize_t __read_chk(int fd, void *buffer, size_t size, size_t room)
{
    (void)room;
    return read(fd, buffer, size);
}

ssize_t send(int fd, const void *data, size_t size, int flags)
{
    return is_ours(fd) ? take(data, size) : syscall(SYS_sendto, fd, data, size, flags, NULL, 0);
}

ssize_t write(int fd, const void *data, size_t size)
{
    return is_ours(fd) ? take(data, size) : syscall(SYS_write, fd, data, size);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    return is_ours(fd) ? take(parts->iov_base, total(parts, (size_t)count)) : syscall(SYS_writev, fd, parts, count);
}

ssize_t sendmsg(int fd, const struct msghdr *header, int flags)
{
    const struct iovec *parts = header->msg_iov;
    return is_ours(fd) ? take(parts->iov_base, total(parts, header->msg_iovlen))
                       : syscall(SYS_sendmsg, fd, header, flags);
}
