/* A report of eddy/dial.h as people read it. */
#include <eddy/dial.h>

#include "os/threads.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A text that is cut at its end. */
struct line {
    char *text;
    size_t size;
    size_t length;
};

static __attribute__((format(printf, 2, 3))) void say(struct line *line, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    int length = vsnprintf(line->text + line->length, line->size - line->length, format, values);
    va_end(values);
    size_t room = line->size - line->length - 1;
    line->length += length < 0 ? 0 : (size_t)length < room ? (size_t)length : room;
}

/* In the middle of a sentence: "connection refused". */
static void say_meaning(struct line *line, const char *meaning)
{
    bool is_word = meaning[0] >= 'A' && meaning[0] <= 'Z' && meaning[1] >= 'a' && meaning[1] <= 'z';
    say(line, "%c%s", is_word ? meaning[0] - 'A' + 'a' : meaning[0], meaning + 1);
}

static void say_span(struct line *line, eddy_ns span)
{
    bool is_long = span >= EDDY_SEC(10);
    say(line, " (%lld %s)", (long long)(span / (is_long ? EDDY_SEC(1) : EDDY_MS(1))), is_long ? "s" : "ms");
}

static void say_attempt(struct line *line, const struct eddy_dial_attempt *attempt, int result)
{
    char address[EDDY_ADDRESS_TEXT];
    say(line, "%s: ", eddy_address_text(&attempt->address, address));
    if (attempt->error == 0) {
        say(line, "connected");
    } else if (attempt->error == -ECANCELED) {
        say(line, "%s", result == -ETIMEDOUT ? "timed out" : "given up");
    } else {
        say_meaning(line, strerror(-attempt->error));
    }
    say_span(line, attempt->took);
}

const char *eddy_dial_text(const struct eddy_dial_report *report, char *text, size_t size)
{
    struct line line = {text, size, 0};
    bool has_colon = strchr(report->host, ':') != NULL;
    say(&line, has_colon ? "[%s]:%u: " : "%s:%u: ", report->host, (unsigned)report->port);
    for (size_t i = 0; i < report->count; i++) {
        say(&line, "%s", i > 0 ? "; " : "");
        say_attempt(&line, &report->attempts[i], report->error);
    }
    if (report->count == 0) {
        say_meaning(&line,
                    report->lookup_error != 0 ? eddyi_lookup_text(report->lookup_error) : strerror(-report->error));
        say_span(&line, report->looked_up);
    }
    return text;
}
