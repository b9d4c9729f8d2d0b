/* Commands about keys and their deadlines. */
#include "words.h"
#include "answer.h"
#include "verbs.h"

static void expire_by(struct resp_client *client, eddy_ns unit, bool since_epoch)
{
    struct resp_entry *entry = resp_find(client, &client->word[1]);
    int64_t count;
    eddy_ns deadline;
    if (!resp_take_number(client, &client->word[2], &count) ||
        !resp_deadline_of(client, count, unit, since_epoch, &deadline)) {
        return;
    }
    if (entry != NULL) {
        resp_expire(client, entry, deadline);
    }
    resp_put_integer(client, entry != NULL);
}

void resp_do_expire(struct resp_client *client)
{
    expire_by(client, EDDY_SEC(1), false);
}

void resp_do_pexpire(struct resp_client *client)
{
    expire_by(client, EDDY_MS(1), false);
}

void resp_do_expireat(struct resp_client *client)
{
    expire_by(client, EDDY_SEC(1), true);
}

static void tell_rest(struct resp_client *client, const struct eddy_slice *key, eddy_ns unit)
{
    const struct resp_entry *entry = resp_find(client, key);
    eddy_ns deadline = entry != NULL ? resp_entry_deadline(entry) : 0;
    resp_put_integer(client, entry == NULL              ? -2
                             : deadline == EDDY_FOREVER ? -1
                                                        : (deadline - client->now + unit / 2) / unit);
}

void resp_do_ttl(struct resp_client *client)
{
    tell_rest(client, &client->word[1], EDDY_SEC(1));
}

void resp_do_pttl(struct resp_client *client)
{
    tell_rest(client, &client->word[1], EDDY_MS(1));
}

void resp_do_persist(struct resp_client *client)
{
    struct resp_entry *entry = resp_find(client, &client->word[1]);
    bool had = entry != NULL && resp_entry_deadline(entry) != EDDY_FOREVER;
    if (had) {
        resp_expire(client, entry, EDDY_FOREVER);
    }
    resp_put_integer(client, had);
}

void resp_do_del(struct resp_client *client)
{
    int64_t deleted = 0;
    for (size_t i = 1; i < client->count; i++) {
        struct resp_entry *entry = resp_find(client, &client->word[i]);
        if (entry != NULL) {
            resp_store_delete(client->store, entry);
            deleted++;
        }
    }
    resp_put_integer(client, deleted);
}

void resp_do_exists(struct resp_client *client)
{
    int64_t there = 0;
    for (size_t i = 1; i < client->count; i++) {
        there += resp_find(client, &client->word[i]) != NULL;
    }
    resp_put_integer(client, there);
}

void resp_do_type(struct resp_client *client)
{
    resp_put(client, resp_find(client, &client->word[1]) != NULL ? "+string\r\n" : "+none\r\n");
}

void resp_do_dbsize(struct resp_client *client)
{
    resp_store_sweep(client->store, client->now, SIZE_MAX);
    resp_put_integer(client, (int64_t)client->store->keys);
}

void resp_do_flushall(struct resp_client *client)
{
    resp_store_clear(client->store);
    resp_put(client, "+OK\r\n");
}
