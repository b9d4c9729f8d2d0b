#include "scene.h"

static struct eddy_barrier all_loaded;

struct scene {
    EDDY_FRAME;
    int position;
};

EDDY_CORO(scene)
{
    EDDY_BEGIN(scene) {
//@ 1
    }
}
