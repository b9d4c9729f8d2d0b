/* Connecting to names on real loopback, both families, with real threads for what the system is asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <eddy.h>

#include <errno.h>
#include <netdb.h>
#include <string.h>

static struct eddy_loop loop;
static struct eddy_listener listener;
static struct eddy_stream stream, peer;
static struct eddy_dial_report report;
static struct eddy_waiter waiter;
static bool accepted;

/* Both addresses of this machine, ::1 first. */
static int both_getaddrinfo(void *context, const char *host, const char *service, const struct addrinfo *hints,
                            struct addrinfo **list)
{
    (void)host;
    struct addrinfo numeric = *hints;
    numeric.ai_flags = AI_NUMERICHOST;
    numeric.ai_family = 0;
    struct addrinfo *rest = NULL;
    int error = eddy_threads_linux.getaddrinfo(context, "127.0.0.1", service, &numeric, &rest);
    if (error == 0) {
        error = eddy_threads_linux.getaddrinfo(context, "::1", service, &numeric, list);
        if (error == 0) {
            (*list)->ai_next = rest;
        }
    }
    return error;
}

static void on_accept(struct eddy_waiter *accepting)
{
    accepted = accepting->result == 0;
}

struct dialler {
    EDDY_FRAME_RET(int);
    const char *host;
    uint16_t port;
};

EDDY_CORO(dialler)
{
    EDDY_BEGIN(dialler) {
        EDDY_CALL(my->ret, eddy_dial, .stream = &stream, .host = my->host, .port = my->port, .report = &report);
    }
}

static struct eddy_threads threads;

static int setup(void **state)
{
    (void)state;
    accepted = false;
    threads = eddy_threads_linux;
    threads.getaddrinfo = both_getaddrinfo;
    struct eddy_loop_options options = {.threads = &threads};
    return eddy_loop_init(&loop, &options);
}

static int teardown(void **state)
{
    (void)state;
    eddy_stream_close(&stream);
    eddy_stream_close(&peer);
    eddy_listener_close(&listener);
    if (eddy_waiter_is_waiting(&waiter)) {
        (void)eddy_wait_withdraw(&waiter);
    }
    return eddy_loop_fini(&loop);
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* A server on `host`; its port. */
static uint16_t serve(const char *host)
{
    struct eddy_address address;
    assert_int_equal(eddy_address_parse(&address, host, 0), 0);
    assert_int_equal(eddy_listener_open(&listener, &loop, &address, NULL), 0);
    eddy_waiter_init(&waiter, &loop, on_accept);
    assert_int_equal(eddy_listener_accept(&listener, &peer, &waiter), EDDY_PENDING);
    return eddy_address_port(eddy_listener_address(&listener));
}

static int dial(const char *host, uint16_t port)
{
    struct eddy_task *task;
    assert_int_equal(EDDY_SPAWN_TASK(&task, eddy_loop_detached(&loop), dialler, .host = host, .port = port), 0);
    while (!eddy_task_is_done(task)) {
        assert_true(eddy_loop_step(&loop) >= 0);
    }
    int result = EDDY_RESULT(task, dialler);
    eddy_task_release(task);
    return result;
}

static void check_connection(const char *host, uint16_t port)
{
    char text[EDDY_ADDRESS_TEXT], expected[EDDY_ADDRESS_TEXT];
    struct eddy_address address;
    while (!accepted) {
        assert_true(eddy_loop_step(&loop) >= 0);
    }
    assert_int_equal(eddy_stream_peer(&stream, &address), 0);
    snprintf(expected, sizeof expected, host[0] == ':' ? "[%s]:%u" : "%s:%u", host, (unsigned)port);
    assert_string_equal(eddy_address_text(&address, text), expected);
    char byte = 0;
    assert_int_equal(eddy_stream_try_write(&stream, "x", 1), 1);
    while (eddy_stream_try_read(&peer, &byte, 1) == -EAGAIN) {
        assert_true(eddy_loop_step(&loop) >= 0);
    }
    assert_int_equal(byte, 'x');
}

static void a_server_on_ipv6_is_found_first(void **state)
{
    (void)state;
    uint16_t port = serve("::1");
    assert_int_equal(dial("both.example", port), 0);
    assert_int_equal(report.count, 1);
    check_connection("::1", port);
}

static void a_server_on_ipv4_alone_is_found_at_once(void **state)
{
    (void)state;
    uint16_t port = serve("127.0.0.1");
    assert_int_equal(dial("both.example", port), 0);
    assert_int_equal(report.count, 2);
    assert_int_equal(report.attempts[0].error, -ECONNREFUSED);
    assert_true(report.attempts[1].began < EDDY_MS(250)); /* it was not waited for */
    check_connection("127.0.0.1", port);
}

static void localhost_is_found_on_either(void **state)
{
    (void)state;
    uint16_t port = serve("127.0.0.1");
    assert_int_equal(dial("localhost", port), 0);
    check_connection("127.0.0.1", port);
}

static void a_numeric_address_is_itself(void **state)
{
    (void)state;
    uint16_t port = serve("127.0.0.1");
    assert_int_equal(dial("127.0.0.1", port), 0);
    assert_int_equal(report.count, 1);
    check_connection("127.0.0.1", port);
}

static void nobody_there_is_refused_on_both(void **state)
{
    (void)state;
    uint16_t port = serve("127.0.0.1");
    (void)eddy_wait_withdraw(&waiter);
    eddy_listener_close(&listener);
    assert_int_equal(dial("both.example", port), -ECONNREFUSED);
    assert_int_equal(report.count, 2);
    assert_int_equal(report.attempts[1].error, -ECONNREFUSED);
    assert_int_equal(eddy_stream_fd(&stream), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(a_server_on_ipv6_is_found_first), test(a_server_on_ipv4_alone_is_found_at_once),
        test(localhost_is_found_on_either),    test(a_numeric_address_is_itself),
        test(nobody_there_is_refused_on_both),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
