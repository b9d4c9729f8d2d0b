#include "scene.h"

struct connection {
    int fd;
};

void snippet(void);
void snippet(void)
{
//@ 1
}
