/* The echo server on eddy's streams with a coroutine for each connection. */
#include "bench.h"
#include "bench_echo_coro.h"

#include <eddy/address.h>
#include <eddy/run.h>
#include <stdio.h>
#include <string.h>

struct server {
    EDDY_FRAME_RET(int);
    uint16_t port;
    struct eddy_listener listener;
    struct eddy_group connections;
};

static int server_listen(struct eddy_listener *listener, uint16_t port)
{
    struct eddy_address address;
    char text[EDDY_ADDRESS_TEXT];
    int error = eddy_address_parse(&address, "127.0.0.1", port);
    if (error == 0) {
        error = eddy_listener_open(listener, eddy_loop_current(), &address, NULL);
    }
    if (error < 0) {
        bench_die("listen: %s", strerror(-error));
    }
    printf("listening on %s\n", eddy_address_text(eddy_listener_address(listener), text));
    fflush(stdout);
    return error;
}

EDDY_CORO(server)
{
    EDDY_BEGIN(server) {
        my->ret = server_listen(&my->listener, my->port);
        EDDY_GROUP(&my->connections, EDDY_COLLECT) {
            my->ret = EDDY_SPAWN(&my->connections, echo, .listener = &my->listener, .group = &my->connections);
        }
    }
    EDDY_FINALLY
    {
        eddy_listener_close(&my->listener);
    }
}

int main(int argc, char **argv)
{
    return EDDY_RUN(server, .port = bench_port_argument(argc, argv)) < 0;
}
