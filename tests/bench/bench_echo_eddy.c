/* The echo server on eddy's streams with plain callbacks: one read buffer for all connections, which a
 * parked read may share since it receives in its own turn. Only a connection whose write had to wait
 * gets a buffer of its own, for the rest. */
#include "bench.h"

#include <eddy/address.h>
#include <eddy/listener.h>
#include <eddy/loop.h>
#include <eddy/stream.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct peer {
    struct eddy_stream stream;
    struct eddy_waiter reader;
    struct eddy_waiter writer;
    char *rest;
};

static struct eddy_loop loop;
static struct eddy_listener listener;
static struct eddy_waiter acceptor;
static struct peer *next_peer; /* for the connection that comes next */
static char buffer[BENCH_ECHO_BUFFER];

static __attribute__((noinline)) void peer_close(struct peer *peer)
{
    eddy_stream_close(&peer->stream);
    free(peer->rest);
    free(peer);
}

/* The write waits with a pointer into the shared buffer: move what is left of it into a buffer of the peer's. */
static __attribute__((noinline)) ssize_t write_rest(struct peer *peer, size_t size)
{
    ssize_t outcome = eddy_wait_withdraw(&peer->writer);
    if (outcome != EDDY_PENDING) {
        return outcome;
    }
    size_t sent = eddy_stream_sent(&peer->stream);
    peer->rest = malloc(size - sent);
    memcpy(peer->rest, buffer + sent, size - sent);
    return eddy_stream_write(&peer->stream, peer->rest, size - sent, &peer->writer);
}

static void echo(struct peer *peer, ssize_t got);

static void peer_read(struct peer *peer)
{
    ssize_t got = eddy_stream_read(&peer->stream, buffer, sizeof buffer, &peer->reader);
    if (__builtin_expect(got != EDDY_PENDING, 0)) {
        echo(peer, got);
    }
}

/* The bytes could not be written at once, or there were none. */
static __attribute__((noinline)) void echo_slowly(struct peer *peer, ssize_t got, ssize_t sent)
{
    if (sent == EDDY_PENDING) {
        sent = write_rest(peer, (size_t)got);
    }
    if (sent == EDDY_PENDING) {
        return;
    }
    if (sent <= 0) {
        peer_close(peer);
    } else {
        peer_read(peer);
    }
}

/* Echo the `got` bytes in the buffer, and whatever can be read after them. */
static __attribute__((noinline)) void echo(struct peer *peer, ssize_t got)
{
    ssize_t sent = got > 0 ? eddy_stream_write(&peer->stream, buffer, (size_t)got, &peer->writer) : 0;
    if (__builtin_expect(got <= 0 || sent != got, 0)) {
        echo_slowly(peer, got, sent);
    } else {
        peer_read(peer);
    }
}

static void on_read(struct eddy_waiter *waiter)
{
    echo(EDDY_CONTAINER(waiter, struct peer, reader), waiter->result);
}

static void on_written(struct eddy_waiter *waiter)
{
    struct peer *peer = EDDY_CONTAINER(waiter, struct peer, writer);
    free(peer->rest);
    peer->rest = NULL;
    if (waiter->result < 0) {
        peer_close(peer);
        return;
    }
    peer_read(peer);
}

static void accept_more(void)
{
    for (;;) {
        next_peer = malloc(sizeof *next_peer);
        next_peer->rest = NULL;
        eddy_waiter_init(&next_peer->reader, &loop, on_read);
        eddy_waiter_init(&next_peer->writer, &loop, on_written);
        int error = eddy_listener_accept(&listener, &next_peer->stream, &acceptor);
        if (error == EDDY_PENDING) {
            return;
        }
        if (error < 0) {
            bench_die("accept: %s", strerror(-error));
        }
        peer_read(next_peer);
    }
}

static void on_accept(struct eddy_waiter *waiter)
{
    if (waiter->result < 0) {
        bench_die("accept: %s", strerror((int)-waiter->result));
    }
    peer_read(next_peer);
    accept_more();
}

int main(int argc, char **argv)
{
    struct eddy_address address;
    char text[EDDY_ADDRESS_TEXT];
    int error = eddy_loop_init(&loop, NULL);
    if (error == 0) {
        error = eddy_address_parse(&address, "127.0.0.1", bench_port_argument(argc, argv));
    }
    if (error == 0) {
        error = eddy_listener_open(&listener, &loop, &address, NULL);
    }
    if (error < 0) {
        bench_die("listen: %s", strerror(-error));
    }
    printf("listening on %s\n", eddy_address_text(eddy_listener_address(&listener), text));
    fflush(stdout);
    eddy_waiter_init(&acceptor, &loop, on_accept);
    accept_more();
    return eddy_loop_run(&loop) < 0;
}
