/* 12_resp [--host H] [--port N] [--unix PATH] [--memory MIB] [--command S] [--idle S] [--stall S] [--grace S]
 *
 * A store for redis-cli and whatever else speaks the Redis protocol (RESP2): strings, counters and deadlines, in
 * memory. Pipelining: what a client has sent at once is answered with one send.
 *
 * Limits: those of resp/parse.h (1 MiB for a key or value); 256 MiB in all (--memory), then SET and its like give -OOM;
 * 10 s from the first byte of a command to its last (--command); 300 s without one (--idle); 30 s in which a client
 * takes no byte of its answers (--stall); who has 64 KiB of answers waiting is not listened to. SIGINT or SIGTERM:
 * answer what has been asked, 5 s long (--grace), and exit 0. */
#include "resp/commands.h"
#include "serve.h"

#include <eddy/notify.h>
#include <eddy/reader.h>
#include <eddy/sleep.h>

enum { UNSENT_MAX = 64 * 1024, SWEEP_MAX = 1000 };

struct shop {
    struct resp_store store;
    struct eddy_notify armed; /* a key has got a deadline */
    eddy_ns command;
    int64_t clients;
};

struct client {
    EDDY_FRAME;
    struct eddy_connection *connection;
    struct shop *shop;
    struct eddy_reader reader;
    struct eddy_writer writer;
    struct resp_client client;
    struct eddy_slice in;
    size_t need; /* bytes that the next look at the input wants */
    ssize_t n;
    bool waits; /* for the rest of a command */
    bool malformed;
};

/* Do the commands that have come, as long as their answers are taken. */
static void work(struct client *my)
{
    static struct resp_command command; /* of nobody: there is no await in here */
    struct resp_client *client = &my->client;
    size_t done = 0;
    my->need = 1;
    client->now = eddy_loop_now(eddy_loop_current());
    while (done < my->in.size && my->writer.unsent <= UNSENT_MAX && client->error == 0 && !client->quits) {
        const char *why = NULL;
        ssize_t size = resp_parse(my->in.data + done, my->in.size - done, &command, &my->need, &why);
        if (size == 0) {
            break;
        }
        if (size < 0) {
            client->error = eddy_writer_put(&my->writer, why, strlen(why));
            client->quits = true;
            break;
        }
        if (command.count > 0) {
            resp_execute(client, &command);
        }
        my->need = 1;
        done += (size_t)size;
    }
    eddy_reader_consume(&my->reader, done);
    if (client->armed) {
        client->armed = false;
        eddy_notify_one(&my->shop->armed);
    }
}

/* The rest of a command must come in time. */
static void mind(struct client *my)
{
    bool waits = my->need > 1;
    if (waits != my->waits) {
        my->waits = waits;
        eddy_connection_phase(my->connection, waits ? my->shop->command : EDDY_FOREVER);
        eddy_connection_set_idle(my->connection, !waits);
    }
}

EDDY_CORO(client)
{
    EDDY_BEGIN(client) {
        my->shop = my->connection->server->options.context;
        my->client =
            (struct resp_client){.store = &my->shop->store, .writer = &my->writer, .number = ++my->shop->clients};
        my->need = 1;
        eddy_reader_init(&my->reader, eddy_loop_current(), eddy_stream_transport(&my->connection->stream),
                         RESP_COMMAND_MAX);
        EDDY_TRY(my->n,
                 eddy_writer_init(&my->writer, eddy_loop_current(), eddy_stream_transport(&my->connection->stream),
                                  &(struct eddy_writer_options){
                                      .cap = 2 * RESP_ANSWER_MAX, .high = UNSENT_MAX, .low = UNSENT_MAX / 4}));
        eddy_connection_ready(my->connection);
        for (;;) {
            EDDY_AWAIT(my->n, eddy_reader_peek(&my->reader, my->need, &my->in, me));
            if (my->n < (ssize_t)my->need) {
                break;
            }
            work(my);
            if (my->client.error != 0 || my->client.quits) {
                break;
            }
            mind(my);
            if (my->writer.unsent > UNSENT_MAX) {
                EDDY_TRY(my->n, eddy_writer_drain(&my->writer, me));
            }
        }
        EDDY_AWAIT(my->n, eddy_writer_flush(&my->writer, me));
    }
    EDDY_FINALLY
    {
        eddy_writer_fini(&my->writer);
        eddy_reader_fini(&my->reader);
    }
}

/* Gives the memory of keys back whose time is over, a second later at the most. */
struct sweeper {
    EDDY_FRAME;
    struct shop *shop;
    eddy_ns next;
};

EDDY_CORO(sweeper)
{
    EDDY_BEGIN(sweeper) {
        for (;;) {
            my->next = resp_store_sweep(&my->shop->store, eddy_loop_now(eddy_loop_current()), SWEEP_MAX);
            if (my->next == EDDY_FOREVER) {
                EDDY_AWAIT(eddy_notify_wait(&my->shop->armed, me));
            } else {
                { /* somebody may get an earlier one meanwhile */
                    eddy_ns latest = eddy_ns_add(eddy_loop_now(eddy_loop_current()), EDDY_SEC(1));
                    my->next = my->next < latest ? my->next : latest;
                }
                EDDY_AWAIT(eddy_sleep_until(my->next, me));
            }
        }
    }
}

struct resp {
    EDDY_FRAME_RET(int);
    const char *program;
    const struct eddy_address *address;
    struct eddy_server_options options;
    struct shop *shop;
    size_t memory;
    eddy_ns grace;
    int error;
};

static void announce(const struct eddy_address *address)
{
    char text[EDDY_ADDRESS_TEXT];
    options_listening(address);
    eddy_address_text(address, text);
    if (address->any.sa_family == AF_UNIX) {
        printf("try: redis-cli -s %s set answer 42\n", text);
    } else {
        char *colon = strrchr(text, ':');
        *colon = '\0';
        bool bracketed = text[0] == '[';
        printf("try: redis-cli -h %.*s -p %s set answer 42\n", (int)strlen(text) - 2 * bracketed, text + bracketed,
               colon + 1);
    }
    fflush(stdout);
}

EDDY_CORO(resp)
{
    EDDY_BEGIN(resp) {
        eddy_notify_init(&my->shop->armed);
        EDDY_TRY(my->error, resp_store_init(&my->shop->store, my->memory, eddy_loop_now(eddy_loop_current())));
        EDDY_TRY(my->error, EDDY_SPAWN(eddy_loop_daemons(eddy_loop_current()), sweeper, .shop = my->shop));
        my->options.context = my->shop;
        EDDY_CALL(my->ret, serve, .program = my->program, .address = my->address, .handler = EDDY_HANDLER(client),
                  .options = my->options, .grace = my->grace, .announce = announce);
    }
    EDDY_FINALLY
    {
        resp_store_clear(&my->shop->store);
    }
}

int main(int argc, char **argv)
{
    struct options_own own[] = {{"memory", "MIB", "256"},   {"command", "SECONDS", "10"}, {"idle", "SECONDS", "300"},
                                {"stall", "SECONDS", "30"}, {"grace", "SECONDS", "5"},    {0}};
    static struct shop shop;
    struct eddy_address address;
    struct eddy_server_options options = {0};
    eddy_ns grace;
    long memory;
    if (!options_parse_own(argc, argv, 6379, &address, own)) {
        return 2;
    }
    if (!options_number(&own[0], 1, 1024 * 1024, &memory) || !options_span(&own[1], &shop.command) ||
        !options_span(&own[2], &options.idle) || !options_span(&own[3], &options.stall) ||
        !options_span(&own[4], &grace)) {
        return options_usage(argv[0], own);
    }
    return EDDY_RUN(resp, .program = argv[0], .address = &address, .options = options, .shop = &shop,
                    .memory = (size_t)memory * 1024 * 1024, .grace = grace) != 0;
}
