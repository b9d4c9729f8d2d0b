/* A class is a multiple of CLASS_BYTES. A take pops the class's free list, else cuts from the
 * slab's fresh end, else gets a new slab. What is left of a slab when the next is begun goes to
 * the free list of the class it fits, so nothing is wasted. Every slab, and every block too
 * large for a class, begins with a header that links it to the pool, for fini. */
#include "base/pool.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define CLASS_BYTES EDDYI_POOL_CLASS_BYTES
#define BLOCK_MAX EDDYI_POOL_BLOCK_MAX
#define SLAB_BYTES ((size_t)64 * 1024)
#define SLAB_FIRST_BYTES ((size_t)4 * 1024)

struct slab {
    struct slab *next;
    struct slab *prev; /* of a large block, which leaves before the pool does */
    size_t bytes;
    size_t unused; /* keeps what follows aligned to 16 */
};

void eddy_pool_init(struct eddy_pool *pool, const struct eddy_allocator *allocator, size_t bytes_max)
{
    memset(pool, 0, sizeof *pool);
    pool->allocator = allocator != NULL ? *allocator : eddy_allocator_default;
    pool->bytes_max = bytes_max;
}

int eddy_pool_fini(struct eddy_pool *pool)
{
    int result = pool->bytes_used == 0 ? 0 : -EBUSY;
    struct slab *slab = pool->slabs;
    while (slab != NULL) {
        struct slab *next = slab->next;
        pool->allocator.resize(pool->allocator.context, slab, slab->bytes, 0);
        slab = next;
    }
    eddy_pool_init(pool, &pool->allocator, pool->bytes_max);
    return result;
}

static struct slab *reserve(struct eddy_pool *pool, size_t bytes)
{
    if (bytes > pool->bytes_max - pool->bytes_reserved) {
        return NULL;
    }
    struct slab *slab = pool->allocator.resize(pool->allocator.context, NULL, 0, bytes);
    if (slab == NULL) {
        return NULL;
    }
    slab->bytes = bytes;
    slab->prev = NULL;
    slab->next = pool->slabs;
    if (slab->next != NULL) {
        slab->next->prev = slab;
    }
    pool->slabs = slab;
    pool->bytes_reserved += bytes;
    return slab;
}

static void push_free(struct eddy_pool *pool, void *block, size_t bytes)
{
    void **head = &pool->free_blocks[bytes / CLASS_BYTES - 1];
    memcpy(block, head, sizeof *head);
    *head = block;
}

/* Begin a slab that has room for `bytes`: small at first, so that a pool of few blocks is small. */
static bool begin_slab(struct eddy_pool *pool, size_t bytes)
{
    size_t size = pool->fresh == NULL ? SLAB_FIRST_BYTES : SLAB_BYTES;
    struct slab *slab = reserve(pool, size);
    if (slab == NULL) {
        size = sizeof *slab + bytes; /* under a tight bound the last slab is as large as it must be */
        slab = reserve(pool, size);
    }
    if (slab == NULL) {
        return false;
    }
    while (pool->fresh_bytes > 0) {
        size_t rest = pool->fresh_bytes < BLOCK_MAX ? pool->fresh_bytes : BLOCK_MAX;
        push_free(pool, pool->fresh, rest);
        pool->fresh += rest;
        pool->fresh_bytes -= rest;
    }
    pool->fresh = (char *)(slab + 1);
    pool->fresh_bytes = size - sizeof *slab;
    return true;
}

static void *take_large(struct eddy_pool *pool, size_t size)
{
    if (size > SIZE_MAX - sizeof(struct slab)) {
        return NULL;
    }
    struct slab *slab = reserve(pool, sizeof *slab + size);
    if (slab == NULL) {
        return NULL;
    }
    pool->bytes_used += size;
    return slab + 1;
}

static void give_large(struct eddy_pool *pool, void *block, size_t size)
{
    struct slab *slab = (struct slab *)block - 1;
    assert(slab->bytes == sizeof *slab + size && "a block is given back with the size it was taken with");
    if (slab->prev != NULL) {
        slab->prev->next = slab->next;
    } else {
        pool->slabs = slab->next;
    }
    if (slab->next != NULL) {
        slab->next->prev = slab->prev;
    }
    pool->bytes_used -= size;
    pool->bytes_reserved -= slab->bytes;
    pool->allocator.resize(pool->allocator.context, slab, slab->bytes, 0);
}

static size_t class_bytes(size_t size)
{
    return size == 0 ? CLASS_BYTES : (size + CLASS_BYTES - 1) & ~(size_t)(CLASS_BYTES - 1);
}

void *eddy_pool_take(struct eddy_pool *pool, size_t size)
{
    if (size > BLOCK_MAX) {
        return take_large(pool, size);
    }
    size_t bytes = class_bytes(size);
    void **head = &pool->free_blocks[bytes / CLASS_BYTES - 1];
    void *block = *head;
    if (block != NULL) {
        memcpy(head, block, sizeof *head);
    } else {
        if (pool->fresh_bytes < bytes && !begin_slab(pool, bytes)) {
            return NULL;
        }
        block = pool->fresh;
        pool->fresh += bytes;
        pool->fresh_bytes -= bytes;
    }
    pool->bytes_used += bytes;
    return block;
}

void eddy_pool_give(struct eddy_pool *pool, void *block, size_t size)
{
    if (block == NULL) {
        return;
    }
    if (size > BLOCK_MAX) {
        give_large(pool, block, size);
        return;
    }
    size_t bytes = class_bytes(size);
    assert(pool->bytes_used >= bytes && "more was given back than taken");
#ifdef EDDY_DEBUG
    memset(block, 0xA5, bytes); /* who still reads it shall notice */
#endif
    push_free(pool, block, bytes);
    pool->bytes_used -= bytes;
}
