#include "scene.h"

struct scene {
    EDDY_FRAME;
    struct eddy_interval every;
    int missed;
};

EDDY_CORO(scene)
{
    EDDY_BEGIN(scene) {
//@ 1
    }
}
