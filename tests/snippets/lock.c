#include "scene.h"

struct account {
    struct eddy_lock lock;
};

struct scene {
    EDDY_FRAME;
    struct eddy_guard guard;
    struct account *account;
};

EDDY_CORO(scene)
{
    EDDY_BEGIN(scene) {
//@ 1
    }
}
