#include "scene.h"

struct scene {
    EDDY_FRAME;
    struct eddy_stream stream;
    struct eddy_transport peer;
    ssize_t n;
    char buffer[512];
};

EDDY_CORO(scene)
{
    EDDY_BEGIN(scene) {
//@ 1
    }
}
