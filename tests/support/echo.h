/* Both ends of an echo, for the fault tests. */
#ifndef TEST_ECHO_H
#define TEST_ECHO_H

#include <eddy/stream.h>

#include "support/stage.h"

/* Sends back what it reads until the other end has finished. */
struct echo_server {
    struct stage *stage;
    struct eddy_stream stream;
    struct eddy_waiter waiter;
    bool writing;
    char buffer[512];
};

/* Sends a text and finishes, while it reads the echo and compares it. */
struct echo_client {
    struct stage *stage;
    struct eddy_stream stream;
    struct eddy_waiter writer;
    struct eddy_waiter reader;
    size_t received;
    char buffer[400];
};

enum { ECHO_SIZE = 1500 };

/* With the stream open. Each is one part of the stage. */
void echo_server_start(struct echo_server *server, struct stage *stage);
void echo_client_start(struct echo_client *client, struct stage *stage);

/* Make the stream one that is not open, before anything else. */
void echo_stream_none(struct eddy_stream *stream, struct eddy_loop *loop);

/* Close and take back the waiters. */
void echo_server_stop(struct echo_server *server);
void echo_client_stop(struct echo_client *client);

#endif
