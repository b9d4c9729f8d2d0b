#define _GNU_SOURCE
#include "words.h"
#include "answer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

bool resp_is(const struct eddy_slice *word, const char *text)
{
    return word->size == strlen(text) && strncasecmp(word->data, text, word->size) == 0;
}

bool resp_number_of(const char *data, size_t size, int64_t *number)
{
    char text[24];
    char *rest;
    bool plausible = size > 0 && (data[0] == '-' ? size > 1 && data[1] >= '1' && data[1] <= '9'
                                                 : data[0] >= '0' && data[0] <= '9' && (data[0] != '0' || size == 1));
    if (!plausible || size >= sizeof text) {
        return false;
    }
    memcpy(text, data, size);
    text[size] = '\0';
    errno = 0;
    *number = strtoll(text, &rest, 10);
    return errno == 0 && rest == text + size;
}

bool resp_take_number(struct resp_client *client, const struct eddy_slice *word, int64_t *number)
{
    bool good = resp_number_of(word->data, word->size, number);
    if (!good) {
        resp_put_error(client, "value is not an integer or out of range");
    }
    return good;
}

struct resp_entry *resp_find(struct resp_client *client, const struct eddy_slice *key)
{
    return resp_store_find(client->store, key->data, key->size, client->now);
}

bool resp_set(struct resp_client *client, struct resp_entry **entry, const struct eddy_slice *key, const char *value,
              size_t size)
{
    struct resp_entry *stored = resp_store_set(client->store, *entry, key->data, key->size, value, size);
    *entry = stored;
    if (stored == NULL) {
        resp_put(client, "-OOM command not allowed when used memory > 'maxmemory'.\r\n");
    }
    return stored != NULL;
}

bool resp_deadline_of(struct resp_client *client, int64_t count, eddy_ns unit, bool since_epoch, eddy_ns *deadline)
{
    struct timespec wall = {0};
    int64_t span;
    if (since_epoch) {
        clock_gettime(CLOCK_REALTIME, &wall);
    }
    if (__builtin_mul_overflow(count, unit, &span) || span > INT64_MAX / 4 || span < INT64_MIN / 4) {
        resp_put_error(client, "invalid expire time");
        return false;
    }
    *deadline = client->now + span - (wall.tv_sec * EDDY_SEC(1) + wall.tv_nsec);
    return true;
}

void resp_expire(struct resp_client *client, struct resp_entry *entry, eddy_ns deadline)
{
    resp_store_expire(client->store, entry, deadline);
    client->armed = client->armed || deadline != EDDY_FOREVER;
}
