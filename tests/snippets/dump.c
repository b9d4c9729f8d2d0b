#include "scene.h"

struct hello {
    EDDY_FRAME;
};
struct gather {
    EDDY_FRAME_RET(int);
    struct eddy_group all;
    struct eddy_waiter dumper;
    int error;
};

EDDY_CORO(hello)
{
    EDDY_BEGIN(hello) {
#line 20 "hello.c"
        EDDY_AWAIT(eddy_sleep(EDDY_SEC(1), me));
    }
}

static void dump(struct eddy_waiter *dumper)
{
    struct eddy_loop *loop = eddy_loop_current();
//@ 1 1
}

EDDY_CORO(gather)
{
    EDDY_BEGIN(gather) {
        eddy_waiter_init(&my->dumper, eddy_loop_current(), dump);
        my->error = eddy_sleep(EDDY_MS(100), &my->dumper);
#line 31 "hello.c"
        EDDY_GROUP(&my->all) {
            EDDY_TRY(my->error, EDDY_SPAWN(&my->all, hello));
        }
    }
}

int main(void)
{
    struct eddy_sim sim;
    eddy_sim_init(&sim);
    struct eddy_loop_options options = {.os = &sim.os, .allocator = sim.allocator};
    return EDDY_RUN_WITH(&options, gather);
}
//@ output 1 3-
