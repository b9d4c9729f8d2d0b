#include "scene.h"

int snippet(void);
int snippet(void)
{
//@ 1 1-4
//@ text 1 5-
//@ text 2
    return error;
}
