#include "scene.h"

struct table {
    struct eddy_rwlock lock;
};
static struct table *table;

struct scene {
    EDDY_FRAME;
    struct eddy_guard guard;
};

EDDY_CORO(scene)
{
    EDDY_BEGIN(scene) {
//@ 1
    }
}
