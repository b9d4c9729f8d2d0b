#include "scene.h"

//@ 1 1-2

struct scene {
    EDDY_FRAME;
    struct eddy_server server;
    struct eddy_address address;
    int error;
};

EDDY_CORO(scene)
{
    EDDY_BEGIN(scene) {
//@ 1 4-6
    }
//@ 1 8
}
