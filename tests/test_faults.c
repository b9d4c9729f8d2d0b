/* Streams and listeners while the system fails, call by call. */
#define _GNU_SOURCE
#include "support/check.h"
#include "support/echo.h"

#include <eddy/listener.h>
#include <eddy/sleep.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- Over a socketpair --------------------------------------------------------------------- */

/* Both ends as streams; false: one could not be made, and both descriptors are closed or owned. */
static bool open_couple(struct stage *stage, struct eddy_stream *one, struct eddy_stream *other, int buffer_size)
{
    int fds[2];
    echo_stream_none(one, stage->loop);
    echo_stream_none(other, stage->loop);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) < 0) {
        return !stage_failed(stage, -errno);
    }
    if (buffer_size > 0) {
        setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &buffer_size, sizeof buffer_size);
    }
    bool failed = stage_failed(stage, eddy_stream_open(one, stage->loop, fds[0]));
    if (failed) {
        close(fds[0]);
    }
    if (failed || stage_failed(stage, eddy_stream_open(other, stage->loop, fds[1]))) {
        close(fds[1]);
        return false;
    }
    return true;
}

static void echo_over_a_pair(struct stage *stage)
{
    struct echo_server server = {.stage = stage};
    struct echo_client client = {.stage = stage};
    if (open_couple(stage, &client.stream, &server.stream, 0)) {
        stage->left = 2;
        echo_server_start(&server, stage);
        echo_client_start(&client, stage);
        stage_run(stage, 0);
        echo_server_stop(&server);
        echo_client_stop(&client);
    }
    eddy_stream_close(&client.stream);
    eddy_stream_close(&server.stream);
}

enum { BULK = 60000, CHUNK = 4000 };

struct slow_reader {
    struct stage *stage;
    struct eddy_stream stream;
    struct eddy_waiter waiter;
    bool sleeping;
    size_t received;
    char buffer[CHUNK];
};

static void read_slowly(struct slow_reader *reader, ssize_t result)
{
    while (result != EDDY_PENDING && !stage_failed(reader->stage, result)) {
        if (!reader->sleeping && result == 0) {
            stage_expect(reader->stage, reader->received == BULK, "all of a large write arrives");
            stage_done(reader->stage);
            return;
        }
        reader->received += (size_t)result;
        reader->sleeping = !reader->sleeping;
        result = reader->sleeping
                     ? eddy_sleep(EDDY_MS(3), &reader->waiter)
                     : eddy_stream_read(&reader->stream, reader->buffer, sizeof reader->buffer, &reader->waiter);
    }
}

static void on_slow_read(struct eddy_waiter *waiter)
{
    read_slowly(EDDY_CONTAINER(waiter, struct slow_reader, waiter), waiter->result);
}

struct bulk_writer {
    struct stage *stage;
    struct eddy_stream stream;
    struct eddy_waiter waiter;
    int rounds;
};

/* Three writes, one after the other: only the first one has to ask epoll for room. */
static void write_on(struct bulk_writer *writer, ssize_t result)
{
    static const char bulk[BULK / 3];
    while (result != EDDY_PENDING && !stage_failed(writer->stage, result)) {
        stage_expect(writer->stage, result == BULK / 3, "the result of a write is its size");
        if (--writer->rounds == 0) {
            if (!stage_failed(writer->stage, eddy_stream_shutdown(&writer->stream))) {
                stage_done(writer->stage);
            }
            return;
        }
        result = eddy_stream_write(&writer->stream, bulk, sizeof bulk, &writer->waiter);
    }
}

static void on_bulk_written(struct eddy_waiter *waiter)
{
    write_on(EDDY_CONTAINER(waiter, struct bulk_writer, waiter), waiter->result);
}

static void writes_to_a_slow_reader(struct stage *stage)
{
    struct slow_reader reader = {.stage = stage, .sleeping = true};
    struct bulk_writer writer = {.stage = stage, .rounds = 4};
    if (open_couple(stage, &writer.stream, &reader.stream, 4096)) {
        stage->left = 2;
        eddy_waiter_init(&reader.waiter, stage->loop, on_slow_read);
        eddy_waiter_init(&writer.waiter, stage->loop, on_bulk_written);
        write_on(&writer, BULK / 3);
        read_slowly(&reader, 0);
        stage_run(stage, 0);
        eddy_wait_withdraw(&reader.waiter);
        eddy_wait_withdraw(&writer.waiter);
    }
    eddy_stream_close(&writer.stream);
    eddy_stream_close(&reader.stream);
    eddy_wait_withdraw(&reader.waiter);
    eddy_wait_withdraw(&writer.waiter);
}

/* ---- Through a listener -------------------------------------------------------------------- */

enum { CLIENTS = 2 };

struct town {
    struct stage *stage;
    struct eddy_listener listener;
    struct eddy_waiter acceptor;
    struct echo_server servers[CLIENTS];
    struct echo_client clients[CLIENTS];
    struct eddy_waiter connectors[CLIENTS];
    int accepted;
};

static void accept_on(struct town *town, int error)
{
    while (error != EDDY_PENDING && !stage_failed(town->stage, error)) {
        echo_server_start(&town->servers[town->accepted++], town->stage);
        if (town->accepted == CLIENTS) {
            return;
        }
        error = eddy_listener_accept(&town->listener, &town->servers[town->accepted].stream, &town->acceptor);
    }
}

static void on_accepted(struct eddy_waiter *waiter)
{
    accept_on(EDDY_CONTAINER(waiter, struct town, acceptor), (int)waiter->result);
}

struct connector {
    struct eddy_waiter waiter;
    struct echo_client *client;
};

static void on_connected(struct eddy_waiter *waiter)
{
    struct echo_client *client = EDDY_CONTAINER(waiter, struct connector, waiter)->client;
    if (!stage_failed(client->stage, waiter->result)) {
        echo_client_start(client, client->stage);
    }
}

static void connect_clients(struct town *town, struct connector connectors[CLIENTS])
{
    struct stage *stage = town->stage;
    const struct eddy_address *address = eddy_listener_address(&town->listener);
    for (int i = 0; i < CLIENTS && stage->error == 0; i++) {
        connectors[i].client = &town->clients[i];
        eddy_waiter_init(&connectors[i].waiter, stage->loop, on_connected);
        int error = eddy_stream_connect(&town->clients[i].stream, stage->loop, address, &connectors[i].waiter);
        if (error != EDDY_PENDING && !stage_failed(stage, error)) {
            echo_client_start(&town->clients[i], stage);
        }
    }
}

static void echo_in_town(struct stage *stage, const struct eddy_address *address)
{
    static struct town town;
    struct connector connectors[CLIENTS];
    memset(&town, 0, sizeof town);
    town.stage = stage;
    for (int i = 0; i < CLIENTS; i++) {
        town.servers[i].stage = town.clients[i].stage = stage;
        echo_stream_none(&town.servers[i].stream, stage->loop);
        echo_stream_none(&town.clients[i].stream, stage->loop);
        eddy_waiter_init(&town.servers[i].waiter, stage->loop, on_accepted);
        eddy_waiter_init(&town.clients[i].reader, stage->loop, on_accepted);
        eddy_waiter_init(&town.clients[i].writer, stage->loop, on_accepted);
        eddy_waiter_init(&connectors[i].waiter, stage->loop, on_connected);
    }
    eddy_waiter_init(&town.acceptor, stage->loop, on_accepted);
    if (stage_failed(stage, eddy_listener_open(&town.listener, stage->loop, address, NULL))) {
        eddy_listener_close(&town.listener);
        return;
    }
    stage->left = 2 * CLIENTS;
    accept_on(&town, eddy_listener_accept(&town.listener, &town.servers[0].stream, &town.acceptor));
    connect_clients(&town, connectors);
    stage_run(stage, 0);
    eddy_listener_close(&town.listener);
    eddy_wait_withdraw(&town.acceptor);
    for (int i = 0; i < CLIENTS; i++) {
        eddy_wait_withdraw(&connectors[i].waiter);
        echo_server_stop(&town.servers[i]);
        echo_client_stop(&town.clients[i]);
    }
}

static void echo_over_unix(struct stage *stage)
{
    struct eddy_address address;
    char path[64];
    snprintf(path, sizeof path, "/tmp/eddy-test-%d.sock", (int)getpid());
    stage_failed(stage, eddy_address_unix(&address, path));
    echo_in_town(stage, &address);
    unlink(path); /* what a failed unlink left */
}

static void echo_over_tcp(struct stage *stage)
{
    struct eddy_address address;
    stage_failed(stage, eddy_address_parse(&address, "127.0.0.1", 0));
    echo_in_town(stage, &address);
}

/* ---- The tests ------------------------------------------------------------------------------ */

static void an_echo_over_a_pair_survives_every_failure(void **state)
{
    (void)state;
    assert_int_equal(sweep("pair", echo_over_a_pair), 0);
}

static void writes_to_a_slow_reader_survive_every_failure(void **state)
{
    (void)state;
    assert_int_equal(sweep("slow_reader", writes_to_a_slow_reader), 0);
}

static void an_echo_over_unix_survives_every_failure(void **state)
{
    (void)state;
    assert_int_equal(sweep("unix", echo_over_unix), 0);
}

static void an_echo_over_tcp_survives_every_failure(void **state)
{
    (void)state;
    assert_int_equal(sweep("tcp", echo_over_tcp), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_echo_over_a_pair_survives_every_failure),
        cmocka_unit_test(writes_to_a_slow_reader_survive_every_failure),
        cmocka_unit_test(an_echo_over_unix_survives_every_failure),
        cmocka_unit_test(an_echo_over_tcp_survives_every_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
