/* A connection and the task of its handler, which live in one block: the task, its frame, the connection. */
#ifndef EDDYI_RUN_CONNECTION_H
#define EDDYI_RUN_CONNECTION_H

#include <eddy/server.h>

/* One that waits for its client; NULL: no memory. */
struct eddy_connection *eddyi_connection_new(struct eddy_serve *serve);

/* Give back one that has no handler yet; its stream, should it be open, is closed. */
void eddyi_connection_discard(struct eddy_serve *serve, struct eddy_connection *connection);

/* Its stream is open: start the handler. */
void eddyi_connection_start(struct eddy_serve *serve, struct eddy_connection *connection);

/* The server stops: if it is idle it is to end. */
void eddyi_connection_stop(struct eddy_connection *connection);

static inline bool eddyi_server_is_full(const struct eddy_server *server)
{
    return server->stats.connections >= server->options.connections;
}

#endif
