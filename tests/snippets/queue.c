#include "scene.h"

static struct eddy_queue jobs;
static void *job;

void snippet(void);
void snippet(void)
{
//@ 1 1-2
}

struct scene {
    EDDY_FRAME;
    struct eddy_guard guard;
    void *item;
};

EDDY_CORO(scene)
{
    EDDY_BEGIN(scene) {
//@ 1 3-
    }
}
