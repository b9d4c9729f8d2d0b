/* The keys and values of 12_resp: a hash table (uthash) that strangers fill, so its hash is SipHash-1-3 with a key that
 * is drawn at the start: who does not know it cannot make keys collide. What it may hold is bounded.
 *
 * A key with a deadline is gone for whoever looks from that moment on; resp_store_sweep() gives its memory back. */
#ifndef EXAMPLES_RESP_STORE_H
#define EXAMPLES_RESP_STORE_H

#include <eddy/timers.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct resp_entry;

struct resp_store {
    /* read-only */
    size_t keys;
    size_t memory;     /* bytes that keys, values and what they cost take */
    size_t memory_max; /* over it resp_store_set() fails */
    /* private */
    struct resp_entry *table;
    struct eddy_timers deadlines;
    uint64_t seed[2];
};

/* 0, or -errno of the random numbers. */
int resp_store_init(struct resp_store *store, size_t memory_max, eddy_ns now);

/* The entry of a key; NULL: there is none. Valid until the store is changed. */
struct resp_entry *resp_store_find(struct resp_store *store, const char *key, size_t size, eddy_ns now);

const char *resp_entry_value(const struct resp_entry *entry, size_t *size);

/* The instant at which it goes; EDDY_FOREVER: never. */
eddy_ns resp_entry_deadline(const struct resp_entry *entry);

/* Give a key a value: make the entry, or change `entry`, which was found (NULL: there was none). Its deadline stays.
 * NULL: over memory_max, or no memory, and nothing has changed. */
struct resp_entry *resp_store_set(struct resp_store *store, struct resp_entry *entry, const char *key, size_t key_size,
                                  const char *value, size_t size);

/* Make room for `size` bytes at the end of a value, to be written there: NULL as above. */
char *resp_store_append(struct resp_store *store, struct resp_entry *entry, size_t size);

void resp_store_expire(struct resp_store *store, struct resp_entry *entry, eddy_ns deadline);
void resp_store_delete(struct resp_store *store, struct resp_entry *entry);
void resp_store_clear(struct resp_store *store);

/* Delete up to `most` keys whose deadline is over. The next deadline; EDDY_FOREVER: none. */
eddy_ns resp_store_sweep(struct resp_store *store, eddy_ns now, size_t most);

#endif
