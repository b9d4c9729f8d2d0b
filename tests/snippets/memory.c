#include "scene.h"

static char to_client[16], to_server[16];

//@ 1 1

void snippet(void);
void snippet(void)
{
//@ 1 2
}

struct scene {
    EDDY_FRAME;
    ssize_t n;
    char buffer[16];
};

EDDY_CORO(scene)
{
    EDDY_BEGIN(scene) {
//@ 1 3-
    }
}
