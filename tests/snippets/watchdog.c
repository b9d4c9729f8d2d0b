#include "scene.h"

void snippet(void);
void snippet(void)
{
//@ 1 1
//@ text 1 3
}
