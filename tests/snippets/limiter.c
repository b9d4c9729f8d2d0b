#include "scene.h"

static struct eddy_limiter connections;

struct scene {
    EDDY_FRAME;
    struct eddy_guard guard;
    struct eddy_loan loan;
};

EDDY_CORO(scene)
{
    EDDY_BEGIN(scene) {
//@ 1
    }
}
