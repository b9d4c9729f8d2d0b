/* JSON, written into memory of a fixed size. */
#ifndef EDDYI_LOOK_JSON_H
#define EDDYI_LOOK_JSON_H

#include <stdbool.h>
#include <stddef.h>

/* The most bytes that a string is cut to, before it is escaped. */
#define EDDYI_JSON_STRING 200

struct eddyi_json {
    char *text;
    size_t size;
    size_t used;
    bool is_cut; /* something did not fit, and the text is not to be used */
};

/* As it is. */
void eddyi_json_put(struct eddyi_json *json, const char *text);

void eddyi_json_add(struct eddyi_json *json, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A string in quotes, cut and escaped; bytes that are not UTF-8 become U+FFFD. */
void eddyi_json_string(struct eddyi_json *json, const char *string);

/* The same without quotes, for a part of one. */
void eddyi_json_escaped(struct eddyi_json *json, const char *string);

#endif
