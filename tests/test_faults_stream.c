/* What programs do with streams, listeners, watches and signals beyond an echo, while the system fails, call by
 * call. Each scenario is played by scripts: steps that run one after the other, whether or not they wait.
 */
#define _GNU_SOURCE
#include "support/check.h"
#include "support/echo.h"

#include <eddy/listener.h>
#include <eddy/pool.h>
#include <eddy/post.h>
#include <eddy/signal.h>
#include <eddy/sleep.h>
#include <eddy/watch.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- The scene -------------------------------------------------------------------------------- */

enum { SCRIPTS = 3, STREAMS = 12, FDS = 64, BULK = 200000, PIECE = 3000, BURST = 10, TICKS = 5 };

/* What a step answers is the next one's `result`: parked or not, or STOP. */
struct script {
    struct eddy_waiter waiter;
    ssize_t (*next)(struct script *me, ssize_t result);
    int step;
    ssize_t wanted; /* the one result that is right; ANY: all that are no error */
};

#define STOP EDDY_PENDING
#define ANY ((ssize_t)EDDY_PENDING)

static struct scene {
    struct stage *stage;
    struct script scripts[SCRIPTS];
    struct eddy_stream streams[STREAMS];
    int fds[FDS]; /* of nobody else: closed at the end */
    int fd_count;
    size_t sent, received;
    int count;
    bool drains;
    struct script *first;
    struct eddy_listener listener;
    struct eddy_watch watch;
    struct eddy_signal signals[2];
    struct eddy_post post;
    char buffer[4096];
} scene;

static const char bulk[BULK];

static void run_script(struct script *me, ssize_t result)
{
    struct stage *stage = scene.stage;
    while (result != EDDY_PENDING && stage->error == 0 && stage->broken == NULL) {
        if (result != me->wanted) {
            stage_failed(stage, result);
            stage_expect(stage, me->wanted == ANY, "the result is the one that was due");
        }
        me->wanted = ANY;
        if (stage->error == 0 && stage->broken == NULL) {
            result = me->next(me, result);
        }
    }
}

static void on_wake(struct eddy_waiter *waiter)
{
    run_script(EDDY_CONTAINER(waiter, struct script, waiter), waiter->result);
}

static ssize_t end_script(void)
{
    stage_done(scene.stage);
    return STOP;
}

static ssize_t nap(struct script *me, int ms)
{
    return eddy_sleep(EDDY_MS(ms), &me->waiter);
}

static ssize_t within(struct script *me, int ms, ssize_t answer)
{
    eddy_wait_until(&me->waiter, eddy_ns_add(scene.stage->os->now, EDDY_MS(ms)));
    return answer;
}

static ssize_t cancelled(struct script *me, ssize_t answer)
{
    bool done = answer != EDDY_PENDING || eddy_wait_cancel(&me->waiter);
    stage_expect(scene.stage, done, "who is parked can be cancelled");
    return answer;
}

static int keep(int fd)
{
    scene.fds[scene.fd_count++] = fd;
    return fd;
}

static void raise_scene(struct stage *stage)
{
    memset(&scene, 0, sizeof scene);
    scene.stage = stage;
    for (int i = 0; i < STREAMS; i++) {
        echo_stream_none(&scene.streams[i], stage->loop);
    }
    for (int i = 0; i < SCRIPTS; i++) {
        scene.scripts[i].wanted = ANY;
        eddy_waiter_init(&scene.scripts[i].waiter, stage->loop, on_wake);
    }
}

static void start_script(int i, ssize_t (*next)(struct script *me, ssize_t result))
{
    scene.scripts[i].next = next;
    scene.stage->left++;
    run_script(&scene.scripts[i], 0);
}

/* A stop that an earlier failure left behind may end one run at once. */
static void play_scene(void)
{
    stage_run(scene.stage, 0);
}

static void strike_scene(void)
{
    for (int i = 0; i < STREAMS; i++) {
        eddy_stream_close(&scene.streams[i]);
    }
    for (int i = 0; i < SCRIPTS; i++) {
        eddy_wait_withdraw(&scene.scripts[i].waiter);
    }
    while (scene.fd_count > 0) {
        close(scene.fds[--scene.fd_count]);
    }
}

/* A stream on one end of a socketpair with small buffers; returns the other end, which is kept, or -1. */
static int open_end(int i)
{
    int fds[2], size = 4096;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) < 0) {
        stage_failed(scene.stage, -errno);
        return -1;
    }
    setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    if (stage_failed(scene.stage, eddy_stream_open(&scene.streams[i], scene.stage->loop, fds[0]))) {
        close(fds[0]);
    }
    return keep(fds[1]);
}

static ssize_t read_of(struct script *me, int i)
{
    return eddy_stream_read(&scene.streams[i], scene.buffer, sizeof scene.buffer, &me->waiter);
}

static ssize_t write_of(struct script *me, size_t size)
{
    return eddy_stream_write(&scene.streams[0], bulk, size, &me->waiter);
}

static void put(int fd, char byte)
{
    stage_expect(scene.stage, send(fd, &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1, "the other end lives");
}

static size_t take_all(int fd)
{
    static char buffer[8192];
    size_t sum = 0;
    for (ssize_t n; (n = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT)) > 0;) {
        sum += (size_t)n;
    }
    return sum;
}

/* ---- Half-close --------------------------------------------------------------------------------- */

static ssize_t write_until_shut(struct script *me, ssize_t result)
{
    struct eddy_stream *stream = &scene.streams[0];
    switch (me->step++) {
    case 0:
        me->wanted = -ESHUTDOWN;
        return write_of(me, BULK);
    case 1:
        scene.sent = eddy_stream_sent(stream);
        stage_expect(scene.stage, write_of(me, 1) == -ESHUTDOWN, "nothing is written after a shutdown");
        stage_expect(scene.stage, eddy_stream_shutdown(stream) == -ESHUTDOWN, "a second shutdown says so");
        return read_of(me, 0);
    default:
        stage_expect(scene.stage, result == 0, "the other end has finished, too");
        return end_script();
    }
}

static ssize_t shut_under_a_write(struct script *me, ssize_t result)
{
    (void)result;
    switch (me->step++) {
    case 0:
        return nap(me, 1);
    case 1:
        return eddy_stream_shutdown(&scene.streams[0]);
    default:
        return end_script();
    }
}

static ssize_t read_to_the_end(struct script *me, ssize_t result)
{
    switch (me->step++) {
    case 0:
        return nap(me, 5);
    case 1:
        return read_of(me, 1);
    case 2:
        scene.received += (size_t)result;
        if (result > 0) {
            me->step = 2;
            return read_of(me, 1);
        }
        stage_expect(scene.stage, scene.received == scene.sent, "what was sent before a shutdown arrives");
        return eddy_stream_shutdown(&scene.streams[1]);
    default:
        return end_script();
    }
}

static void half_close(struct stage *stage)
{
    raise_scene(stage);
    int fd = open_end(0);
    if (stage->error == 0 && !stage_failed(stage, eddy_stream_open(&scene.streams[1], stage->loop, fd))) {
        scene.fd_count = 0; /* it is the stream's now */
        start_script(0, write_until_shut);
        start_script(1, shut_under_a_write);
        start_script(2, read_to_the_end);
        play_scene();
    }
    strike_scene();
}

/* ---- Deadlines, cancels, withdrawals -------------------------------------------------------------- */

/* Plays the other end, until it is the last. */
static ssize_t empty_it(struct script *me, ssize_t result)
{
    (void)result;
    if (scene.drains) {
        scene.received += take_all(scene.fds[0]);
    }
    if (me->step++ == 0 || scene.stage->left > 1) {
        return nap(me, 3);
    }
    stage_expect(scene.stage, scene.received == scene.sent, "each byte was counted once");
    return end_script();
}

static ssize_t give_up_and_go_on(struct script *me, ssize_t result)
{
    struct eddy_stream *stream = &scene.streams[0];
    switch (me->step++) {
    case 0:
        me->wanted = -ETIMEDOUT;
        return within(me, 2, read_of(me, 0));
    case 1:
        me->wanted = -ECANCELED;
        return cancelled(me, read_of(me, 0));
    case 2:
        result = read_of(me, 0);
        return result == EDDY_PENDING && eddy_wait_withdraw(&me->waiter) == EDDY_PENDING ? 0 : result;
    case 3:
        me->wanted = -ETIMEDOUT;
        return within(me, 2, write_of(me, BULK));
    case 4:
        scene.sent += eddy_stream_sent(stream);
        me->wanted = -ECANCELED;
        return cancelled(me, write_of(me, BULK));
    case 5:
        scene.sent += eddy_stream_sent(stream);
        result = write_of(me, BULK);
        scene.sent += eddy_stream_sent(stream);
        return result == EDDY_PENDING && eddy_wait_withdraw(&me->waiter) == EDDY_PENDING ? 0 : result;
    case 6:
        scene.drains = true;
        me->wanted = PIECE;
        return write_of(me, PIECE);
    case 7:
        scene.sent += PIECE;
        put(scene.fds[0], 'd');
        me->wanted = 1;
        return read_of(me, 0);
    default:
        stage_expect(scene.stage, scene.buffer[0] == 'd', "no byte is lost by those who gave up");
        return end_script();
    }
}

static void play_with_one_end(struct stage *stage, ssize_t (*next)(struct script *me, ssize_t result))
{
    raise_scene(stage);
    open_end(0);
    if (stage->error == 0) {
        start_script(0, next);
        start_script(1, empty_it);
        play_scene();
    }
    strike_scene();
}

static void deadlines(struct stage *stage)
{
    play_with_one_end(stage, give_up_and_go_on);
}

/* ---- Without waiting -------------------------------------------------------------------------------- */

static ssize_t try_both(struct script *me, ssize_t result)
{
    struct eddy_stream *stream = &scene.streams[0];
    switch (me->step++) {
    case 0:
        me->wanted = -EAGAIN;
        return eddy_stream_try_read(stream, scene.buffer, 1);
    case 1:
        while ((result = eddy_stream_try_write(stream, bulk, PIECE)) > 0) {
            scene.sent += (size_t)result;
        }
        scene.drains = true;
        me->wanted = -EAGAIN;
        return result;
    case 2:
        me->wanted = PIECE;
        return write_of(me, PIECE);
    case 3:
        scene.sent += PIECE;
        put(scene.fds[0], 't');
        return nap(me, 1);
    case 4:
        result = eddy_stream_try_read(stream, scene.buffer, sizeof scene.buffer);
        if (result == -EAGAIN && scene.count++ < 250) {
            me->step = 4;
            return nap(me, 1);
        }
        me->wanted = 1;
        return result;
    default:
        return end_script();
    }
}

static void tries(struct stage *stage)
{
    play_with_one_end(stage, try_both);
}

/* ---- Closed in another's wake ----------------------------------------------------------------------- */

/* Who is woken first closes the other, whose event is in the same batch, and reads from a stream of its number. */
static ssize_t read_or_be_closed(struct script *me, ssize_t result)
{
    int other = me == &scene.scripts[0];
    switch (me->step++) {
    case 0:
        me->wanted = 1;
        return read_of(me, !other);
    case 1:
        if (scene.first != NULL) {
            return end_script(); /* woken with -ESHUTDOWN */
        }
        scene.first = me;
        scene.count = eddy_stream_fd(&scene.streams[other]);
        eddy_stream_close(&scene.streams[other]);
        scene.scripts[other].wanted = -ESHUTDOWN;
        if (open_end(2) < 0 || scene.stage->error < 0) {
            return STOP;
        }
        stage_expect(scene.stage, eddy_stream_fd(&scene.streams[2]) == scene.count, "a closed number is free at once");
        me->wanted = -ETIMEDOUT;
        return within(me, 3, read_of(me, 2));
    case 2:
        put(scene.fds[2], 'r');
        me->wanted = 1;
        return read_of(me, 2);
    default:
        stage_expect(scene.stage, result == 1 && scene.buffer[0] == 'r', "the new stream reads what is sent to it");
        return end_script();
    }
}

static ssize_t wake_both(struct script *me, ssize_t result)
{
    (void)result;
    if (me->step++ == 0) {
        return nap(me, 1);
    }
    put(scene.fds[0], 'a');
    put(scene.fds[1], 'b');
    return end_script();
}

static void reused_numbers(struct stage *stage)
{
    raise_scene(stage);
    open_end(0);
    open_end(1);
    if (stage->error == 0) {
        start_script(0, read_or_be_closed);
        start_script(1, read_or_be_closed);
        start_script(2, wake_both);
        play_scene();
    }
    strike_scene();
}

/* ---- Connects ----------------------------------------------------------------------------------------- */

static struct eddy_address there, nowhere;

static ssize_t connect_of(struct script *me, const struct eddy_address *address)
{
    stage_expect(scene.stage, eddy_stream_fd(&scene.streams[0]) == -1, "a failed connect leaves no descriptor");
    return eddy_stream_connect(&scene.streams[0], scene.stage->loop, address, &me->waiter);
}

static ssize_t connect_in_vain(struct script *me, ssize_t result)
{
    (void)result;
    switch (me->step++) {
    case 0:
        me->wanted = -ETIMEDOUT;
        return within(me, 5, connect_of(me, &there));
    case 1:
        me->wanted = -ECANCELED;
        return cancelled(me, connect_of(me, &there));
    case 2:
        close(scene.fds[0]);
        scene.fds[0] = -1;
        me->wanted = -ECONNREFUSED;
        return connect_of(me, &there);
    case 3:
        me->wanted = -ECONNREFUSED;
        return connect_of(me, &nowhere);
    default:
        stage_expect(scene.stage, eddy_stream_fd(&scene.streams[0]) == -1, "a refused connect leaves no descriptor");
        return end_script();
    }
}

/* A listener whose backlog of one is full: who connects to it waits for long. */
static void connects(struct stage *stage)
{
    raise_scene(stage);
    stage_failed(stage, eddy_address_parse(&there, "127.0.0.1", 0));
    stage_failed(stage, eddy_address_unix(&nowhere, "@eddy-test-nobody-is-here"));
    int fd = keep(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    int client = keep(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    if (bind(fd, &there.any, there.size) < 0 || listen(fd, 0) < 0 || getsockname(fd, &there.any, &there.size) < 0 ||
        connect(client, &there.any, there.size) < 0) {
        stage_failed(stage, -errno);
    } else {
        start_script(0, connect_in_vain);
        play_scene();
    }
    strike_scene();
}

/* ---- Bursts -------------------------------------------------------------------------------------------- */

/* A file that could not be examined when its listener closed is still there, and in the way. */
static bool listen_there(void)
{
    int error = eddy_listener_open(&scene.listener, scene.stage->loop, &there, NULL);
    if (error == -EADDRINUSE && there.any.sa_family == AF_UNIX && unlink(there.un.sun_path) == 0) {
        error = eddy_listener_open(&scene.listener, scene.stage->loop, &there, NULL);
    }
    return !stage_failed(scene.stage, error);
}

static void call(int count)
{
    static const struct linger reset = {.l_onoff = 1, .l_linger = 0};
    for (; count > 0 && scene.fd_count < FDS; count--) {
        int fd = keep(socket(there.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset); /* no port waits for its end */
        stage_expect(scene.stage, connect(fd, &there.any, there.size) == 0, "there is room in the backlog");
    }
}

static bool hears_of_its_end(int fd)
{
    struct pollfd ended = {.fd = fd, .events = POLLIN};
    char byte;
    return poll(&ended, 1, 1000) == 1 && recv(fd, &byte, 1, MSG_DONTWAIT) <= 0;
}

static ssize_t accept_a_burst(struct script *me, ssize_t result)
{
    (void)result;
    if (me->step++ > 0) {
        scene.count++;
    }
    if (scene.count == BURST) {
        call(4);
        eddy_listener_close(&scene.listener);
        bool ended = hears_of_its_end(scene.fds[scene.fd_count - 1]);
        stage_expect(scene.stage, ended, "who was in the backlog hears of its end");
        if (!listen_there()) {
            return STOP;
        }
        call(1);
    }
    if (scene.count > BURST) {
        return end_script();
    }
    return eddy_listener_accept(&scene.listener, &scene.streams[scene.count], &me->waiter);
}

/* Ten at once, and one more for each that is lost. */
static ssize_t call_until_heard(struct script *me, ssize_t result)
{
    (void)result;
    if (scene.stage->left == 1) {
        return end_script();
    }
    call(me->step++ == 0 ? BURST : 1);
    return nap(me, 50);
}

/* The address that was found is the one to open again. */
static void burst_there(void)
{
    if (listen_there()) {
        there = *eddy_listener_address(&scene.listener);
        start_script(0, accept_a_burst);
        start_script(1, call_until_heard);
        play_scene();
    }
    eddy_listener_close(&scene.listener);
    strike_scene();
}

static void bursts(struct stage *stage)
{
    char path[64];
    raise_scene(stage);
    snprintf(path, sizeof path, "/tmp/eddy-burst-%d.sock", (int)getpid());
    stage_failed(stage, eddy_address_unix(&there, path));
    burst_there();
    unlink(path); /* what a failed unlink left */
}

static void inet_bursts(struct stage *stage)
{
    raise_scene(stage);
    stage_failed(stage, eddy_address_parse(&there, "127.0.0.1", 0));
    burst_there();
}

/* ---- Inside a foreign loop ------------------------------------------------------------------------------- */

static void on_ticked(struct eddy_post *node)
{
    (void)node;
    scene.sent++;
    put(scene.fds[0], 'p');
}

static ssize_t tick(struct script *me, ssize_t result)
{
    (void)result;
    return me->step++ < TICKS ? nap(me, 2) : end_script();
}

/* Each byte comes from a post, which the last byte, or the foreign loop, asked for. */
static ssize_t read_posts(struct script *me, ssize_t result)
{
    scene.received += (size_t)result;
    if (scene.received == TICKS) {
        return end_script();
    }
    if (scene.received > 0) {
        eddy_post(scene.stage->loop, &scene.post);
    }
    return read_of(me, 0);
}

static void turn_from_outside(struct stage *stage, int fd)
{
    for (int turns = 0; turns < 1000 && stage->left > 1 && stage->error == 0 && stage->broken == NULL; turns++) {
        eddy_ns span = eddy_loop_timeout(stage->loop);
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        if (poll(&ready, 1, 0) == 0) {
            stage_expect(stage, span != EDDY_FOREVER || stage->os->held_count > 0, "a foreign loop has a deadline");
            test_os_advance(stage->os, span != EDDY_FOREVER ? span : EDDY_MS(1));
        }
        stage_failed(stage, eddy_loop_step(stage->loop));
    }
    stage_expect(stage, stage->left == 1 && scene.sent == TICKS, "what runs in a loop runs in a foreign one");
}

static void foreign_turns(struct stage *stage)
{
    raise_scene(stage);
    stage->left = 1; /* the loop is not stopped */
    open_end(0);
    int fd = stage->error == 0 ? eddy_loop_fd(stage->loop) : -1;
    if (stage->error == 0 && !stage_failed(stage, fd)) {
        scene.post.run = on_ticked;
        start_script(0, tick);
        start_script(1, read_posts);
        eddy_post(stage->loop, &scene.post);
        turn_from_outside(stage, fd);
    }
    strike_scene();
}

/* ---- Watches that move ------------------------------------------------------------------------------------ */

/* An event may be late or of nothing: then the answer of the file itself counts. */
static bool is_exact(void)
{
    const struct test_chaos *chaos = &scene.stage->os->chaos;
    return chaos->hold == 0 && !chaos->duplicate && !chaos->spurious;
}

static ssize_t watch_for(struct script *me, int step, int events)
{
    me->step = step;
    return eddy_watch_wait(&scene.watch, events, &me->waiter);
}

/* Both directions with one waiter; descriptors 0 and 1 are the ends of one pair, 2 and 3 those of another. */
static ssize_t watch_on(struct script *me, ssize_t result)
{
    const int both = EDDY_READABLE | EDDY_WRITABLE, *fds = scene.fds;
    switch (me->step) {
    case 0:
        return watch_for(me, 1, both);
    case 1:
        stage_expect(scene.stage, !is_exact() || result == EDDY_WRITABLE, "an empty socket is writable, and no more");
        while (send(fds[0], bulk, PIECE, MSG_NOSIGNAL) > 0) {
        }
        me->wanted = is_exact() ? -ETIMEDOUT : ANY;
        return is_exact() ? within(me, 2, watch_for(me, 2, both)) : (me->step = 2);
    case 2:
        put(fds[1], 'w');
        return watch_for(me, 3, both);
    case 3:
        stage_expect(scene.stage, !is_exact() || result == EDDY_READABLE, "a full socket is readable, and no more");
        return watch_for(me, take_all(fds[0]) == 0 ? 3 : 4, both);
    case 4: /* from the other pair: see move_the_watch() */
        return take_all(fds[2]) == 0 ? watch_for(me, 4, both) : watch_for(me, 5, EDDY_READABLE);
    default: /* from the file that got the number */
        if (take_all(fds[2]) == 0) {
            return watch_for(me, 5, EDDY_READABLE);
        }
        eddy_watch_close(&scene.watch);
        stage_expect(scene.stage, scene.count == 2, "a watch follows its descriptor");
        return end_script();
    }
}

static ssize_t move_the_watch(struct script *me, ssize_t result)
{
    (void)result;
    switch (me->step++) {
    case 0:
        return nap(me, 20);
    case 1: /* to another number, whose buffer is full, too */
        while (send(scene.fds[2], bulk, PIECE, MSG_NOSIGNAL) > 0) {
        }
        eddy_watch_set_fd(&scene.watch, scene.fds[2]);
        return nap(me, 2);
    case 2:
        scene.count++;
        put(scene.fds[3], 'x');
        return nap(me, 20);
    case 3: /* to another file of the same number */
        dup2(scene.fds[0], scene.fds[2]);
        eddy_watch_set_fd(&scene.watch, scene.fds[2]);
        return nap(me, 2);
    case 4:
        scene.count++;
        put(scene.fds[1], 'y');
        return end_script();
    default:
        return STOP;
    }
}

static void moving_watches(struct stage *stage)
{
    raise_scene(stage);
    for (int i = 0, fds[2]; i < 4; i += 2) {
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) < 0) {
            stage_failed(stage, -errno);
            fds[0] = fds[1] = -1;
        }
        keep(fds[0]);
        keep(fds[1]);
    }
    eddy_watch_init(&scene.watch, stage->loop, scene.fds[0]);
    start_script(0, watch_on);
    start_script(1, move_the_watch);
    play_scene();
    eddy_watch_close(&scene.watch);
    strike_scene();
}

/* ---- Two listeners of one signal --------------------------------------------------------------------------- */

static ssize_t hear(struct script *me)
{
    me->wanted = SIGUSR1;
    return eddy_signal_wait(&scene.signals[me == &scene.scripts[1]], &me->waiter);
}

/* The first that is woken closes the other one, whose wake is on its way. */
static ssize_t hear_once(struct script *me, ssize_t result)
{
    (void)result;
    if (me->step++ == 0) {
        return hear(me);
    }
    int other = me == &scene.scripts[0];
    ssize_t heard = eddy_wait_withdraw(&scene.scripts[other].waiter);
    stage_expect(scene.stage, heard == SIGUSR1 || heard == EDDY_PENDING, "who is taken back heard it or did not");
    eddy_signal_close(&scene.signals[other]);
    stage_done(scene.stage);
    return end_script();
}

static ssize_t hear_alone(struct script *me, ssize_t result)
{
    (void)result;
    switch (me->step++) {
    case 0:
        raise(SIGUSR1);
        return hear(me);
    case 1:
        stage_expect(scene.stage, scene.signals[1].pending, "each listener hears every signal");
        eddy_signal_close(&scene.signals[1]);
        raise(SIGUSR1);
        return hear(me);
    case 2:
        return eddy_signal_open(&scene.signals[1], scene.stage->loop, SIGUSR1);
    default:
        stage_expect(scene.stage, !scene.signals[1].pending, "what came before it was open is not for it");
        start_script(1, hear_once);
        me->next = hear_once;
        me->step = 1;
        raise(SIGUSR1);
        return hear(me);
    }
}

static void pending_signals(struct stage *stage)
{
    sigset_t before, after;
    raise_scene(stage);
    sigprocmask(SIG_SETMASK, NULL, &before);
    int first = eddy_signal_open(&scene.signals[0], stage->loop, SIGUSR1);
    int second = eddy_signal_open(&scene.signals[1], stage->loop, SIGUSR1);
    if (!stage_failed(stage, first) && !stage_failed(stage, second)) {
        start_script(0, hear_alone);
        play_scene();
        raise(SIGUSR1);
    }
    signal(SIGUSR1, SIG_IGN); /* what nobody took is raised again */
    eddy_signal_close(&scene.signals[1]);
    eddy_signal_close(&scene.signals[0]);
    signal(SIGUSR1, SIG_DFL);
    sigprocmask(SIG_SETMASK, NULL, &after);
    stage_expect(stage, sigismember(&before, SIGUSR1) == sigismember(&after, SIGUSR1), "the mask is as before");
    strike_scene();
}

/* ---- A pool --------------------------------------------------------------------------------------------------- */

struct block {
    unsigned char *bytes;
    size_t size;
};

static void give_block(struct stage *stage, struct eddy_pool *pool, struct block *block)
{
    for (size_t i = 0; block->bytes != NULL && i < block->size; i++) {
        stage_expect(stage, block->bytes[i] == (unsigned char)block->size, "a block keeps its content");
    }
    eddy_pool_give(pool, block->bytes, block->size);
    block->bytes = NULL;
}

/* Takes go on after one that failed: what is left of a slab still serves. */
static void pool_blocks(struct stage *stage)
{
    struct block blocks[40] = {{NULL, 0}};
    struct eddy_pool pool;
    unsigned seed = 1;
    eddy_pool_init(&pool, &stage->os->allocator, EDDY_POOL_UNBOUNDED);
    for (int i = 0; i < 600; i++) {
        seed = seed * 1103515245u + 12345u;
        struct block *block = &blocks[(seed >> 16) % 40];
        give_block(stage, &pool, block);
        block->size = (seed >> 8) % (i % 20 == 0 ? 3000 : 1000) + 1;
        block->bytes = eddy_pool_take(&pool, block->size);
        if (block->bytes == NULL) {
            stage_failed(stage, -ENOMEM);
        } else {
            memset(block->bytes, (int)(unsigned char)block->size, block->size);
        }
    }
    for (int i = 0; i < 40; i++) {
        give_block(stage, &pool, &blocks[i]);
    }
    if (pool.bytes_used != 0) {
        stage->broken = "nothing is taken";
    }
    void *taken = eddy_pool_take(&pool, 100);
    if (eddy_pool_fini(&pool) != (taken != NULL ? -EBUSY : 0)) {
        stage->broken = "the end of a pool says what is still taken";
    }
}

/* ---- The tests -------------------------------------------------------------------------------------- */

#define SURVIVES(scenario)                                     \
    static void scenario##_survive_every_failure(void **state) \
    {                                                          \
        (void)state;                                           \
        assert_int_equal(sweep(#scenario, scenario), 0);       \
    }

SURVIVES(half_close)
SURVIVES(deadlines)
SURVIVES(tries)
SURVIVES(reused_numbers)
SURVIVES(connects)
SURVIVES(bursts)
SURVIVES(inet_bursts)
SURVIVES(foreign_turns)
SURVIVES(moving_watches)
SURVIVES(pending_signals)
SURVIVES(pool_blocks)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(half_close_survive_every_failure),     cmocka_unit_test(deadlines_survive_every_failure),
        cmocka_unit_test(tries_survive_every_failure),          cmocka_unit_test(reused_numbers_survive_every_failure),
        cmocka_unit_test(connects_survive_every_failure),       cmocka_unit_test(bursts_survive_every_failure),
        cmocka_unit_test(inet_bursts_survive_every_failure),    cmocka_unit_test(foreign_turns_survive_every_failure),
        cmocka_unit_test(moving_watches_survive_every_failure), cmocka_unit_test(pending_signals_survive_every_failure),
        cmocka_unit_test(pool_blocks_survive_every_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
