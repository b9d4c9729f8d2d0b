#include "scene.h"

static struct eddy_event ready;

struct scene {
    EDDY_FRAME;
    int error;
};

EDDY_CORO(scene)
{
    EDDY_BEGIN(scene) {
//@ 1
    }
}
