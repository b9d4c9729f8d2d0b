#include "scene.h"

int snippet(void);
int snippet(void)
{
//@ 1
//@ text 2
    return error;
}
