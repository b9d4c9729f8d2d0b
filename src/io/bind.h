/* Giving a listener its address, and a Unix socket its file. */
#ifndef EDDYI_IO_BIND_H
#define EDDYI_IO_BIND_H

#include <eddy/listener.h>

/* Set the options of the socket `fd` and bind it; the listener notes which file is its own. */
int eddyi_bind(struct eddy_listener *listener, int fd, const struct eddy_address *address,
               const struct eddy_listener_options *options);

/* Once it listens: whether the file is still its own. Between bind and listen it looks abandoned to anybody
 * else, who may have replaced it: -EADDRINUSE. */
int eddyi_bind_check(struct eddy_listener *listener, const struct eddy_address *address);

/* Remove the file of the listener's Unix socket, if it has one and another has not taken its place. */
void eddyi_bind_remove_file(struct eddy_listener *listener);

#endif
