#include <eddy/alloc.h>

#include <stdlib.h>

static void *default_resize(void *context, void *block, size_t old_size, size_t new_size)
{
    (void)context;
    (void)old_size;
    if (new_size == 0) {
        free(block);
        return NULL;
    }
    return realloc(block, new_size);
}

const struct eddy_allocator eddy_allocator_default = {NULL, default_resize};
