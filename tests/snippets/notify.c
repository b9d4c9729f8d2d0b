#include "scene.h"

static struct eddy_notify work_signal;
bool work_is_there(void);
void do_it(void);
#define work work_signal

struct scene {
    EDDY_FRAME;
    int error;
};

EDDY_CORO(scene)
{
    EDDY_BEGIN(scene) {
//@ 1
    }
}
