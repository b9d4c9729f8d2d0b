/* Servers and time: silent peers, slow peers, peers that never read. */
#define _GNU_SOURCE
#include "support/serve.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void stop_and_end(struct host *host)
{
    eddy_server_stop(&host->server, 0);
    assert_int_equal(host_end(host), 0);
}

/* Let time pass to just before `span` is over: nothing has happened; and over it: the connection is closed. */
static void expect_end_after(struct host *host, int client, eddy_ns span)
{
    coro_advance(host->c, span - EDDY_MS(2));
    assert_int_equal(host->server.stats.connections, 1);
    coro_advance(host->c, EDDY_MS(4));
    assert_int_equal(host->server.stats.connections, 0);
    host_expect_closed(client);
    close(client);
}

/* ---- Reads and writes ------------------------------------------------------------------ */

static void a_new_peer_has_ten_seconds_to_speak(void **state)
{
    static struct host host;
    host_start(&host, *state, NULL, 1);
    expect_end_after(&host, host_call(&host, 0), EDDY_SEC(10));
    int talker = host_call(&host, 0);
    coro_advance(host.c, EDDY_SEC(8));
    host_say(&host, talker, "e"); /* not ready: each read has ten seconds */
    host_expect(talker, "e");
    expect_end_after(&host, talker, EDDY_SEC(10));
    stop_and_end(&host);
    assert_int_equal(host.server.stats.finished, 2);
}

static void who_is_ready_has_sixty(void **state)
{
    static struct host host;
    host_start(&host, *state, NULL, 1);
    int client = host_call(&host, 0);
    host_say(&host, client, "y");
    coro_advance(host.c, EDDY_SEC(50));
    host_say(&host, client, "e");
    host_expect(client, "e");
    expect_end_after(&host, client, EDDY_SEC(60));
    stop_and_end(&host);
}

static void a_peer_that_never_reads_has_thirty(void **state)
{
    struct coro *c = *state;
    static struct host host;
    host_start(&host, c, NULL, 1);
    int client = host_call(&host, 0);
    host_say(&host, client, "w");
    coro_advance(c, EDDY_SEC(20));
    char page[4096];
    assert_true(recv(client, page, sizeof page, 0) > 0); /* one look, which makes room */
    while (recv(client, page, sizeof page, 0) > 0) {
    }
    coro_advance(c, EDDY_SEC(30) - EDDY_MS(2));
    assert_int_equal(host.server.stats.connections, 1);
    coro_advance(c, EDDY_MS(4));
    assert_int_equal(host.server.stats.connections, 0);
    assert_int_equal(host.server.stats.timed_out, 1);
    assert_int_equal(host.server.stats.failed, 1);
    assert_int_equal(c->log_count, 0);
    close(client);
    stop_and_end(&host);
}

static void limits_are_as_they_were_asked_for(void **state)
{
    static struct host host;
    struct eddy_server_options options = {.handshake = EDDY_SEC(1), .idle = EDDY_SEC(2), .stall = EDDY_SEC(3)};
    host_start(&host, *state, &options, 1);
    expect_end_after(&host, host_call(&host, 0), EDDY_SEC(1));
    int client = host_call(&host, 0);
    host_say(&host, client, "yt");
    expect_end_after(&host, client, EDDY_SEC(2));
    assert_int_equal(host.server.stats.timed_out, 2);
    client = host_call(&host, 0);
    host_say(&host, client, "w");
    coro_advance(host.c, EDDY_SEC(3) - EDDY_MS(2));
    assert_int_equal(host.server.stats.connections, 1);
    coro_advance(host.c, EDDY_MS(4));
    assert_int_equal(host.server.stats.connections, 0);
    close(client);
    stop_and_end(&host);
}

static void for_ever_is_for_ever(void **state)
{
    struct coro *c = *state;
    static struct host host;
    struct eddy_server_options options = {.handshake = EDDY_FOREVER, .idle = EDDY_FOREVER, .stall = EDDY_FOREVER};
    host_start(&host, c, &options, 1);
    int silent = host_call(&host, 0), deaf = host_call(&host, 0);
    host_say(&host, deaf, "w");
    coro_advance(c, EDDY_SEC(100000));
    assert_int_equal(host.server.stats.connections, 2);
    assert_int_equal(c->loop.scheduler.timers.armed, 0);
    close(silent);
    close(deaf);
    coro_settle(c);
    stop_and_end(&host);
}

/* ---- Phases ---------------------------------------------------------------------------- */

static void one_letter_at_a_time_does_not_make_a_phase_longer(void **state)
{
    static struct host host;
    host_start(&host, *state, NULL, 1);
    int client = host_call(&host, 0);
    host_say(&host, client, "p");
    for (int i = 0; i < 3; i++) {
        coro_advance(host.c, EDDY_MS(300));
        host_say(&host, client, "e");
        host_expect(client, "e");
    }
    expect_end_after(&host, client, EDDY_MS(100));
    assert_int_equal(host.server.stats.timed_out, 1);
    assert_int_equal(host.server.stats.canceled, 0);
    assert_int_equal(host.server.stats.failed, 0);
    assert_int_equal(host.reason, -ETIMEDOUT);
    assert_int_equal(host.c->log_count, 0);
    stop_and_end(&host);
}

static void a_phase_is_replaced_by_the_next(void **state)
{
    static struct host host;
    host_start(&host, *state, NULL, 1);
    int client = host_call(&host, 0);
    host_say(&host, client, "p");
    coro_advance(host.c, EDDY_MS(600));
    host_say(&host, client, "p");
    coro_advance(host.c, EDDY_MS(600));
    host_say(&host, client, "P");
    coro_advance(host.c, EDDY_SEC(5));
    host_say(&host, client, "e");
    host_expect(client, "e");
    host_say(&host, client, "p");
    expect_end_after(&host, client, EDDY_SEC(1));
    assert_int_equal(host.server.stats.timed_out, 1);
    stop_and_end(&host);
}

/* Both are due in the same turn, and the handler's turn comes first. */
static void a_phase_that_is_renewed_in_time_is_not_over(void **state)
{
    struct coro *c = *state;
    static struct host host;
    host_start(&host, c, NULL, 1);
    int client = host_call(&host, 0);
    host_say(&host, client, "p");
    test_os_advance(&c->os, EDDY_SEC(1));
    assert_int_equal(send(client, "pe", 2, 0), 2);
    coro_settle(c);
    host_expect(client, "e");
    expect_end_after(&host, client, EDDY_SEC(1));
    stop_and_end(&host);
}

static void a_phase_ends_with_its_handler(void **state)
{
    static struct host host;
    host_start(&host, *state, NULL, 1);
    int client = host_call(&host, 0);
    host_say(&host, client, "pr");
    host_expect_closed(client);
    assert_int_equal(host.server.stats.finished, 1);
    assert_int_equal(host.c->loop.scheduler.timers.armed, 0);
    coro_advance(host.c, EDDY_SEC(2));
    close(client);
    stop_and_end(&host);
    assert_int_equal(host.server.stats.timed_out, 0);
}

static void the_end_of_a_handler_is_not_late(void **state)
{
    static struct host host;
    host_start(&host, *state, NULL, 1);
    int client = host_call(&host, 0);
    host_say(&host, client, "lp");
    coro_advance(host.c, EDDY_MS(500));
    host_say(&host, client, "r"); /* its EDDY_FINALLY takes a second, and the phase is over meanwhile */
    expect_end_after(&host, client, EDDY_SEC(1));
    assert_int_equal(host.ended, 1);
    assert_int_equal(host.server.stats.timed_out, 0);
    assert_int_equal(host.server.stats.canceled, 0);
    stop_and_end(&host);
}

static void what_a_stop_has_cancelled_is_not_late(void **state)
{
    static struct host host;
    host_start(&host, *state, NULL, 1);
    int client = host_call(&host, 0);
    host_say(&host, client, "lpz");
    coro_advance(host.c, EDDY_MS(500));
    eddy_server_stop(&host.server, 0);
    assert_int_equal(host_end(&host), 0);
    assert_int_equal(host.server.stats.canceled, 1);
    assert_int_equal(host.server.stats.timed_out, 0);
    close(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(a_new_peer_has_ten_seconds_to_speak),
        coro_test(who_is_ready_has_sixty),
        coro_test(a_peer_that_never_reads_has_thirty),
        coro_test(limits_are_as_they_were_asked_for),
        coro_test(for_ever_is_for_ever),
        coro_test(one_letter_at_a_time_does_not_make_a_phase_longer),
        coro_test(a_phase_is_replaced_by_the_next),
        coro_test(a_phase_that_is_renewed_in_time_is_not_over),
        coro_test(a_phase_ends_with_its_handler),
        coro_test(the_end_of_a_handler_is_not_late),
        coro_test(what_a_stop_has_cancelled_is_not_late),
    };
    return cmocka_run_group_tests_name("servers and time", tests, NULL, NULL);
}
