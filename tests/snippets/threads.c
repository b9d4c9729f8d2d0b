#include "scene.h"

int my_getaddrinfo(void *context, const char *host, const char *service, const struct addrinfo *hints,
                   struct addrinfo **found);

void snippet(void);
void snippet(void)
{
//@ 1
}
