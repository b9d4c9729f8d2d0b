#include "support/echo.h"

#include <errno.h>
#include <string.h>

static char text_at(size_t offset)
{
    return (char)('a' + offset % 23);
}

void echo_stream_none(struct eddy_stream *stream, struct eddy_loop *loop)
{
    int error = eddy_stream_open(stream, loop, -1);
    (void)error; /* it is -EBADF, or whatever fails before */
}

/* ---- Server ------------------------------------------------------------------------------- */

static void serve(struct echo_server *server, ssize_t result)
{
    while (result != EDDY_PENDING) {
        if (stage_failed(server->stage, result)) {
            return;
        }
        if (server->writing) {
            server->writing = false;
            result = eddy_stream_read(&server->stream, server->buffer, sizeof server->buffer, &server->waiter);
        } else if (result > 0) {
            server->writing = true;
            result = eddy_stream_write(&server->stream, server->buffer, (size_t)result, &server->waiter);
        } else {
            if (!stage_failed(server->stage, eddy_stream_shutdown(&server->stream))) {
                stage_done(server->stage);
            }
            return;
        }
    }
}

static void on_served(struct eddy_waiter *waiter)
{
    serve(EDDY_CONTAINER(waiter, struct echo_server, waiter), waiter->result);
}

void echo_server_start(struct echo_server *server, struct stage *stage)
{
    server->stage = stage;
    server->writing = false;
    eddy_waiter_init(&server->waiter, stage->loop, on_served);
    serve(server, eddy_stream_read(&server->stream, server->buffer, sizeof server->buffer, &server->waiter));
}

void echo_server_stop(struct echo_server *server)
{
    eddy_stream_close(&server->stream);
    eddy_wait_withdraw(&server->waiter);
}

/* ---- Client ------------------------------------------------------------------------------- */

static void finish_sending(struct echo_client *client, ssize_t result)
{
    if (result == EDDY_PENDING || stage_failed(client->stage, result)) {
        return;
    }
    stage_expect(client->stage, result == ECHO_SIZE, "a write sends all");
    stage_failed(client->stage, eddy_stream_shutdown(&client->stream));
}

static void on_sent(struct eddy_waiter *waiter)
{
    finish_sending(EDDY_CONTAINER(waiter, struct echo_client, writer), waiter->result);
}

static void receive(struct echo_client *client, ssize_t result)
{
    while (result != EDDY_PENDING && !stage_failed(client->stage, result)) {
        if (result == 0) {
            stage_expect(client->stage, client->received == ECHO_SIZE, "no byte is lost");
            stage_done(client->stage);
            return;
        }
        for (size_t i = 0; i < (size_t)result; i++, client->received++) {
            stage_expect(client->stage, client->buffer[i] == text_at(client->received), "bytes keep their order");
        }
        stage_expect(client->stage, client->received <= ECHO_SIZE, "no byte comes twice");
        result = eddy_stream_read(&client->stream, client->buffer, sizeof client->buffer, &client->reader);
    }
}

static void on_received(struct eddy_waiter *waiter)
{
    receive(EDDY_CONTAINER(waiter, struct echo_client, reader), waiter->result);
}

void echo_client_start(struct echo_client *client, struct stage *stage)
{
    static char text[ECHO_SIZE];
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = text_at(i);
    }
    client->stage = stage;
    client->received = 0;
    eddy_waiter_init(&client->writer, stage->loop, on_sent);
    eddy_waiter_init(&client->reader, stage->loop, on_received);
    finish_sending(client, eddy_stream_write(&client->stream, text, sizeof text, &client->writer));
    receive(client, eddy_stream_read(&client->stream, client->buffer, sizeof client->buffer, &client->reader));
}

void echo_client_stop(struct echo_client *client)
{
    eddy_stream_close(&client->stream);
    eddy_wait_withdraw(&client->writer);
    eddy_wait_withdraw(&client->reader);
}
