#include "scene.h"

//@ text 1

struct peer {
    struct eddy_stream stream;
    struct eddy_waiter waiter;
};
void peer_close(struct peer *peer);

//@ 2 1-6

void snippet(struct peer *peer, eddy_ns deadline);
void snippet(struct peer *peer, eddy_ns deadline)
{
    static char buffer[512];
//@ 2 7-
}
