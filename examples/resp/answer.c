#include "answer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { PREFIX_MAX = 24, IN_PLACE_MAX = 4096 };

static void put(struct resp_client *client, const void *data, size_t size)
{
    if (client->error == 0) {
        client->error = eddy_writer_put(client->writer, data, size);
    }
}

void resp_put(struct resp_client *client, const char *text)
{
    put(client, text, strlen(text));
}

void resp_put_error(struct resp_client *client, const char *format, ...)
{
    char text[160] = "-ERR ";
    va_list values;
    va_start(values, format);
    vsnprintf(text + 5, sizeof text - 8, format, values);
    va_end(values);
    size_t size = strlen(text);
    for (size_t i = 0; i < size; i++) {
        text[i] = (unsigned char)text[i] < ' ' ? '?' : text[i];
    }
    memcpy(text + size, "\r\n", 2);
    put(client, text, size + 2);
}

/* A kind, a number and the end of the line: how many bytes. */
static size_t prefix(char text[PREFIX_MAX], char kind, int64_t number)
{
    char digits[20];
    size_t first = sizeof digits;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        digits[--first] = (char)('0' + rest % 10);
    } while ((rest /= 10) != 0);
    size_t size = 0;
    text[size++] = kind;
    if (number < 0) {
        text[size++] = '-';
    }
    memcpy(text + size, digits + first, sizeof digits - first);
    size += sizeof digits - first;
    text[size++] = '\r';
    text[size++] = '\n';
    return size;
}

void resp_put_integer(struct resp_client *client, int64_t number)
{
    char text[PREFIX_MAX];
    put(client, text, prefix(text, ':', number));
}

void resp_put_array(struct resp_client *client, size_t count)
{
    char text[PREFIX_MAX];
    put(client, text, prefix(text, '*', (int64_t)count));
}

void resp_put_bulk(struct resp_client *client, const char *data, size_t size)
{
    if (client->error != 0) {
        return;
    }
    char text[PREFIX_MAX];
    if (size > IN_PLACE_MAX - PREFIX_MAX - 2) {
        size_t count = prefix(text, '$', (int64_t)size);
        struct iovec parts[] = {{text, count}, {(char *)(uintptr_t)data, size}, {(char *)(uintptr_t) "\r\n", 2}};
        client->error = eddy_writer_putv(client->writer, parts, 3);
        return;
    }
    char *room = eddy_writer_reserve(client->writer, PREFIX_MAX + size + 2, &client->error);
    if (room != NULL) {
        size_t at = prefix(room, '$', (int64_t)size);
        memcpy(room + at, data, size);
        memcpy(room + at + size, "\r\n", 2);
        eddy_writer_commit(client->writer, at + size + 2);
    }
}

void resp_put_text(struct resp_client *client, const char *text)
{
    resp_put_bulk(client, text, strlen(text));
}

void resp_put_value(struct resp_client *client, const struct resp_entry *entry)
{
    size_t size;
    if (entry == NULL) {
        resp_put(client, "$-1\r\n");
    } else {
        const char *value = resp_entry_value(entry, &size);
        resp_put_bulk(client, value, size);
    }
}
