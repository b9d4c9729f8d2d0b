/* Lookups on real threads: the system's answers that need no network, and answers that take as long as the test
 * says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <eddy.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int asked;
static bool answers;

/* Until the test lets it, no name has an answer. */
static int slow_getaddrinfo(void *context, const char *host, const char *service, const struct addrinfo *hints,
                            struct addrinfo **list)
{
    (void)host;
    pthread_mutex_lock(&mutex);
    asked++;
    pthread_cond_broadcast(&changed);
    while (!answers) {
        pthread_cond_wait(&changed, &mutex);
    }
    pthread_mutex_unlock(&mutex);
    struct addrinfo numeric = *hints;
    numeric.ai_flags = AI_NUMERICHOST;
    return eddy_threads_linux.getaddrinfo(context, "192.0.2.1", service, &numeric, list);
}

static void await_asked(int count)
{
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += 20;
    pthread_mutex_lock(&mutex);
    while (asked < count) {
        if (pthread_cond_timedwait(&changed, &mutex, &end) == ETIMEDOUT) {
            abort();
        }
    }
    pthread_mutex_unlock(&mutex);
}

static void answer(void)
{
    pthread_mutex_lock(&mutex);
    answers = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
}

static struct eddy_loop loop;
static struct eddy_threads slow;

struct probe {
    struct eddy_waiter waiter;
    struct eddy_names names;
    int wakes;
    ssize_t result;
};

enum { PROBES = 300 };
static struct probe probes[PROBES];

static void on_probe(struct eddy_waiter *waiter)
{
    struct probe *probe = EDDY_CONTAINER(waiter, struct probe, waiter);
    probe->wakes++;
    probe->result = waiter->result;
}

static int setup(void **state)
{
    (void)state;
    asked = 0;
    answers = false;
    slow = eddy_threads_linux;
    slow.getaddrinfo = slow_getaddrinfo;
    int error = eddy_loop_init(&loop, NULL);
    memset(probes, 0, sizeof probes);
    for (int i = 0; i < PROBES; i++) {
        eddy_waiter_init(&probes[i].waiter, &loop, on_probe);
    }
    return error;
}

static int teardown(void **state)
{
    (void)state;
    for (int i = 0; i < PROBES; i++) {
        eddy_names_free(&probes[i].names);
    }
    return eddy_loop_fini(&loop);
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static int resolve(struct probe *probe, const char *host)
{
    return eddy_resolve(&probe->names, host, 80, 0, &probe->waiter);
}

static void run(void)
{
    assert_int_equal(eddy_loop_run(&loop), 0);
}

static void the_system_knows_its_own_names(void **state)
{
    (void)state;
    static const struct {
        const char *host;
        const char *found;
    } cases[] = {{"127.1", "127.0.0.1:80"}, {"0x7f.1", "127.0.0.1:80"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[EDDY_ADDRESS_TEXT];
        assert_int_equal(resolve(&probes[0], cases[i].host), EDDY_PENDING);
        run();
        assert_int_equal(probes[0].result, 0);
        assert_true(probes[0].names.count > 0);
        eddy_address_text(&probes[0].names.addresses[0], text);
        assert_string_equal(text, cases[i].found);
    }
}

static void the_system_knows_who_it_is(void **state)
{
    (void)state;
    struct eddy_address address;
    char host[EDDY_HOST_MAX] = "";
    assert_int_equal(eddy_address_parse(&address, "127.0.0.1", 0), 0);
    assert_int_equal(eddy_resolve_address(&address, host, &probes[0].waiter), EDDY_PENDING);
    run();
    assert_int_equal(probes[0].result, 0);
    assert_true(host[0] != '\0'); /* "localhost", most often */
}

static ssize_t do_nothing(struct eddy_job *job)
{
    (void)job;
    return 7;
}

static void slow_names_delay_no_other_work(void **state)
{
    (void)state;
    loop.threads = &slow;
    for (int i = 0; i < 16; i++) {
        assert_int_equal(resolve(&probes[i], "slow.example"), EDDY_PENDING);
    }
    await_asked(4);
    struct eddy_job job = {.work = do_nothing};
    assert_int_equal(eddy_work(eddy_loop_workers(&loop), &job, &probes[20].waiter), EDDY_PENDING);
    while (probes[20].wakes == 0) {
        assert_true(eddy_loop_step(&loop) >= 0);
    }
    assert_int_equal(probes[20].result, 7);
    assert_int_equal(asked, 4); /* no more than there are threads */
    answer();
    run();
    for (int i = 0; i < 16; i++) {
        assert_int_equal(probes[i].result, 0);
        assert_int_equal(probes[i].names.count, 1);
    }
}

static void a_lookup_that_is_cancelled_or_too_late_ends_at_once(void **state)
{
    (void)state;
    loop.threads = &slow;
    for (int i = 0; i < 8; i++) {
        assert_int_equal(resolve(&probes[i], "slow.example"), EDDY_PENDING);
    }
    await_asked(4);
    for (int i = 0; i < 8; i++) {
        if (i % 2 == 0) {
            assert_true(eddy_wait_cancel(&probes[i].waiter));
        } else {
            eddy_wait_until(&probes[i].waiter, eddy_loop_now(&loop) + EDDY_MS(1));
        }
    }
    run(); /* all are over, though four threads still ask */
    for (int i = 0; i < 8; i++) {
        assert_int_equal(probes[i].result, i % 2 == 0 ? -ECANCELED : -ETIMEDOUT);
        assert_int_equal(probes[i].names.count, 0);
    }
    assert_int_equal(asked, 4); /* those that waited for a thread never will */
    answer();
    assert_int_equal(resolve(&probes[0], "slow.example"), EDDY_PENDING);
    run();
    assert_int_equal(probes[0].names.count, 1);
}

static void so_many_lookups_wait_and_no_more(void **state)
{
    (void)state;
    loop.threads = &slow;
    int refused = 0;
    for (int i = 0; i < PROBES; i++) {
        int result = resolve(&probes[i], "slow.example");
        assert_true(result == EDDY_PENDING || result == -ENOBUFS);
        refused += result == -ENOBUFS;
    }
    assert_int_equal(refused, PROBES - 4 - 256);
    answer();
    run();
    for (int i = 0; i < PROBES; i++) {
        assert_int_equal(probes[i].wakes, i < 260);
        assert_int_equal(probes[i].names.count, i < 260);
    }
}

static void the_end_of_the_loop_waits_for_the_last_answer(void **state)
{
    (void)state;
    loop.threads = &slow;
    assert_int_equal(resolve(&probes[0], "slow.example"), EDDY_PENDING);
    await_asked(1);
    assert_int_equal(eddy_loop_fini(&loop), -EBUSY);
    assert_int_equal(eddy_wait_withdraw(&probes[0].waiter), EDDY_PENDING);
    answer();
    assert_int_equal(eddy_loop_fini(&loop), 0);
    assert_null(probes[0].names.addresses); /* whom the answer no longer concerned */
    setup(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(the_system_knows_its_own_names),   test(the_system_knows_who_it_is),
        test(slow_names_delay_no_other_work),   test(a_lookup_that_is_cancelled_or_too_late_ends_at_once),
        test(so_many_lookups_wait_and_no_more), test(the_end_of_the_loop_waits_for_the_last_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
