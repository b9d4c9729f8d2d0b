/* Listening sockets that others have made, and those that a service manager has passed to this process. */
#define _GNU_SOURCE
#include "io/listener.h"

#include "loop/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <stdlib.h>

#define FIRST_INHERITED 3 /* after standard input, output and error */

/* ---- One that somebody has made -------------------------------------------------------- */

/* Whether the socket's option has this value: 0 or -EINVAL. */
static int expect_option(const struct eddy_os *os, int fd, int name, int expected)
{
    int value = 0;
    socklen_t size = sizeof value;
    int error = os->getsockopt(os->context, fd, SOL_SOCKET, name, &value, &size);
    if (error < 0) {
        return error == -ENOTSOCK ? -EINVAL : error;
    }
    return value == expected ? 0 : -EINVAL;
}

/* As if it were one of ours. */
static int set_flags(const struct eddy_os *os, int fd)
{
    int flags = os->fcntl(os->context, fd, F_GETFL, 0);
    int error = flags < 0 ? flags : os->fcntl(os->context, fd, F_SETFL, flags | O_NONBLOCK);
    return error < 0 ? error : os->fcntl(os->context, fd, F_SETFD, FD_CLOEXEC);
}

static int find_address(const struct eddy_os *os, int fd, struct eddy_address *address)
{
    address->size = sizeof address->un;
    int error = os->getsockname(os->context, fd, &address->any, &address->size);
    if (error < 0 || address->any.sa_family == AF_UNIX) {
        return error;
    }
    int on = 1;
    return os->setsockopt(os->context, fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

int eddy_listener_adopt(struct eddy_listener *listener, struct eddy_loop *loop, int fd)
{
    eddyi_listener_begin(listener, loop);
    if (!eddyi_loop_is_usable(loop)) {
        return -ECHILD;
    }
    int error = expect_option(loop->os, fd, SO_TYPE, SOCK_STREAM);
    if (error == 0) {
        error = expect_option(loop->os, fd, SO_ACCEPTCONN, 1);
    }
    if (error == 0) {
        error = set_flags(loop->os, fd);
    }
    if (error == 0) {
        error = find_address(loop->os, fd, &listener->address);
    }
    return error < 0 ? error : eddyi_listener_own(listener, fd);
}

/* ---- Those of a service manager -------------------------------------------------------- */

/* The number that the variable `name` is; 0: it is not set; -EINVAL. */
static int number_of(const char *name)
{
    const char *text = getenv(name);
    int number = 0;
    if (text == NULL) {
        return 0;
    }
    if (*text == '\0') {
        return -EINVAL;
    }
    for (; *text != '\0'; text++) {
        int digit = *text - '0';
        if (digit < 0 || digit > 9 || number > (INT_MAX - FIRST_INHERITED - digit) / 10) {
            return -EINVAL;
        }
        number = number * 10 + digit;
    }
    return number;
}

int eddy_listener_inherited(struct eddy_loop *loop, int *first)
{
    if (!eddyi_loop_is_usable(loop)) {
        return -ECHILD;
    }
    const struct eddy_os *os = loop->os;
    int owner = number_of("LISTEN_PID");
    int count = number_of("LISTEN_FDS");
    if (owner < 0 || count < 0) {
        return -EINVAL;
    }
    if (owner == 0 || owner != os->getpid(os->context)) {
        return 0;
    }
    for (int i = 0; i < count; i++) {
        int error = os->fcntl(os->context, FIRST_INHERITED + i, F_SETFD, FD_CLOEXEC);
        if (error < 0) {
            return error;
        }
    }
    *first = FIRST_INHERITED;
    return count;
}
