#include "scene.h"

static struct eddy_queue jobs;
static struct eddy_event stopping;

struct scene {
    EDDY_FRAME;
    struct eddy_select select;
    struct eddy_arm job;
    struct eddy_arm stop;
    void *item;
    int which;
};

EDDY_CORO(scene)
{
    EDDY_BEGIN(scene) {
//@ 1
    }
}
