/* The echo server on libuv: one shared read buffer, uv_try_write, and uv_write for what that leaves, during
 * which nothing is read. */
#include "bench.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

struct rest {
    uv_write_t request;
    char data[];
};

static char buffer[BENCH_ECHO_BUFFER];

static void on_closed(uv_handle_t *handle)
{
    free(handle);
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *read_into);

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *given)
{
    (void)handle;
    (void)suggested;
    given->base = buffer;
    given->len = sizeof buffer;
}

static void on_rest_sent(uv_write_t *request, int status)
{
    uv_stream_t *stream = request->handle;
    free(request);
    if (uv_is_closing((uv_handle_t *)stream)) {
        return;
    }
    if (status < 0) {
        uv_close((uv_handle_t *)stream, on_closed);
    } else {
        uv_read_start(stream, give_buffer, on_read);
    }
}

static void send_rest(uv_stream_t *stream, const char *data, size_t size)
{
    struct rest *rest = malloc(sizeof *rest + size);
    memcpy(rest->data, data, size);
    uv_buf_t part = uv_buf_init(rest->data, (unsigned)size);
    if (uv_write(&rest->request, stream, &part, 1, on_rest_sent) != 0) {
        free(rest);
        uv_close((uv_handle_t *)stream, on_closed);
        return;
    }
    uv_read_stop(stream);
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *read_into)
{
    if (got <= 0) {
        if (got < 0 && !uv_is_closing((uv_handle_t *)stream)) {
            uv_close((uv_handle_t *)stream, on_closed);
        }
        return;
    }
    uv_buf_t part = uv_buf_init(read_into->base, (unsigned)got);
    int sent = uv_try_write(stream, &part, 1);
    if (sent == got) {
        return;
    }
    if (sent < 0 && sent != UV_EAGAIN) {
        uv_close((uv_handle_t *)stream, on_closed);
        return;
    }
    size_t done = sent < 0 ? 0 : (size_t)sent;
    send_rest(stream, read_into->base + done, (size_t)got - done);
}

static void on_connection(uv_stream_t *listener, int status)
{
    if (status < 0) {
        return;
    }
    uv_tcp_t *peer = malloc(sizeof *peer);
    uv_tcp_init(listener->loop, peer);
    if (uv_accept(listener, (uv_stream_t *)peer) != 0) {
        uv_close((uv_handle_t *)peer, on_closed);
        return;
    }
    uv_read_start((uv_stream_t *)peer, give_buffer, on_read);
}

int main(int argc, char **argv)
{
    uv_loop_t *loop = uv_default_loop();
    uv_tcp_t listener;
    uv_tcp_init(loop, &listener);
    if (uv_tcp_open(&listener, bench_listen(argc, argv)) != 0 ||
        uv_listen((uv_stream_t *)&listener, 4096, on_connection) != 0) {
        bench_die("libuv cannot listen");
    }
    return uv_run(loop, UV_RUN_DEFAULT);
}
