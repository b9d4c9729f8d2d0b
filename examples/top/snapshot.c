#define _GNU_SOURCE
#include "snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FIELDS = 12 };

void snapshot_drop(struct snapshot *shot)
{
    free(shot->text);
    free(shot->rows);
    memset(shot, 0, sizeof *shot);
}

/* Take the escapes out of a field, and what a terminal would act on. */
static const char *plain(char *field)
{
    char *out = field;
    for (char *at = field; *at != '\0'; at++) {
        if (*at == '\\' && at[1] != '\0') {
            at++;
            *out++ = *at == '\\' ? '\\' : ' ';
        } else {
            *out++ = *at;
        }
        out[-1] = (unsigned char)out[-1] < 0x20 || out[-1] == 0x7f ? '?' : out[-1];
    }
    *out = '\0';
    return field;
}

/* How deep, of which no more than some is shown; whatever the field says. */
static int depth_of(const char *field)
{
    int depth = atoi(field);
    return depth < 0 ? 0 : depth;
}

static void parse_task(struct snapshot *shot, char *line)
{
    static char none[1];
    const char *fields[FIELDS];
    for (int i = 0; i < FIELDS; i++) {
        fields[i] = plain(line != NULL ? strsep(&line, "\t") : none);
    }
    shot->rows[shot->count] = (struct row){
        .number = atoll(fields[1]),
        .depth = depth_of(fields[2]),
        .name = fields[3],
        .state = fields[4],
        .waits_for = fields[5],
        .since_ms = atoll(fields[6]),
        .steps = atoll(fields[7]),
        .busy_ns = atoll(fields[8]),
        .function = fields[9],
        .place = fields[10],
        .text = fields[11],
        .load = -1,
        .order = shot->count,
    };
    shot->count++;
}

/* Whether the text was one, and whole. */
static bool parse_lines(struct snapshot *shot)
{
    bool is_whole = false;
    char *rest = shot->text;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        if (strncmp(line, "task\t", 5) == 0) {
            parse_task(shot, line);
        } else if (strncmp(line, "loop\t", 5) == 0) {
            shot->loop = line + 5;
        } else if (strncmp(line, "more\t", 5) == 0) {
            shot->more = atoll(line + 5);
        }
        is_whole = is_whole || strcmp(line, "end") == 0;
    }
    return is_whole && shot->loop != NULL;
}

int snapshot_parse(struct snapshot *shot, char *text, eddy_ns taken)
{
    size_t lines = 1;
    for (const char *at = text; *at != '\0'; at++) {
        lines += *at == '\n';
    }
    *shot = (struct snapshot){.text = text, .rows = calloc(lines, sizeof(struct row)), .taken = taken};
    int error = shot->rows == NULL ? -ENOMEM : strncmp(text, "eddy\t1", 6) != 0 ? -EPROTO : 0;
    if (error == 0 && !parse_lines(shot)) {
        error = -EPROTO;
    }
    if (error < 0) {
        snapshot_drop(shot);
    }
    return error;
}

long long snapshot_number(const struct snapshot *shot, const char *name)
{
    size_t length = strlen(name);
    const char *at = shot->loop;
    while (at != NULL && !(strncmp(at, name, length) == 0 && at[length] == '=')) {
        at = strchr(at, '\t');
        at = at != NULL ? at + 1 : NULL;
    }
    return at != NULL ? atoll(at + length + 1) : 0;
}

static int by_number(const void *left, const void *right)
{
    long long a = ((const struct row *)left)->number;
    long long b = ((const struct row *)right)->number;
    return (a > b) - (a < b);
}

void snapshot_compare(struct snapshot *shot, struct snapshot *before)
{
    if (before->count == 0 || shot->taken <= before->taken) {
        return;
    }
    qsort(before->rows, before->count, sizeof *before->rows, by_number);
    for (size_t i = 0; i < shot->count; i++) {
        struct row *row = &shot->rows[i];
        const struct row *old = bsearch(row, before->rows, before->count, sizeof *old, by_number);
        if (old != NULL && row->busy_ns >= old->busy_ns) {
            row->load = (double)(row->busy_ns - old->busy_ns) / (double)(shot->taken - before->taken);
        }
    }
}
