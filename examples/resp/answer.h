/* Answers in the Redis protocol, put into the writer of a client. */
#ifndef EXAMPLES_RESP_ANSWER_H
#define EXAMPLES_RESP_ANSWER_H

#include "commands.h"

/* "+OK\r\n" and the like, as it stands. */
void resp_put(struct resp_client *client, const char *text);

/* -ERR, with what printf would print; control characters are made '?'. */
void resp_put_error(struct resp_client *client, const char *format, ...) __attribute__((format(printf, 2, 3)));

void resp_put_integer(struct resp_client *client, int64_t number);
void resp_put_array(struct resp_client *client, size_t count);
void resp_put_bulk(struct resp_client *client, const char *data, size_t size);
void resp_put_text(struct resp_client *client, const char *text);

/* The value of an entry; NULL: nil. */
void resp_put_value(struct resp_client *client, const struct resp_entry *entry);

#endif
