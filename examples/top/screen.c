#define _GNU_SOURCE
#include "screen.h"

#include <stdlib.h>
#include <string.h>

#define NARROWEST 40

static const char *const order_names[SCREEN_ORDERS] = {"tree", "load", "busy", "steps", "waiting", "name"};

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
    const char *format = seconds < 0.001 ? "%.0f us" : seconds < 1 ? "%.1f ms" : seconds < 1000 ? "%.1f s" : "%.0f s";
    snprintf(text, 16, format, seconds < 0.001 ? seconds * 1e6 : seconds < 1 ? seconds * 1e3 : seconds);
    return text;
}

static void draw_row(struct line line, const struct row *row, bool as_tree)
{
    char text[512];
    char span[16];
    snprintf(text, sizeof text, "%5lld ", row->number);
    cell(&line, text, 0);
    snprintf(text, sizeof text, "%*s%s", as_tree ? (row->depth < 10 ? row->depth : 10) * 2 : 0, "", row->name);
    cell(&line, text, 24);
    cell(&line, " ", 0);
    cell(&line, row->state, 9);
    snprintf(text, sizeof text, row->load < 0 ? "     - " : "%5.1f%% ", row->load * 100);
    cell(&line, text, 0);
    snprintf(text, sizeof text, "%9s %9lld ", span_text(span, (double)row->busy_ns * 1e-9), row->steps);
    cell(&line, text, 0);
    snprintf(text, sizeof text, "%9s ",
             strncmp(row->state, "waits", 5) == 0 ? span_text(span, (double)row->since_ms * 1e-3) : "");
    cell(&line, text, 0);
    cell(&line, row->waits_for, 18);
    const char *slash = strrchr(row->place, '/');
    snprintf(text, sizeof text, " %s %s: %s", row->function, slash != NULL ? slash + 1 : row->place, row->text);
    cell(&line, text, 0);
}

static void draw_head(const struct screen *screen, struct line line, const struct snapshot *shot, double rate)
{
    char text[512];
    char longest[16];
    snprintf(text, sizeof text, "%s: %lld tasks, %lld ready; %.0f wakes/s, longest %s; %lld timers, %lld streams",
             screen->path, snapshot_number(shot, "tasks"), snapshot_number(shot, "ready"), rate,
             span_text(longest, (double)snapshot_number(shot, "longest_wake") * 1e-9), snapshot_number(shot, "timers"),
             snapshot_number(shot, "streams"));
    cell(&line, text, 0);
}

static void draw_titles(const struct screen *screen, struct line line)
{
    char text[128];
    snprintf(text, sizeof text, "%5s %-24s %-9s%6s %9s %9s %9s %-18s %s", "TASK", "NAME", "STATE", "LOAD", "BUSY",
             "STEPS", "SINCE", "WAITS FOR", "AT");
    const char *colour = screen->columns > 0 ? "\033[7m" : "";
    fputs(colour, line.out);
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
    qsort_r(shot->rows, shot->count, sizeof *shot->rows, compare_rows, &order);
    draw_head(screen, line, shot, wakes_per_second);
    fputs(end, out);
    if (screen->columns > 0) {
        struct line status = line;
        snprintf(text, sizeof text, "by %s (s: next order, q: quit)%s%s", order_names[screen->order],
                 screen->trouble != NULL ? "; " : "", screen->trouble != NULL ? screen->trouble : "");
        cell(&status, text, 0);
        fputs(end, out);
    }
    draw_titles(screen, line);
    size_t rows = screen->lines > 4 ? (size_t)screen->lines - 4 : shot->count;
    rows = rows < shot->count ? rows : shot->count;
    for (size_t i = 0; i < rows; i++) {
        fputs(end, out);
        draw_row(line, &shot->rows[i], screen->order == SCREEN_TREE);
    }
    if (shot->count - rows + (size_t)shot->more > 0) {
        fputs(end, out);
        snprintf(text, sizeof text, "      ... and %zu more", shot->count - rows + (size_t)shot->more);
        cell(&line, text, 0);
    }
    fputs(screen->columns > 0 ? "\033[K\033[J" : "\n", out);
}
