#include "scene.h"

struct peer {
    struct eddy_stream stream;
};
struct server {
    struct eddy_waiter waiter;
};

int snippet(struct server *server, struct peer *peer, struct eddy_address address);
int snippet(struct server *server, struct peer *peer, struct eddy_address address)
{
    struct eddy_listener listener;
//@ 1
    return error;
}
