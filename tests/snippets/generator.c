#include "scene.h"

//@ 1 1-10

struct scene {
    EDDY_FRAME;
    struct eddy_generator generator;
    int i;
};

EDDY_CORO(scene)
{
    EDDY_BEGIN(scene) {
//@ 1 12-
    }
}
