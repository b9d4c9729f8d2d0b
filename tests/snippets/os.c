#include "scene.h"

ssize_t my_recv(void *context, int fd, void *buffer, size_t size, int flags);

void snippet(void);
void snippet(void)
{
//@ 1
}
