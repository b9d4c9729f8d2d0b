#include "scene.h"

static void *value;

static struct eddy_future answer;
static struct eddy_promise promise;

void snippet(void);
void snippet(void)
{
//@ 1 1-2
}

struct scene {
    EDDY_FRAME;
    int error;
};

EDDY_CORO(scene)
{
    EDDY_BEGIN(scene) {
//@ 1 4-
    }
}
