/* The null suite: the nanoseconds that a message costs in the library alone, without a kernel.
 *
 *     tests/bench/run null [--rounds N] [--quick] [--core N] [--row NAME]
 *
 * The echo servers of the echo suite run with null_kernel.c preloaded, which answers epoll_wait, recv and
 * send in user space at next to no cost. Rows: c64 (64 connections, all of them ready in every wait) and c1
 * (one connection: a whole turn of the loop per message). Each value is a process of its own.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct plan {
    const char *name;
    const char *connections;
    const char *messages;
};

static const struct plan plans[] = {{"c64", "64", "2000000"}, {"c1", "1", "500000"}};
static const char *const names[] = {"eddy", "coro", "raw", "rawet", "libev", "libevent", "libuv", NULL};

static double measure(const struct bench_options *options, const char *name)
{
    char path[8192];
    char text[1024];
    snprintf(path, sizeof path, "%s/bench_echo_%s", options->directory, name);
    char *argv[] = {path, NULL};
    bench_capture(argv, text, sizeof text);
    const char *line = strstr(text, "null ");
    if (line == NULL) {
        bench_die("%s printed no figure: %s", name, text);
    }
    return strtod(line + 5, NULL);
}

static void run_row(const struct bench_options *options, const struct plan *plan, const char *const *present, int count)
{
    static struct bench_row row;
    row.suite = "null";
    row.unit = "ns of CPU per message";
    row.rounds = options->rounds ? options->rounds : options->smoke ? 1 : options->quick ? 25 : 71;
    snprintf(row.name, sizeof row.name, "%s", plan->name);
    setenv("NULL_CONNECTIONS", plan->connections, 1);
    setenv("NULL_MESSAGES", options->smoke ? "1000" : plan->messages, 1);
    for (int round = 0; round < row.rounds; round++) {
        for (int turn = 0; turn < count; turn++) {
            int i = bench_turn(round, turn, count);
            row.values[i][round] = measure(options, present[i]);
        }
    }
    bench_report(options, &row, present, count);
}

int main(int argc, char **argv)
{
    struct bench_options options;
    const char *present[BENCH_CONTENDERS_MAX];
    char preload[8192];
    bench_options_parse(&options, argc, argv);
    int count = bench_contenders(&options, "bench_echo", names, present);
    bench_pin(options.core);
    snprintf(preload, sizeof preload, "%s/null_kernel.so", options.directory);
    setenv("LD_PRELOAD", preload, 1);
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
        if (options.only == NULL || strcmp(options.only, plans[i].name) == 0) {
            run_row(&options, &plans[i], present, count);
        }
    }
    bench_print_ratios();
    return 0;
}
