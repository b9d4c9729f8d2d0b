#include "scene.h"

static struct eddy_broadcast news;
static void *item;

struct scene {
    EDDY_FRAME;
    struct eddy_subscriber news;
    void *item;
    uint64_t missed;
    int error;
};

EDDY_CORO(scene)
{
    EDDY_BEGIN(scene) {
//@ 1
    }
}
