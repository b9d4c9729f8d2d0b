/* Connecting to a name, on a virtual clock: hosts that answer late, refuse or never answer, and the instants of all
 * attempts. */
#include "support/coro.h"
#include "support/fake_net.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>

static struct eddy_stream stream;
static struct eddy_dial_report report;

struct dialler {
    EDDY_FRAME_RET(int);
    const char *host;
    int family;
    eddy_ns timeout;
    eddy_ns delay;
};

EDDY_CORO(dialler)
{
    EDDY_BEGIN(dialler) {
        EDDY_CALL(my->ret, eddy_dial, .stream = &stream, .host = my->host, .port = 80, .family = my->family,
                  .timeout = my->timeout, .delay = my->delay, .report = &report);
    }
}

#define DIAL(c, ...)                                                              \
    __extension__({                                                               \
        int dial_result = 1;                                                      \
        assert_int_equal(CORO_RUN_RET(c, &dial_result, dialler, __VA_ARGS__), 0); \
        assert_int_equal(fake_net_pending(), 0);                                  \
        dial_result;                                                              \
    })

static struct coro *start(void **state, const struct fake_host *hosts)
{
    struct coro *c = *state;
    memset(&report, 0, sizeof report);
    fake_net_begin(&c->loop, hosts);
    return c;
}

static void finish(void)
{
    eddy_stream_close(&stream);
    fake_net_end();
}

/* Each attempt as "ADDRESS BEGAN+TOOK ERROR", in ms. */
static const char *attempts(void)
{
    static char text[1024];
    text[0] = '\0';
    for (size_t i = 0; i < report.count; i++) {
        const struct eddy_dial_attempt *attempt = &report.attempts[i];
        char address[EDDY_ADDRESS_TEXT];
        size_t length = strlen(text);
        assert_int_equal(attempt->began % EDDY_MS(1), 0);
        assert_int_equal(attempt->took % EDDY_MS(1), 0);
        snprintf(text + length, sizeof text - length, "%s%s %d+%d %d", i > 0 ? ", " : "",
                 eddy_address_text(&attempt->address, address), (int)(attempt->began / EDDY_MS(1)),
                 (int)(attempt->took / EDDY_MS(1)), attempt->error);
    }
    return text;
}

#define TAKES(address, after) \
    {                         \
        address, after, 0     \
    }
#define FAILS(address, after, error) \
    {                                \
        address, after, error        \
    }
#define HANGS(address)           \
    {                            \
        address, EDDY_FOREVER, 0 \
    }
#define HOSTS(...) ((const struct fake_host[]){__VA_ARGS__, HANGS(NULL)})

/* Whether there is a connection, which the other end has finished. */
static bool is_connected(void)
{
    char byte;
    return eddy_stream_fd(&stream) >= 0 && eddy_stream_try_read(&stream, &byte, 1) == 0;
}

/* ---- The instants of attempts ---------------------------------------------------------------- */

static void the_first_that_answers_at_once_is_taken(void **state)
{
    struct coro *c = start(state, HOSTS(TAKES("2001:db8::1", 0), TAKES("192.0.2.1", 0)));
    assert_int_equal(DIAL(c, .host = "example.org"), 0);
    assert_string_equal(attempts(), "[2001:db8::1]:80 0+0 0");
    assert_true(is_connected());
    finish();
}

static void the_next_begins_after_250_ms(void **state)
{
    struct coro *c = start(state, HOSTS(HANGS("2001:db8::1"), TAKES("192.0.2.1", EDDY_MS(30)), TAKES("192.0.2.2", 0)));
    assert_int_equal(DIAL(c, .host = "example.org"), 0);
    assert_string_equal(attempts(), "[2001:db8::1]:80 0+280 -125, 192.0.2.1:80 250+30 0");
    assert_int_equal(coro_elapsed(c), EDDY_MS(280));
    assert_true(is_connected());
    finish();
}

static void the_next_begins_at_once_when_one_fails(void **state)
{
    struct coro *c =
        start(state, HOSTS(FAILS("2001:db8::1", 0, -ENETUNREACH), FAILS("192.0.2.1", EDDY_MS(10), -ECONNREFUSED),
                           TAKES("2001:db8::2", EDDY_MS(5))));
    assert_int_equal(DIAL(c, .host = "example.org"), 0);
    assert_string_equal(attempts(), "[2001:db8::1]:80 0+0 -101, 192.0.2.1:80 0+10 -111, [2001:db8::2]:80 10+5 0");
    finish();
}

static void the_failure_of_any_attempt_lets_the_next_begin(void **state)
{
    struct coro *c = start(state, HOSTS(FAILS("192.0.2.1", EDDY_MS(300), -ECONNREFUSED), HANGS("192.0.2.2"),
                                        TAKES("192.0.2.3", EDDY_MS(100))));
    assert_int_equal(DIAL(c, .host = "example.org"), 0);
    assert_string_equal(attempts(), "192.0.2.1:80 0+300 -111, 192.0.2.2:80 250+150 -125, 192.0.2.3:80 300+100 0");
    finish();
}

static void who_answers_late_still_wins_if_it_is_first(void **state)
{
    struct coro *c = start(state, HOSTS(TAKES("2001:db8::1", EDDY_MS(600)), TAKES("192.0.2.1", EDDY_MS(700)),
                                        HANGS("192.0.2.2"), TAKES("192.0.2.3", 0)));
    assert_int_equal(DIAL(c, .host = "example.org"), 0);
    assert_string_equal(attempts(), "[2001:db8::1]:80 0+600 0, 192.0.2.1:80 250+350 -125, 192.0.2.2:80 500+100 -125");
    assert_true(is_connected());
    finish();
}

static void of_two_that_answer_together_one_is_closed(void **state)
{
    struct coro *c = start(state, HOSTS(TAKES("2001:db8::1", EDDY_MS(300)), TAKES("192.0.2.1", EDDY_MS(50))));
    assert_int_equal(DIAL(c, .host = "example.org"), 0);
    assert_int_equal(report.count, 2);
    assert_int_equal(report.attempts[0].error + report.attempts[1].error, -ECANCELED);
    finish();
}

static void the_delay_can_be_changed(void **state)
{
    struct coro *c = start(state, HOSTS(HANGS("192.0.2.1"), HANGS("192.0.2.2"), TAKES("192.0.2.3", 0)));
    assert_int_equal(DIAL(c, .host = "example.org", .delay = EDDY_MS(10)), 0);
    assert_string_equal(attempts(), "192.0.2.1:80 0+20 -125, 192.0.2.2:80 10+10 -125, 192.0.2.3:80 20+0 0");
    finish();
}

/* ---- Their order ------------------------------------------------------------------------------- */

static void families_take_turns_and_the_systems_first_comes_first(void **state)
{
    struct coro *c =
        start(state, HOSTS(FAILS("192.0.2.1", 0, -ECONNREFUSED), FAILS("192.0.2.2", 0, -ECONNREFUSED),
                           FAILS("192.0.2.3", 0, -ECONNREFUSED), FAILS("192.0.2.4", 0, -ECONNREFUSED),
                           FAILS("2001:db8::1", 0, -ECONNREFUSED), FAILS("2001:db8::2", 0, -ECONNREFUSED)));
    assert_int_equal(DIAL(c, .host = "example.org"), -ECONNREFUSED);
    assert_string_equal(attempts(), "192.0.2.1:80 0+0 -111, [2001:db8::1]:80 0+0 -111, 192.0.2.2:80 0+0 -111, "
                                    "[2001:db8::2]:80 0+0 -111, 192.0.2.3:80 0+0 -111, 192.0.2.4:80 0+0 -111");
    assert_int_equal(eddy_stream_fd(&stream), -1);
    finish();
}

static void a_family_can_be_asked_for(void **state)
{
    struct coro *c = start(state, HOSTS(HANGS("2001:db8::1"), TAKES("192.0.2.1", EDDY_MS(1))));
    assert_int_equal(DIAL(c, .host = "example.org", .family = AF_INET), 0);
    assert_string_equal(attempts(), "192.0.2.1:80 0+1 0");
    finish();
}

static void no_more_than_so_many_are_tried(void **state)
{
    struct coro *c = *state;
    static struct fake_host hosts[EDDY_DIAL_ATTEMPTS + 4];
    static char names[EDDY_DIAL_ATTEMPTS + 3][16];
    for (int i = 0; i < EDDY_DIAL_ATTEMPTS + 3; i++) {
        snprintf(names[i], sizeof names[i], "192.0.2.%d", i);
        hosts[i] = (struct fake_host)FAILS(names[i], 0, -ECONNREFUSED);
    }
    start(state, hosts);
    assert_int_equal(DIAL(c, .host = "example.org"), -ECONNREFUSED);
    assert_int_equal(report.count, EDDY_DIAL_ATTEMPTS);
    finish();
}

/* ---- Failures ------------------------------------------------------------------------------------ */

static void one_deadline_is_over_all_of_it(void **state)
{
    struct coro *c =
        start(state, HOSTS(HANGS("192.0.2.1"), FAILS("192.0.2.2", EDDY_SEC(1), -ECONNREFUSED), HANGS("2001:db8::1")));
    assert_int_equal(DIAL(c, .host = "example.org"), -ETIMEDOUT);
    assert_string_equal(attempts(),
                        "192.0.2.1:80 0+30000 -125, [2001:db8::1]:80 250+29750 -125, 192.0.2.2:80 500+1000 -111");
    assert_int_equal(coro_elapsed(c), EDDY_SEC(30));
    assert_int_equal(DIAL(c, .host = "example.org", .timeout = EDDY_MS(100)), -ETIMEDOUT);
    assert_string_equal(attempts(), "192.0.2.1:80 0+100 -125");
    assert_int_equal(DIAL(c, .host = "example.org", .timeout = -1), -ETIMEDOUT);
    assert_string_equal(attempts(), "");
    assert_int_equal(eddy_stream_fd(&stream), -1);
    finish();
}

static void the_error_that_says_most_is_the_result(void **state)
{
    struct coro *c = start(state, HOSTS(FAILS("2001:db8::1", 0, -ENETUNREACH), FAILS("192.0.2.1", 0, -EHOSTUNREACH),
                                        FAILS("192.0.2.2", EDDY_MS(1), -ECONNREFUSED), FAILS("192.0.2.3", 0, -EACCES)));
    assert_int_equal(DIAL(c, .host = "example.org"), -ECONNREFUSED);
    finish();
    c = start(state, HOSTS(FAILS("192.0.2.1", 0, -EHOSTUNREACH), FAILS("2001:db8::1", 0, -ENETUNREACH)));
    assert_int_equal(DIAL(c, .host = "example.org"), -EHOSTUNREACH);
    finish();
}

static void a_name_that_is_not_known_is_the_result(void **state)
{
    struct coro *c = start(state, HOSTS(TAKES("192.0.2.1", 0)));
    char text[256];
    fake_net_lookup_error(EAI_NONAME);
    assert_int_equal(DIAL(c, .host = "no.example"), -ENOENT);
    assert_int_equal(report.lookup_error, EAI_NONAME);
    assert_int_equal(report.count, 0);
    snprintf(text, sizeof text, "no.example:80: n%s (0 ms)", gai_strerror(EAI_NONAME) + 1);
    char said[256];
    assert_string_equal(eddy_dial_text(&report, said, sizeof said), text);
    assert_int_equal(DIAL(c, .host = ""), -EINVAL);
    assert_int_equal(DIAL(c, .host = "192.0.2.1", .family = AF_INET6), -ENOENT);
    finish();
}

static void a_socket_that_meets_itself_has_failed(void **state)
{
    struct coro *c = start(state, HOSTS(FAILS("192.0.2.1", 0, FAKE_MEETS_ITSELF), TAKES("192.0.2.2", EDDY_MS(3))));
    assert_int_equal(DIAL(c, .host = "192.0.2.1"), -EADDRINUSE);
    assert_int_equal(eddy_stream_fd(&stream), -1);
    assert_int_equal(DIAL(c, .host = "example.org"), 0);
    assert_string_equal(attempts(), "192.0.2.1:80 0+0 -98, 192.0.2.2:80 0+3 0");
    finish();
}

static int takes_left;

static void *take_some(void *context, void *block, size_t old_size, size_t new_size)
{
    return new_size > old_size && takes_left-- <= 0 ? NULL : test_os_resize(context, block, old_size, new_size);
}

static void without_memory_there_is_no_stream(void **state)
{
    struct coro *c = start(state, HOSTS(HANGS("192.0.2.1"), TAKES("192.0.2.2", EDDY_MS(3))));
    c->loop.allocator.resize = take_some;
    c->loop.scheduler.pool.allocator.resize = take_some;
    int takes = 0;
    for (int result = 1; result != 0; takes++) { /* one more each time */
        takes_left = takes;
        struct eddy_task *task;
        result = EDDY_SPAWN_TASK(&task, eddy_loop_detached(&c->loop), dialler, .host = "example.org");
        if (result == 0) {
            coro_finish(c);
            result = task->error < 0 ? task->error : EDDY_RESULT(task, dialler);
            (void)coro_end(c, task);
        }
        assert_int_equal(result, result == 0 ? 0 : -ENOMEM);
        assert_int_equal(eddy_stream_fd(&stream) >= 0, result == 0);
        eddy_stream_close(&stream);
    }
    assert_in_range(takes, 4, 20);
    finish();
    c->loop.allocator.resize = test_os_resize;
    c->loop.scheduler.pool.allocator.resize = test_os_resize;
}

/* ---- The report as a text ------------------------------------------------------------------------- */

static void the_report_says_what_was_tried_and_how_each_ended(void **state)
{
    struct coro *c = start(state, HOSTS(FAILS("2001:db8::1", EDDY_MS(1), -ECONNREFUSED), HANGS("192.0.2.1")));
    char text[256];
    assert_int_equal(DIAL(c, .host = "example.org"), -ETIMEDOUT);
    assert_string_equal(eddy_dial_text(&report, text, sizeof text),
                        "example.org:80: [2001:db8::1]:80: connection refused (1 ms); 192.0.2.1:80: timed out (29 s)");
    for (size_t size = 1; size < 100; size++) { /* cut anywhere, it stays within its bytes */
        char cut[128];
        memset(cut, '#', sizeof cut);
        eddy_dial_text(&report, cut, size);
        assert_true(strlen(cut) <= size - 1);
        assert_memory_equal(cut, text, strlen(cut));
        assert_int_equal(cut[size], '#');
    }
    finish();
    c = start(state, HOSTS(HANGS("2001:db8::1"), TAKES("192.0.2.1", EDDY_MS(2))));
    assert_int_equal(DIAL(c, .host = "example.org"), 0);
    assert_string_equal(eddy_dial_text(&report, text, sizeof text),
                        "example.org:80: [2001:db8::1]:80: given up (252 ms); 192.0.2.1:80: connected (2 ms)");
    eddy_stream_close(&stream);
    assert_int_equal(DIAL(c, .host = "2001:db8::1", .timeout = 1), -ETIMEDOUT);
    assert_string_equal(eddy_dial_text(&report, text, sizeof text),
                        "[2001:db8::1]:80: [2001:db8::1]:80: timed out (0 ms)");
    finish();
}

/* ---- Every cancel ---------------------------------------------------------------------------------- */

static const struct fake_host *sweep_hosts;

struct swept {
    EDDY_FRAME_RET(int);
    struct eddy_stream stream;
    struct eddy_dial_report report;
    bool with_report;
};

EDDY_CORO(swept)
{
    EDDY_BEGIN(swept) {
        fake_net_begin(eddy_loop_current(), sweep_hosts);
        EDDY_CALL(my->ret, eddy_dial, .stream = &my->stream, .host = "example.org", .port = 80,
                  .report = my->with_report ? &my->report : NULL);
        EDDY_AWAIT(eddy_yield(me));
    }
    EDDY_FINALLY
    {
        eddy_stream_close(&my->stream);
        fake_net_end();
    }
}

static const char *nothing_pends(void *context, int result)
{
    (void)context, (void)result;
    return fake_net_pending() == 0 ? NULL : "a connection is still being made";
}

static void no_cancel_and_no_order_leaves_anything(void **state)
{
    struct coro *c = *state;
    assert_int_equal(eddy_loop_fini(&c->loop), 0); /* one loop a thread */
    const struct fake_host *const cases[] = {
        HOSTS(FAILS("2001:db8::1", EDDY_MS(1), -ECONNREFUSED), HANGS("192.0.2.1"), TAKES("192.0.2.2", EDDY_MS(9))),
        HOSTS(TAKES("2001:db8::1", EDDY_MS(300)), TAKES("192.0.2.1", EDDY_MS(50))),
        HOSTS(TAKES("2001:db8::1", 0)),
        HOSTS(TAKES("2001:db8::1", EDDY_MS(5)), HANGS("192.0.2.1")),
        HOSTS(FAILS("192.0.2.1", 0, -ECONNREFUSED), FAILS("192.0.2.2", EDDY_MS(1), -ECONNRESET)),
        HOSTS(HANGS("192.0.2.1")),
    };
    static struct eddy_trials trials;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sweep_hosts = cases[i];
        trials = (struct eddy_trials){.check = nothing_pends};
        EDDY_CANCEL_SWEEP(&trials, swept, .with_report = i % 2 == 0);
        assert_string_equal(trials.text, "");
        assert_true(trials.runs > 5);
        trials = (struct eddy_trials){.check = nothing_pends, .cancels = true, .runs_max = 1000};
        EDDY_EXPLORE(&trials, swept);
        assert_string_equal(trials.text, "");
    }
    struct eddy_loop_options options = {.os = &c->os.os, .allocator = c->os.allocator};
    assert_int_equal(eddy_loop_init(&c->loop, &options), 0); /* for the teardown */
    assert_non_null(eddy_loop_detached(&c->loop));
    c->bytes = c->loop.scheduler.pool.bytes_used;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(the_first_that_answers_at_once_is_taken),
        coro_test(the_next_begins_after_250_ms),
        coro_test(the_next_begins_at_once_when_one_fails),
        coro_test(the_failure_of_any_attempt_lets_the_next_begin),
        coro_test(who_answers_late_still_wins_if_it_is_first),
        coro_test(of_two_that_answer_together_one_is_closed),
        coro_test(the_delay_can_be_changed),
        coro_test(families_take_turns_and_the_systems_first_comes_first),
        coro_test(a_family_can_be_asked_for),
        coro_test(no_more_than_so_many_are_tried),
        coro_test(one_deadline_is_over_all_of_it),
        coro_test(the_error_that_says_most_is_the_result),
        coro_test(a_name_that_is_not_known_is_the_result),
        coro_test(a_socket_that_meets_itself_has_failed),
        coro_test(without_memory_there_is_no_stream),
        coro_test(the_report_says_what_was_tried_and_how_each_ended),
        coro_test(no_cancel_and_no_order_leaves_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
