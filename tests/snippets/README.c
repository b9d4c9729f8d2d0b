#include "scene.h"

static struct eddy_waiter ticker;

//@ /static void on_tick/ 1-7

int snippet(void);
int snippet(void)
{
    struct eddy_loop loop = {0};
//@ /static void on_tick/ 9-
    return error;
}
