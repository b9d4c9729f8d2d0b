/* What each call can answer on Linux (its manual page, and the kernel where that is silent), and
 * the decision whether this is the one that has to. */
#include "support/test_os.h"

#include <errno.h>

const struct test_call_info test_calls[TEST_CALLS] = {
    [TEST_FORK_MARK] = {"fork_mark", {ENOMEM}},
    [TEST_EPOLL_CREATE] = {"epoll_create", {EMFILE, ENFILE, ENOMEM}},
    [TEST_EPOLL_ADD] = {"epoll_ctl(ADD)", {ENOMEM, ENOSPC}},
    [TEST_EPOLL_MOD] = {"epoll_ctl(MOD)", {ENOMEM}},
    [TEST_EPOLL_DEL] = {"epoll_ctl(DEL)", {ENOENT, EBADF}},
    [TEST_EPOLL_WAIT] = {"epoll_wait", {EINTR}},
    [TEST_EPOLL_PWAIT2] = {"epoll_pwait2", {EINTR, ENOSYS, EPERM}},
    [TEST_EVENTFD] = {"eventfd", {EMFILE, ENFILE, ENOMEM}},
    [TEST_SIGNALFD] = {"signalfd", {EMFILE, ENFILE, ENOMEM}},
    [TEST_SIGNALFD_CHANGE] = {"signalfd(change)", {0}},
    [TEST_SIGPROCMASK] = {"sigprocmask", {0}},
    [TEST_SIGACTION] = {"sigaction", {0}},
    [TEST_RAISE] = {"raise", {0}},
    [TEST_READ] = {"read", {EAGAIN, EINTR}},
    [TEST_WRITE] = {"write", {0}},
    [TEST_CLOSE] = {"close", {EINTR, EIO}},
    [TEST_SOCKET] = {"socket", {EMFILE, ENFILE, ENOMEM, ENOBUFS, EACCES, EAFNOSUPPORT}},
    [TEST_BIND_UNIX] = {"bind(unix)", {EACCES, ENOMEM, ENOENT, EROFS}},
    [TEST_BIND_INET] = {"bind(inet)", {EADDRINUSE, EACCES, EADDRNOTAVAIL}},
    [TEST_LISTEN] = {"listen", {EADDRINUSE, ENOMEM}},
    [TEST_ACCEPT] = {"accept",
                     {EINTR, EAGAIN, ECONNABORTED, EMFILE, ENFILE, ENOBUFS, ENOMEM, EPROTO, ENETDOWN, EOPNOTSUPP}},
    [TEST_CONNECT_UNIX] = {"connect(unix)", {EAGAIN, ECONNREFUSED, ENOENT, EACCES, ENOMEM}},
    [TEST_CONNECT_INET] = {"connect(inet)", {EINTR, EADDRNOTAVAIL, ENETUNREACH, ECONNREFUSED, EPERM, ENOBUFS}},
    [TEST_SHUTDOWN] = {"shutdown", {ENOTCONN}},
    [TEST_GETSOCKOPT_ERROR] = {"getsockopt(SO_ERROR)", {ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH, ENETUNREACH}},
    [TEST_GETSOCKOPT] = {"getsockopt", {ENOBUFS}},
    [TEST_SETSOCKOPT] = {"setsockopt", {ENOMEM, ENOBUFS}},
    [TEST_GETSOCKNAME] = {"getsockname", {ENOBUFS}},
    [TEST_GETPEERNAME] = {"getpeername", {ENOTCONN, ENOBUFS}},
    [TEST_RECV_UNIX] = {"recv(unix)", {EINTR, EAGAIN, ECONNRESET, ENOMEM}},
    [TEST_RECV_INET] = {"recv(inet)", {EINTR, EAGAIN, ECONNRESET, ETIMEDOUT, EHOSTUNREACH, ENOMEM}},
    [TEST_SEND_UNIX] = {"send(unix)", {EINTR, EAGAIN, EPIPE, ECONNRESET, ENOBUFS, ENOMEM}},
    [TEST_SEND_INET] = {"send(inet)", {EINTR, EAGAIN, EPIPE, ECONNRESET, ENOBUFS, ENOMEM, ETIMEDOUT, EHOSTUNREACH}},
    [TEST_SENDMSG_UNIX] = {"sendmsg(unix)", {EINTR, EAGAIN, EPIPE, ECONNRESET, ENOBUFS, ENOMEM}},
    [TEST_SENDMSG_INET] = {"sendmsg(inet)",
                           {EINTR, EAGAIN, EPIPE, ECONNRESET, ENOBUFS, ENOMEM, ETIMEDOUT, EHOSTUNREACH}},
    [TEST_SENDFILE] = {"sendfile", {EINTR, EAGAIN, EPIPE, ECONNRESET, EINVAL, EIO, ENOMEM, EOVERFLOW}},
    [TEST_SPLICE_IN] = {"splice(in)", {EINTR, EAGAIN, EINVAL, ECONNRESET, ETIMEDOUT, ENOMEM}},
    [TEST_SPLICE_OUT] = {"splice(out)", {EINTR, EAGAIN, EINVAL, EPIPE, ECONNRESET, ENOBUFS, ENOMEM}},
    [TEST_PIPE] = {"pipe2", {EMFILE, ENFILE}},
    [TEST_OPEN] = {"open", {EACCES, EMFILE, ENFILE, ENOENT, ENOMEM, EINTR}},
    [TEST_FSTAT] = {"fstat", {ENOMEM}},
    [TEST_FCNTL] = {"fcntl", {EPERM}},
    [TEST_GETPID] = {"getpid", {0}},
    [TEST_DESCRIPTOR_LIMIT] = {"getrlimit", {0}},
    [TEST_UMASK] = {"umask", {0}},
    [TEST_LSTAT] = {"lstat", {EACCES, ENOMEM}},
    [TEST_UNLINK] = {"unlink", {EACCES, EBUSY, EROFS}},
    [TEST_ALLOCATE] = {"allocate", {ENOMEM}},
};

/* An interruption or a full buffer passes, and so does a shortage that a listener waits out and a
 * connection that is on its way. */
unsigned test_os_limit(enum test_call call, int error)
{
    if (error == EINTR || error == EAGAIN) {
        return 100;
    }
    return call == TEST_ACCEPT || error == ENOTCONN ? 8 : ~0u;
}

int test_os_strike(struct test_os *os, enum test_call call)
{
    os->calls[call]++;
    if (os->count < TEST_LOG) {
        os->log[os->count] = (uint8_t)call;
    }
    os->count++;
    if (os->fault.at == os->count) {
        os->struck = call;
    } else if (os->struck != call || !os->fault.forever || os->failed >= test_os_limit(call, os->fault.error)) {
        return 0;
    }
    os->failed++;
    return -os->fault.error;
}
