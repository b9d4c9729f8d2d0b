#include "scene.h"

struct scene {
    EDDY_FRAME;
    struct eddy_stream stream;
    struct eddy_reader reader;
    struct eddy_slice line;
    ssize_t n;
};

EDDY_CORO(scene)
{
    EDDY_BEGIN(scene) {
//@ 1
    }
}
