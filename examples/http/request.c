#include "request.h"

#include <string.h>

/* The first error is the answer. */
static int refuse(struct http_request *request, int status)
{
    if (request->status == 0) {
        request->status = status;
    }
    request->complete = true;
    request->keep_alive = false;
    return HPE_USER;
}

/* ---- What llhttp calls ----------------------------------------------------------------- */

static int on_target(llhttp_t *parser, const char *text, size_t size)
{
    struct http_request *request = parser->data;
    request->text += size;
    if (size > HTTP_TARGET_MAX - request->target_size) {
        return refuse(request, 414);
    }
    memcpy(request->target + request->target_size, text, size);
    request->target_size += size;
    return 0;
}

/* Keep the beginning of a text that comes in pieces; `*whole` is its size so far. */
static void keep(char *beginning, size_t room, size_t *whole, const char *text, size_t size)
{
    if (*whole < room) {
        memcpy(beginning + *whole, text, size < room - *whole ? size : room - *whole);
    }
    *whole += size;
}

static int on_name(llhttp_t *parser, const char *text, size_t size)
{
    struct http_request *request = parser->data;
    keep(request->name, sizeof request->name, &request->name_size, text, size);
    request->text += size;
    return request->text > HTTP_HEAD_MAX ? refuse(request, 431) : 0;
}

static int on_value(llhttp_t *parser, const char *text, size_t size)
{
    struct http_request *request = parser->data;
    if (request->name_size == strlen("expect")) { /* no other value is looked at */
        keep(request->value, sizeof request->value, &request->value_size, text, size);
    }
    request->text += size;
    return request->text > HTTP_HEAD_MAX ? refuse(request, 431) : 0;
}

/* `text` is in lower case, and as long as what was kept at the most. */
static inline bool is(const char *beginning, size_t size, const char *text)
{
    if (size != strlen(text)) {
        return false;
    }
    size_t i = 0;
    while (i < size && (beginning[i] | 0x20) == text[i]) {
        i++;
    }
    return i == size;
}

static int on_header(llhttp_t *parser)
{
    struct http_request *request = parser->data;
    bool is_expect = is(request->name, request->name_size, "expect");
    request->hosts += is(request->name, request->name_size, "host");
    request->expects = request->expects || is_expect;
    if (is_expect && !is(request->value, request->value_size, "100-continue")) {
        return refuse(request, 417);
    }
    request->name_size = 0;
    request->value_size = 0;
    return ++request->headers > HTTP_HEADERS_MAX ? refuse(request, 431) : 0;
}

/* A target as proxies get it, http://host/path: take the path. */
static void strip_host(char *target)
{
    char *host = *target != '/' ? strstr(target, "://") : NULL;
    char *path = host != NULL ? strchr(host + 3, '/') : NULL;
    if (path != NULL) {
        memmove(target, path, strlen(path) + 1);
    } else if (host != NULL) {
        strcpy(target, "/");
    }
}

static int on_head(llhttp_t *parser)
{
    struct http_request *request = parser->data;
    request->has_head = true;
    request->method = parser->method;
    request->is_old = parser->http_minor == 0;
    request->target[request->target_size] = '\0';
    strip_host(request->target);
    parser->upgrade = 0; /* we go on with HTTP/1 whatever is offered */
    if (parser->http_major != 1) {
        return refuse(request, 505);
    }
    if (request->hosts > 1 || (request->hosts == 0 && !request->is_old)) {
        return refuse(request, 400);
    }
    if ((parser->flags & F_CHUNKED) == 0 && parser->content_length > HTTP_BODY_MAX) {
        return refuse(request, 413);
    }
    bool has_body = (parser->flags & F_CHUNKED) != 0 || parser->content_length > 0;
    request->expects = request->expects && has_body && !request->is_old;
    return 0;
}

static int on_body(llhttp_t *parser, const char *data, size_t size)
{
    struct http_request *request = parser->data;
    (void)data;
    request->body += size;
    request->expects = false; /* it did not wait */
    return request->body > HTTP_BODY_MAX ? refuse(request, 413) : 0;
}

static int on_end(llhttp_t *parser)
{
    struct http_request *request = parser->data;
    request->complete = true;
    request->keep_alive = llhttp_should_keep_alive(parser);
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_url = on_target,
    .on_header_field = on_name,
    .on_header_value = on_value,
    .on_header_value_complete = on_header,
    .on_headers_complete = on_head,
    .on_body = on_body,
    .on_message_complete = on_end,
};

/* ---- A request ------------------------------------------------------------------------- */

void http_request_init(struct http_request *request)
{
    memset(request, 0, sizeof *request);
    llhttp_init(&request->parser, HTTP_REQUEST, &settings);
    request->parser.data = request;
}

void http_request_next(struct http_request *request)
{
    request->has_head = request->complete = request->keep_alive = request->expects = false;
    request->target_size = request->text = request->bytes = request->body = 0;
    request->headers = request->hosts = 0;
    request->method = HTTP_GET; /* of a request that is refused before it is known */
}

/* A method that is well formed, but llhttp does not know. */
static bool has_other_method(const char *data, size_t size)
{
    size_t i = 0;
    while (i < size && (data[i] == '\r' || data[i] == '\n')) {
        i++;
    }
    size_t first = i;
    while (i < size && ((data[i] >= 'A' && data[i] <= 'Z') || data[i] == '-' || data[i] == '_')) {
        i++;
    }
    return i > first && i < size && data[i] == ' ';
}

static int status_of(const llhttp_t *parser, llhttp_errno_t error, const char *data, size_t size)
{
    switch (error) {
    case HPE_INVALID_METHOD:
        return has_other_method(data, size) ? 501 : 400;
    case HPE_INVALID_VERSION:
        return parser->http_major == 1 ? 400 : 505; /* or what follows it is wrong */
    case HPE_PAUSED_H2_UPGRADE:
        return 505;
    default:
        return 400;
    }
}

size_t http_request_feed(struct http_request *request, const char *data, size_t size)
{
    llhttp_errno_t error = llhttp_execute(&request->parser, data, size);
    if (error == HPE_PAUSED) {
        size = (size_t)(llhttp_get_error_pos(&request->parser) - data);
        llhttp_resume(&request->parser);
    } else if (error != HPE_OK) {
        refuse(request, status_of(&request->parser, error, data, size));
    }
    request->bytes += size;
    if (!request->has_head && request->bytes > HTTP_HEAD_MAX) {
        refuse(request, 431);
    } else if (request->bytes > HTTP_HEAD_MAX + 2 * HTTP_BODY_MAX) { /* chunks have heads, too */
        refuse(request, 413);
    }
    return size;
}
