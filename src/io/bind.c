#define _GNU_SOURCE
#include "io/bind.h"

#include <eddy/loop.h>

#include <errno.h>
#include <netinet/tcp.h>

#define UNIX_MODE 0600

static int set_option(const struct eddy_os *os, int fd, int level, int name)
{
    int on = 1;
    return os->setsockopt(os->context, fd, level, name, &on, sizeof on);
}

static int set_options(const struct eddy_os *os, int fd, const struct eddy_address *address,
                       const struct eddy_listener_options *options)
{
    if (address->any.sa_family == AF_UNIX) {
        return 0;
    }
    int error = set_option(os, fd, SOL_SOCKET, SO_REUSEADDR);
    if (error == 0 && options->reuse_port) {
        error = set_option(os, fd, SOL_SOCKET, SO_REUSEPORT);
    }
    if (error == 0 && !options->delay) {
        error = set_option(os, fd, IPPROTO_TCP, TCP_NODELAY); /* what it accepts inherits it */
    }
    return error;
}

static bool has_file(const struct eddy_address *address)
{
    return address->any.sa_family == AF_UNIX && address->un.sun_path[0] != '\0';
}

/* Whether the path is a socket that nobody listens on: connecting to it is refused. */
static bool is_abandoned(const struct eddy_os *os, const struct eddy_address *address)
{
    struct stat status;
    if (os->lstat(os->context, address->un.sun_path, &status) < 0 || !S_ISSOCK(status.st_mode)) {
        return false;
    }
    int fd = os->socket(os->context, AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0) {
        return false;
    }
    int error = os->connect(os->context, fd, &address->any, address->size);
    os->close(os->context, fd);
    return error == -ECONNREFUSED;
}

static int bind_path(const struct eddy_os *os, int fd, const struct eddy_address *address, mode_t mode)
{
    mode_t before = os->umask(os->context, 0777 & ~mode);
    int error = os->bind(os->context, fd, &address->any, address->size);
    if (error == -EADDRINUSE && is_abandoned(os, address)) {
        error = os->unlink(os->context, address->un.sun_path);
        if (error == 0) {
            error = os->bind(os->context, fd, &address->any, address->size);
        }
    }
    os->umask(os->context, before);
    return error;
}

/* 1: the path leads to this listener's socket; 0: it does not, any more; -errno: no telling. */
static int owns_file(const struct eddy_listener *listener)
{
    const struct eddy_os *os = listener->loop->os;
    struct stat status;
    int error = os->lstat(os->context, listener->address.un.sun_path, &status);
    if (error < 0) {
        return error == -ENOENT ? 0 : error;
    }
    return status.st_ino == listener->inode && status.st_dev == listener->device;
}

void eddyi_bind_remove_file(struct eddy_listener *listener)
{
    if (listener->inode != 0 && owns_file(listener) == 1) {
        listener->loop->os->unlink(listener->loop->os->context, listener->address.un.sun_path);
    }
    listener->inode = 0;
}

static int bind_address(struct eddy_listener *listener, int fd, const struct eddy_address *address, mode_t mode)
{
    const struct eddy_os *os = listener->loop->os;
    if (!has_file(address)) {
        return os->bind(os->context, fd, &address->any, address->size);
    }
    int error = bind_path(os, fd, address, mode != 0 ? mode : UNIX_MODE);
    if (error < 0) {
        return error;
    }
    struct stat status;
    error = os->lstat(os->context, address->un.sun_path, &status);
    if (error < 0) {
        os->unlink(os->context, address->un.sun_path);
        return error;
    }
    listener->address = *address;
    listener->device = status.st_dev;
    listener->inode = status.st_ino;
    return 0;
}

int eddyi_bind(struct eddy_listener *listener, int fd, const struct eddy_address *address,
               const struct eddy_listener_options *options)
{
    int error = set_options(listener->loop->os, fd, address, options);
    return error < 0 ? error : bind_address(listener, fd, address, options->mode);
}

int eddyi_bind_check(struct eddy_listener *listener, const struct eddy_address *address)
{
    if (!has_file(address)) {
        return 0;
    }
    int owns = owns_file(listener);
    return owns > 0 ? 0 : owns < 0 ? owns : -EADDRINUSE;
}
