/* Commands about values. */
#include "words.h"
#include "answer.h"
#include "verbs.h"

#include <stdio.h>
#include <string.h>

void resp_do_get(struct resp_client *client)
{
    resp_put_value(client, resp_find(client, &client->word[1]));
}

/* What follows the value in SET. */
struct set_options {
    bool only_new;
    bool only_old;
    bool keep;
    bool get;
    eddy_ns deadline;
};

/* False: it was answered. */
static bool parse_set(struct resp_client *client, struct set_options *options)
{
    *options = (struct set_options){.deadline = EDDY_FOREVER};
    for (size_t i = 3; i < client->count; i++) {
        bool is_span = resp_is(&client->word[i], "EX") || resp_is(&client->word[i], "PX");
        bool is_instant = resp_is(&client->word[i], "EXAT") || resp_is(&client->word[i], "PXAT");
        int64_t number;
        if (resp_is(&client->word[i], "NX")) {
            options->only_new = true;
        } else if (resp_is(&client->word[i], "XX")) {
            options->only_old = true;
        } else if (resp_is(&client->word[i], "KEEPTTL")) {
            options->keep = true;
        } else if (resp_is(&client->word[i], "GET")) {
            options->get = true;
        } else if ((is_span || is_instant) && i + 1 < client->count && options->deadline == EDDY_FOREVER) {
            eddy_ns unit = (client->word[i].data[0] | 32) == 'e' ? EDDY_SEC(1) : EDDY_MS(1);
            if (!resp_take_number(client, &client->word[++i], &number)) {
                return false;
            }
            if (number <= 0) {
                resp_put_error(client, "invalid expire time in 'set' command");
                return false;
            }
            if (!resp_deadline_of(client, number, unit, is_instant, &options->deadline)) {
                return false;
            }
        } else {
            resp_put_error(client, "syntax error");
            return false;
        }
    }
    if ((options->only_new && options->only_old) || (options->keep && options->deadline != EDDY_FOREVER)) {
        resp_put_error(client, "syntax error");
        return false;
    }
    return true;
}

void resp_do_set(struct resp_client *client)
{
    struct set_options options;
    if (!parse_set(client, &options)) {
        return;
    }
    struct resp_entry *entry = resp_find(client, &client->word[1]);
    bool refused = entry != NULL ? options.only_new : options.only_old;
    if (options.get) {
        resp_put_value(client, entry);
    } else if (refused) {
        resp_put(client, "$-1\r\n");
    }
    if (refused || !resp_set(client, &entry, &client->word[1], client->word[2].data, client->word[2].size)) {
        return;
    }
    if (!options.keep) {
        resp_expire(client, entry, options.deadline);
    }
    if (!options.get) {
        resp_put(client, "+OK\r\n");
    }
}

void resp_do_setnx(struct resp_client *client)
{
    struct resp_entry *entry = resp_find(client, &client->word[1]);
    bool is_new = entry == NULL;
    if (!is_new || resp_set(client, &entry, &client->word[1], client->word[2].data, client->word[2].size)) {
        resp_put_integer(client, is_new);
    }
}

void resp_do_setex(struct resp_client *client)
{
    struct resp_entry *entry = resp_find(client, &client->word[1]);
    int64_t seconds;
    eddy_ns deadline;
    if (!resp_take_number(client, &client->word[2], &seconds)) {
        return;
    }
    if (seconds <= 0) {
        resp_put_error(client, "invalid expire time in 'setex' command");
    } else if (resp_deadline_of(client, seconds, EDDY_SEC(1), false, &deadline) &&
               resp_set(client, &entry, &client->word[1], client->word[3].data, client->word[3].size)) {
        resp_expire(client, entry, deadline);
        resp_put(client, "+OK\r\n");
    }
}

void resp_do_mset(struct resp_client *client)
{
    if (client->count % 2 == 0) {
        resp_put_error(client, "wrong number of arguments for 'mset' command");
        return;
    }
    for (size_t i = 1; i < client->count; i += 2) {
        struct resp_entry *entry = resp_find(client, &client->word[i]);
        if (!resp_set(client, &entry, &client->word[i], client->word[i + 1].data, client->word[i + 1].size)) {
            return;
        }
        resp_expire(client, entry, EDDY_FOREVER);
    }
    resp_put(client, "+OK\r\n");
}

void resp_do_mget(struct resp_client *client)
{
    size_t total = 0;
    for (size_t i = 1; i < client->count; i++) {
        size_t size = 0;
        const struct resp_entry *entry = resp_find(client, &client->word[i]);
        if (entry != NULL) {
            resp_entry_value(entry, &size);
        }
        total += size;
    }
    if (total > RESP_ANSWER_MAX) {
        resp_put_error(client, "the answer has more than %d bytes", RESP_ANSWER_MAX);
        return;
    }
    resp_put_array(client, client->count - 1);
    for (size_t i = 1; i < client->count; i++) {
        resp_put_value(client, resp_find(client, &client->word[i]));
    }
}

void resp_do_getdel(struct resp_client *client)
{
    struct resp_entry *entry = resp_find(client, &client->word[1]);
    resp_put_value(client, entry);
    if (entry != NULL) {
        resp_store_delete(client->store, entry);
    }
}

void resp_do_append(struct resp_client *client)
{
    struct resp_entry *entry = resp_find(client, &client->word[1]);
    size_t size = 0;
    if (entry == NULL) {
        if (resp_set(client, &entry, &client->word[1], client->word[2].data, client->word[2].size)) {
            resp_put_integer(client, (int64_t)client->word[2].size);
        }
        return;
    }
    resp_entry_value(entry, &size);
    if (size + client->word[2].size > RESP_WORD_MAX) {
        resp_put_error(client, "string exceeds maximum allowed size (%d bytes)", RESP_WORD_MAX);
        return;
    }
    char *end = resp_store_append(client->store, entry, client->word[2].size);
    if (end == NULL) {
        resp_put(client, "-OOM command not allowed when used memory > 'maxmemory'.\r\n");
        return;
    }
    memcpy(end, client->word[2].data, client->word[2].size);
    resp_put_integer(client, (int64_t)(size + client->word[2].size));
}

void resp_do_strlen(struct resp_client *client)
{
    size_t size = 0;
    const struct resp_entry *entry = resp_find(client, &client->word[1]);
    if (entry != NULL) {
        resp_entry_value(entry, &size);
    }
    resp_put_integer(client, (int64_t)size);
}

static void add(struct resp_client *client, const struct eddy_slice *key, int64_t step)
{
    struct resp_entry *entry = resp_find(client, key);
    int64_t number = 0;
    char text[24];
    size_t size = 0;
    const char *value = entry != NULL ? resp_entry_value(entry, &size) : NULL;
    if (entry != NULL && !resp_number_of(value, size, &number)) {
        resp_put_error(client, "value is not an integer or out of range");
    } else if (__builtin_add_overflow(number, step, &number)) {
        resp_put_error(client, "increment or decrement would overflow");
    } else {
        int length = snprintf(text, sizeof text, "%lld", (long long)number);
        if (resp_set(client, &entry, key, text, (size_t)length)) {
            resp_put_integer(client, number);
        }
    }
}

void resp_do_incr(struct resp_client *client)
{
    add(client, &client->word[1], 1);
}

void resp_do_decr(struct resp_client *client)
{
    add(client, &client->word[1], -1);
}

void resp_do_incrby(struct resp_client *client)
{
    int64_t step;
    if (resp_take_number(client, &client->word[2], &step)) {
        add(client, &client->word[1], step);
    }
}

void resp_do_decrby(struct resp_client *client)
{
    int64_t step;
    if (resp_take_number(client, &client->word[2], &step)) {
        if (step == INT64_MIN) {
            resp_put_error(client, "decrement would overflow");
        } else {
            add(client, &client->word[1], -step);
        }
    }
}
