/* 01_echo [--host H] [--port N] [--unix PATH] - an echo server on plain callbacks.
 * SIGINT or SIGTERM: echo until a client is quiet for 50 ms, close, exit 0; after 5 s in any case. */
#include "options.h"

#include <eddy.h>
#include <errno.h>

struct peer {
    struct eddy_stream stream;
    struct eddy_waiter waiter;
    struct eddy_list link;
    bool writing;
    char buffer[16384];
};

static struct eddy_loop loop;
static struct eddy_listener listener;
static struct eddy_signal signals[2];
static struct eddy_waiter acceptor, stoppers[2];
static struct eddy_list peers = {&peers, &peers};
static struct peer *newcomer;
static eddy_ns end = EDDY_FOREVER; /* of everything, once we are to stop */

static void set_deadline(struct peer *peer)
{
    if (end != EDDY_FOREVER) {
        eddy_ns quiet = eddy_ns_add(eddy_loop_now(&loop), EDDY_MS(50));
        eddy_wait_until(&peer->waiter, peer->writing || quiet > end ? end : quiet);
    }
}

/* Read and write in turn, from the result of what was done last. */
static void on_peer(struct eddy_waiter *waiter)
{
    struct peer *peer = EDDY_CONTAINER(waiter, struct peer, waiter);
    ssize_t n = waiter->result;
    while (n > 0 && (end == EDDY_FOREVER || eddy_loop_now(&loop) < end)) {
        peer->writing = !peer->writing;
        n = peer->writing ? eddy_stream_write(&peer->stream, peer->buffer, (size_t)n, waiter)
                          : eddy_stream_read(&peer->stream, peer->buffer, sizeof peer->buffer, waiter);
    }
    if (n == EDDY_PENDING) {
        set_deadline(peer);
    } else {
        eddy_stream_close(&peer->stream);
        eddy_list_remove(&peer->link);
        free(peer);
    }
}

static void on_accept(struct eddy_waiter *waiter)
{
    for (int error = (int)waiter->result; error != EDDY_PENDING && error != -ESHUTDOWN;) {
        if (error == 0 && newcomer != NULL) {
            eddy_waiter_init(&newcomer->waiter, &loop, on_peer);
            eddy_list_append(&peers, &newcomer->link);
            newcomer->writing = true; /* as if it had just written, so that reading is next */
            newcomer->waiter.result = 1;
            on_peer(&newcomer->waiter);
            newcomer = NULL;
        }
        newcomer = newcomer != NULL ? newcomer : malloc(sizeof *newcomer);
        error = newcomer != NULL ? eddy_listener_accept(&listener, &newcomer->stream, waiter)
                                 : eddy_sleep(EDDY_MS(100), waiter); /* memory may come back */
    }
}

static void on_stop(struct eddy_waiter *waiter)
{
    end = waiter->result > 0 ? eddy_ns_add(eddy_loop_now(&loop), EDDY_SEC(5)) : end;
    eddy_listener_close(&listener);
    eddy_signal_close(&signals[0]); /* the next one kills */
    eddy_signal_close(&signals[1]);
    for (struct eddy_list *link = peers.next; link != &peers; link = link->next) {
        set_deadline(EDDY_CONTAINER(link, struct peer, link));
    }
}

int main(int argc, char **argv)
{
    struct eddy_address address;
    if (!options_parse(argc, argv, 7777, &address)) {
        return 2;
    }
    int error = eddy_loop_init(&loop, NULL);
    for (int i = 0; i < 2 && error == 0; i++) {
        eddy_waiter_init(&stoppers[i], &loop, on_stop);
        error = eddy_signal_open(&signals[i], &loop, i == 0 ? SIGINT : SIGTERM);
        error = error == 0 && eddy_signal_wait(&signals[i], &stoppers[i]) != EDDY_PENDING ? -EIO : error;
    }
    error = error == 0 ? eddy_listener_open(&listener, &loop, &address, NULL) : error;
    if (error < 0) {
        return options_fail(argv[0], &address, error);
    }
    options_announce(eddy_listener_address(&listener));
    eddy_waiter_init(&acceptor, &loop, on_accept);
    on_accept(&acceptor);
    error = eddy_loop_run(&loop); /* until nothing waits any more */
    free(newcomer);
    return error < 0 || eddy_loop_fini(&loop) < 0;
}
