/* eddy/os.h - every system call the library makes, as a table.
 *
 *     struct eddy_os os = eddy_os_linux;
 *     os.recv = my_recv;                            a kernel that fails when you say so
 *     struct eddy_loop_options options = { .os = &os };
 *
 * Each entry takes `context` first and returns what the system call returns, but -errno
 * instead of -1: errno itself plays no part. Descriptors are created close-on-exec and
 * non-blocking. The idea is SQLite's VFS: with the system behind a table every failure of
 * it can be tested, and time can be virtual.
 */
#ifndef EDDY_OS_H
#define EDDY_OS_H

#include <eddy/api.h>
#include <eddy/time.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>

EDDY_BEGIN_DECLS

struct sigaction;

/* The table must outlive every loop that was started with it. */
struct eddy_os {
    void *context;

    /* CLOCK_MONOTONIC. Cannot fail. */
    eddy_ns (*clock)(void *context);
    /* The same, late by a few ms at the most, for what dumps tell. NULL: they tell less exactly. */
    eddy_ns (*clock_coarse)(void *context);

    /* A byte that reads 1 here and 0 in a child of fork, in *mark; -ENOMEM. */
    int (*fork_mark)(void *context, unsigned char **mark);
    void (*fork_unmark)(void *context, unsigned char *mark);

    int (*epoll_create)(void *context);
    int (*epoll_ctl)(void *context, int epfd, int op, int fd, struct epoll_event *event);
    /* Whole ms; -1: no timeout. */
    int (*epoll_wait)(void *context, int epfd, struct epoll_event *events, int count, int timeout_ms);
    /* To the ns; -ENOSYS or -EPERM where the kernel or a sandbox does not have it. */
    int (*epoll_pwait2)(void *context, int epfd, struct epoll_event *events, int count, eddy_ns span);

    int (*eventfd)(void *context);
    /* fd == -1 creates one, else its set of signals is changed. */
    int (*signalfd)(void *context, int fd, const sigset_t *set);
    int (*sigprocmask)(void *context, int how, const sigset_t *set, sigset_t *old);
    int (*sigaction)(void *context, int number, const struct sigaction *action, struct sigaction *old);
    /* Send `number` to this process. */
    int (*raise)(void *context, int number);

    ssize_t (*read)(void *context, int fd, void *buffer, size_t size);
    ssize_t (*write)(void *context, int fd, const void *data, size_t size);
    int (*close)(void *context, int fd);

    int (*socket)(void *context, int domain, int type, int protocol);
    int (*bind)(void *context, int fd, const struct sockaddr *address, socklen_t size);
    int (*listen)(void *context, int fd, int backlog);
    int (*accept)(void *context, int fd, struct sockaddr *address, socklen_t *size);
    int (*connect)(void *context, int fd, const struct sockaddr *address, socklen_t size);
    int (*shutdown)(void *context, int fd, int how);
    int (*getsockopt)(void *context, int fd, int level, int name, void *value, socklen_t *size);
    int (*setsockopt)(void *context, int fd, int level, int name, const void *value, socklen_t size);
    int (*getsockname)(void *context, int fd, struct sockaddr *address, socklen_t *size);
    int (*getpeername)(void *context, int fd, struct sockaddr *address, socklen_t *size);
    ssize_t (*recv)(void *context, int fd, void *buffer, size_t size, int flags);
    ssize_t (*send)(void *context, int fd, const void *data, size_t size, int flags);
    ssize_t (*sendmsg)(void *context, int fd, const struct msghdr *message, int flags);
    /* These two wait unless the socket's descriptor is non-blocking, and raise SIGPIPE where it is not ignored. */
    ssize_t (*sendfile)(void *context, int out, int in, off_t *offset, size_t size);
    ssize_t (*splice)(void *context, int in, int out, size_t size, unsigned flags);
    int (*pipe)(void *context, int fds[2]);

    /* For descriptors that others have made: */
    int (*open)(void *context, const char *path, int flags);
    int (*fstat)(void *context, int fd, struct stat *status);
    int (*fcntl)(void *context, int fd, int command, int argument);
    int (*getpid)(void *context);
    /* RLIMIT_NOFILE: how many descriptors the process may have. */
    int (*descriptor_limit)(void *context, size_t *limit);

    /* For Unix sockets in the file system. */
    mode_t (*umask)(void *context, mode_t mask);
    int (*lstat)(void *context, const char *path, struct stat *status);
    int (*unlink)(void *context, const char *path);
};

/* Linux: what NULL stands for. */
EDDY_API extern const struct eddy_os eddy_os_linux;

EDDY_END_DECLS

#endif
