#include "scene.h"

static size_t i;

struct scene {
    EDDY_FRAME;
    struct eddy_names names;
    int n;
};

EDDY_CORO(scene)
{
    EDDY_BEGIN(scene) {
//@ 1
    }
}
