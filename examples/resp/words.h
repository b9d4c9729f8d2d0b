/* What the commands of 12_resp share: the words they are made of, and the keys these name. */
#ifndef EXAMPLES_RESP_WORDS_H
#define EXAMPLES_RESP_WORDS_H

#include "commands.h"

/* In upper case or lower. */
bool resp_is(const struct eddy_slice *word, const char *text);

/* A whole number, as INCR writes it. False: it is none. */
bool resp_number_of(const char *data, size_t size, int64_t *number);

/* The same; if it is none, that is the answer. */
bool resp_take_number(struct resp_client *client, const struct eddy_slice *word, int64_t *number);

/* The entry of a key, or NULL. */
struct resp_entry *resp_find(struct resp_client *client, const struct eddy_slice *key);

/* Give a key, whose entry is *entry or NULL, a value. False: there is no memory for it, which was answered. */
bool resp_set(struct resp_client *client, struct resp_entry **entry, const struct eddy_slice *key, const char *value,
              size_t size);

/* The instant `count` units of `unit` ns from now on, or after the epoch. False: out of range, which was answered. */
bool resp_deadline_of(struct resp_client *client, int64_t count, eddy_ns unit, bool since_epoch, eddy_ns *deadline);

void resp_expire(struct resp_client *client, struct resp_entry *entry, eddy_ns deadline);

#endif
