// eddy from C++: every public header is included by all.h, and callbacks await.
#include "all.h"

#include <cstdio>
#include <cstring>

namespace
{

int ticks;

void on_tick(eddy_waiter *waiter)
{
    while (++ticks < 3) {
        if (eddy_sleep(EDDY_MS(1), waiter) == EDDY_PENDING) {
            return;
        }
    }
}

} // namespace

int main()
{
    static eddy_loop loop;
    eddy_waiter ticker;
    int error = eddy_loop_init(&loop, nullptr);
    if (error < 0) {
        return 1;
    }
    eddy_waiter_init(&ticker, &loop, on_tick);
    error = eddy_sleep(EDDY_MS(1), &ticker);
    if (error == EDDY_PENDING) {
        error = eddy_loop_run(&loop);
    }
    eddy_loop_fini(&loop);
    std::printf("%d ticks, library %s\n", ticks, eddy_version());
    return error == 0 && ticks == 3 && std::strcmp(EDDY_VERSION_STRING, eddy_version()) == 0 ? 0 : 2;
}
