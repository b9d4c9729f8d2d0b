#include "look/json.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void add_bytes(struct eddyi_json *json, const char *bytes, size_t length)
{
    if (length >= json->size - json->used) {
        json->is_cut = true;
        return;
    }
    memcpy(json->text + json->used, bytes, length);
    json->used += length;
}

void eddyi_json_put(struct eddyi_json *json, const char *text)
{
    add_bytes(json, text, strlen(text));
}

void eddyi_json_add(struct eddyi_json *json, const char *format, ...)
{
    size_t room = json->size - json->used;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(json->text + json->used, room, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= room) {
        json->is_cut = true;
    } else {
        json->used += (size_t)length;
    }
}

/* The bytes of the character at `at`, by RFC 3629; 0: it is none. Reads no further than the string's NUL. */
static size_t length_of_character(const unsigned char *at)
{
    static const struct {
        unsigned char first, last, second_first, second_last;
        unsigned char length;
    } forms[] = {
        {0x00, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (at[0] < forms[i].first || at[0] > forms[i].last) {
            continue;
        }
        if (forms[i].length > 1 && (at[1] < forms[i].second_first || at[1] > forms[i].second_last)) {
            return 0;
        }
        for (size_t k = 2; k < forms[i].length; k++) {
            if ((at[k] & 0xc0) != 0x80) {
                return 0;
            }
        }
        return forms[i].length;
    }
    return 0;
}

/* The bytes at the beginning that need no escape. */
static size_t length_of_plain(const unsigned char *at, const unsigned char *end)
{
    const unsigned char *begin = at;
    while (at < end && *at >= 0x20 && *at < 0x7f && *at != '"' && *at != '\\') {
        at++;
    }
    return (size_t)(at - begin);
}

void eddyi_json_escaped(struct eddyi_json *json, const char *string)
{
    const unsigned char *at = (const unsigned char *)string;
    const unsigned char *end = at + strnlen(string, EDDYI_JSON_STRING);
    while (at < end) {
        size_t length = length_of_plain(at, end);
        add_bytes(json, (const char *)at, length);
        at += length;
        if (at == end) {
            break;
        }
        length = length_of_character(at);
        if (length == 0) {
            eddyi_json_put(json, "\\ufffd");
        } else if (*at < 0x20 || *at == 0x7f) {
            eddyi_json_add(json, "\\u%04x", *at);
        } else if (length == 1) {
            eddyi_json_add(json, "\\%c", *at);
        } else {
            add_bytes(json, (const char *)at, length);
        }
        at += length > 0 ? length : 1;
    }
}

void eddyi_json_string(struct eddyi_json *json, const char *string)
{
    eddyi_json_put(json, "\"");
    eddyi_json_escaped(json, string);
    eddyi_json_put(json, "\"");
}
