/* The only file of the library that makes system calls: each entry is one, with -errno for -1. */
#define _GNU_SOURCE
#include "os/linux.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif
#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441
#endif

#define RESULT(call) ((call) < 0 ? -errno : 0)

static int value_or_error(int value)
{
    return value < 0 ? -errno : value;
}

static ssize_t count_or_error(ssize_t count)
{
    return count > 0 ? count : count == 0 ? 0 : -errno; /* most often it is > 0 */
}

static eddy_ns os_clock_coarse(void *context)
{
    (void)context;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return EDDY_SEC(now.tv_sec) + now.tv_nsec;
}

static eddy_ns os_clock(void *context)
{
    (void)context;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return EDDY_SEC(now.tv_sec) + now.tv_nsec;
}

/* A page that the kernel clears in a child of fork, so that asking costs no call. Before Linux 4.14,
 * and in some emulators, it does not, and a child goes unnoticed. */
static int os_fork_mark(void *context, unsigned char **mark)
{
    (void)context;
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    void *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) {
        return -errno;
    }
    (void)madvise(page, size, MADV_WIPEONFORK);
    *mark = page;
    **mark = 1;
    return 0;
}

static void os_fork_unmark(void *context, unsigned char *mark)
{
    (void)context;
    munmap(mark, (size_t)sysconf(_SC_PAGESIZE));
}

static int os_epoll_create(void *context)
{
    (void)context;
    return value_or_error(epoll_create1(EPOLL_CLOEXEC));
}

static int os_epoll_ctl(void *context, int epfd, int op, int fd, struct epoll_event *event)
{
    (void)context;
    return value_or_error(epoll_ctl(epfd, op, fd, event));
}

static int os_epoll_wait(void *context, int epfd, struct epoll_event *events, int count, int timeout_ms)
{
    (void)context;
    return value_or_error(epoll_wait(epfd, events, count, timeout_ms));
}

/* Not through libc, which may be older than the kernel. The kernel's timespec is 64-bit. */
static int os_epoll_pwait2(void *context, int epfd, struct epoll_event *events, int count, eddy_ns span)
{
    (void)context;
    struct {
        int64_t seconds;
        int64_t nanoseconds;
    } timeout = {span / EDDY_SEC(1), span % EDDY_SEC(1)};
    return value_or_error((int)syscall(SYS_epoll_pwait2, epfd, events, count, &timeout, NULL, (size_t)0));
}

static int os_eventfd(void *context)
{
    (void)context;
    return value_or_error(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

static int os_signalfd(void *context, int fd, const sigset_t *set)
{
    (void)context;
    return value_or_error(signalfd(fd, set, SFD_CLOEXEC | SFD_NONBLOCK));
}

static int os_sigprocmask(void *context, int how, const sigset_t *set, sigset_t *old)
{
    (void)context;
    return RESULT(sigprocmask(how, set, old)); /* on Linux the calling thread's alone */
}

static int os_sigaction(void *context, int number, const struct sigaction *action, struct sigaction *old)
{
    (void)context;
    return RESULT(sigaction(number, action, old));
}

static int os_raise(void *context, int number)
{
    (void)context;
    return RESULT(kill(getpid(), number));
}

static ssize_t os_read(void *context, int fd, void *buffer, size_t size)
{
    (void)context;
    return count_or_error(read(fd, buffer, size));
}

static ssize_t os_write(void *context, int fd, const void *data, size_t size)
{
    (void)context;
    return count_or_error(write(fd, data, size));
}

static int os_close(void *context, int fd)
{
    (void)context;
    return RESULT(close(fd));
}

static int os_socket(void *context, int domain, int type, int protocol)
{
    (void)context;
    return value_or_error(socket(domain, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
}

static int os_bind(void *context, int fd, const struct sockaddr *address, socklen_t size)
{
    (void)context;
    return RESULT(bind(fd, address, size));
}

static int os_listen(void *context, int fd, int backlog)
{
    (void)context;
    return RESULT(listen(fd, backlog));
}

static int os_accept(void *context, int fd, struct sockaddr *address, socklen_t *size)
{
    (void)context;
    return value_or_error(accept4(fd, address, size, SOCK_CLOEXEC | SOCK_NONBLOCK));
}

static int os_connect(void *context, int fd, const struct sockaddr *address, socklen_t size)
{
    (void)context;
    return RESULT(connect(fd, address, size));
}

static int os_shutdown(void *context, int fd, int how)
{
    (void)context;
    return RESULT(shutdown(fd, how));
}

static int os_getsockopt(void *context, int fd, int level, int name, void *value, socklen_t *size)
{
    (void)context;
    return RESULT(getsockopt(fd, level, name, value, size));
}

static int os_setsockopt(void *context, int fd, int level, int name, const void *value, socklen_t size)
{
    (void)context;
    return RESULT(setsockopt(fd, level, name, value, size));
}

static int os_getsockname(void *context, int fd, struct sockaddr *address, socklen_t *size)
{
    (void)context;
    return RESULT(getsockname(fd, address, size));
}

static int os_getpeername(void *context, int fd, struct sockaddr *address, socklen_t *size)
{
    (void)context;
    return RESULT(getpeername(fd, address, size));
}

ssize_t eddyi_linux_recv(void *context, int fd, void *buffer, size_t size, int flags)
{
    (void)context;
    return count_or_error(recv(fd, buffer, size, flags));
}

ssize_t eddyi_linux_send(void *context, int fd, const void *data, size_t size, int flags)
{
    (void)context;
    return count_or_error(send(fd, data, size, flags));
}

static ssize_t os_sendmsg(void *context, int fd, const struct msghdr *message, int flags)
{
    (void)context;
    return count_or_error(sendmsg(fd, message, flags));
}

static ssize_t os_sendfile(void *context, int out, int in, off_t *offset, size_t size)
{
    (void)context;
    return count_or_error(sendfile(out, in, offset, size));
}

static ssize_t os_splice(void *context, int in, int out, size_t size, unsigned flags)
{
    (void)context;
    return count_or_error(splice(in, NULL, out, NULL, size, flags));
}

static int os_pipe(void *context, int fds[2])
{
    (void)context;
    return RESULT(pipe2(fds, O_CLOEXEC | O_NONBLOCK));
}

static int os_open(void *context, const char *path, int flags)
{
    (void)context;
    return value_or_error(open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
}

static int os_fstat(void *context, int fd, struct stat *status)
{
    (void)context;
    return RESULT(fstat(fd, status));
}

static int os_fcntl(void *context, int fd, int command, int argument)
{
    (void)context;
    return value_or_error(fcntl(fd, command, argument));
}

static int os_getpid(void *context)
{
    (void)context;
    return getpid();
}

static int os_descriptor_limit(void *context, size_t *limit)
{
    (void)context;
    struct rlimit both;
    int error = RESULT(getrlimit(RLIMIT_NOFILE, &both));
    *limit = error < 0 ? 0 : (size_t)both.rlim_cur;
    return error;
}

static mode_t os_umask(void *context, mode_t mask)
{
    (void)context;
    return umask(mask);
}

static int os_lstat(void *context, const char *path, struct stat *status)
{
    (void)context;
    return RESULT(lstat(path, status));
}

static int os_unlink(void *context, const char *path)
{
    (void)context;
    return RESULT(unlink(path));
}

const struct eddy_os eddy_os_linux = {
    .clock = os_clock,
    .clock_coarse = os_clock_coarse,
    .fork_mark = os_fork_mark,
    .fork_unmark = os_fork_unmark,
    .epoll_create = os_epoll_create,
    .epoll_ctl = os_epoll_ctl,
    .epoll_wait = os_epoll_wait,
    .epoll_pwait2 = os_epoll_pwait2,
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
    .recv = eddyi_linux_recv,
    .send = eddyi_linux_send,
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
