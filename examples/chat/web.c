#define _GNU_SOURCE
#include "web.h"

#include "page.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define WEB_HEAD EDDY_SEC(10) /* for a request, all in all */
#define WEB_PING EDDY_SEC(15) /* a comment now and then finds out who has gone */

/* ---- What was asked for ---------------------------------------------------------------- */

static int hex_digit(char digit)
{
    return digit >= '0' && digit <= '9' ? digit - '0' : isxdigit((unsigned char)digit) ? (digit | 32) - 'a' + 10 : -1;
}

/* The query's value of `key`, decoded and cut to fit. False: it has none. */
static bool query_value(const char *target, const char *key, char *value, size_t room)
{
    size_t size = strlen(key), used = 0;
    const char *at = strchr(target, '?');
    while (at != NULL && (strncmp(at + 1, key, size) != 0 || at[1 + size] != '=')) {
        at = strchr(at + 1, '&');
    }
    if (at == NULL) {
        return false;
    }
    for (at += 2 + size; *at != '\0' && *at != '&' && used + 1 < room; at++) {
        int high = *at == '%' ? hex_digit(at[1]) : -1;
        int low = high >= 0 ? hex_digit(at[2]) : -1;
        value[used++] = (char)(low >= 0 ? high << 4 | low : *at == '+' ? ' ' : *at);
        at += low >= 0 ? 2 : 0;
    }
    value[used] = '\0';
    return true;
}

static bool asks_for(const struct http_request *request, int method, const char *path)
{
    size_t size = strcspn(request->target, "?");
    return request->method == method && size == strlen(path) && memcmp(request->target, path, size) == 0;
}

/* ---- Answers --------------------------------------------------------------------------- */

static int put_answer(struct eddy_writer *writer, const char *status, const char *type, const char *body)
{
    return eddy_writer_printf(writer,
                              "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                              "Cache-Control: no-store\r\n\r\n%s",
                              status, type, strlen(body), body);
}

/* POST /say */
static int put_said(struct eddy_writer *writer, struct chat *chat, const char *target)
{
    char ticket[24] = "", text[LINE_MAX_BYTES];
    query_value(target, "ticket", ticket, sizeof ticket);
    struct member *member = find_ticket(chat, strtoull(ticket, NULL, 16));
    if (member == NULL || !query_value(target, "text", text, sizeof text)) {
        return put_answer(writer, "403 Forbidden", "text/plain", "no such ticket\n");
    }
    say(chat, member, text, strlen(text));
    return put_answer(writer, "200 OK", "text/plain", "");
}

/* GET /events: join a room. From then on the answer is a stream. False: it was answered with an error. */
static bool enter(struct browser *my, struct eddy_task *task)
{
    struct member *member = &my->member;
    char name[NAME_MAX_BYTES + 2] = "", room[NAME_MAX_BYTES + 2] = "lobby";
    query_value(my->request.target, "name", name, sizeof name);
    query_value(my->request.target, "room", room, sizeof room);
    if (!is_name(name) || !is_name(room)) {
        my->error = put_answer(&my->writer, "400 Bad Request", "text/plain", "not a name\n");
        return false;
    }
    member_init(my->chat, member, task, &my->writer, "data: ", "\n\n");
    memcpy(member->name, name, strlen(name) + 1);
    if (getrandom(&member->ticket, sizeof member->ticket, 0) != sizeof member->ticket ||
        !may_join(my->chat, member, room)) {
        my->error = put_answer(&my->writer, "409 Conflict", "text/plain", "that name is taken there\n");
        return false;
    }
    my->error =
        eddy_writer_printf(&my->writer,
                           "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n\r\n"
                           "event: ticket\ndata: %016" PRIx64 "\n\n",
                           member->ticket);
    my->error = my->error < 0 ? my->error : join(my->chat, member, room);
    return my->error == 0;
}

/* Answer the request. True: it joined, and listens. */
static bool route(struct browser *my, struct eddy_task *task)
{
    const struct http_request *request = &my->request;
    if (request->status != 0) {
        my->error = put_answer(&my->writer, "400 Bad Request", "text/plain", "not understood\n");
    } else if (asks_for(request, HTTP_GET, "/")) {
        my->error = put_answer(&my->writer, "200 OK", "text/html; charset=utf-8", chat_page);
    } else if (asks_for(request, HTTP_POST, "/say")) {
        my->error = put_said(&my->writer, my->chat, request->target);
    } else if (asks_for(request, HTTP_GET, "/events")) {
        return enter(my, task);
    } else {
        my->error = put_answer(&my->writer, "404 Not Found", "text/plain", "not here\n");
    }
    return false;
}

EDDY_CORO_EXTERN(browser)
{
    EDDY_BEGIN(browser) {
        my->chat = my->connection->server->options.context;
        http_request_init(&my->request);
        eddy_reader_init(&my->reader, eddy_loop_current(), eddy_stream_transport(&my->connection->stream), 0);
        EDDY_TRY(my->error,
                 eddy_writer_init(&my->writer, eddy_loop_current(), eddy_stream_transport(&my->connection->stream),
                                  &(struct eddy_writer_options){.cap = OUTBOX, .high = OUTBOX / 2, .low = OUTBOX / 4}));
        do {
            http_request_next(&my->request);
            EDDY_AWAIT(my->n, eddy_reader_peek(&my->reader, 1, &my->in, me));
            eddy_connection_phase(my->connection, WEB_HEAD);
            while (my->n > 0) {
                eddy_reader_consume(&my->reader, http_request_feed(&my->request, my->in.data, my->in.size));
                if (my->request.complete) {
                    break;
                }
                EDDY_AWAIT(my->n, eddy_reader_peek(&my->reader, 1, &my->in, me));
            }
            eddy_connection_phase(my->connection, EDDY_FOREVER);
            eddy_connection_ready(my->connection);
            if (my->n > 0 && route(my, eddy_task_of(me))) {
                eddy_stream_set_timeouts(&my->connection->stream, EDDY_FOREVER, WEB_PING);
                do { /* a browser that listens says nothing more; it leaves */
                    EDDY_TIMEOUT(&my->ping, WEB_PING) {
                        EDDY_AWAIT(my->n, eddy_reader_peek(&my->reader, 1, &my->in, me));
                    }
                    my->error = my->ping.expired ? eddy_writer_put(&my->writer, ":\n\n", 3) : -EPIPE;
                } while (my->error == 0);
                return;
            }
            if (my->n > 0 && my->error == 0) {
                EDDY_AWAIT(my->error, eddy_writer_drain(&my->writer, me));
                EDDY_AWAIT(eddy_yield(me)); /* one request at a time */
            }
        } while (my->n > 0 && my->error == 0 && my->request.keep_alive);
    }
    EDDY_FINALLY
    {
        leave(my->chat, &my->member);
        EDDY_TIMEOUT(&my->ping, EDDY_SEC(1)) {
            EDDY_AWAIT(my->error, eddy_writer_flush(&my->writer, me));
        }
        eddy_writer_fini(&my->writer);
        eddy_reader_fini(&my->reader);
    }
}
