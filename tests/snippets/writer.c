#include "scene.h"

struct scene {
    EDDY_FRAME;
    struct eddy_stream stream;
    struct eddy_writer writer;
    const char *name;
    int error;
};

EDDY_CORO(scene)
{
    EDDY_BEGIN(scene) {
//@ 1
    }
}
