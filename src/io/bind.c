#define _GNU_SOURCE
#include "io/bind.h"

#include <errno.h>

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

int eddyi_bind(const struct eddy_os *os, int fd, const struct eddy_address *address, mode_t mode,
               struct eddy_socket_file *file)
{
    file->inode = 0;
    if (!has_file(address)) {
        return os->bind(os->context, fd, &address->any, address->size);
    }
    int error = bind_path(os, fd, address, mode);
    if (error < 0) {
        return error;
    }
    struct stat status;
    error = os->lstat(os->context, address->un.sun_path, &status);
    if (error < 0) {
        os->unlink(os->context, address->un.sun_path);
        return error;
    }
    file->device = status.st_dev;
    file->inode = status.st_ino;
    return 0;
}

int eddyi_bind_check(const struct eddy_os *os, const struct eddy_address *address, const struct eddy_socket_file *file)
{
    if (file->inode == 0) {
        return 0;
    }
    struct stat status;
    int error = os->lstat(os->context, address->un.sun_path, &status);
    if (error < 0) {
        return error == -ENOENT ? -EADDRINUSE : error;
    }
    return status.st_ino == file->inode && status.st_dev == file->device ? 0 : -EADDRINUSE;
}

void eddyi_bind_remove_file(const struct eddy_os *os, const struct eddy_address *address, struct eddy_socket_file *file)
{
    if (file->inode != 0 && eddyi_bind_check(os, address, file) == 0) {
        os->unlink(os->context, address->un.sun_path);
    }
    file->inode = 0;
}
