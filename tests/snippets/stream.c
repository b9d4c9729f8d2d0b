#include "scene.h"

struct peer {
    struct eddy_stream stream;
    struct eddy_waiter waiter;
};

void snippet(struct peer *peer);
void snippet(struct peer *peer)
{
    static char buffer[512];
//@ 1
}
