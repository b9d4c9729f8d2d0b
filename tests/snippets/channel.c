#include "scene.h"

struct scene {
    EDDY_FRAME;
    struct eddy_sender to;
    struct eddy_receiver from;
    void *item;
    int error;
};

static struct eddy_queue_slot slots[16];
static void *item;

void snippet(void);
void snippet(void)
{
//@ 1 1-3
}

EDDY_CORO(scene)
{
    EDDY_BEGIN(scene) {
//@ 1 4-
    }
}
