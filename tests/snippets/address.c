#include "scene.h"

void snippet(void);
void snippet(void)
{
    char text[EDDY_ADDRESS_TEXT];
//@ 1
}
