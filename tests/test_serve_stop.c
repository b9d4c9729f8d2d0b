/* How servers end: by a stop, with and without time for the handlers, and by a cancel. */
#define _GNU_SOURCE
#include "support/serve.h"

#include <eddy/reader.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static bool is_refused(const struct host *host)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int result = connect(fd, &host->addresses[0].any, host->addresses[0].size);
    close(fd);
    return result < 0 && errno == ECONNREFUSED;
}

/* ---- Stops ----------------------------------------------------------------------------- */

static void a_stop_ends_who_is_idle_and_lets_others_finish(void **state)
{
    struct coro *c = *state;
    static struct host host;
    host_start(&host, c, NULL, 1);
    int idle = host_call(&host, 0), busy = host_call(&host, 0);
    host_say(&host, busy, "b");
    eddy_server_stop(&host.server, EDDY_SEC(5));
    assert_true(host.server.is_stopping);
    assert_true(is_refused(&host));
    assert_int_equal(host.ended, 0); /* nobody runs inside the call */
    coro_settle(c);
    assert_int_equal(host.ended, 1);
    host_expect_closed(idle);
    coro_advance(c, EDDY_SEC(4));
    host_say(&host, busy, "e");
    host_expect(busy, "e");
    assert_int_equal(host.result, EDDY_PENDING);
    host_say(&host, busy, "i"); /* its reads end here */
    host_expect_closed(busy);
    assert_int_equal(host_end(&host), 0);
    assert_true(coro_elapsed(c) < EDDY_SEC(5));
    assert_int_equal(host.server.stats.finished, 2);
    assert_int_equal(host.server.stats.canceled, 0);
    close(idle);
    close(busy);
}

static void who_is_not_done_in_time_is_cancelled(void **state)
{
    struct coro *c = *state;
    static struct host host;
    host_start(&host, c, NULL, 1);
    int sleeper = host_call(&host, 0), busy = host_call(&host, 0);
    host_say(&host, sleeper, "z");
    host_say(&host, busy, "b");
    eddy_ns began = c->os.now;
    eddy_server_stop(&host.server, EDDY_SEC(3));
    assert_int_equal(host_end(&host), 0);
    assert_true(c->os.now - began == EDDY_SEC(3));
    assert_int_equal(host.reason, 0); /* the task itself was not: its group was */
    assert_int_equal(host.ended, 2);
    assert_int_equal(host.server.stats.canceled, 2);
    assert_int_equal(host.server.stats.timed_out, 0);
    close(sleeper);
    close(busy);
}

static eddy_ns span_of_two_stops(struct coro *c, eddy_ns first, eddy_ns second)
{
    static struct host host;
    host_start(&host, c, NULL, 1);
    int client = host_call(&host, 0);
    host_say(&host, client, "z");
    eddy_ns began = c->os.now;
    eddy_server_stop(&host.server, first);
    coro_advance(c, EDDY_MS(100));
    eddy_server_stop(&host.server, second);
    assert_int_equal(host_end(&host), 0);
    close(client);
    return c->os.now - began;
}

static void a_second_stop_only_makes_it_sooner(void **state)
{
    assert_true(span_of_two_stops(*state, EDDY_SEC(10), EDDY_SEC(1)) == EDDY_MS(1100));
    assert_true(span_of_two_stops(*state, EDDY_SEC(1), EDDY_SEC(10)) == EDDY_SEC(1));
    assert_true(span_of_two_stops(*state, EDDY_SEC(10), 0) == EDDY_MS(100));
    assert_true(span_of_two_stops(*state, EDDY_FOREVER, EDDY_SEC(1)) == EDDY_MS(1100));
    assert_true(span_of_two_stops(*state, EDDY_SEC(1), EDDY_FOREVER) == EDDY_SEC(1));
}

static void a_handler_may_stop_its_server(void **state)
{
    struct coro *c = *state;
    static const char *const words[] = {"S", "T", "bT"};
    for (int i = 0; i < 3; i++) {
        static struct host host;
        host_start(&host, c, NULL, 2);
        int client = host_call(&host, 0), sleeper = host_call(&host, 1);
        host_say(&host, sleeper, "z");
        eddy_ns began = c->os.now;
        host_say(&host, client, words[i]);
        assert_int_equal(host_end(&host), 0);
        assert_true(c->os.now - began == (i == 0 ? 0 : EDDY_SEC(10)));
        assert_int_equal(host.server.stats.canceled, i < 2 ? 1 : 2); /* who was idle has ended by itself */
        close(client);
        close(sleeper);
    }
}

static void a_stop_before_it_serves_ends_it_at_once(void **state)
{
    struct coro *c = *state;
    static struct host host;
    host_init(&host, c, NULL);
    host_listen(&host, 0);
    eddy_server_stop(&host.server, EDDY_SEC(1));
    assert_true(is_refused(&host));
    host_serve(&host);
    assert_int_equal(host_end(&host), 0);
    assert_true(coro_elapsed(c) == 0);
}

static void a_server_that_nobody_called_stops_at_once(void **state)
{
    struct coro *c = *state;
    static struct host host;
    host_start(&host, c, NULL, 2);
    eddy_server_stop(&host.server, EDDY_SEC(10));
    eddy_server_stop(&host.server, EDDY_SEC(10));
    assert_int_equal(host_end(&host), 0);
    assert_true(coro_elapsed(c) == 0);
    eddy_server_stop(&host.server, EDDY_SEC(1)); /* when it is over, too */
}

static void clients_that_were_not_accepted_yet_are_let_go(void **state)
{
    struct coro *c = *state;
    static struct host host;
    host_start(&host, c, NULL, 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, &host.addresses[0].any, host.addresses[0].size), 0);
    eddy_server_stop(&host.server, EDDY_SEC(1));
    host_expect_closed(fd);
    assert_int_equal(host_end(&host), 0);
    assert_int_equal(host.server.stats.accepted, 0);
    close(fd);
}

static void a_stop_removes_the_sockets_file(void **state)
{
    struct coro *c = *state;
    static struct host host;
    struct eddy_address address;
    char directory[] = "/tmp/eddy-test-XXXXXX", path[64];
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/socket", directory);
    host_init(&host, c, NULL);
    assert_int_equal(eddy_address_unix(&address, path), 0);
    assert_int_equal(eddy_server_listen(&host.server, &address, NULL), 0);
    host_serve(&host);
    coro_settle(c);
    assert_int_equal(access(path, F_OK), 0);
    eddy_server_stop(&host.server, EDDY_SEC(1));
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(host_end(&host), 0);
    assert_int_equal(rmdir(directory), 0);
}

static void with_quiet_what_is_on_its_way_is_still_served(void **state)
{
    struct coro *c = *state;
    static struct host host;
    host_start(&host, c, &(struct eddy_server_options){.quiet = EDDY_MS(50)}, 1);
    int silent = host_call(&host, 0), talker = host_call(&host, 0), ready = host_call(&host, 0);
    host_say(&host, ready, "by");
    coro_advance(c, EDDY_SEC(1));
    eddy_ns began = c->os.now;
    eddy_server_stop(&host.server, EDDY_SEC(5));
    for (int i = 0; i < 5; i++) {
        coro_advance(c, EDDY_MS(40));
        host_say(&host, talker, "e");
        host_expect(talker, "e");
    }
    assert_int_equal(host.ended, 1);
    host_expect_closed(silent);
    coro_advance(c, EDDY_MS(51));
    assert_int_equal(host.ended, 2);
    host_expect_closed(talker);
    coro_advance(c, EDDY_MS(200));
    host_say(&host, ready, "eiy"); /* from now on it is idle, and has 50 ms, too */
    host_expect(ready, "e");
    assert_int_equal(host_end(&host), 0);
    assert_in_range(c->os.now - began, EDDY_MS(500), EDDY_MS(503));
    assert_int_equal(host.server.stats.finished, 3);
    assert_int_equal(host.server.stats.canceled, 0);
    close(silent);
    close(talker);
    close(ready);
}

/* In a child of fork: nothing of it does anything. The status: which promise was broken. */
static int try_all_in_a_child(struct host *host)
{
    eddy_server_stop(&host->server, 0);
    if (host->server.is_stopping) {
        return 1;
    }
    struct eddy_server other;
    int error = eddy_server_init(&other, host->server.loop, NULL);
    if (error != 0 || eddy_server_listen(&other, &host->addresses[1], NULL) != -ECHILD ||
        eddy_server_listen_inherited(&other) != -ECHILD) {
        return 2;
    }
    return eddy_server_fini(&other) != 0 || eddy_server_fini(&host->server) != -EBUSY ? 3 : 0;
}

static void in_a_child_of_fork_nothing_of_it_is_stopped(void **state)
{
    struct coro *c = *state;
    static struct host host;
    host_start(&host, c, NULL, 1);
    assert_int_equal(eddy_address_unix(&host.addresses[1], "@eddy-serve-child"), 0);
    pid_t child = fork();
    if (child == 0) {
        _exit(try_all_in_a_child(&host));
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    int client = host_call(&host, 0);
    host_say(&host, client, "e");
    host_expect(client, "e");
    close(client);
    eddy_server_stop(&host.server, 0);
    assert_int_equal(host_end(&host), 0);
}

/* ---- Cancels --------------------------------------------------------------------------- */

static void a_cancel_closes_the_doors_and_cancels_the_handlers(void **state)
{
    struct coro *c = *state;
    static struct host host;
    host_start(&host, c, NULL, 2);
    int idle = host_call(&host, 0), lingering = host_call(&host, 1);
    host_say(&host, lingering, "l");
    eddy_task_cancel(host.task, -EINTR);
    coro_settle(c);
    assert_true(is_refused(&host));
    host_expect_closed(idle);
    assert_int_equal(host.ended, 1);
    assert_int_equal(host_end(&host), -ECANCELED);
    assert_int_equal(host.ended, 2);
    assert_true(coro_elapsed(c) == EDDY_SEC(1)); /* of the EDDY_FINALLY */
    assert_int_equal(host.result, EDDY_PENDING);
    assert_int_equal(host.server.stats.canceled, 2);
    close(idle);
    close(lingering);
}

static void a_cancel_while_it_stops_does_not_wait_for_the_span(void **state)
{
    struct coro *c = *state;
    static struct host host;
    host_start(&host, c, NULL, 1);
    int client = host_call(&host, 0);
    host_say(&host, client, "z");
    eddy_server_stop(&host.server, EDDY_SEC(10));
    coro_advance(c, EDDY_SEC(1));
    eddy_task_cancel(host.task, -EINTR);
    assert_int_equal(host_end(&host), -ECANCELED);
    assert_true(coro_elapsed(c) == EDDY_SEC(1));
    assert_int_equal(host.server.stats.canceled, 1);
    close(client);
}

static void quiet_makes_no_wait_longer(void **state)
{
    struct coro *c = *state;
    static struct host host;
    host_start(&host, c, &(struct eddy_server_options){.quiet = EDDY_SEC(8)}, 1);
    int silent = host_call(&host, 0);
    coro_advance(c, EDDY_SEC(9));
    eddy_ns began = c->os.now;
    eddy_server_stop(&host.server, EDDY_SEC(60));
    assert_int_equal(host_end(&host), 0);
    assert_in_range(c->os.now - began, EDDY_MS(990), EDDY_MS(1010)); /* of its first 10 s */
    close(silent);
}

struct obeys {
    EDDY_FRAME;
    struct eddy_connection *connection;
    struct eddy_reader reader;
    struct eddy_slice line;
    ssize_t n;
};

EDDY_CORO(obeys)
{
    EDDY_BEGIN(obeys) {
        eddy_reader_init(&my->reader, eddy_loop_current(), eddy_stream_transport(&my->connection->stream), 0);
        do {
            EDDY_AWAIT(my->n, eddy_reader_line(&my->reader, &my->line, me));
            coro_say("%d", (int)my->n);
        } while (my->n > 0);
    }
    EDDY_FINALLY
    {
        eddy_reader_fini(&my->reader);
    }
}

static void half_a_line_is_not_obeyed(void **state)
{
    struct coro *c = *state;
    static struct host host;
    host_init(&host, c, NULL);
    host.handler = EDDY_HANDLER(obeys);
    host_listen(&host, 0);
    host_serve(&host);
    int client = host_call(&host, 0);
    host_say(&host, client, "GET a\nDEL foo");
    coro_expect("6");
    eddy_server_stop(&host.server, EDDY_SEC(1));
    assert_int_equal(host_end(&host), 0);
    coro_expect("-61"); /* -ENODATA */
    close(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(a_stop_ends_who_is_idle_and_lets_others_finish),
        coro_test(who_is_not_done_in_time_is_cancelled),
        coro_test(a_second_stop_only_makes_it_sooner),
        coro_test(a_handler_may_stop_its_server),
        coro_test(a_stop_before_it_serves_ends_it_at_once),
        coro_test(a_server_that_nobody_called_stops_at_once),
        coro_test(clients_that_were_not_accepted_yet_are_let_go),
        coro_test(a_stop_removes_the_sockets_file),
        coro_test(with_quiet_what_is_on_its_way_is_still_served),
        coro_test(in_a_child_of_fork_nothing_of_it_is_stopped),
        coro_test(a_cancel_closes_the_doors_and_cancels_the_handlers),
        coro_test(a_cancel_while_it_stops_does_not_wait_for_the_span),
        coro_test(half_a_line_is_not_obeyed),
        coro_test(quiet_makes_no_wait_longer),
    };
    return cmocka_run_group_tests_name("the end of servers", tests, NULL, NULL);
}
