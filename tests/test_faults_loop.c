/* Time, posts, signals, watches, connects and foreign loops while the system fails, call by call. */
#define _GNU_SOURCE
#include "support/check.h"
#include "support/echo.h"

#include <eddy/listener.h>
#include <eddy/post.h>
#include <eddy/signal.h>
#include <eddy/sleep.h>
#include <eddy/watch.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- Sleeps -------------------------------------------------------------------------------- */

enum { SLEEPERS = 5 };

struct sleeper {
    struct stage *stage;
    struct eddy_waiter waiter;
    eddy_ns due;
    int rounds;
};

static void sleep_on(struct sleeper *sleeper)
{
    eddy_ns span = EDDY_US(300) * sleeper->rounds;
    sleeper->due = eddy_ns_add(sleeper->stage->os->now, span);
    stage_failed(sleeper->stage, eddy_sleep(span, &sleeper->waiter));
}

static void on_slept(struct eddy_waiter *waiter)
{
    struct sleeper *sleeper = EDDY_CONTAINER(waiter, struct sleeper, waiter);
    eddy_ns late = sleeper->stage->os->now - sleeper->due;
    stage_expect(sleeper->stage, waiter->result == 0, "the result of a sleep is 0");
    stage_expect(sleeper->stage, late >= 0, "no sleep ends early");
    stage_expect(sleeper->stage, late <= EDDY_MS(1), "a sleep ends within the ms");
    sleeper->rounds += 29;
    if (sleeper->rounds > 60) {
        stage_done(sleeper->stage);
    } else {
        sleep_on(sleeper);
    }
}

static void sleeps(struct stage *stage)
{
    struct sleeper sleepers[SLEEPERS];
    for (int i = 0; i < SLEEPERS; i++) {
        sleepers[i] = (struct sleeper){.stage = stage, .rounds = i};
        eddy_waiter_init(&sleepers[i].waiter, stage->loop, on_slept);
        sleep_on(&sleepers[i]);
    }
    stage_run(stage, SLEEPERS);
    for (int i = 0; i < SLEEPERS; i++) {
        eddy_wait_withdraw(&sleepers[i].waiter);
    }
}

/* ---- Posts --------------------------------------------------------------------------------- */

struct poster {
    struct stage *stage;
    struct eddy_post first, second;
    struct eddy_waiter waiter;
    int runs;
};

static void on_second(struct eddy_post *node)
{
    struct poster *poster = EDDY_CONTAINER(node, struct poster, second);
    stage_expect(poster->stage, poster->runs == 1, "posts run in their order");
    poster->runs = 0;
    stage_done(poster->stage);
}

static void on_first(struct eddy_post *node)
{
    EDDY_CONTAINER(node, struct poster, first)->runs++;
}

static void on_post_time(struct eddy_waiter *waiter)
{
    struct poster *poster = EDDY_CONTAINER(waiter, struct poster, waiter);
    eddy_post(poster->stage->loop, &poster->first);
    eddy_post(poster->stage->loop, &poster->second);
}

static void posts(struct stage *stage)
{
    static struct poster poster;
    memset(&poster, 0, sizeof poster);
    poster.stage = stage;
    poster.first.run = on_first;
    poster.second.run = on_second;
    eddy_waiter_init(&poster.waiter, stage->loop, on_post_time);
    on_post_time(&poster.waiter);
    stage_run(stage, 1);
    if (stage->error == 0 && !stage_failed(stage, eddy_sleep(EDDY_MS(1), &poster.waiter))) {
        stage_run(stage, 1);
    }
    eddy_wait_withdraw(&poster.waiter);
}

/* ---- Signals ------------------------------------------------------------------------------- */

struct hearer {
    struct stage *stage;
    struct eddy_signal signal;
    struct eddy_waiter waiter;
    int left;
};

static void hear_on(struct hearer *hearer, ssize_t result)
{
    while (result != EDDY_PENDING && !stage_failed(hearer->stage, result)) {
        stage_expect(hearer->stage, result == hearer->signal.number, "the result is the signal's number");
        if (--hearer->left == 0) {
            stage_done(hearer->stage);
            return;
        }
        raise(hearer->signal.number);
        result = eddy_signal_wait(&hearer->signal, &hearer->waiter);
    }
}

static void on_signal(struct eddy_waiter *waiter)
{
    hear_on(EDDY_CONTAINER(waiter, struct hearer, waiter), waiter->result);
}

static bool are_same(const sigset_t *one, const sigset_t *other)
{
    int number = 1;
    while (number < 65 && sigismember(one, number) == sigismember(other, number)) {
        number++;
    }
    return number == 65;
}

static void signals(struct stage *stage)
{
    static const int numbers[] = {SIGUSR1, SIGUSR2, SIGUSR1};
    struct hearer hearers[3];
    int opened = 0;
    sigset_t before, after;
    sigprocmask(SIG_SETMASK, NULL, &before);
    for (; opened < 3; opened++) {
        struct hearer *hearer = &hearers[opened];
        *hearer = (struct hearer){.stage = stage, .left = 3};
        eddy_waiter_init(&hearer->waiter, stage->loop, on_signal);
        if (stage_failed(stage, eddy_signal_open(&hearer->signal, stage->loop, numbers[opened]))) {
            eddy_signal_close(&hearer->signal);
            break;
        }
        hear_on(hearer, eddy_signal_wait(&hearer->signal, &hearer->waiter));
    }
    if (opened == 3) {
        raise(SIGUSR1);
        raise(SIGUSR2);
        stage_run(stage, 3);
    }
    signal(SIGUSR1, SIG_IGN); /* what nobody took is raised again */
    signal(SIGUSR2, SIG_IGN);
    while (opened-- > 0) {
        eddy_signal_close(&hearers[opened].signal);
        eddy_wait_withdraw(&hearers[opened].waiter);
    }
    signal(SIGUSR1, SIG_DFL);
    signal(SIGUSR2, SIG_DFL);
    sigprocmask(SIG_SETMASK, NULL, &after);
    stage_expect(stage, are_same(&before, &after), "the signal mask is as before");
}

/* ---- Watches ------------------------------------------------------------------------------- */

enum { MESSAGES = 6 };

struct piper {
    struct stage *stage;
    struct eddy_watch input, output;
    int fds[2];
    struct eddy_waiter reader, writer;
    int written, read;
};

static void put(struct piper *piper, ssize_t ready)
{
    while (ready != EDDY_PENDING && !stage_failed(piper->stage, ready)) {
        if (write(piper->fds[1], "x", 1) == 1 && ++piper->written == MESSAGES) {
            return;
        }
        ready = eddy_watch_wait(&piper->output, EDDY_WRITABLE, &piper->writer);
    }
}

/* Leaves bytes behind on purpose: the watch is level-triggered. */
static void get(struct piper *piper, ssize_t ready)
{
    char byte;
    while (ready != EDDY_PENDING && !stage_failed(piper->stage, ready)) {
        if (read(piper->fds[0], &byte, 1) == 1 && ++piper->read == MESSAGES) {
            stage_done(piper->stage);
            return;
        }
        ready = eddy_watch_wait(&piper->input, EDDY_READABLE, &piper->reader);
    }
}

static void on_output(struct eddy_waiter *waiter)
{
    put(EDDY_CONTAINER(waiter, struct piper, writer), waiter->result);
}

static void on_input(struct eddy_waiter *waiter)
{
    get(EDDY_CONTAINER(waiter, struct piper, reader), waiter->result);
}

static void watches(struct stage *stage)
{
    struct piper piper = {.stage = stage};
    int *fds = piper.fds;
    if (pipe2(fds, O_NONBLOCK | O_CLOEXEC) < 0) {
        stage_failed(stage, -errno);
        return;
    }
    eddy_watch_init(&piper.input, stage->loop, fds[0]);
    eddy_watch_init(&piper.output, stage->loop, fds[1]);
    eddy_waiter_init(&piper.reader, stage->loop, on_input);
    eddy_waiter_init(&piper.writer, stage->loop, on_output);
    stage->left = 1;
    get(&piper, eddy_watch_wait(&piper.input, EDDY_READABLE, &piper.reader));
    if (stage->error == 0) {
        put(&piper, eddy_watch_wait(&piper.output, EDDY_WRITABLE, &piper.writer));
    }
    stage_run(stage, 0);
    eddy_watch_close(&piper.input);
    eddy_watch_close(&piper.output);
    eddy_wait_withdraw(&piper.reader);
    eddy_wait_withdraw(&piper.writer);
    close(fds[0]);
    close(fds[1]);
}

/* ---- Descriptors that live on elsewhere ------------------------------------------------------ */

static void on_tick(struct eddy_waiter *waiter)
{
    struct sleeper *ticker = EDDY_CONTAINER(waiter, struct sleeper, waiter);
    ssize_t written = send(ticker->rounds, "x", 1, MSG_NOSIGNAL);
    stage_expect(ticker->stage, written == 1, "the other end lives");
    if (eddy_ns_add(ticker->due, EDDY_MS(5)) < ticker->stage->os->now) {
        stage_done(ticker->stage);
    } else {
        stage_failed(ticker->stage, eddy_sleep(EDDY_MS(1), waiter));
    }
}

/* A closed stream whose description a duplicate keeps open goes on sending events, for nobody. */
static void stale_events(struct stage *stage)
{
    struct echo_server server = {.stage = stage};
    struct eddy_stream stream;
    struct sleeper ticker = {.stage = stage, .due = stage->os->now};
    int fds[2];
    echo_stream_none(&server.stream, stage->loop);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) < 0) {
        stage_failed(stage, -errno);
        return;
    }
    int kept = dup(fds[0]);
    if (stage_failed(stage, eddy_stream_open(&stream, stage->loop, fds[0]))) {
        close(fds[0]);
    } else {
        eddy_stream_close(&stream);
        ticker.rounds = fds[1];
        eddy_waiter_init(&ticker.waiter, stage->loop, on_tick);
        stage_failed(stage, eddy_sleep(EDDY_MS(1), &ticker.waiter));
        stage_run(stage, 1);
        eddy_wait_withdraw(&ticker.waiter);
    }
    close(kept);
    close(fds[1]);
}

/* ---- Inside a foreign loop ------------------------------------------------------------------ */

static void foreign_turns(struct stage *stage, struct sleeper *sleeper)
{
    for (int turns = 0; turns < 1000 && sleeper->rounds <= 60 && stage->error == 0; turns++) {
        eddy_ns span = eddy_loop_timeout(stage->loop);
        stage_expect(stage, span >= 0 && span != EDDY_FOREVER, "the foreign loop knows how long to wait");
        test_os_advance(stage->os, span);
        stage_failed(stage, eddy_loop_step(stage->loop));
    }
    stage_expect(stage, sleeper->rounds > 60, "what runs in a loop runs in a foreign one");
}

static void steps(struct stage *stage)
{
    struct sleeper sleeper = {.stage = stage, .rounds = 1};
    eddy_waiter_init(&sleeper.waiter, stage->loop, on_slept);
    stage->left = 2; /* the loop is not stopped */
    if (!stage_failed(stage, eddy_loop_fd(stage->loop))) {
        sleep_on(&sleeper);
        foreign_turns(stage, &sleeper);
    }
    eddy_wait_withdraw(&sleeper.waiter);
}

/* ---- Connects ------------------------------------------------------------------------------- */

struct caller {
    struct stage *stage;
    struct eddy_stream stream;
    struct eddy_waiter waiter;
};

static void on_answer(struct eddy_waiter *waiter)
{
    struct caller *caller = EDDY_CONTAINER(waiter, struct caller, waiter);
    if (waiter->result != -ECONNREFUSED && waiter->result != -ECANCELED) {
        stage_failed(caller->stage, waiter->result);
    }
    stage_expect(caller->stage, waiter->result < 0, "nobody listens there");
    stage_expect(caller->stage, eddy_stream_fd(&caller->stream) == -1, "a failed connect leaves no descriptor");
    stage_done(caller->stage);
}

static void call_nobody(struct stage *stage, struct caller *caller, const struct eddy_address *address)
{
    caller->stage = stage;
    eddy_waiter_init(&caller->waiter, stage->loop, on_answer);
    stage->left++;
    int error = eddy_stream_connect(&caller->stream, stage->loop, address, &caller->waiter);
    if (error == -ECONNREFUSED) {
        stage->left--;
    } else {
        stage_failed(stage, error);
    }
}

/* A port that was open a moment ago; one connect is refused and one is cancelled. */
static void refusals(struct stage *stage)
{
    struct eddy_listener listener;
    struct eddy_address address;
    struct caller callers[2];
    stage_failed(stage, eddy_address_parse(&address, "127.0.0.1", 0));
    if (stage_failed(stage, eddy_listener_open(&listener, stage->loop, &address, NULL))) {
        return;
    }
    address = *eddy_listener_address(&listener);
    eddy_listener_close(&listener);
    call_nobody(stage, &callers[0], &address);
    call_nobody(stage, &callers[1], &address);
    eddy_wait_cancel(&callers[1].waiter);
    stage_run(stage, 0);
    for (int i = 0; i < 2; i++) {
        eddy_stream_close(&callers[i].stream);
        eddy_wait_withdraw(&callers[i].waiter);
    }
}

/* ---- The tests ------------------------------------------------------------------------------- */

#define SURVIVES(scenario)                                     \
    static void scenario##_survive_every_failure(void **state) \
    {                                                          \
        (void)state;                                           \
        assert_int_equal(sweep(#scenario, scenario), 0);       \
    }

SURVIVES(sleeps)
SURVIVES(posts)
SURVIVES(signals)
SURVIVES(watches)
SURVIVES(stale_events)
SURVIVES(steps)
SURVIVES(refusals)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sleeps_survive_every_failure),       cmocka_unit_test(posts_survive_every_failure),
        cmocka_unit_test(signals_survive_every_failure),      cmocka_unit_test(watches_survive_every_failure),
        cmocka_unit_test(stale_events_survive_every_failure), cmocka_unit_test(steps_survive_every_failure),
        cmocka_unit_test(refusals_survive_every_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
