/* The table of a test_os. Each entry asks first whether it has to fail. */
#include "support/test_os.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

enum { TEST_PARTS = 64 }; /* of a message that is cut */

static const struct eddy_os *const kernel = &eddy_os_linux;

static bool is_inet(int fd)
{
    int domain = 0;
    socklen_t size = sizeof domain;
    kernel->getsockopt(NULL, fd, SOL_SOCKET, SO_DOMAIN, &domain, &size);
    return domain != AF_UNIX;
}

void test_os_edge(struct test_os *os, int fd)
{
    if (fd < TEST_FDS && os->registered[fd].epfd >= 0) {
        struct epoll_event event = os->registered[fd].event;
        kernel->epoll_ctl(NULL, os->registered[fd].epfd, EPOLL_CTL_MOD, fd, &event);
    }
}

/* ---- Entries that only fail -------------------------------------------------------------- */

#define ENTRY(type, name, call, parameters, arguments)     \
    static type os_##name parameters                       \
    {                                                      \
        int error = test_os_strike(context, call);         \
        return error < 0 ? error : kernel->name arguments; \
    }

ENTRY(int, epoll_create, TEST_EPOLL_CREATE, (void *context), (NULL))
ENTRY(int, eventfd, TEST_EVENTFD, (void *context), (NULL))
ENTRY(int, signalfd, fd < 0 ? TEST_SIGNALFD : TEST_SIGNALFD_CHANGE, (void *context, int fd, const sigset_t *set),
      (NULL, fd, set))
ENTRY(int, sigprocmask, TEST_SIGPROCMASK, (void *context, int how, const sigset_t *set, sigset_t *old),
      (NULL, how, set, old))
ENTRY(int, sigaction, TEST_SIGACTION,
      (void *context, int number, const struct sigaction *action, struct sigaction *old), (NULL, number, action, old))
ENTRY(int, raise, TEST_RAISE, (void *context, int number), (NULL, number))
ENTRY(ssize_t, write, TEST_WRITE, (void *context, int fd, const void *data, size_t size), (NULL, fd, data, size))
ENTRY(int, socket, TEST_SOCKET, (void *context, int domain, int type, int protocol), (NULL, domain, type, protocol))
ENTRY(int, bind, address->sa_family == AF_UNIX ? TEST_BIND_UNIX : TEST_BIND_INET,
      (void *context, int fd, const struct sockaddr *address, socklen_t size), (NULL, fd, address, size))
ENTRY(int, listen, TEST_LISTEN, (void *context, int fd, int backlog), (NULL, fd, backlog))
ENTRY(int, shutdown, TEST_SHUTDOWN, (void *context, int fd, int how), (NULL, fd, how))
ENTRY(int, setsockopt, TEST_SETSOCKOPT, (void *context, int fd, int level, int name, const void *value, socklen_t size),
      (NULL, fd, level, name, value, size))
ENTRY(int, getsockname, TEST_GETSOCKNAME, (void *context, int fd, struct sockaddr *address, socklen_t *size),
      (NULL, fd, address, size))
ENTRY(int, pipe, TEST_PIPE, (void *context, int fds[2]), (NULL, fds))
ENTRY(int, open, TEST_OPEN, (void *context, const char *path, int flags), (NULL, path, flags))
ENTRY(int, fstat, TEST_FSTAT, (void *context, int fd, struct stat *status), (NULL, fd, status))
ENTRY(int, fcntl, TEST_FCNTL, (void *context, int fd, int command, int argument), (NULL, fd, command, argument))
ENTRY(int, getpid, TEST_GETPID, (void *context), (NULL))
ENTRY(int, descriptor_limit, TEST_DESCRIPTOR_LIMIT, (void *context, size_t *limit), (NULL, limit))
ENTRY(int, lstat, TEST_LSTAT, (void *context, const char *path, struct stat *status), (NULL, path, status))
ENTRY(int, unlink, TEST_UNLINK, (void *context, const char *path), (NULL, path))

/* ---- Entries with more to them ------------------------------------------------------------ */

static eddy_ns os_clock(void *context)
{
    return ((struct test_os *)context)->now;
}

/* The page counts as memory. */
static int os_fork_mark(void *context, unsigned char **mark)
{
    struct test_os *os = context;
    int error = test_os_strike(os, TEST_FORK_MARK);
    error = error < 0 ? error : kernel->fork_mark(NULL, mark);
    os->blocks += error == 0;
    return error;
}

static void os_fork_unmark(void *context, unsigned char *mark)
{
    ((struct test_os *)context)->blocks--;
    kernel->fork_unmark(NULL, mark);
}

static mode_t os_umask(void *context, mode_t mask)
{
    test_os_strike(context, TEST_UMASK);
    return kernel->umask(NULL, mask);
}

static int os_epoll_ctl(void *context, int epfd, int op, int fd, struct epoll_event *event)
{
    static const enum test_call calls[] = {
        [EPOLL_CTL_ADD] = TEST_EPOLL_ADD, [EPOLL_CTL_MOD] = TEST_EPOLL_MOD, [EPOLL_CTL_DEL] = TEST_EPOLL_DEL};
    struct test_os *os = context;
    int error = test_os_strike(os, calls[op]);
    if (error < 0 && op != EPOLL_CTL_DEL) {
        return error;
    }
    int result = kernel->epoll_ctl(NULL, epfd, op, fd, event); /* a removal that fails: was out already */
    if (result == 0 && fd < TEST_FDS) {
        os->registered[fd].epfd = op == EPOLL_CTL_DEL ? -1 : epfd;
        os->registered[fd].event = event != NULL ? *event : (struct epoll_event){.events = 0};
    }
    return error < 0 ? error : result;
}

static ssize_t os_read(void *context, int fd, void *buffer, size_t size)
{
    int error = test_os_strike(context, TEST_READ);
    if (error == -EAGAIN) {
        test_os_edge(context, fd);
    }
    return error < 0 ? error : kernel->read(NULL, fd, buffer, size);
}

/* The descriptor is gone whatever close() answers. */
static int os_close(void *context, int fd)
{
    struct test_os *os = context;
    int error = test_os_strike(os, TEST_CLOSE);
    if (fd >= 0 && fd < TEST_FDS) {
        os->registered[fd].epfd = -1;
    }
    int result = kernel->close(NULL, fd);
    return error < 0 ? error : result;
}

/* ECONNABORTED and EPROTO cost the connection; the others leave it in the backlog. */
static int os_accept(void *context, int fd, struct sockaddr *address, socklen_t *size)
{
    struct test_os *os = context;
    int error = test_os_strike(os, TEST_ACCEPT);
    if (error == -ECONNABORTED || error == -EPROTO) {
        int lost = kernel->accept(NULL, fd, NULL, NULL);
        if (lost < 0) {
            os->failed--;
            return lost;
        }
        kernel->close(NULL, lost);
    } else if (error == -EAGAIN) {
        test_os_edge(os, fd);
    }
    return error < 0 ? error : kernel->accept(NULL, fd, address, size);
}

/* An interrupted connect goes on. */
static int os_connect(void *context, int fd, const struct sockaddr *address, socklen_t size)
{
    int error = test_os_strike(context, address->sa_family == AF_UNIX ? TEST_CONNECT_UNIX : TEST_CONNECT_INET);
    if (error == -EINTR) {
        int result = kernel->connect(NULL, fd, address, size);
        return result == 0 || result == -EINPROGRESS ? error : result;
    }
    return error < 0 ? error : kernel->connect(NULL, fd, address, size);
}

static int os_getsockopt(void *context, int fd, int level, int name, void *value, socklen_t *size)
{
    bool is_error = level == SOL_SOCKET && name == SO_ERROR;
    int error = test_os_strike(context, is_error ? TEST_GETSOCKOPT_ERROR : TEST_GETSOCKOPT);
    if (error < 0 && is_error) {
        *(int *)value = -error;
        return 0;
    }
    return error < 0 ? error : kernel->getsockopt(NULL, fd, level, name, value, size);
}

/* A connection that is not there yet comes. */
static int os_getpeername(void *context, int fd, struct sockaddr *address, socklen_t *size)
{
    int error = test_os_strike(context, TEST_GETPEERNAME);
    if (error < 0) {
        test_os_edge(context, fd);
        return error;
    }
    return kernel->getpeername(NULL, fd, address, size);
}

static size_t shorten(enum test_short how, size_t size)
{
    switch (how) {
    case TEST_ONE_BYTE:
        return 1;
    case TEST_HALF:
        return (size + 1) / 2;
    case TEST_ALL_BUT_ONE:
        return size > 1 ? size - 1 : size;
    case TEST_WHOLE:
        break;
    }
    return size;
}

/* What is left behind by a short transfer looks as if it came later. */
static ssize_t os_recv(void *context, int fd, void *buffer, size_t size, int flags)
{
    struct test_os *os = context;
    int error = test_os_strike(os, is_inet(fd) ? TEST_RECV_INET : TEST_RECV_UNIX);
    size_t wanted = size == 0 ? 0 : shorten(os->chaos.short_recv, size);
    ssize_t result = error < 0 ? error : kernel->recv(NULL, fd, buffer, wanted, flags);
    if (error == -EAGAIN || wanted < size) {
        test_os_edge(os, fd);
    }
    return result;
}

static ssize_t os_send(void *context, int fd, const void *data, size_t size, int flags)
{
    struct test_os *os = context;
    int error = test_os_strike(os, is_inet(fd) ? TEST_SEND_INET : TEST_SEND_UNIX);
    size_t wanted = size == 0 ? 0 : shorten(os->chaos.short_send, size);
    ssize_t result = error < 0 ? error : kernel->send(NULL, fd, data, wanted, flags);
    if (error == -EAGAIN || wanted < size) {
        test_os_edge(os, fd);
    }
    return result;
}

/* Cut the message so that it ends within a part, wherever that is. */
static ssize_t os_sendmsg(void *context, int fd, const struct msghdr *message, int flags)
{
    struct test_os *os = context;
    int error = test_os_strike(os, is_inet(fd) ? TEST_SENDMSG_INET : TEST_SENDMSG_UNIX);
    size_t size = 0, count = 0;
    while (count < (size_t)message->msg_iovlen) {
        size += message->msg_iov[count++].iov_len;
    }
    size_t wanted = size == 0 ? 0 : shorten(os->chaos.short_send, size);
    ssize_t result = error;
    if (error == 0 && wanted == size) {
        result = kernel->sendmsg(NULL, fd, message, flags);
    } else if (error == 0) {
        struct iovec parts[TEST_PARTS];
        struct msghdr shorter = *message;
        shorter.msg_iov = parts;
        count = 0;
        for (size_t left = wanted; left > 0 && count < TEST_PARTS;) {
            parts[count] = message->msg_iov[count];
            parts[count].iov_len = parts[count].iov_len < left ? parts[count].iov_len : left;
            left -= parts[count++].iov_len;
        }
        shorter.msg_iovlen = (__typeof__(shorter.msg_iovlen))count; /* musl's is an int */
        result = kernel->sendmsg(NULL, fd, &shorter, flags);
    }
    if (error == -EAGAIN || wanted < size) {
        test_os_edge(os, fd);
    }
    return result;
}

static ssize_t os_sendfile(void *context, int out, int in, off_t *offset, size_t size)
{
    struct test_os *os = context;
    int error = test_os_strike(os, TEST_SENDFILE);
    size_t wanted = size == 0 ? 0 : shorten(os->chaos.short_send, size);
    ssize_t result = error < 0 ? error : kernel->sendfile(NULL, out, in, offset, wanted);
    if (error == -EAGAIN || wanted < size) {
        test_os_edge(os, out);
    }
    return result;
}

static bool is_socket(int fd)
{
    struct stat status;
    return kernel->fstat(NULL, fd, &status) == 0 && S_ISSOCK(status.st_mode);
}

static ssize_t os_splice(void *context, int in, int out, size_t size, unsigned flags)
{
    struct test_os *os = context;
    bool receives = is_socket(in);
    int error = test_os_strike(os, receives ? TEST_SPLICE_IN : TEST_SPLICE_OUT);
    size_t wanted = size == 0 ? 0 : shorten(receives ? os->chaos.short_recv : os->chaos.short_send, size);
    ssize_t result = error < 0 ? error : kernel->splice(NULL, in, out, wanted, flags);
    if (error == -EAGAIN || wanted < size) {
        test_os_edge(os, receives ? in : out);
    }
    return result;
}

/* ---- Life ---------------------------------------------------------------------------------- */

static const struct eddy_os table = {
    .clock = os_clock,
    .fork_mark = os_fork_mark,
    .fork_unmark = os_fork_unmark,
    .epoll_create = os_epoll_create,
    .epoll_ctl = os_epoll_ctl,
    .epoll_wait = test_os_epoll_wait,
    .epoll_pwait2 = test_os_epoll_pwait2,
    .eventfd = os_eventfd,
    .signalfd = os_signalfd,
    .sigprocmask = os_sigprocmask,
    .sigaction = os_sigaction,
    .raise = os_raise,
    .read = os_read,
    .write = os_write,
    .close = os_close,
    .socket = os_socket,
    .bind = os_bind,
    .listen = os_listen,
    .accept = os_accept,
    .connect = os_connect,
    .shutdown = os_shutdown,
    .getsockopt = os_getsockopt,
    .setsockopt = os_setsockopt,
    .getsockname = os_getsockname,
    .getpeername = os_getpeername,
    .recv = os_recv,
    .send = os_send,
    .sendmsg = os_sendmsg,
    .sendfile = os_sendfile,
    .splice = os_splice,
    .pipe = os_pipe,
    .open = os_open,
    .fstat = os_fstat,
    .fcntl = os_fcntl,
    .getpid = os_getpid,
    .descriptor_limit = os_descriptor_limit,
    .umask = os_umask,
    .lstat = os_lstat,
    .unlink = os_unlink,
};

void test_os_init(struct test_os *os)
{
    memset(os, 0, sizeof *os);
    os->os = table;
    os->os.context = os;
    os->allocator = (struct eddy_allocator){os, test_os_resize};
    os->now = EDDY_SEC(1000);
    os->epfd = -1;
    os->seed = 1;
    os->struck = TEST_CALLS;
    for (int fd = 0; fd < TEST_FDS; fd++) {
        os->registered[fd].epfd = -1;
    }
}

void test_os_restart(struct test_os *os, const struct test_fault *fault)
{
    static const struct test_chaos none;
    os->fault = fault != NULL ? *fault : (struct test_fault){.at = 0};
    os->chaos = none;
    os->held_count = 0;
    os->hung = false;
    os->waits = 0;
    os->count = 0;
    os->failed = 0;
    os->struck = TEST_CALLS;
    memset(os->calls, 0, sizeof os->calls);
}

void test_os_advance(struct test_os *os, eddy_ns span)
{
    os->now += span;
}

unsigned test_os_random(struct test_os *os, unsigned limit)
{
    os->seed = os->seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(os->seed >> 33) % limit;
}
