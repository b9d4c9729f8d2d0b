#include "scene.h"

void *arena_resize(void *context, void *block, size_t old_size, size_t new_size);
static int arena;

void snippet(void);
void snippet(void)
{
//@ 1
}
