#include "scene.h"

//@ 1 1

void snippet(void *context);
void snippet(void *context)
{
//@ 1 2-
}
