#include "scene.h"

struct hello {
    EDDY_FRAME;
    const char *who;
};
EDDY_CORO_DECLARE(hello);

struct scene {
    EDDY_FRAME;
    struct eddy_group all;
    int error;
};

EDDY_CORO(scene)
{
    EDDY_BEGIN(scene) {
//@ 1
    }
}
