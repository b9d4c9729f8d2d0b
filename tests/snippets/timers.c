#include "scene.h"

void snippet(struct eddy_timers timers, struct eddy_timer t, eddy_ns deadline, eddy_ns now);
void snippet(struct eddy_timers timers, struct eddy_timer t, eddy_ns deadline, eddy_ns now)
{
    struct eddy_timer *due;
//@ 1
}
