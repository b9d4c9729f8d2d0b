/* Giving a socket its address, and a Unix socket its file. */
#ifndef EDDYI_IO_BIND_H
#define EDDYI_IO_BIND_H

#include <eddy/address.h>
#include <eddy/os.h>

/* Bind the socket `fd`. For a Unix socket in the file system: with `mode`, in place of one that nobody
 * listens on, and *file tells which file it is; else *file is 0. */
int eddyi_bind(const struct eddy_os *os, int fd, const struct eddy_address *address, mode_t mode,
               struct eddy_socket_file *file);

/* Once it listens: whether the path still leads to the file. Between bind and listen it looks abandoned to
 * anybody else, who may have replaced it: -EADDRINUSE. */
int eddyi_bind_check(const struct eddy_os *os, const struct eddy_address *address, const struct eddy_socket_file *file);

/* Remove the file, if there is one and another has not taken its place. */
void eddyi_bind_remove_file(const struct eddy_os *os, const struct eddy_address *address,
                            struct eddy_socket_file *file);

#endif
