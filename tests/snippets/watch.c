#include "scene.h"

int PQsocket(void *connection);

void snippet(void *connection);
void snippet(void *connection)
{
//@ 1
}
