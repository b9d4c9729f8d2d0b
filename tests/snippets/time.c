#include "scene.h"

void snippet(void);
void snippet(void)
{
//@ 1
}
