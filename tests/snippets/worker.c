#include "scene.h"

//@ 1 1-2

struct scene {
    EDDY_FRAME;
    struct eddy_workers workers;
    struct hash hash;
    ssize_t n;
};

EDDY_CORO(scene)
{
    EDDY_BEGIN(scene) {
//@ 1 4-
    }
}
