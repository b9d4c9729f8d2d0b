#define _GNU_SOURCE
#include "answer.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *reason_of(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 400:
        return "Bad Request";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 408:
        return "Request Timeout";
    case 413:
        return "Content Too Large";
    case 414:
        return "URI Too Long";
    case 417:
        return "Expectation Failed";
    case 431:
        return "Request Header Fields Too Large";
    case 501:
        return "Not Implemented";
    case 503:
        return "Service Unavailable";
    case 505:
        return "HTTP Version Not Supported";
    default:
        return "Internal Server Error";
    }
}

static void put(struct http_answer *answer, const char *text, size_t size)
{
    memcpy(answer->bytes + answer->size, text, size);
    answer->size += size;
}

static void put_text(struct http_answer *answer, const char *text)
{
    put(answer, text, strlen(text));
}

static void put_number(struct http_answer *answer, uint64_t number)
{
    char digits[20];
    size_t first = sizeof digits;
    do {
        digits[--first] = (char)('0' + number % 10);
    } while ((number /= 10) != 0);
    put(answer, digits + first, sizeof digits - first);
}

/* "Sun, 06 Nov 1994 08:49:37 GMT", made once a second. */
static void put_date(struct http_answer *answer)
{
    static time_t made;
    static char text[40];
    static size_t size;
    time_t now = time(NULL);
    if (now != made) {
        struct tm parts;
        size = strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now, &parts));
        made = now;
    }
    put(answer, text, size);
}

void http_answer_head(struct http_answer *answer, const struct http_request *request, int status, const char *type,
                      uint64_t size)
{
    if (status == 200) {
        put_text(answer, "HTTP/1.1 200 OK\r\nDate: ");
    } else {
        put_text(answer, "HTTP/1.1 ");
        put_number(answer, (uint64_t)status);
        put_text(answer, " ");
        put_text(answer, reason_of(status));
        put_text(answer, "\r\nDate: ");
    }
    put_date(answer);
    put_text(answer, "\r\nContent-Type: ");
    put_text(answer, type);
    put_text(answer, "\r\nContent-Length: ");
    put_number(answer, size);
    if (status == 405) {
        put_text(answer, "\r\nAllow: GET, HEAD");
    }
    if (!request->keep_alive) {
        put_text(answer, "\r\nConnection: close");
    } else if (request->is_old) {
        put_text(answer, "\r\nConnection: keep-alive");
    }
    put_text(answer, "\r\n\r\n");
}

void http_answer_text(struct http_answer *answer, const struct http_request *request, int status, const char *body)
{
    http_answer_head(answer, request, status, "text/plain; charset=utf-8", strlen(body));
    if (request->method != HTTP_HEAD) {
        put_text(answer, body);
    }
}

void http_answer_put(struct http_answer *answer, const char *bytes, size_t size)
{
    put(answer, bytes, size);
}

const struct http_answer *http_answer_hello(const struct http_request *request)
{
    static struct http_answer answer;
    static time_t made; /* the usual one: when; 0: it stands for another */
    bool is_usual = request->keep_alive && !request->is_old && request->method == HTTP_GET;
    time_t now = is_usual ? time(NULL) : 0;
    if (now != made || !is_usual) {
        answer.size = 0;
        http_answer_text(&answer, request, 200, "hello");
        made = now;
    }
    return &answer;
}

void http_answer_error(struct http_answer *answer, const struct http_request *request, int status)
{
    char body[64];
    snprintf(body, sizeof body, "%d %s\n", status, reason_of(status));
    http_answer_text(answer, request, status, body);
}

void http_answer_continue(struct http_answer *answer)
{
    put_text(answer, "HTTP/1.1 100 Continue\r\n\r\n");
}
