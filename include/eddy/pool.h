/* eddy/pool.h - a slab pool: small blocks of any size, taken and given back in a few ns.
 *
 *     struct eddy_pool pool;
 *     eddy_pool_init(&pool, NULL, EDDY_POOL_UNBOUNDED);
 *     struct connection *c = eddy_pool_take(&pool, sizeof *c);
 *     ...
 *     eddy_pool_give(&pool, c, sizeof *c);
 *     eddy_pool_fini(&pool);
 *
 * Blocks come in size classes, 16 bytes apart up to 1024; a class keeps what is given
 * back for the next take. Larger blocks go straight to the allocator. Slabs go back to
 * it when the pool ends. After J. Bonwick, "The Slab Allocator" (1994).
 */
#ifndef EDDY_POOL_H
#define EDDY_POOL_H

#include <eddy/alloc.h>
#include <stddef.h>
#include <stdint.h>

EDDY_BEGIN_DECLS

#define EDDY_POOL_CLASSES 64
#define EDDY_POOL_UNBOUNDED SIZE_MAX

struct eddy_pool {
    /* read-only */
    size_t bytes_used;     /* in blocks that are taken, rounded up to their class */
    size_t bytes_reserved; /* from the allocator */
    size_t bytes_max;
    /* private */
    struct eddy_allocator allocator;
    void *slabs;
    char *fresh;
    size_t fresh_bytes;
    void *free_blocks[EDDY_POOL_CLASSES];
};

/* Start an empty pool on `allocator` (NULL: malloc) that never reserves more than
 * `bytes_max` bytes; EDDY_POOL_UNBOUNDED must be written out. Allocates nothing. */
EDDY_API void eddy_pool_init(struct eddy_pool *pool, const struct eddy_allocator *allocator, size_t bytes_max);

/* Give everything back to the allocator, also what is still taken: -EBUSY says so,
 * 0 that nothing was. */
EDDY_API int eddy_pool_fini(struct eddy_pool *pool);

/* A block of at least `size` bytes, aligned as malloc aligns (16 at the most), its content undefined; it is yours
 * until you give it back with the same size. NULL: no memory, or over bytes_max. */
EDDY_API void *eddy_pool_take(struct eddy_pool *pool, size_t size) EDDY_CHECK_RESULT;

/* Give back a block that was taken with this size; NULL is allowed. */
EDDY_API void eddy_pool_give(struct eddy_pool *pool, void *block, size_t size);

EDDY_END_DECLS

#endif
