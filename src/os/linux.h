/* The two calls that every byte goes through. Where the table is Linux's own they are called directly, which
 * the compiler can make one call of; a table of another's is asked as always. */
#ifndef EDDYI_OS_LINUX_H
#define EDDYI_OS_LINUX_H

#include <eddy/os.h>

ssize_t eddyi_linux_recv(void *context, int fd, void *buffer, size_t size, int flags);
ssize_t eddyi_linux_send(void *context, int fd, const void *data, size_t size, int flags);

static inline ssize_t eddyi_os_recv(const struct eddy_os *os, int fd, void *buffer, size_t size, int flags)
{
    return __builtin_expect(os == &eddy_os_linux, 1) ? eddyi_linux_recv(NULL, fd, buffer, size, flags)
                                                     : os->recv(os->context, fd, buffer, size, flags);
}

static inline ssize_t eddyi_os_send(const struct eddy_os *os, int fd, const void *data, size_t size, int flags)
{
    return __builtin_expect(os == &eddy_os_linux, 1) ? eddyi_linux_send(NULL, fd, data, size, flags)
                                                     : os->send(os->context, fd, data, size, flags);
}

#endif
