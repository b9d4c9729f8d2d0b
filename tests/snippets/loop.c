#include "scene.h"

int snippet(void);
int snippet(void)
{
//@ 1
    return error;
}
