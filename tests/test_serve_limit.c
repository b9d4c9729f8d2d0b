/* Servers at their limits: of connections, of memory, of a listener that is no more. */
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

/* ---- Connections ----------------------------------------------------------------------- */

static void at_the_limit_clients_wait_in_the_backlog(void **state)
{
    struct coro *c = *state;
    static struct host host;
    int clients[5];
    host_start(&host, c, &(struct eddy_server_options){.connections = 3}, 1);
    for (int i = 0; i < 5; i++) {
        clients[i] = host_call(&host, 0);
        assert_int_equal(host.started, i < 3 ? i + 1 : 3);
        assert_int_equal(host.server.stats.full, i < 2 ? 0 : 1);
    }
    assert_int_equal(send(clients[3], "e", 1, 0), 1);
    unsigned accepts = c->os.calls[TEST_ACCEPT], waits = c->os.waits;
    coro_advance(c, EDDY_SEC(5));
    assert_int_equal(c->os.calls[TEST_ACCEPT], accepts); /* nobody asks in vain */
    assert_true(c->os.waits - waits < 10);
    host_say(&host, clients[1], "r");
    assert_int_equal(host.started, 4);
    host_expect(clients[3], "e");
    assert_int_equal(host.server.stats.full, 2);
    host_say(&host, clients[0], "r");
    assert_int_equal(host.started, 5);
    host_say(&host, clients[2], "r");
    assert_int_equal(host.server.stats.connections, 2);
    assert_int_equal(host.server.stats.peak, 3);
    for (int i = 0; i < 5; i++) {
        close(clients[i]);
    }
    stop_and_end(&host);
    assert_int_equal(host.server.stats.accepted, 5);
    assert_int_equal(host.server.stats.finished, 5);
}

enum { EACH = 40, DOORS = 3 };

/* A handler that only writes down by which listener its client came. */
static char order[256];

struct mark {
    EDDY_FRAME;
    struct eddy_connection *connection;
};

static void write_down(const struct eddy_address *address)
{
    size_t last = (size_t)address->size - offsetof(struct sockaddr_un, sun_path) - 1;
    strncat(order, &address->un.sun_path[last], 1);
}

EDDY_CORO(mark)
{
    EDDY_BEGIN(mark) {
        write_down(eddy_listener_address(my->connection->listener));
        EDDY_AWAIT(eddy_sleep(EDDY_MS(1), me));
    }
}

/* At no time is a listener much ahead of another that has clients, too. */
static void expect_fair(size_t limit)
{
    int seen[DOORS] = {0}, least = 0;
    for (size_t i = 0; order[i] != '\0' && least < EACH - (int)limit; i++) {
        int most = ++seen[order[i] - '0'];
        least = seen[0];
        for (int door = 1; door < DOORS; door++) {
            least = seen[door] < least ? seen[door] : least;
            most = seen[door] > most ? seen[door] : most;
        }
        assert_in_range(most - least, 0, limit + 1);
    }
}

static void share(struct coro *c, size_t limit, int budget)
{
    static struct host host;
    int clients[EACH * DOORS];
    c->loop.scheduler.budget_max = budget;
    host_init(&host, c, &(struct eddy_server_options){.connections = limit});
    host.handler = EDDY_HANDLER(mark);
    for (int i = 0; i < DOORS; i++) {
        host_listen(&host, i);
    }
    for (int i = 0; i < EACH * DOORS; i++) {
        clients[i] = host_call(&host, i / EACH); /* all of one listener, then all of the next */
    }
    order[0] = '\0';
    host_serve(&host);
    coro_advance(c, EDDY_SEC(1));
    assert_int_equal(strlen(order), EACH * DOORS);
    expect_fair(limit);
    assert_true(host.server.stats.peak == limit);
    for (int i = 0; i < EACH * DOORS; i++) {
        close(clients[i]);
    }
    stop_and_end(&host);
}

static void several_listeners_share_the_places(void **state)
{
    for (size_t limit = 1; limit < 6; limit++) {
        share(*state, limit, 128);
    }
}

static void also_with_the_smallest_budget(void **state)
{
    for (size_t limit = 1; limit < 10; limit++) {
        share(*state, limit, 1);
        share(*state, limit, 2);
    }
}

static void a_stop_finds_doors_that_wait_for_a_place(void **state)
{
    static struct host host;
    int clients[3];
    host_start(&host, *state, &(struct eddy_server_options){.connections = 1}, 2);
    for (int i = 0; i < 3; i++) {
        clients[i] = host_call(&host, i % 2);
    }
    assert_int_equal(host.started, 1);
    eddy_server_stop(&host.server, EDDY_SEC(1));
    assert_int_equal(host_end(&host), 0);
    assert_int_equal(host.server.stats.accepted, 1);
    for (int i = 0; i < 3; i++) {
        host_expect_closed(clients[i]);
        close(clients[i]);
    }
}

/* ---- Memory ---------------------------------------------------------------------------- */

static void without_memory_clients_wait_and_the_log_is_told_once(void **state)
{
    struct coro *c = *state;
    static struct host host;
    int clients[3];
    host_start(&host, c, NULL, 1);
    coro_no_memory(c, true);
    for (int i = 0; i < 3; i++) {
        clients[i] = host_call(&host, 0);
    }
    assert_int_equal(host.started, 1); /* whose place was made ready before */
    coro_advance(c, EDDY_SEC(1));
    assert_int_equal(host.started, 1);
    assert_int_equal(c->log_count, 1);
    assert_int_equal(c->logs[0].level, EDDY_LOG_WARNING);
    assert_int_equal(c->logs[0].error, -ENOMEM);
    host_say(&host, clients[0], "e"); /* who is in goes on */
    host_expect(clients[0], "e");
    coro_no_memory(c, false);
    coro_advance(c, EDDY_MS(101));
    assert_int_equal(host.started, 3);
    for (int i = 0; i < 3; i++) {
        close(clients[i]);
    }
    coro_settle(c);
    stop_and_end(&host);
    assert_int_equal(c->log_count, 1);
}

static void a_stop_or_a_cancel_finds_doors_that_wait_for_memory(void **state)
{
    struct coro *c = *state;
    for (int cancels = 0; cancels < 2; cancels++) {
        static struct host host;
        host_start(&host, c, NULL, 1);
        coro_no_memory(c, true);
        int client = host_call(&host, 0);
        if (cancels) {
            eddy_task_cancel(host.task, -ECANCELED);
        } else {
            eddy_server_stop(&host.server, EDDY_SEC(1));
        }
        assert_int_equal(host_end(&host), cancels ? -ECANCELED : 0);
        coro_no_memory(c, false);
        close(client);
    }
}

static void a_client_that_epoll_has_no_room_for_is_closed_and_the_next_is_served(void **state)
{
    struct coro *c = *state;
    static struct host host;
    host_start(&host, c, NULL, 1);
    test_os_restart(&c->os, &(struct test_fault){.at = 3, .error = ENOSPC}); /* epoll_wait, accept, epoll_ctl */
    int first = host_call(&host, 0);
    assert_int_equal(c->os.struck, TEST_EPOLL_ADD);
    host_expect_closed(first);
    int second = host_call(&host, 0);
    assert_int_equal(host.started, 0);
    coro_advance(c, EDDY_MS(101));
    assert_int_equal(host.started, 1);
    host_say(&host, second, "e");
    host_expect(second, "e");
    assert_int_equal(c->log_count, 1);
    assert_int_equal(c->logs[0].error, -ENOSPC);
    assert_int_equal(host.server.stats.accepted, 1);
    close(first);
    close(second);
    stop_and_end(&host);
}

static void a_shortage_of_descriptors_is_waited_out(void **state)
{
    struct coro *c = *state;
    static struct host host;
    host_start(&host, c, NULL, 1);
    test_os_restart(&c->os, &(struct test_fault){.at = 2, .error = EMFILE, .forever = true}); /* after epoll_wait */
    int client = host_call(&host, 0);
    assert_int_equal(host.started, 0);
    coro_advance(c, EDDY_SEC(1));
    assert_int_equal(c->os.failed, 8);
    assert_int_equal(host.started, 1);
    assert_int_equal(c->log_count, 0);
    close(client);
    stop_and_end(&host);
}

/* ---- A useless listener ---------------------------------------------------------------- */

static void a_listener_that_is_none_any_more_ends_the_server_in_good_order(void **state)
{
    struct coro *c = *state;
    static struct host host;
    host_start(&host, c, NULL, 2);
    int idle = host_call(&host, 0), busy = host_call(&host, 0);
    host_say(&host, busy, "b");
    test_os_restart(&c->os, &(struct test_fault){.at = 2, .error = EOPNOTSUPP}); /* after epoll_wait comes accept */
    int last = host_call(&host, 1);
    assert_int_equal(c->os.struck, TEST_ACCEPT);
    host_expect_closed(last);
    host_expect_closed(idle);
    host_say(&host, busy, "e");
    host_expect(busy, "e");
    eddy_ns began = c->os.now;
    assert_int_equal(host_end(&host), -EOPNOTSUPP);
    assert_true(c->os.now - began == EDDY_SEC(5));
    assert_int_equal(host.server.stats.canceled, 1);
    assert_int_equal(host.ended, 2);
    close(idle);
    close(busy);
    close(last);
}

static int os_epoll_ctl(void *context, int epfd, int op, int fd, struct epoll_event *event)
{
    return op == EPOLL_CTL_ADD ? -EPERM : eddy_os_linux.epoll_ctl(context, epfd, op, fd, event);
}

static void a_listener_that_never_works_ends_the_server_at_once(void **state)
{
    struct coro *c = *state;
    static struct host host;
    host_init(&host, c, NULL);
    for (int i = 0; i < 3; i++) {
        host_listen(&host, i);
    }
    int (*works)(void *, int, int, int, struct epoll_event *) = c->loop.poller.os->epoll_ctl;
    c->os.os.epoll_ctl = os_epoll_ctl;
    host_serve(&host);
    assert_int_equal(host_end(&host), -EPERM);
    c->os.os.epoll_ctl = works;
    assert_true(coro_elapsed(c) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(at_the_limit_clients_wait_in_the_backlog),
        coro_test(several_listeners_share_the_places),
        coro_test(also_with_the_smallest_budget),
        coro_test(a_stop_finds_doors_that_wait_for_a_place),
        coro_test(without_memory_clients_wait_and_the_log_is_told_once),
        coro_test(a_stop_or_a_cancel_finds_doors_that_wait_for_memory),
        coro_test(a_client_that_epoll_has_no_room_for_is_closed_and_the_next_is_served),
        coro_test(a_shortage_of_descriptors_is_waited_out),
        coro_test(a_listener_that_is_none_any_more_ends_the_server_in_good_order),
        coro_test(a_listener_that_never_works_ends_the_server_at_once),
    };
    return cmocka_run_group_tests_name("servers at their limits", tests, NULL, NULL);
}
