#include "scene.h"

static struct eddy_semaphore slots;

struct scene {
    EDDY_FRAME;
    struct eddy_guard guard;
};

EDDY_CORO(scene)
{
    EDDY_BEGIN(scene) {
//@ 1
    }
}
