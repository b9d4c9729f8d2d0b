#include "scene.h"

static struct eddy_lock lock;
static struct eddy_condition changed;
static bool ready;

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
