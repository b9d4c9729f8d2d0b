#define _GNU_SOURCE
#include "screen.h"

#include <stdlib.h>
#include <string.h>

#define NARROWEST 40

static const char *const order_names[SCREEN_ORDERS] = {"tree", "load", "busy", "steps", "since", "name"};

/* ---- Order ----------------------------------------------------------------------------- */

static int compare(long long a, long long b)
{
    return (a < b) - (a > b); /* the largest first */
}

static int in_order(enum screen_order order, const struct row *a, const struct row *b)
{
    switch (order) {
    case SCREEN_LOAD:
        return (a->load < b->load) - (a->load > b->load);
    case SCREEN_BUSY:
        return compare(a->busy_ns, b->busy_ns);
    case SCREEN_STEPS:
        return compare(a->steps, b->steps);
    case SCREEN_SINCE:
        return compare(a->since_ms, b->since_ms);
    case SCREEN_NAME:
        return strcmp(a->name, b->name);
    case SCREEN_TREE:
    case SCREEN_ORDERS:
        break;
    }
    return 0;
}

/* As qsort_r() asks; among equals as they came. */
static int compare_rows(const void *left, const void *right, void *order)
{
    const struct row *a = left, *b = right;
    int result = in_order(*(const enum screen_order *)order, a, b);
    return result != 0 ? result : (a->order > b->order) - (a->order < b->order);
}

/* ---- Lines ----------------------------------------------------------------------------- */

/* A line that is cut where the screen ends. */
struct line {
    FILE *out;
    int room; /* columns that are left; -1: no end */
};

/* Write `text` in `width` columns, padded or cut; 0: as wide as it is. A character is a column. */
static void cell(struct line *line, const char *text, int width)
{
    int used = 0;
    for (const char *at = text; *at != '\0'; at++) {
        bool continues = ((unsigned char)*at & 0xc0) == 0x80;
        if (!continues && ((width > 0 && used == width) || line->room == 0)) {
            break;
        }
        if (!continues) {
            used++;
            line->room -= line->room > 0;
        }
        fputc(*at, line->out);
    }
    for (; used < width && line->room != 0; used++) {
        fputc(' ', line->out);
        line->room -= line->room > 0;
    }
}

static const char *span_text(char text[16], double seconds)
{
    if (seconds < 1) {
        snprintf(text, 16, seconds < 0.001 ? "%.0f us" : "%.1f ms", seconds < 0.001 ? seconds * 1e6 : seconds * 1e3);
    } else if (seconds < 1000) {
        snprintf(text, 16, "%.1f s", seconds);
    } else {
        snprintf(text, 16, seconds < 360e3 ? "%.1f h" : "%.1f d", seconds / (seconds < 360e3 ? 3600 : 86400));
    }
    return text;
}

/* The same of what was measured in ms. */
static const char *since_text(char text[16], long long ms)
{
    if (ms >= 1000) {
        return span_text(text, (double)ms * 1e-3);
    }
    snprintf(text, 16, "%d ms", (int)ms);
    return text;
}

/* How wide the columns are whose texts differ from program to program. */
struct widths {
    int name;
    int place;
    int waits_for;
};

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static int indent(const struct row *row)
{
    return (row->depth < 10 ? row->depth : 10) * 2;
}

static void widen(int *width, size_t length, int most)
{
    int wanted = length < (size_t)most ? (int)length : most;
    *width = *width > wanted ? *width : wanted;
}

static struct widths measure(const struct snapshot *shot)
{
    struct widths widths = {12, 8, 9};
    for (size_t i = 0; i < shot->count; i++) {
        const struct row *row = &shot->rows[i];
        widen(&widths.name, strlen(row->name) + (size_t)indent(row), 24);
        widen(&widths.place, strlen(file_name(row->place)), 24);
        widen(&widths.waits_for, strlen(row->waits_for), 20);
    }
    return widths;
}

static void draw_row(struct line line, const struct widths *widths, const struct row *row, bool as_tree)
{
    char text[512];
    char busy[16];
    char since[16] = "";
    snprintf(text, sizeof text, "%5lld ", row->number);
    cell(&line, text, 0);
    snprintf(text, sizeof text, "%*s%s", as_tree ? indent(row) : 0, "", row->name);
    cell(&line, text, widths->name);
    cell(&line, " ", 0);
    cell(&line, row->state, 8);
    if (strncmp(row->state, "waits", 5) == 0) {
        since_text(since, row->since_ms);
    }
    snprintf(text, sizeof text, row->load < 0 ? "      -" : " %5.1f%%", row->load * 100);
    cell(&line, text, 0);
    snprintf(text, sizeof text, " %8s %7lld %8s ", span_text(busy, (double)row->busy_ns * 1e-9), row->steps, since);
    cell(&line, text, 0);
    cell(&line, file_name(row->place), widths->place);
    cell(&line, " ", 0);
    cell(&line, row->waits_for, widths->waits_for);
    snprintf(text, sizeof text, " %s: %s", row->function, row->text);
    cell(&line, text, 0);
}

static void draw_head(const struct screen *screen, struct line line, const struct snapshot *shot, double rate)
{
    char text[512];
    char rate_text[32] = "";
    char longest[16];
    if (rate >= 0) {
        snprintf(rate_text, sizeof rate_text, " wakes/s %.0f,", rate);
    }
    snprintf(text, sizeof text, "%s: tasks %lld, ready %lld,%s longest wake %s, timers %lld, streams %lld",
             screen->path, snapshot_number(shot, "tasks"), snapshot_number(shot, "ready"), rate_text,
             span_text(longest, (double)snapshot_number(shot, "longest_wake") * 1e-9), snapshot_number(shot, "timers"),
             snapshot_number(shot, "streams"));
    cell(&line, text, 0);
}

static void draw_status(const struct screen *screen, struct line line)
{
    char text[256];
    char age[16];
    snprintf(text, sizeof text, "by %s (s: next order, q: quit)", order_names[screen->order]);
    if (screen->trouble != NULL) {
        snprintf(text, sizeof text, "no answer: %s; this was %s ago (q: quit)", screen->trouble,
                 span_text(age, (double)screen->age * 1e-9));
    }
    cell(&line, text, 0);
}

static void draw_titles(const struct screen *screen, struct line line, const struct widths *widths)
{
    char text[256];
    snprintf(text, sizeof text, "%5s %-*s %-8s %6s %8s %7s %8s %-*s %-*s %s", "TASK", widths->name, "NAME", "STATE",
             "LOAD", "BUSY", "STEPS", "SINCE", widths->place, "AT", widths->waits_for, "WAITS FOR", "CODE");
    fputs(screen->columns > 0 ? "\033[7m" : "", line.out);
    cell(&line, text, screen->columns);
    fputs(screen->columns > 0 ? "\033[m" : "", line.out);
}

void screen_draw(const struct screen *screen, struct snapshot *shot, double wakes_per_second, FILE *out)
{
    const char *end = screen->columns > 0 ? "\033[K\r\n" : "\n";
    int room = screen->columns > NARROWEST ? screen->columns : screen->columns > 0 ? NARROWEST : -1;
    struct line line = {out, room};
    char text[128];
    enum screen_order order = screen->order;
    struct widths widths = measure(shot);
    qsort_r(shot->rows, shot->count, sizeof *shot->rows, compare_rows, &order);
    draw_head(screen, line, shot, wakes_per_second);
    fputs(end, out);
    if (screen->columns > 0) {
        draw_status(screen, line);
        fputs(end, out);
    }
    draw_titles(screen, line, &widths);
    size_t rows = screen->lines > 4 ? (size_t)screen->lines - 4 : shot->count;
    rows = rows < shot->count ? rows : shot->count;
    for (size_t i = 0; i < rows; i++) {
        fputs(end, out);
        draw_row(line, &widths, &shot->rows[i], screen->order == SCREEN_TREE);
    }
    if (shot->count - rows + (size_t)shot->more > 0) {
        fputs(end, out);
        snprintf(text, sizeof text, "      ... and %zu more", shot->count - rows + (size_t)shot->more);
        cell(&line, text, 0);
    }
    fputs(screen->columns > 0 ? "\033[K\033[J" : "\n", out);
}
