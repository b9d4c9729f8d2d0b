/* The usual ways of a pool, for who takes and gives all the time: a class that has a free block. */
#ifndef EDDYI_BASE_POOL_H
#define EDDYI_BASE_POOL_H

#include <eddy/pool.h>

#define EDDYI_POOL_CLASS_BYTES 16u
#define EDDYI_POOL_BLOCK_MAX (EDDYI_POOL_CLASS_BYTES * EDDY_POOL_CLASSES)

static inline void *eddyi_pool_take(struct eddy_pool *pool, size_t size)
{
    if (__builtin_expect(size > 0 && size <= EDDYI_POOL_BLOCK_MAX, 1)) {
        size_t number = (size - 1) / EDDYI_POOL_CLASS_BYTES;
        void **block = pool->free_blocks[number];
        if (__builtin_expect(block != NULL, 1)) {
            pool->free_blocks[number] = *block;
            pool->bytes_used += (number + 1) * EDDYI_POOL_CLASS_BYTES;
            return block;
        }
    }
    return eddy_pool_take(pool, size);
}

/* A block that ends with the pool: nobody gives it back, so it does not count as taken. NULL: no memory. */
static inline void *eddyi_pool_keep(struct eddy_pool *pool, size_t size)
{
    size_t used = pool->bytes_used;
    void *block = eddy_pool_take(pool, size);
    pool->bytes_used = used;
    return block;
}

static inline void eddyi_pool_give(struct eddy_pool *pool, void *block, size_t size)
{
#ifdef EDDY_DEBUG
    eddy_pool_give(pool, block, size); /* which checks, and spoils */
#else
    if (__builtin_expect(size > EDDYI_POOL_BLOCK_MAX, 0)) {
        eddy_pool_give(pool, block, size);
        return;
    }
    size_t number = (size - 1) / EDDYI_POOL_CLASS_BYTES;
    *(void **)block = pool->free_blocks[number];
    pool->free_blocks[number] = block;
    pool->bytes_used -= (number + 1) * EDDYI_POOL_CLASS_BYTES;
#endif
}

#endif
