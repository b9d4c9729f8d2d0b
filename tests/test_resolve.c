/* Names into addresses, with answers of the test's own and the loop as the only thread. test_resolve_threads.c has
 * real ones. */
#include "support/coro.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

/* ---- A resolver of the test's own ------------------------------------------------------------ */

static const char *answer[64]; /* addresses, up to a NULL */
static int answer_error;
static int answer_errno;
static int asked;
static int lists; /* not freed */
static char asked_host[EDDY_HOST_MAX];
static int asked_family;

static struct addrinfo *info_of(const char *text)
{
    struct eddy_address address;
    assert_int_equal(eddy_address_parse(&address, text, 9), 0);
    struct addrinfo *info = calloc(1, sizeof *info + sizeof address);
    assert_non_null(info);
    info->ai_family = address.any.sa_family;
    info->ai_addrlen = address.size;
    info->ai_addr = (struct sockaddr *)(info + 1);
    memcpy(info + 1, &address.any, address.size);
    return info;
}

static int own_getaddrinfo(void *context, const char *host, const char *service, const struct addrinfo *hints,
                           struct addrinfo **list)
{
    (void)context;
    assert_null(service);
    assert_int_equal(hints->ai_socktype, SOCK_STREAM);
    asked++;
    asked_family = hints->ai_family;
    strncpy(asked_host, host, sizeof asked_host - 1);
    errno = answer_errno;
    if (answer_error != 0) {
        return answer_error;
    }
    for (const char **text = answer; *text != NULL; text++) {
        *list = info_of(*text);
        list = &(*list)->ai_next;
    }
    lists += answer[0] != NULL;
    return 0;
}

static void own_freeaddrinfo(void *context, struct addrinfo *list)
{
    (void)context;
    lists--;
    while (list != NULL) {
        struct addrinfo *next = list->ai_next;
        free(list);
        list = next;
    }
}

static int own_getnameinfo(void *context, const struct sockaddr *address, socklen_t size, char *host,
                           socklen_t host_size, int flags)
{
    (void)context;
    assert_int_equal(flags, NI_NAMEREQD);
    assert_int_equal(size, address->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
    asked++;
    if (answer_error == 0) {
        strncpy(host, "host.example", host_size);
    }
    return answer_error;
}

static const struct eddy_threads threads = {
    .getaddrinfo = own_getaddrinfo, .freeaddrinfo = own_freeaddrinfo, .getnameinfo = own_getnameinfo};

static void answer_is(const char *const *texts, size_t count)
{
    memset(answer, 0, sizeof answer);
    memcpy(answer, texts, count * sizeof *texts);
}

#define ANSWER(...) answer_is((const char *const[]){__VA_ARGS__}, sizeof(const char *[]){__VA_ARGS__} / sizeof(char *))

static struct coro *start(void **state)
{
    struct coro *c = *state;
    c->loop.threads = &threads;
    c->loop.flags |= EDDY_WORK_INLINE;
    asked = 0;
    answer_error = 0;
    ANSWER("192.0.2.1");
    return c;
}

/* ---- The coroutine that asks ------------------------------------------------------------------- */

static struct eddy_names names;

struct ask {
    EDDY_FRAME_RET(int);
    const char *host;
    uint16_t port;
    int family;
};

EDDY_CORO(ask)
{
    EDDY_BEGIN(ask) {
        EDDY_AWAIT(my->ret, eddy_resolve(&names, my->host, my->port, my->family, me));
    }
}

static int ask_for(struct coro *c, const char *host, int family)
{
    int result = 1;
    assert_int_equal(CORO_RUN_RET(c, &result, ask, .host = host, .port = 80, .family = family), 0);
    return result;
}

/* What was found, as a text. */
static const char *found(void)
{
    static char text[EDDY_NAMES_MAX * 24];
    text[0] = '\0';
    for (size_t i = 0; i < names.count; i++) {
        char one[EDDY_ADDRESS_TEXT];
        strcat(text, i > 0 ? " " : "");
        strcat(text, eddy_address_text(&names.addresses[i], one));
    }
    return text;
}

static void a_name_has_the_addresses_that_the_system_says_in_its_order(void **state)
{
    struct coro *c = start(state);
    ANSWER("2001:db8::1", "192.0.2.1", "2001:db8::2");
    assert_int_equal(ask_for(c, "example.org", 0), 0);
    assert_string_equal(found(), "[2001:db8::1]:80 192.0.2.1:80 [2001:db8::2]:80");
    assert_string_equal(asked_host, "example.org");
    assert_int_equal(asked_family, 0);
    assert_int_equal(names.lookup_error, 0);
    assert_int_equal(lists, 0);
    eddy_names_free(&names);
    eddy_names_free(&names);
    assert_int_equal(names.count, 0);
}

static void each_address_comes_once(void **state)
{
    struct coro *c = start(state);
    ANSWER("192.0.2.1", "2001:db8::1", "192.0.2.1", "192.0.2.2", "2001:db8::1");
    assert_int_equal(ask_for(c, "example.org", 0), 0);
    assert_string_equal(found(), "192.0.2.1:80 [2001:db8::1]:80 192.0.2.2:80");
    eddy_names_free(&names);
}

static void there_are_so_many_addresses_and_no_more(void **state)
{
    struct coro *c = start(state);
    char texts[40][16];
    for (int i = 0; i < 40; i++) {
        snprintf(texts[i], sizeof texts[i], "192.0.2.%d", i);
        answer[i] = texts[i];
    }
    assert_int_equal(ask_for(c, "example.org", 0), 0);
    assert_int_equal(names.count, EDDY_NAMES_MAX);
    eddy_names_free(&names);
}

static void a_family_is_asked_for_and_held_to(void **state)
{
    struct coro *c = start(state);
    ANSWER("2001:db8::1", "192.0.2.1");
    assert_int_equal(ask_for(c, "example.org", AF_INET), 0);
    assert_int_equal(asked_family, AF_INET);
    assert_string_equal(found(), "192.0.2.1:80");
    ANSWER("192.0.2.1");
    assert_int_equal(ask_for(c, "example.org", AF_INET6), -ENOENT);
    assert_int_equal(names.count, 0); /* what it had before is gone */
}

static void numbers_and_localhost_ask_nobody(void **state)
{
    struct coro *c = start(state);
    static const struct {
        const char *host;
        int family;
        int result;
        const char *found;
    } cases[] = {
        {"127.0.0.1", 0, 0, "127.0.0.1:80"},
        {"127.0.0.1", AF_INET, 0, "127.0.0.1:80"},
        {"127.0.0.1", AF_INET6, -ENOENT, ""},
        {"::1", 0, 0, "[::1]:80"},
        {"::1", AF_INET, -ENOENT, ""},
        {"localhost", 0, 0, "[::1]:80 127.0.0.1:80"},
        {"localhost", AF_INET, 0, "127.0.0.1:80"},
        {"localhost", AF_INET6, 0, "[::1]:80"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(ask_for(c, cases[i].host, cases[i].family), cases[i].result);
        assert_string_equal(found(), cases[i].found);
    }
    assert_int_equal(asked, 0);
    assert_null(c->loop.attached); /* no pool was made */
    eddy_names_free(&names);
}

static void each_failure_of_the_system_has_its_error(void **state)
{
    struct coro *c = start(state);
    static const struct {
        int lookup_error, system_error, result;
    } cases[] = {
        {EAI_NONAME, 0, -ENOENT},      {EAI_AGAIN, 0, -EAGAIN},       {EAI_FAIL, 0, -EIO},
        {EAI_MEMORY, 0, -ENOMEM},      {EAI_FAMILY, 0, -EIO},         {EAI_SYSTEM, EMFILE, -EMFILE},
        {EAI_SYSTEM, ENFILE, -ENFILE}, {EAI_SYSTEM, ENOMEM, -ENOMEM}, {EAI_SYSTEM, ECONNREFUSED, -EIO},
        {EAI_SYSTEM, 0, -EIO},         {EAI_SERVICE, EMFILE, -EIO},
#ifdef EAI_NODATA
        {EAI_NODATA, 0, -ENOENT},      {EAI_ADDRFAMILY, 0, -ENOENT},
#endif
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        answer_error = cases[i].lookup_error;
        answer_errno = cases[i].system_error;
        assert_int_equal(ask_for(c, "example.org", 0), cases[i].result);
        assert_int_equal(names.lookup_error, cases[i].lookup_error);
        assert_null(names.addresses);
    }
    answer_error = 0;
    memset(answer, 0, sizeof answer); /* a success without an address */
    assert_int_equal(ask_for(c, "example.org", 0), -ENOENT);
    assert_int_equal(lists, 0);
}

static void what_is_no_name_is_refused(void **state)
{
    struct coro *c = start(state);
    char host[EDDY_HOST_MAX + 1];
    memset(host, 'a', sizeof host);
    host[EDDY_HOST_MAX] = '\0';
    assert_int_equal(ask_for(c, host, 0), -EINVAL);
    assert_int_equal(ask_for(c, "", 0), -EINVAL);
    assert_int_equal(ask_for(c, "example.org", AF_UNIX), -EINVAL);
    assert_int_equal(asked, 0);
    host[EDDY_HOST_MAX - 1] = '\0';
    assert_int_equal(ask_for(c, host, 0), 0);
    assert_string_equal(asked_host, host);
    eddy_names_free(&names);
}

/* ---- Back -------------------------------------------------------------------------------------- */

struct name_of {
    EDDY_FRAME_RET(int);
    struct eddy_address address;
    char *host;
};

EDDY_CORO(name_of)
{
    EDDY_BEGIN(name_of) {
        EDDY_AWAIT(my->ret, eddy_resolve_address(&my->address, my->host, me));
    }
}

static void an_address_has_a_name_or_none(void **state)
{
    struct coro *c = start(state);
    char host[EDDY_HOST_MAX] = "untouched";
    struct eddy_address address;
    int result = 1;
    static const char *const texts[] = {"192.0.2.1", "2001:db8::1"};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(eddy_address_parse(&address, texts[i], 80), 0);
        answer_error = EAI_NONAME;
        assert_int_equal(CORO_RUN_RET(c, &result, name_of, .address = address, .host = host), 0);
        assert_int_equal(result, -ENOENT);
        assert_string_equal(host, "untouched");
        answer_error = 0;
        assert_int_equal(CORO_RUN_RET(c, &result, name_of, .address = address, .host = host), 0);
        assert_int_equal(result, 0);
        assert_string_equal(host, "host.example");
        strcpy(host, "untouched");
    }
    assert_int_equal(eddy_address_unix(&address, "/tmp/x"), 0);
    assert_int_equal(CORO_RUN_RET(c, &result, name_of, .address = address, .host = host), 0);
    assert_int_equal(result, -EINVAL);
}

/* ---- Memory, cancel ------------------------------------------------------------------------------ */

static int takes_left;

static void *take_some(void *context, void *block, size_t old_size, size_t new_size)
{
    return new_size > old_size && takes_left-- <= 0 ? NULL : test_os_resize(context, block, old_size, new_size);
}

static void without_memory_nothing_is_left(void **state)
{
    struct coro *c = start(state);
    c->loop.allocator.resize = take_some;
    int failed = 0;
    for (int result = -ENOMEM; result != 0; failed++) { /* one more each time */
        takes_left = failed;
        result = ask_for(c, "example.org", 0);
        assert_int_equal(result, result == 0 ? 0 : -ENOMEM);
        assert_int_equal(names.count, result == 0);
    }
    assert_in_range(failed, 4, 8);
    c->loop.allocator.resize = test_os_resize;
    eddy_names_free(&names);
}

static void count_wake(struct eddy_waiter *waiter)
{
    coro_current()->log_count += waiter->result != 0;
}

static void lookups_that_are_refused_leave_nothing(void **state)
{
    struct coro *c = start(state);
    static struct eddy_waiter waiters[300];
    static struct eddy_names many[300];
    int refused = 0;
    for (int i = 0; i < 300; i++) {
        eddy_waiter_init(&waiters[i], &c->loop, count_wake);
        int result = eddy_resolve(&many[i], "example.org", 1, 0, &waiters[i]);
        assert_true(result == EDDY_PENDING || result == -ENOBUFS);
        refused += result == -ENOBUFS;
    }
    assert_int_equal(refused, 300 - 4 - 256);
    coro_finish(c);
    assert_int_equal(c->log_count, 0);
    assert_int_equal(asked, 260);
    for (int i = 0; i < 300; i++) {
        assert_int_equal(many[i].count, i < 260);
        eddy_names_free(&many[i]);
    }
}

struct lookups {
    EDDY_FRAME_RET(int);
    struct eddy_group group;
    struct eddy_names names[3];
    struct eddy_address address;
    char host[EDDY_HOST_MAX];
};

struct lookup_one {
    EDDY_FRAME_RET(int);
    struct eddy_names *names;
    const char *host;
};

EDDY_CORO(lookup_one)
{
    EDDY_BEGIN(lookup_one) {
        EDDY_AWAIT(my->ret, eddy_resolve(my->names, my->host, 1, 0, me));
    }
}

EDDY_CORO(lookups)
{
    EDDY_BEGIN(lookups) {
        eddy_loop_current()->threads = &threads;
        EDDY_GROUP(&my->group) {
            EDDY_TRY(my->ret, EDDY_SPAWN(&my->group, lookup_one, .names = &my->names[0], .host = "example.org"));
            EDDY_TRY(my->ret, EDDY_SPAWN(&my->group, lookup_one, .names = &my->names[1], .host = "localhost"));
            EDDY_TRY(my->ret, EDDY_SPAWN(&my->group, lookup_one, .names = &my->names[2], .host = "example.com"));
        }
        my->ret = eddy_address_parse(&my->address, "192.0.2.1", 0);
        EDDY_AWAIT(my->ret, eddy_resolve_address(&my->address, my->host, me));
    }
    EDDY_FINALLY
    {
        for (int i = 0; i < 3; i++) {
            eddy_names_free(&my->names[i]);
        }
    }
}

static void no_cancel_and_no_order_leaves_anything(void **state)
{
    struct coro *c = start(state);
    assert_int_equal(eddy_loop_fini(&c->loop), 0); /* one loop a thread */
    static struct eddy_trials trials;
    EDDY_CANCEL_SWEEP(&trials, lookups);
    assert_string_equal(trials.text, "");
    assert_true(trials.runs > 8);
    trials = (struct eddy_trials){.cancels = true, .runs_max = 20000};
    EDDY_EXPLORE(&trials, lookups);
    assert_string_equal(trials.text, "");
    assert_int_equal(lists, 0);
    struct eddy_loop_options options = {.os = &c->os.os, .allocator = c->os.allocator};
    assert_int_equal(eddy_loop_init(&c->loop, &options), 0); /* for the teardown */
    assert_non_null(eddy_loop_detached(&c->loop));
    c->bytes = c->loop.scheduler.pool.bytes_used;
}

static void ignore_wake(struct eddy_waiter *waiter)
{
    (void)waiter;
}

static void addresses_may_outlive_the_loop(void **state)
{
    (void)state;
    struct eddy_loop *loop = malloc(sizeof *loop);
    struct eddy_waiter waiter;
    assert_int_equal(eddy_loop_init(loop, NULL), 0);
    eddy_waiter_init(&waiter, loop, ignore_wake);
    assert_int_equal(eddy_resolve(&names, "127.0.0.1", 80, 0, &waiter), 0);
    assert_int_equal(eddy_loop_fini(loop), 0);
    free(loop);
    assert_int_equal(names.count, 1);
    eddy_names_free(&names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(a_name_has_the_addresses_that_the_system_says_in_its_order),
        coro_test(each_address_comes_once),
        coro_test(there_are_so_many_addresses_and_no_more),
        coro_test(a_family_is_asked_for_and_held_to),
        coro_test(numbers_and_localhost_ask_nobody),
        coro_test(each_failure_of_the_system_has_its_error),
        coro_test(what_is_no_name_is_refused),
        coro_test(an_address_has_a_name_or_none),
        coro_test(without_memory_nothing_is_left),
        coro_test(lookups_that_are_refused_leave_nothing),
        coro_test(no_cancel_and_no_order_leaves_anything),
        cmocka_unit_test(addresses_may_outlive_the_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
