#define _GNU_SOURCE
#include "store.h"
#include "siphash.h"

#include <eddy/list.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* The hash of a key is made here, and given to uthash. */
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(entry) ((entry)->lost = true)
#include <uthash.h>

enum {
    BLOCK_COST = 32, /* what malloc and the table cost beside, about */
    VALUE_LEAST = 16,
};

struct resp_entry {
    struct UT_hash_handle hh;
    struct eddy_timer deadline;
    char *value;
    size_t size;
    size_t capacity;
    uint32_t key_size;
    bool lost; /* no memory for the table */
    char key[];
};

int resp_store_init(struct resp_store *store, size_t memory_max, eddy_ns now)
{
    memset(store, 0, sizeof *store);
    store->memory_max = memory_max;
    eddy_timers_init(&store->deadlines, now);
    ssize_t size = getrandom(store->seed, sizeof store->seed, 0);
    return size == (ssize_t)sizeof store->seed ? 0 : size < 0 ? -errno : -EIO;
}

static unsigned hash(const struct resp_store *store, const char *key, size_t size)
{
    return (unsigned)siphash(store->seed, key, size);
}

static size_t cost_of(size_t key_size)
{
    return sizeof(struct resp_entry) + key_size + 2 * BLOCK_COST;
}

struct resp_entry *resp_store_find(struct resp_store *store, const char *key, size_t size, eddy_ns now)
{
    struct resp_entry *entry;
    unsigned value = hash(store, key, size);
    HASH_FIND_BYHASHVALUE(hh, store->table, key, (unsigned)size, value, entry);
    if (entry != NULL && eddy_timer_is_armed(&entry->deadline) && entry->deadline.deadline <= now) {
        resp_store_delete(store, entry);
        return NULL;
    }
    return entry;
}

const char *resp_entry_value(const struct resp_entry *entry, size_t *size)
{
    *size = entry->size;
    return entry->value;
}

eddy_ns resp_entry_deadline(const struct resp_entry *entry)
{
    return eddy_timer_is_armed(&entry->deadline) ? entry->deadline.deadline : EDDY_FOREVER;
}

/* Have room for `size` bytes of a value: a little more when it grows. */
static bool reserve(struct resp_store *store, struct resp_entry *entry, size_t size)
{
    size_t capacity = size < VALUE_LEAST ? VALUE_LEAST : size;
    if (entry->value != NULL && size <= entry->capacity && entry->capacity <= 2 * capacity + 64) {
        return true;
    }
    if (size > entry->capacity && store->memory + capacity - entry->capacity > store->memory_max) {
        return false;
    }
    char *value = realloc(entry->value, capacity);
    if (value == NULL) {
        return false;
    }
    store->memory += capacity - entry->capacity;
    entry->value = value;
    entry->capacity = capacity;
    return true;
}

static struct resp_entry *add(struct resp_store *store, const char *key, size_t size)
{
    if (store->memory + cost_of(size) > store->memory_max) {
        return NULL;
    }
    struct resp_entry *entry = malloc(sizeof *entry + size);
    if (entry == NULL) {
        return NULL;
    }
    memset(entry, 0, sizeof *entry);
    memcpy(entry->key, key, size);
    entry->key_size = (uint32_t)size;
    eddy_timer_init(&entry->deadline);
    unsigned value = hash(store, key, size);
    HASH_ADD_KEYPTR_BYHASHVALUE(hh, store->table, entry->key, entry->key_size, value, entry);
    if (entry->lost) {
        free(entry);
        return NULL;
    }
    store->memory += cost_of(size);
    store->keys++;
    return entry;
}

struct resp_entry *resp_store_set(struct resp_store *store, struct resp_entry *entry, const char *key, size_t key_size,
                                  const char *value, size_t size)
{
    bool is_new = entry == NULL;
    if (is_new && (entry = add(store, key, key_size)) == NULL) {
        return NULL;
    }
    if (!reserve(store, entry, size)) {
        if (is_new) {
            resp_store_delete(store, entry);
        }
        return NULL;
    }
    memcpy(entry->value, value, size);
    entry->size = size;
    return entry;
}

char *resp_store_append(struct resp_store *store, struct resp_entry *entry, size_t size)
{
    if (!reserve(store, entry, entry->size + size)) {
        return NULL;
    }
    entry->size += size;
    return entry->value + entry->size - size;
}

void resp_store_expire(struct resp_store *store, struct resp_entry *entry, eddy_ns deadline)
{
    eddy_timers_arm(&store->deadlines, &entry->deadline, deadline);
}

void resp_store_delete(struct resp_store *store, struct resp_entry *entry)
{
    eddy_timers_disarm(&store->deadlines, &entry->deadline);
    HASH_DELETE(hh, store->table, entry);
    store->memory -= cost_of(entry->key_size) + entry->capacity;
    store->keys--;
    free(entry->value);
    free(entry);
}

void resp_store_clear(struct resp_store *store)
{
    struct resp_entry *entry = store->table;
    HASH_CLEAR(hh, store->table);
    while (entry != NULL) {
        struct resp_entry *next = entry->hh.next;
        eddy_timers_disarm(&store->deadlines, &entry->deadline);
        free(entry->value);
        free(entry);
        entry = next;
    }
    store->keys = 0;
    store->memory = 0;
}

eddy_ns resp_store_sweep(struct resp_store *store, eddy_ns now, size_t most)
{
    struct eddy_timer *timer;
    while (most-- > 0 && (timer = eddy_timers_pop(&store->deadlines, now)) != NULL) {
        resp_store_delete(store, EDDY_CONTAINER(timer, struct resp_entry, deadline));
    }
    return eddy_timers_next(&store->deadlines);
}
