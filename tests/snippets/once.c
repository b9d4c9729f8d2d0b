#include "scene.h"

static struct eddy_once connected;
static struct eddy_stream connection;
static struct eddy_address address;

struct scene {
    EDDY_FRAME;
    struct eddy_guard guard;
    int error;
};

EDDY_CORO(scene)
{
    EDDY_BEGIN(scene) {
//@ 1
    }
}
