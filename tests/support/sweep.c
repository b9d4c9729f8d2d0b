#define _GNU_SOURCE
#include "support/stage.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One case: what was done to which scenario. */
struct trial {
    const char *name;
    scenario_fn *scenario;
    struct test_fault fault;
    struct test_chaos chaos;
    uint64_t seed;
    enum test_call call;
    bool settles; /* the kernel needs time of its own, as TCP does */
};

static char current[256]; /* the case in progress, for who dies in it */
static const char *wrong;

static void on_death(int number)
{
    ssize_t written = write(STDERR_FILENO, current, strlen(current));
    (void)written;
    signal(number, SIG_DFL);
    raise(number);
}

static void describe(const struct trial *trial)
{
    const struct test_chaos *chaos = &trial->chaos;
    snprintf(
        current, sizeof current,
        "EDDY_FAULT=%s:%u:%d:%s (%s: %s) recv %d send %d order %d hold %d duplicate %d spurious %d cut %d seed %lu\n",
        trial->name, trial->fault.at, trial->fault.error, trial->fault.forever ? "forever" : "once",
        trial->fault.at > 0 ? test_calls[trial->call].name : "-", strerror(trial->fault.error), (int)chaos->short_recv,
        (int)chaos->short_send, (int)chaos->order, chaos->hold, chaos->duplicate, chaos->spurious, chaos->cut,
        (unsigned long)trial->seed);
}

static bool expect(bool is_so, const char *what)
{
    if (!is_so && wrong == NULL) {
        wrong = what;
    }
    return is_so;
}

/* Play it; what leaked or was promised and not kept ends in `wrong`. */
static int play(const struct trial *trial, struct test_os *os, struct eddy_loop *loop)
{
    struct stage stage = {.os = os, .loop = loop};
    struct test_snapshot before = test_snapshot_take(os, loop);
    bool had_outer = loop->poller.outer_epfd >= 0;
    trial->scenario(&stage);
    int waits = 0;
    while (eddy_loop_step(loop) > 0 && waits < 1000) { /* the wakes of what was closed at the end */
        waits++;
    }
    expect(waits < 1000, "the loop comes to rest");
    struct test_snapshot after = test_snapshot_take(os, loop);
    after.fds -= !had_outer && loop->poller.outer_epfd >= 0; /* it stays for the loop's life */
    if (before.registrations < after.registrations || before.fds != after.fds) {
        expect(false, test_snapshot_compare(&before, &after));
    }
    expect(stage.broken == NULL, stage.broken);
    return stage.error;
}

/* What the library has to get over by itself: nobody may hear of it. */
static bool is_absorbed(enum test_call call, int error)
{
    if (error == EINTR || (error == EAGAIN && call != TEST_CONNECT_UNIX)) {
        return true;
    }
    switch (call) {
    case TEST_EPOLL_PWAIT2:
    case TEST_EPOLL_DEL:
    case TEST_CLOSE:
        return true;
    case TEST_ACCEPT:
        return error != ECONNABORTED && error != EPROTO && error != EOPNOTSUPP;
    default:
        return false;
    }
}

/* The error that is reported is the one that happened; a connection lost in the backlog shows at its other end. */
static bool is_reported(int error, const struct test_os *os, const struct test_fault *fault)
{
    if (error == 0) {
        return true;
    }
    return os->failed > 0 && !is_absorbed(os->struck, fault->error) &&
           (error == -fault->error || os->struck == TEST_ACCEPT);
}

static int play_on_a_loop(const struct trial *trial, struct test_os *os)
{
    struct eddy_loop loop;
    struct eddy_loop_options options = {.os = &os->os, .allocator = os->allocator};
    int error = eddy_loop_init(&loop, &options);
    if (error < 0) {
        return error;
    }
    error = play(trial, os, &loop);
    static struct test_os struck; /* what the first play left to be judged */
    struck = *os;
    if (wrong == NULL) {
        test_os_restart(os, NULL);
        expect(play(trial, os, &loop) == 0, "it passes when all is well again");
    }
    os->fault.at = 0;
    if (eddy_loop_fini(&loop) != 0) {
        fprintf(stderr, "%s  the loop cannot end; wrong: %s\n", current, wrong != NULL ? wrong : "-");
        abort();
    }
    os->failed = struck.failed;
    os->struck = struck.struck;
    os->count = struck.count;
    memcpy(os->log, struck.log, sizeof os->log);
    return error;
}

/* Whether all went as promised. */
static bool try_out(const struct trial *trial, struct test_os *os)
{
    describe(trial);
    wrong = NULL;
    signal(SIGPIPE, SIG_DFL); /* each loop finds it like the first one */
    test_os_init(os);
    test_os_restart(os, &trial->fault);
    os->chaos = trial->chaos;
    os->seed = trial->seed + 1;
    os->settle_ms = trial->settles ? 20 : 0;
    struct test_snapshot before = test_snapshot_take(os, NULL);
    int error = play_on_a_loop(trial, os);
    struct test_snapshot after = test_snapshot_take(os, NULL);
    expect(is_reported(error, os, &trial->fault), error < 0 ? strerror(-error) : "");
    expect(test_snapshot_compare(&before, &after) == NULL, test_snapshot_compare(&before, &after));
    if (wrong != NULL) {
        fprintf(stderr, "%.*s  %s\n", (int)strlen(current) - 1, current, wrong);
    }
    return wrong == NULL;
}

/* Every call, every error it can answer, both ways. */
static int sweep_faults(struct trial *trial, struct test_os *os, unsigned *runs)
{
    static uint8_t log[TEST_LOG];
    int failures = !try_out(trial, os);
    unsigned count = os->count;
    memcpy(log, os->log, sizeof log);
    for (unsigned k = 1; k <= count && k <= TEST_LOG && failures < 20; k++) {
        trial->call = log[k - 1];
        for (int i = 0; i < TEST_ERRORS && test_calls[trial->call].errors[i] != 0; i++) {
            for (int forever = 0; forever < 2; forever++, (*runs)++) {
                trial->fault = (struct test_fault){k, test_calls[trial->call].errors[i], forever != 0};
                failures += !try_out(trial, os);
            }
        }
    }
    trial->fault = (struct test_fault){.at = 0};
    return failures;
}

/* Each oddity alone, then mixtures of some of them. */
static int sweep_chaos(struct trial *trial, struct test_os *os, unsigned *runs)
{
    static const struct test_chaos alone[] = {
        {.short_recv = TEST_ONE_BYTE},
        {.short_recv = TEST_HALF},
        {.short_recv = TEST_ALL_BUT_ONE},
        {.short_send = TEST_ONE_BYTE},
        {.short_send = TEST_HALF},
        {.short_send = TEST_ALL_BUT_ONE},
        {.order = TEST_REVERSED},
        {.order = TEST_SHUFFLED},
        {.hold = 1},
        {.hold = 3},
        {.duplicate = true},
        {.spurious = true},
        {.cut = true},
    };
    int failures = 0;
    for (size_t i = 0; i < sizeof alone / sizeof *alone; i++) {
        for (trial->seed = 0; trial->seed < 4 && failures < 20; trial->seed++, (*runs)++) {
            trial->chaos = alone[i];
            failures += !try_out(trial, os);
        }
    }
    for (trial->seed = 0; trial->seed < 200 && failures < 20; trial->seed++, (*runs)++) {
        os->seed = trial->seed * 7919;
        trial->chaos = (struct test_chaos){
            .short_recv = (enum test_short)(test_os_random(os, 2) * test_os_random(os, 4)),
            .short_send = (enum test_short)(test_os_random(os, 2) * test_os_random(os, 4)),
            .order = (enum test_order)test_os_random(os, 3),
            .hold = (int)(test_os_random(os, 2) * test_os_random(os, 4)),
            .duplicate = test_os_random(os, 2) == 0,
            .spurious = test_os_random(os, 2) == 0,
            .cut = test_os_random(os, 2) == 0,
        };
        failures += !try_out(trial, os);
    }
    return failures;
}

/* "name:k:errno:mode" */
static bool parse_replay(struct trial *trial, const char *text)
{
    char name[64], mode[16] = "once";
    if (sscanf(text, "%63[^:]:%u:%d:%15s", name, &trial->fault.at, &trial->fault.error, mode) < 3) {
        return false;
    }
    trial->fault.forever = strcmp(mode, "forever") == 0;
    return strcmp(name, trial->name) == 0;
}

int sweep(const char *name, scenario_fn *scenario)
{
    static struct test_os os;
    struct trial trial = {.name = name, .scenario = scenario, .settles = strstr(name, "tcp") != NULL};
    const char *replay = getenv("EDDY_FAULT");
    signal(SIGABRT, on_death);
    if (replay != NULL) {
        return parse_replay(&trial, replay) ? !try_out(&trial, &os) : 0;
    }
    unsigned faults = 0, oddities = 0;
    int failures = sweep_faults(&trial, &os, &faults);
    failures += sweep_chaos(&trial, &os, &oddities);
    printf("%-24s %6u faults, %5u oddities, %d wrong\n", name, faults, oddities, failures);
    return failures;
}
