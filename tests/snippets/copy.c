#include "scene.h"

struct scene {
    EDDY_FRAME;
    struct eddy_stream a;
    struct eddy_stream b;
    int64_t n;
};

EDDY_CORO(scene)
{
    EDDY_BEGIN(scene) {
//@ 1
    }
}
