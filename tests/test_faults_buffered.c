/* Readers, writers and pipes while the system fails, call by call: what is said to have arrived is what was put. */
#define _GNU_SOURCE
#include "support/check.h"
#include "support/stage.h"

#include <eddy/pipe.h>
#include <eddy/reader.h>
#include <eddy/writer.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FRAME = 5000, FRAMES = 8 };

static char frame[FRAME];

struct sender {
    struct stage *stage;
    struct eddy_writer writer;
    struct eddy_waiter waiter;
    struct eddy_transport transport;
    int step;
};

struct receiver {
    struct stage *stage;
    struct eddy_reader reader;
    struct eddy_waiter waiter;
    struct eddy_slice slice;
    char buffer[16];
    int step;
};

/* ---- Sending --------------------------------------------------------------------------- */

static ssize_t next_send(struct sender *me)
{
    if (me->step == 0) {
        int error = eddy_writer_put(&me->writer, "a line\n", 7);
        error = error < 0 ? error : eddy_writer_printf(&me->writer, "another, of %s\r\n", "more");
        return error < 0 ? error : eddy_writer_put(&me->writer, "0123456789key;", 14);
    }
    if (me->step <= FRAMES) {
        int error = eddy_writer_frame(&me->writer, EDDY_PREFIX_U32_LE, frame, sizeof frame);
        return error < 0 ? error : eddy_writer_drain(&me->writer, &me->waiter);
    }
    return eddy_writer_flush(&me->writer, &me->waiter);
}

static void send_on(struct sender *me, ssize_t result)
{
    while (result != EDDY_PENDING && !stage_failed(me->stage, result)) {
        if (++me->step > FRAMES + 2) {
            stage_expect(me->stage, me->writer.unsent == 0, "a flush leaves nothing unsent");
            eddy_writer_fini(&me->writer);
            eddy_transport_close(me->transport);
            stage_done(me->stage);
            return;
        }
        result = next_send(me);
    }
}

static void on_send(struct eddy_waiter *waiter)
{
    send_on(EDDY_CONTAINER(waiter, struct sender, waiter), waiter->result);
}

/* ---- Receiving ------------------------------------------------------------------------- */

static ssize_t next_receive(struct receiver *me)
{
    switch (me->step) {
    case 0:
    case 1:
        return eddy_reader_line(&me->reader, &me->slice, &me->waiter);
    case 2:
        return eddy_reader_read_exactly(&me->reader, me->buffer, 10, &me->waiter);
    case 3:
        return eddy_reader_until(&me->reader, ";", 1, 0, &me->slice, &me->waiter);
    default:
        return eddy_reader_frame(&me->reader, EDDY_PREFIX_U32_LE, FRAME, &me->slice, &me->waiter);
    }
}

static bool is_right(const struct receiver *me, ssize_t result)
{
    static const ssize_t results[] = {7, 18, 10, 4};
    if (me->step < 4) {
        return result == results[me->step] && (me->step != 2 || memcmp(me->buffer, "0123456789", 10) == 0);
    }
    return me->step < 4 + FRAMES
               ? result == FRAME + 4 && me->slice.size == FRAME && memcmp(me->slice.data, frame, FRAME) == 0
               : result == 0;
}

static void receive_on(struct receiver *me, ssize_t result)
{
    while (result != EDDY_PENDING && !stage_failed(me->stage, result)) {
        stage_expect(me->stage, is_right(me, result), "what is put arrives, in order");
        if (++me->step == 5 + FRAMES) {
            stage_done(me->stage);
            return;
        }
        result = next_receive(me);
    }
}

static void on_receive(struct eddy_waiter *waiter)
{
    receive_on(EDDY_CONTAINER(waiter, struct receiver, waiter), waiter->result);
}

/* ---- Scenarios ------------------------------------------------------------------------- */

static void converse(struct stage *stage, struct eddy_transport from, struct eddy_transport to)
{
    static struct sender sender;
    static struct receiver receiver;
    memset(frame, 'f', sizeof frame);
    sender = (struct sender){.stage = stage, .transport = to, .step = -1};
    receiver = (struct receiver){.stage = stage};
    eddy_waiter_init(&sender.waiter, stage->loop, on_send);
    eddy_waiter_init(&receiver.waiter, stage->loop, on_receive);
    const struct eddy_writer_options options = {.high = 6000, .low = 3000};
    stage_expect(stage, eddy_writer_init(&sender.writer, stage->loop, to, &options) == 0, "the marks are in order");
    eddy_reader_init(&receiver.reader, stage->loop, from, 0);
    stage->left = 2;
    send_on(&sender, 0);
    ssize_t result = next_receive(&receiver);
    if (result != EDDY_PENDING) {
        receive_on(&receiver, result);
    }
    stage_run(stage, 0);
    eddy_writer_fini(&sender.writer);
    eddy_reader_fini(&receiver.reader);
    eddy_wait_withdraw(&sender.waiter);
    eddy_wait_withdraw(&receiver.waiter);
    eddy_transport_close(from);
    eddy_transport_close(to);
}

static void over_sockets(struct stage *stage)
{
    static struct eddy_stream one, other;
    int fds[2], size = 4096;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) < 0) {
        stage_failed(stage, -errno);
        return;
    }
    setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    bool failed = stage_failed(stage, eddy_stream_open(&one, stage->loop, fds[0]));
    if (failed) {
        close(fds[0]);
    }
    if (failed || stage_failed(stage, eddy_stream_open(&other, stage->loop, fds[1]))) {
        close(fds[1]);
        eddy_stream_close(&one);
        return;
    }
    converse(stage, eddy_stream_transport(&other), eddy_stream_transport(&one));
}

static void over_a_pipe(struct stage *stage)
{
    static struct eddy_pipe in, out;
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) < 0) {
        stage_failed(stage, -errno);
        return;
    }
    fcntl(fds[1], F_SETPIPE_SZ, 4096);
    bool failed = stage_failed(stage, eddy_pipe_open(&in, stage->loop, fds[0], 0));
    if (failed) {
        close(fds[0]);
    }
    if (failed || stage_failed(stage, eddy_pipe_open(&out, stage->loop, fds[1], 0))) {
        close(fds[1]);
        eddy_pipe_close(&in);
        return;
    }
    converse(stage, eddy_pipe_transport(&in), eddy_pipe_transport(&out));
}

static void sockets_survive_every_failure(void **state)
{
    (void)state;
    assert_int_equal(sweep("over_sockets", over_sockets), 0);
}

static void pipes_survive_every_failure(void **state)
{
    (void)state;
    assert_int_equal(sweep("over_a_pipe", over_a_pipe), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sockets_survive_every_failure),
        cmocka_unit_test(pipes_survive_every_failure),
    };
    return cmocka_run_group_tests_name("faults_buffered", tests, NULL, NULL);
}
