/* Each listener of a server has a door: a waiter that accepts into a connection made ready before, hands that to its
 * handler's task, and accepts the next. */
#ifndef EDDYI_RUN_DOOR_H
#define EDDYI_RUN_DOOR_H

#include <eddy/server.h>

/* Let clients in, until they close. 0. */
int eddyi_doors_open(struct eddy_server *server);

/* Close them and their listeners, for good: the server stops. Allowed twice. */
void eddyi_doors_close(struct eddy_server *server);

/* Give back their memory, once they are closed. */
void eddyi_doors_free(struct eddy_server *server);

#endif
