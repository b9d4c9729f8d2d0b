/* How many connections a listener accepts for one event. */
#define _GNU_SOURCE
#include "support/check.h"

#include <eddy/listener.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BURST_MAX = 64, CLIENTS = 220 };

struct crowd {
    struct eddy_listener listener;
    struct eddy_stream stream;
    struct probe probe;
    uint32_t largest; /* burst there was */
};

/* Hangs up at once, and takes the next. */
static void accept_on(struct probe *probe)
{
    struct crowd *c = probe->context;
    int error = (int)probe->result;
    while (error == 0) {
        c->largest = c->listener.burst > c->largest ? c->listener.burst : c->largest;
        eddy_stream_close(&c->stream);
        error = eddy_listener_accept(&c->listener, &c->stream, &probe->waiter);
    }
    assert_int_equal(error, EDDY_PENDING);
}

/* So many clients at once; they are all served. */
static void serve(struct crowd *c, struct eddy_loop *loop, int count)
{
    const struct eddy_address *address = eddy_listener_address(&c->listener);
    int clients[CLIENTS];
    uint64_t accepted = c->listener.accepted;
    for (int i = 0; i < count; i++) {
        clients[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(connect(clients[i], &address->any, address->size), 0);
    }
    run_until_quiet(loop);
    assert_int_equal(c->listener.accepted - accepted, count);
    for (int i = 0; i < count; i++) {
        close(clients[i]);
    }
}

static void a_burst_never_grows_beyond_64(void **state)
{
    struct fixture *f = *state;
    struct crowd c = {.largest = 0};
    struct eddy_address any_port;
    assert_int_equal(eddy_address_parse(&any_port, "127.0.0.1", 0), 0);
    assert_int_equal(eddy_listener_open(&c.listener, &f->loop, &any_port, NULL), 0);
    probe_init(&c.probe, &f->loop);
    c.probe.then = accept_on;
    c.probe.context = &c;
    assert_int_equal(eddy_listener_accept(&c.listener, &c.stream, &c.probe.waiter), EDDY_PENDING);
    serve(&c, &f->loop, CLIENTS);
    assert_int_equal(c.largest, BURST_MAX);
    c.listener.burst = BURST_MAX;
    serve(&c, &f->loop, BURST_MAX - 16); /* comes up short: now it is no power of two */
    assert_int_equal(c.listener.burst, BURST_MAX - 16);
    serve(&c, &f->loop, CLIENTS);
    assert_int_equal(c.largest, BURST_MAX);
    c.probe.then = NULL;
    eddy_listener_close(&c.listener);
    run_until_quiet(&f->loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_burst_never_grows_beyond_64),
    };
    return cmocka_run_group_tests_name("listener burst", tests, NULL, NULL);
}
