#include "scene.h"

struct scene {
    EDDY_FRAME;
    struct eddy_scope limit;
    struct eddy_stream peer;
    ssize_t n;
    char buffer[512];
};

EDDY_CORO(scene)
{
    EDDY_BEGIN(scene) {
//@ 1
    }
}
