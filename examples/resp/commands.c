#include "commands.h"
#include "answer.h"
#include "verbs.h"
#include "words.h"

#include <eddy/api.h>
#include <stdio.h>
#include <string.h>

/* ---- The connection -------------------------------------------------------------------- */

static void do_ping(struct resp_client *client)
{
    if (client->count == 1) {
        resp_put(client, "+PONG\r\n");
    } else {
        resp_put_bulk(client, client->word[1].data, client->word[1].size);
    }
}

static void do_echo(struct resp_client *client)
{
    resp_put_bulk(client, client->word[1].data, client->word[1].size);
}

static void do_select(struct resp_client *client)
{
    if (resp_is(&client->word[1], "0")) {
        resp_put(client, "+OK\r\n");
    } else {
        resp_put_error(client, "DB index is out of range");
    }
}

static void do_quit(struct resp_client *client)
{
    resp_put(client, "+OK\r\n");
    client->quits = true;
}

static void do_hello(struct resp_client *client)
{
    if (client->count > 1 && !resp_is(&client->word[1], "2")) {
        resp_put(client, "-NOPROTO unsupported protocol version\r\n");
        return;
    }
    resp_put_array(client, 10);
    resp_put_text(client, "server");
    resp_put_text(client, "eddy");
    resp_put_text(client, "version");
    resp_put_text(client, EDDY_VERSION_STRING);
    resp_put_text(client, "proto");
    resp_put_integer(client, 2);
    resp_put_text(client, "id");
    resp_put_integer(client, client->number);
    resp_put_text(client, "mode");
    resp_put_text(client, "standalone");
}

static void do_client(struct resp_client *client)
{
    if (resp_is(&client->word[1], "ID")) {
        resp_put_integer(client, client->number);
    } else if (resp_is(&client->word[1], "GETNAME")) {
        resp_put(client, "$-1\r\n");
    } else if (resp_is(&client->word[1], "SETNAME") || resp_is(&client->word[1], "SETINFO")) {
        resp_put(client, "+OK\r\n"); /* and forget it */
    } else {
        resp_put_error(client, "unknown subcommand '%.*s'",
                       (int)(client->word[1].size < 64 ? client->word[1].size : 64), client->word[1].data);
    }
}

/* Nothing can be configured here; redis-benchmark asks all the same. */
static void do_config(struct resp_client *client)
{
    if (client->count != 3 || !resp_is(&client->word[1], "GET")) {
        resp_put_error(client, "only CONFIG GET is supported");
    } else if (resp_is(&client->word[2], "maxmemory")) {
        char text[24];
        snprintf(text, sizeof text, "%zu", client->store->memory_max);
        resp_put_array(client, 2);
        resp_put_text(client, "maxmemory");
        resp_put_text(client, text);
    } else if (resp_is(&client->word[2], "save") || resp_is(&client->word[2], "appendonly")) {
        resp_put_array(client, 2);
        resp_put_bulk(client, client->word[2].data, client->word[2].size);
        resp_put_text(client, resp_is(&client->word[2], "save") ? "" : "no");
    } else {
        resp_put_array(client, 0);
    }
}

static void do_info(struct resp_client *client)
{
    char text[256];
    snprintf(text, sizeof text,
             "# Server\r\nserver_name:eddy\r\n# Memory\r\nused_memory:%zu\r\nmaxmemory:%zu\r\n# Keyspace\r\n"
             "db0:keys=%zu\r\n",
             client->store->memory, client->store->memory_max, client->store->keys);
    resp_put_text(client, text);
}

/* ---- The table ------------------------------------------------------------------------- */

static void do_command(struct resp_client *client);

struct verb {
    char name[12];
    void (*run)(struct resp_client *client);
    size_t least; /* words, its name with them */
    size_t most;
};

static const struct verb verbs[] = {
    {"GET", resp_do_get, 2, 2},
    {"SET", resp_do_set, 3, SIZE_MAX},
    {"INCR", resp_do_incr, 2, 2},
    {"DECR", resp_do_decr, 2, 2},
    {"DEL", resp_do_del, 2, SIZE_MAX},
    {"MGET", resp_do_mget, 2, SIZE_MAX},
    {"MSET", resp_do_mset, 3, SIZE_MAX},
    {"PING", do_ping, 1, 2},
    {"EXISTS", resp_do_exists, 2, SIZE_MAX},
    {"EXPIRE", resp_do_expire, 3, 3},
    {"PEXPIRE", resp_do_pexpire, 3, 3},
    {"EXPIREAT", resp_do_expireat, 3, 3},
    {"TTL", resp_do_ttl, 2, 2},
    {"PTTL", resp_do_pttl, 2, 2},
    {"PERSIST", resp_do_persist, 2, 2},
    {"INCRBY", resp_do_incrby, 3, 3},
    {"DECRBY", resp_do_decrby, 3, 3},
    {"SETNX", resp_do_setnx, 3, 3},
    {"SETEX", resp_do_setex, 4, 4},
    {"GETDEL", resp_do_getdel, 2, 2},
    {"APPEND", resp_do_append, 3, 3},
    {"STRLEN", resp_do_strlen, 2, 2},
    {"UNLINK", resp_do_del, 2, SIZE_MAX},
    {"TYPE", resp_do_type, 2, 2},
    {"DBSIZE", resp_do_dbsize, 1, 1},
    {"FLUSHALL", resp_do_flushall, 1, 2},
    {"FLUSHDB", resp_do_flushall, 1, 2},
    {"ECHO", do_echo, 2, 2},
    {"SELECT", do_select, 2, 2},
    {"QUIT", do_quit, 1, SIZE_MAX},
    {"HELLO", do_hello, 1, SIZE_MAX},
    {"CLIENT", do_client, 2, SIZE_MAX},
    {"CONFIG", do_config, 2, SIZE_MAX},
    {"COMMAND", do_command, 1, SIZE_MAX},
    {"INFO", do_info, 1, SIZE_MAX},
};

static void do_command(struct resp_client *client)
{
    if (client->count > 1 && resp_is(&client->word[1], "COUNT")) {
        resp_put_integer(client, sizeof verbs / sizeof *verbs);
    } else {
        resp_put_array(client, 0); /* no hints for redis-cli */
    }
}

static const struct verb *verb_of(const struct eddy_slice *name)
{
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if ((name->data[0] & ~32) == verbs[i].name[0] && resp_is(name, verbs[i].name)) {
            return &verbs[i];
        }
    }
    return NULL;
}

void resp_execute(struct resp_client *client, const struct resp_command *command)
{
    const struct eddy_slice *word = command->words;
    const struct verb *verb = word->size > 0 ? verb_of(word) : NULL;
    int shown = (int)(word->size < 64 ? word->size : 64);
    if (verb != NULL && command->count >= verb->least && command->count <= verb->most) {
        client->word = word;
        client->count = command->count;
        verb->run(client);
    } else if (verb != NULL) {
        resp_put_error(client, "wrong number of arguments for '%s' command", verb->name);
    } else if (resp_is(word, "POST") || resp_is(word, "HOST:")) { /* a browser was sent here by a page */
        resp_put_error(client, "this is not a web server");
        client->quits = true;
    } else {
        resp_put_error(client, "unknown command '%.*s'", shown, word->data);
    }
}
