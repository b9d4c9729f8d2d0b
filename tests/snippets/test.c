#include "scene.h"

struct transfer {
    EDDY_FRAME_RET(int);
    int *from, *to;
};
EDDY_CORO_DECLARE(transfer);

void snippet(int a, int b);
void snippet(int a, int b)
{
//@ 1
}
//@ text 2
