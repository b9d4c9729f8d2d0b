/* eddy/alloc.h - where the library gets its memory: one function, yours or malloc's.
 *
 *     struct eddy_loop_options options = { .allocator = { &arena, arena_resize } };
 */
#ifndef EDDY_ALLOC_H
#define EDDY_ALLOC_H

#include <eddy/api.h>
#include <stddef.h>

EDDY_BEGIN_DECLS

/* `resize` does all of it: block == NULL allocates, new_size == 0 frees (and
 * returns NULL), anything else resizes and keeps the content. It returns NULL when
 * there is no memory; the old block then stands. `old_size` is what was asked for
 * before. Blocks are aligned as malloc aligns. It must not call eddy. */
struct eddy_allocator {
    void *context;
    void *(*resize)(void *context, void *block, size_t old_size, size_t new_size);
};

/* The allocator on malloc, realloc and free; what NULL stands for. */
EDDY_API extern const struct eddy_allocator eddy_allocator_default;

EDDY_END_DECLS

#endif
