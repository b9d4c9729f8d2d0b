#include "scene.h"

static struct eddy_latest config;
static void *new_config;

struct scene {
    EDDY_FRAME;
    struct eddy_follower follower;
    int error;
};

EDDY_CORO(scene)
{
    EDDY_BEGIN(scene) {
//@ 1
    }
}
