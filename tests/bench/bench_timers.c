/* The timers suite: ns of CPU per operation with 1,000, 100,000 and 1,000,000 timers, against the peers.
 *
 *     tests/bench/run timers [--rounds N] [--quick] [--core N] [--row 1k|100k|1M]
 *
 * Rows arm, rearm, idle, cancel and fire, each -1k, -100k and -1M; bench_timers_main.c tells what they do
 * and how they are measured. A round is one process per library; rounds are interleaved.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS 5

struct plan {
    const char *name;
    const char *count;
    int rounds;
    int rounds_quick;
};

static const struct plan plans[] = {{"1k", "1000", 9, 7}, {"100k", "100000", 9, 7}, {"1M", "1000000", 5, 1}};
static const char *const row_names[ROWS] = {"arm", "cancel", "rearm", "idle", "fire"};
static const char *const names[] = {"eddy", "libev", "libevent", "libuv", NULL};
static struct bench_row rows[ROWS];

static void measure(const struct bench_options *options, const struct plan *plan, const char *name, int contender,
                    int round)
{
    char path[8192];
    char count[16];
    char quick[] = "quick";
    char text[1024];
    snprintf(path, sizeof path, "%s/bench_timers_%s", options->directory, name);
    snprintf(count, sizeof count, "%s", plan->count);
    char *argv[] = {path, count, options->quick || options->smoke ? quick : NULL, NULL};
    bench_capture(argv, text, sizeof text);
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        char *space = strchr(line, ' ');
        for (int i = 0; space != NULL && i < ROWS; i++) {
            if (strncmp(line, row_names[i], (size_t)(space - line)) == 0) {
                rows[i].values[contender][round] = strtod(space, NULL);
            }
        }
    }
}

static void run_plan(const struct bench_options *options, const struct plan *plan, const char *const *present,
                     int contenders)
{
    int rounds = options->rounds ? options->rounds : options->quick ? plan->rounds_quick : plan->rounds;
    if (options->smoke) {
        rounds = 1;
    }
    for (int round = 0; round < rounds; round++) {
        for (int turn = 0; turn < contenders; turn++) {
            int i = bench_turn(round, turn, contenders);
            measure(options, plan, present[i], i, round);
        }
    }
    for (int i = 0; i < ROWS; i++) {
        rows[i].suite = "timers";
        rows[i].unit = "ns of CPU per operation";
        rows[i].rounds = rounds;
        snprintf(rows[i].name, sizeof rows[i].name, "%s-%s", row_names[i], plan->name);
        bench_report(options, &rows[i], present, contenders);
    }
}

int main(int argc, char **argv)
{
    struct bench_options options;
    const char *present[BENCH_CONTENDERS_MAX];
    bench_options_parse(&options, argc, argv);
    int contenders = bench_contenders(&options, "bench_timers", names, present);
    bench_pin(options.core);
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
        if ((options.only == NULL || strcmp(options.only, plans[i].name) == 0) && !(options.smoke && i > 0)) {
            run_plan(&options, &plans[i], present, contenders);
        }
    }
    bench_print_ratios();
    return 0;
}
