/* Answers of 10_http, put one after the other into a buffer. */
#ifndef EXAMPLES_HTTP_ANSWER_H
#define EXAMPLES_HTTP_ANSWER_H

#include "request.h"

#include <stdint.h>

enum {
    HTTP_ANSWERS_MAX = 4096, /* bytes gathered before they are sent */
    HTTP_ANSWER_MAX = 384,   /* of one, without the file it may bring */
};

struct http_answer {
    size_t size;
    char bytes[HTTP_ANSWERS_MAX];
};

/* No other is sure to have room. */
static inline bool http_answer_is_full(const struct http_answer *answer)
{
    return answer->size > HTTP_ANSWERS_MAX - HTTP_ANSWER_MAX;
}

/* The head of the answer to `request`, which is followed by a body of `size` bytes. */
void http_answer_head(struct http_answer *answer, const struct http_request *request, int status, const char *type,
                      uint64_t size);

/* A whole answer: a short text, or one that says what is wrong. */
void http_answer_text(struct http_answer *answer, const struct http_request *request, int status, const char *body);
void http_answer_error(struct http_answer *answer, const struct http_request *request, int status);

/* Add bytes of an answer that was made elsewhere. */
void http_answer_put(struct http_answer *answer, const char *bytes, size_t size);

/* "hello", all of it: good until the next call. The usual one is made once a second. */
const struct http_answer *http_answer_hello(const struct http_request *request);

/* The client may send its body. */
void http_answer_continue(struct http_answer *answer);

#endif
