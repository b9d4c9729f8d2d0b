#include "scene.h"

struct scene {
    EDDY_FRAME;
    struct eddy_oneshot answer;
    void *value;
    int error;
};

EDDY_CORO(scene)
{
    EDDY_BEGIN(scene) {
//@ 1
    }
}
