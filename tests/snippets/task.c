#include "scene.h"

struct fetch {
    EDDY_FRAME_RET(void *);
    const char *url;
};
EDDY_CORO_DECLARE(fetch);
static const char *url;

struct scene {
    EDDY_FRAME;
    struct eddy_group group;
    struct eddy_task *task;
    int error;
    int status;
};

EDDY_CORO(scene)
{
    EDDY_BEGIN(scene) {
//@ 1
    }
}
