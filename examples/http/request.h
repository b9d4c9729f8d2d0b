/* An HTTP/1.x request as it comes in, piece by piece: llhttp parses it, and this keeps what 10_http needs of it and
 * says which error it deserves. Nothing is allocated. */
#ifndef EXAMPLES_HTTP_REQUEST_H
#define EXAMPLES_HTTP_REQUEST_H

#include <llhttp.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    HTTP_TARGET_MAX = 1024, /* bytes of the request's target, or 414 */
    HTTP_HEAD_MAX = 8192,   /* and of its whole head, or 431 */
    HTTP_HEADERS_MAX = 64,  /* or 431 */
    HTTP_BODY_MAX = 65536,  /* bytes, which are thrown away, or 413 */
};

struct http_request {
    /* read-only */
    int status;      /* 0, or the error that it is answered with; nothing that follows can be read */
    bool has_head;   /* of which all has come */
    bool complete;   /* all has come, or status != 0 */
    bool keep_alive; /* whether another may follow */
    bool expects;    /* "100-continue", before it sends its body */
    bool is_old;     /* HTTP/1.0 */
    int method;      /* HTTP_GET, ... */
    /* private */
    llhttp_t parser;
    size_t target_size;
    size_t text;  /* bytes of the target, the header names and values */
    size_t bytes; /* of all that was fed */
    size_t body;
    unsigned headers;
    unsigned hosts;
    size_t name_size;
    size_t value_size;
    char name[8]; /* of the header that comes in: its beginning */
    char value[16];
    /* read-only; last, so that all else lies close together */
    char target[HTTP_TARGET_MAX + 1];
};

void http_request_init(struct http_request *request);

/* Parse up to the end of the request: how many bytes were its own. */
size_t http_request_feed(struct http_request *request, const char *data, size_t size);

/* Begin with the next one of the same connection. */
void http_request_next(struct http_request *request);

#endif
