/* Servers: connections that come and go, however their handlers end. Limits are in test_serve_limit.c, time in
 * test_serve_time.c, ends in test_serve_stop.c. */
#define _GNU_SOURCE
#include "support/serve.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void stop_and_end(struct host *host)
{
    eddy_server_stop(&host->server, EDDY_SEC(1));
    assert_int_equal(host_end(host), 0);
}

static void a_connection_gets_a_handler_and_is_closed_after_it(void **state)
{
    static struct host host;
    host_start(&host, *state, NULL, 1);
    int client = host_call(&host, 0);
    assert_int_equal(host.started, 1);
    host_say(&host, client, "ee");
    host_expect(client, "ee");
    assert_int_equal(host.server.stats.connections, 1);
    host_say(&host, client, "r");
    host_expect_closed(client);
    assert_int_equal(host.ended, 1);
    assert_int_equal(host.server.stats.accepted, 1);
    assert_int_equal(host.server.stats.finished, 1);
    assert_int_equal(host.server.stats.failed + host.server.stats.canceled + host.server.stats.timed_out, 0);
    assert_int_equal(host.server.stats.connections, 0);
    close(client);
    stop_and_end(&host);
}

static void the_end_of_the_peer_ends_the_handler(void **state)
{
    static struct host host;
    host_start(&host, *state, NULL, 1);
    int client = host_call(&host, 0);
    close(client);
    coro_settle(host.c);
    assert_int_equal(host.ended, 1);
    assert_int_equal(host.server.stats.finished, 1);
    stop_and_end(&host);
}

static void a_handler_that_fails_ends_alone_and_the_log_is_told(void **state)
{
    struct coro *c = *state;
    static struct host host;
    host_start(&host, c, NULL, 1);
    int bad = host_call(&host, 0), good = host_call(&host, 0);
    host_say(&host, bad, "f");
    host_expect_closed(bad);
    assert_int_equal(host.server.stats.failed, 1);
    assert_int_equal(c->log_count, 1);
    assert_int_equal(c->logs[0].level, EDDY_LOG_ERROR);
    assert_int_equal(c->logs[0].error, -EPROTO);
    assert_string_equal(c->logs[0].task, "act");
    assert_int_equal(c->logs[0].trail_length, 1);
    host_say(&host, good, "e");
    host_expect(good, "e");
    close(bad);
    close(good);
    stop_and_end(&host);
    assert_int_equal(host.server.stats.finished, 2);
}

static void what_peers_do_is_no_error_of_the_server(void **state)
{
    struct coro *c = *state;
    static struct host host;
    host_start(&host, c, NULL, 1);
    int client = host_call(&host, 0);
    host_say(&host, client, "F");
    assert_int_equal(host.server.stats.failed, 1);
    assert_int_equal(c->log_count, 0);
    close(client);
    stop_and_end(&host);
}

static void a_handler_is_cancelled_like_any_task(void **state)
{
    static struct host host;
    host_start(&host, *state, NULL, 1);
    int client = host_call(&host, 0);
    host_say(&host, client, "l");
    struct eddy_connection *connection =
        EDDY_CONTAINER(eddy_list_first(&host.server.connections), struct eddy_connection, link);
    assert_ptr_equal(connection->server, &host.server);
    assert_int_equal(eddy_task_retain(connection->task), 0); /* the memory stays, the connection does not */
    struct eddy_task *task = connection->task;
    assert_string_equal(eddy_task_name(task), "act");
    eddy_task_cancel(task, -EINTR);
    coro_settle(host.c);
    assert_int_equal(host.ended, 0); /* its EDDY_FINALLY takes a second */
    assert_int_equal(host.server.stats.connections, 1);
    coro_advance(host.c, EDDY_SEC(1));
    assert_int_equal(host.ended, 1);
    assert_int_equal(host.reason, -EINTR);
    assert_int_equal(host.server.stats.canceled, 1);
    host_expect_closed(client);
    eddy_task_release(task);
    close(client);
    stop_and_end(&host);
}

static void hundreds_come_and_go(void **state)
{
    enum { CLIENTS = 500, AT_ONCE = 100 };
    static struct host host;
    host_start(&host, *state, NULL, 2);
    for (int round = 0; round < CLIENTS / AT_ONCE; round++) {
        int clients[AT_ONCE];
        for (int i = 0; i < AT_ONCE; i++) {
            clients[i] = host_call(&host, i % 2);
        }
        for (int i = 0; i < AT_ONCE; i++) {
            host_say(&host, clients[i], i % 3 == 0 ? "er" : "e");
            host_expect(clients[i], "e");
            close(clients[i]);
        }
        coro_settle(host.c);
        assert_int_equal(host.server.stats.connections, 0);
    }
    close(host_call(&host, 0));
    coro_settle(host.c);
    assert_int_equal(host.server.stats.accepted, CLIENTS + 1);
    assert_int_equal(host.server.stats.finished, CLIENTS + 1);
    assert_int_equal(host.server.stats.failed, 0);
    assert_int_equal(host.server.stats.peak, AT_ONCE);
    stop_and_end(&host);
    assert_int_equal(host.ended, CLIENTS + 1);
}

/* Its frame's size is no multiple of 16. */
struct odd {
    EDDY_FRAME;
    struct eddy_connection *connection;
    char tail[8];
};

_Static_assert(sizeof(struct odd) % 16 != 0, "it is odd");

EDDY_CORO(odd)
{
    EDDY_BEGIN(odd) {
        for (size_t i = 0; i < sizeof my->tail; i++) {
            if (my->tail[i] != 0) {
                EDDY_FAIL(-EINVAL);
            }
        }
        memset(my->tail, 'x', sizeof my->tail);
        EDDY_AWAIT(eddy_stream_read(&my->connection->stream, my->tail, 1, me));
        EDDY_AWAIT(eddy_stream_write(&my->connection->stream, my->tail, sizeof my->tail, me));
    }
}

static void a_frame_of_any_size_stands_before_its_connection(void **state)
{
    static struct host host;
    host_init(&host, *state, NULL);
    host_listen(&host, 0);
    host.handler = EDDY_HANDLER(odd);
    host_serve(&host);
    coro_settle(host.c);
    for (int i = 0; i < 3; i++) { /* in memory that was used before */
        int client = host_call(&host, 0);
        host_say(&host, client, "y");
        host_expect(client, "yxxxxxxx");
        host_expect_closed(client);
        close(client);
    }
    assert_int_equal(host.server.stats.failed, 0);
    stop_and_end(&host);
}

/* ---- Addresses ------------------------------------------------------------------------- */

static int call(const struct eddy_address *address)
{
    int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, &address->any, address->size), 0);
    return fd;
}

static void one_server_listens_on_addresses_of_every_kind(void **state)
{
    struct coro *c = *state;
    static struct host host;
    char directory[] = "/tmp/eddy-test-XXXXXX", path[64], text[EDDY_ADDRESS_TEXT];
    struct eddy_address tcp, file;
    struct eddy_listener_options share = {.reuse_port = true};
    c->os.settle_ms = 5;
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/socket", directory);
    host_init(&host, c, NULL);
    assert_int_equal(eddy_address_parse(&tcp, "127.0.0.1", 0), 0);
    assert_int_equal(eddy_server_listen(&host.server, &tcp, &share), 0);
    tcp = *eddy_server_address(&host.server, 0);
    assert_true(eddy_address_port(&tcp) != 0);
    assert_int_equal(eddy_server_listen(&host.server, &tcp, &share), 0);
    assert_int_equal(eddy_server_listen(&host.server, &tcp, NULL), -EADDRINUSE); /* which leaves nothing behind */
    assert_int_equal(eddy_address_unix(&file, path), 0);
    assert_int_equal(eddy_server_listen(&host.server, &file, NULL), 0);
    assert_string_equal(eddy_address_text(eddy_server_address(&host.server, 2), text), path);
    host_listen(&host, 3);
    assert_non_null(eddy_server_address(&host.server, 3));
    assert_null(eddy_server_address(&host.server, 4));
    host_serve(&host);
    coro_settle(c);
    int clients[10];
    for (int i = 0; i < 10; i++) {
        clients[i] = i == 8 ? call(&file) : i == 9 ? call(&host.addresses[3]) : call(&tcp);
        assert_int_equal(send(clients[i], "e", 1, 0), 1);
    }
    coro_advance(c, EDDY_MS(10));
    for (int i = 0; i < 10; i++) {
        host_expect(clients[i], "e");
        close(clients[i]);
    }
    assert_int_equal(host.server.stats.peak, 10);
    stop_and_end(&host);
    assert_int_equal(rmdir(directory), 0); /* its file has gone with it */
}

/* ---- Misuse ---------------------------------------------------------------------------- */

struct bare {
    EDDY_FRAME_RET(int);
    struct eddy_server *server;
    int result;
};

EDDY_CORO(bare)
{
    EDDY_BEGIN(bare) {
        EDDY_CALL(my->result, eddy_serve, .server = my->server, .handler = host_handler());
        EDDY_RETURN(my->result);
    }
}

static void a_server_that_listens_nowhere_is_refused(void **state)
{
    struct coro *c = *state;
    static struct host host;
    int result = 1;
    host_init(&host, c, NULL);
    assert_int_equal(CORO_RUN_RET(c, &result, bare, .server = &host.server), 0);
    assert_int_equal(result, -EINVAL);
    assert_int_equal(eddy_server_fini(&host.server), 0);
}

static void a_server_serves_once_at_a_time(void **state)
{
    struct coro *c = *state;
    static struct host host;
    host_start(&host, c, NULL, 1);
    struct eddy_address other;
    struct eddy_task *second = CORO_START(c, bare, .server = &host.server);
    coro_settle(c);
    assert_int_equal(EDDY_RESULT(second, bare), -EBUSY);
    eddy_task_release(second);
    assert_int_equal(eddy_server_fini(&host.server), -EBUSY);
    assert_int_equal(eddy_address_unix(&other, "@eddy-serve-other"), 0);
    assert_int_equal(eddy_server_listen(&host.server, &other, NULL), -EBUSY);
    int client = host_call(&host, 0); /* and goes on */
    host_say(&host, client, "e");
    host_expect(client, "e");
    close(client);
    stop_and_end(&host);
    assert_int_equal(eddy_server_listen(&host.server, &other, NULL), -ESHUTDOWN);
    assert_int_equal(eddy_server_fini(&host.server), 0);
}

static size_t descriptors;

static int os_descriptor_limit(void *context, size_t *limit)
{
    (void)context;
    *limit = descriptors;
    return descriptors > 0 ? 0 : -EPERM;
}

static size_t most_connections(struct coro *c, size_t limit)
{
    struct eddy_server server;
    c->os.os.descriptor_limit = os_descriptor_limit;
    descriptors = limit;
    assert_int_equal(eddy_server_init(&server, &c->loop, NULL), 0);
    assert_int_equal(eddy_server_fini(&server), 0);
    return server.options.connections;
}

static void nine_of_ten_descriptors_are_for_connections(void **state)
{
    assert_int_equal(most_connections(*state, 1000), 900);
    assert_int_equal(most_connections(*state, 1024), 921);
    assert_int_equal(most_connections(*state, 19), 17);
    assert_int_equal(most_connections(*state, 1), 1);
    assert_true(most_connections(*state, SIZE_MAX) > SIZE_MAX / 2); /* no limit */
    assert_int_equal(most_connections(*state, 0), 921);             /* it is not known */
}

static void options_are_checked_and_have_defaults(void **state)
{
    struct coro *c = *state;
    struct eddy_server server;
    struct eddy_server_options wrong = {.handshake = -1};
    assert_int_equal(eddy_server_init(&server, &c->loop, &wrong), -EINVAL);
    assert_int_equal(eddy_server_fini(&server), 0);
    memset(&server, 0, sizeof server);
    assert_int_equal(eddy_server_fini(&server), 0);
    assert_int_equal(eddy_server_init(&server, &c->loop, NULL), 0);
    assert_true(server.options.handshake == EDDY_SEC(10));
    assert_true(server.options.idle == EDDY_SEC(60));
    assert_true(server.options.stall == EDDY_SEC(30));
    assert_null(eddy_server_address(&server, 0));
    assert_int_equal(eddy_server_fini(&server), 0);
}

static void a_dump_shows_a_handler_by_its_name(void **state)
{
    static struct host host;
    host_start(&host, *state, NULL, 1);
    int client = host_call(&host, 0);
    host_say(&host, client, "z");
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    eddy_dump(&host.c->loop, file);
    fclose(file);
    assert_non_null(strstr(text, "task act, waits for: sleep"));
    assert_non_null(strstr(text, "waits for: stop of its server"));
    free(text);
    close(client);
    stop_and_end(&host);
    assert_int_equal(host.server.stats.canceled, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(a_connection_gets_a_handler_and_is_closed_after_it),
        coro_test(the_end_of_the_peer_ends_the_handler),
        coro_test(a_handler_that_fails_ends_alone_and_the_log_is_told),
        coro_test(what_peers_do_is_no_error_of_the_server),
        coro_test(a_handler_is_cancelled_like_any_task),
        coro_test(hundreds_come_and_go),
        coro_test(a_frame_of_any_size_stands_before_its_connection),
        coro_test(one_server_listens_on_addresses_of_every_kind),
        coro_test(a_server_that_listens_nowhere_is_refused),
        coro_test(a_server_serves_once_at_a_time),
        coro_test(nine_of_ten_descriptors_are_for_connections),
        coro_test(options_are_checked_and_have_defaults),
        coro_test(a_dump_shows_a_handler_by_its_name),
    };
    return cmocka_run_group_tests_name("servers", tests, NULL, NULL);
}
