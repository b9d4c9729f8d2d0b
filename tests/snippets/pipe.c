#include "scene.h"

#include <unistd.h>

struct scene {
    EDDY_FRAME;
    struct eddy_pipe in;
    struct eddy_reader lines;
    int error;
};

EDDY_CORO(scene)
{
    EDDY_BEGIN(scene) {
//@ 1
    }
}
