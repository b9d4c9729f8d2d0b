/* 10_http --root DIR [--host H] [--port N] [--unix PATH] [--head S] [--body S] [--idle S] [--stall S] [--grace S]
 *
 * A web server for the files below DIR, and /hello. GET and HEAD; HTTP/1.1 with keep-alive and pipelining, HTTP/1.0.
 *
 * Limits: those of http/request.h; 10 s for a head (--head) and 10 s for a body (--body), or 408; 60 s between requests
 * (--idle); 30 s in which a client takes no byte (--stall). Each request costs one receive and one send, a file one
 * sendfile more; nothing is allocated, and who waits for a request holds no room to receive it.
 * SIGINT or SIGTERM: answer what has been asked, 5 s long (--grace), and exit 0. */
#define _GNU_SOURCE
#include "http/answer.h"
#include "http/files.h"
#include "http/request.h"
#include "serve.h"

#include <eddy/reader.h>
#include <fcntl.h>
#include <unistd.h>

enum { LINGER_MAX = 1024 * 1024 }; /* bytes of a refused request that are read after its answer */

struct site {
    int root;
    eddy_ns head;
    eddy_ns body;
};

struct http {
    EDDY_FRAME;
    struct eddy_connection *connection;
    struct http_answer out; /* its size is wanted with what stands before it, its bytes seldom */
    const struct eddy_server *server;
    const struct site *site;
    struct eddy_reader reader;
    struct eddy_slice in;
    ssize_t n;
    bool is_whole;
    bool is_known;         /* it has asked before */
    struct http_file file; /* fd < 0: none */
    struct http_request request;
};

static bool is_hello(const char *target)
{
    return memcmp(target, "/hello", 6) == 0 && (target[6] == '\0' || target[6] == '?');
}

/* Put the answer; where nothing is to be sent with it, what can be sent at once is, without a copy. */
static void hello(struct http *my)
{
    const struct http_answer *made = http_answer_hello(&my->request);
    size_t sent = 0;
    if (my->out.size == 0 && eddy_reader_buffered(&my->reader) == 0) {
        ssize_t n = eddy_stream_try_write(&my->connection->stream, made->bytes, made->size);
        sent = n > 0 ? (size_t)n : 0; /* an error is there still when the rest is sent */
    }
    if (sent < made->size) {
        http_answer_put(&my->out, made->bytes + sent, made->size - sent);
    }
}

/* Put the answer to the request; a file is left to be sent. */
static void answer(struct http *my)
{
    struct http_request *request = &my->request;
    int status = request->status;
    request->keep_alive = request->keep_alive && !my->server->is_stopping;
    if (status == 0 && request->method != HTTP_GET && request->method != HTTP_HEAD) {
        status = 405;
    } else if (status == 0 && is_hello(request->target)) {
        hello(my);
        return;
    } else if (status == 0) {
        status = http_files_open(my->site->root, request->target, &my->file);
    }
    if (status != 200) {
        http_answer_error(&my->out, request, status);
        return;
    }
    http_answer_head(&my->out, request, 200, my->file.type, (uint64_t)my->file.size);
    if (request->method == HTTP_HEAD || my->file.size == 0) {
        close(my->file.fd);
        my->file.fd = -1;
    }
}

/* ---- A connection ---------------------------------------------------------------------- */

static ssize_t flush(struct http *http, struct eddy_waiter *waiter)
{
    return eddy_stream_write(&http->connection->stream, http->out.bytes, http->out.size, waiter);
}

/* Parse what is buffered. Whether that was all of a request. */
static bool feed(struct http *my)
{
    eddy_reader_consume(&my->reader, http_request_feed(&my->request, my->in.data, my->in.size));
    return my->request.complete;
}

/* A request comes in pieces: whether all of it has come, or an error to answer. */
struct rest {
    EDDY_FRAME_RET(bool);
    struct http *http;
    struct eddy_scope phase;
    bool in_body;
};

/* After the head the body has a deadline of its own; a client that waits for leave to send it gets that. */
static void follow(struct rest *my)
{
    struct http *http = my->http;
    if (http->request.has_head && !my->in_body) {
        my->in_body = true;
        eddy_scope_set_deadline(&my->phase, eddy_loop_now(eddy_loop_current()) + http->site->body);
        if (http->request.expects) {
            http_answer_continue(&http->out);
        }
    }
}

EDDY_CORO(rest)
{
    EDDY_BEGIN(rest) {
        EDDY_TIMEOUT(&my->phase, my->http->site->head) {
            do {
                follow(my);
                if (my->http->out.size > 0) { /* who waits gets what is ready */
                    EDDY_AWAIT(my->http->n, flush(my->http, me));
                    my->http->out.size = 0;
                }
                if (my->http->n >= 0) {
                    EDDY_AWAIT(my->http->n, eddy_reader_peek(&my->http->reader, 1, &my->http->in, me));
                }
            } while (my->http->n > 0 && !feed(my->http));
        }
        if ((my->phase.expired || my->http->n == -ETIMEDOUT) && my->http->out.size == 0) {
            my->http->request.status = 408;
            my->http->request.keep_alive = false;
            EDDY_RETURN(true);
        }
        EDDY_RETURN(my->http->n > 0 && !my->phase.expired);
    }
}

/* Send the answers that are put, and the file that follows them; in http->n is how that ended. */
struct give {
    EDDY_FRAME;
    struct http *http;
    off_t offset;
};

EDDY_CORO(give)
{
    EDDY_BEGIN(give) {
        EDDY_AWAIT(my->http->n, flush(my->http, me));
        while (my->http->n >= 0 && my->offset < my->http->file.size) {
            EDDY_AWAIT(my->http->n, eddy_stream_sendfile(&my->http->connection->stream, my->http->file.fd, &my->offset,
                                                         (size_t)(my->http->file.size - my->offset), me));
            if (my->http->n == 0) { /* the file has become shorter */
                my->http->n = -EIO;
            }
        }
    }
    EDDY_FINALLY
    {
        my->http->out.size = 0;
        close(my->http->file.fd);
        my->http->file.fd = -1;
    }
}

/* What a refused client still sends must be read, or the reset may reach it before the answer does. */
struct hear_out {
    EDDY_FRAME;
    struct http *http;
    struct eddy_scope limit;
    size_t size;
};

EDDY_CORO(hear_out)
{
    EDDY_BEGIN(hear_out) {
        if (eddy_stream_shutdown(&my->http->connection->stream) == 0) {
            EDDY_TIMEOUT(&my->limit, EDDY_SEC(2)) {
                do {
                    EDDY_AWAIT(my->http->n, eddy_reader_read(&my->http->reader, my->http->out.bytes,
                                                             sizeof my->http->out.bytes, me));
                    my->size += my->http->n > 0 ? (size_t)my->http->n : 0;
                } while (my->http->n > 0 && my->size < LINGER_MAX);
            }
        }
    }
}

EDDY_CORO(http)
{
    EDDY_BEGIN(http) {
        my->server = my->connection->server;
        my->site = my->server->options.context;
        my->file.fd = -1;
        http_request_init(&my->request);
        eddy_reader_init(&my->reader, eddy_loop_current(), eddy_stream_transport(&my->connection->stream), 0);
        do {
            http_request_next(&my->request);
            EDDY_AWAIT(my->n, eddy_reader_peek(&my->reader, 1, &my->in, me));
            if (my->n <= 0) {
                return;
            }
            if (!feed(my)) {
                eddy_connection_set_idle(my->connection, false); /* a stop waits for the rest */
                EDDY_CALL(my->is_whole, rest, .http = my);
                eddy_connection_set_idle(my->connection, true);
                if (!my->is_whole) {
                    return;
                }
            }
            if (!my->is_known) {
                my->is_known = true;
                eddy_connection_ready(my->connection);
            }
            answer(my);
            if (my->file.fd >= 0) {
                EDDY_DO(give, .http = my);
            } else if (my->out.size > 0 && (eddy_reader_buffered(&my->reader) == 0 || http_answer_is_full(&my->out) ||
                                            !my->request.keep_alive)) {
                EDDY_AWAIT(my->n, flush(my, me));
                my->out.size = 0;
            }
        } while (my->n >= 0 && my->request.keep_alive);
        if (my->n >= 0 && my->request.status != 0) {
            EDDY_DO(hear_out, .http = my);
        }
    }
    EDDY_FINALLY
    {
        eddy_reader_fini(&my->reader);
    }
}

/* ---- The program ----------------------------------------------------------------------- */

static void announce(const struct eddy_address *address)
{
    char text[EDDY_ADDRESS_TEXT];
    options_listening(address);
    eddy_address_text(address, text);
    if (address->any.sa_family == AF_UNIX) {
        printf("try: curl --unix-socket %s http://localhost/hello\n", text);
    } else {
        printf("try: curl http://%s/hello\n", text);
    }
    fflush(stdout);
}

int main(int argc, char **argv)
{
    struct options_own own[] = {{"root", "DIR", NULL},
                                {"head", "SECONDS", "10"},
                                {"body", "SECONDS", "10"},
                                {"idle", "SECONDS", "60"},
                                {"stall", "SECONDS", "30"},
                                {"grace", "SECONDS", "5"},
                                {0}};
    struct eddy_address address;
    struct site site;
    struct eddy_server_options options = {.context = &site};
    eddy_ns grace;
    if (!options_parse_own(argc, argv, 8080, &address, own)) {
        return 2;
    }
    if (!options_span(&own[1], &site.head) || !options_span(&own[2], &site.body) ||
        !options_span(&own[3], &options.idle) || !options_span(&own[4], &options.stall) ||
        !options_span(&own[5], &grace)) {
        return options_usage(argv[0], own);
    }
    options.handshake = site.head;
    site.root = open(own[0].text, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (site.root < 0) {
        fprintf(stderr, "%s: %s: %s\n", argv[0], own[0].text, strerror(errno));
        return 1;
    }
    int result = EDDY_RUN(serve, .program = argv[0], .address = &address, .handler = EDDY_HANDLER(http),
                          .options = options, .grace = grace, .announce = announce);
    close(site.root);
    return result != 0;
}
