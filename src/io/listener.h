/* How a listener comes to be. */
#ifndef EDDYI_IO_LISTENER_H
#define EDDYI_IO_LISTENER_H

#include <eddy/listener.h>

/* Make it one that is not open. */
void eddyi_listener_begin(struct eddy_listener *listener, struct eddy_loop *loop);

/* `fd`, which listens, is its own from now on: it is open. After an error nothing has changed: -EMFILE, -ENFILE,
 * -ENOMEM. */
int eddyi_listener_own(struct eddy_listener *listener, int fd);

#endif
