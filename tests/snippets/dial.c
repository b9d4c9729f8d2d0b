#include "scene.h"

struct scene {
    EDDY_FRAME;
    struct eddy_stream stream;
    struct eddy_dial_report report;
    char text[256];
    int error;
};

EDDY_CORO(scene)
{
    EDDY_BEGIN(scene) {
//@ 1
    }
}
