/* The tasks suite: what the scheduler itself costs, in ns of CPU per operation and bytes per task.
 *
 *     tests/bench/run tasks [--rounds N] [--quick] [--core N] [--row NAME] [--subject NAME]
 *
 *     yield-2, -64, -10k    a turn of one of so many tasks that go round
 *     spawn-1               spawn a task in an open group, and yield until it has finished
 *     group-1, spawn-1k     a group of so many tasks that finish at once, per task
 *     gather-1k             the same, and each has a result, which is fetched
 *     call                  call a coroutine that returns at once
 *     chain-1, -4, -16      yield in the innermost of so many calls; two tasks
 *     sleep0-1, -1k         sleep(0) of so many tasks: a turn of the loop for each round, its poll included
 *     timeout               a deadline set, a yield, the deadline taken away; two tasks
 *     item                  one value of a generator
 *     cancel-1k ... -1M     cancel a group of so many tasks that wait, and see them ended; per task
 *     lock, semaphore       acquire one that is free, and release it; lock-block: the same by EDDY_LOCK
 *     handoff               a lock of two tasks which yield while they own it: each acquires it by waiting
 *     channel-1, -1k        one item from a task to another, with this capacity
 *     queue                 put an item, and get it, without waiting
 *     event                 set, wait, reset; event-wake: one sets and yields, the other waits and resets
 *     select-1st, -2nd      a select of two events, of which this one is set; select-wake: the second is set by another task
 *     bytes-, rss-          memory of a task that waits, with the smallest frame: counted, and as the kernel sees it
 *     connection            memory of a connection with a coroutine of its own, after one echo
 *
 * Contenders: eddy; nopoll, which is eddy on a kernel that answers at once: the difference is what the poll
 * that comes every 64 wakes costs; limit, state machines by hand with a ready queue in C; cpp20, C++20
 * coroutines with no more than that, where the compiler has them. Beside them stand other rows, to compare with: yield,
 * which is eddy's yield-2; direct, a channel by hand which gives items to who waits for them. Each value is a process of
 * its own.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A row of a contender, as a contender of its own. */
struct beside {
    const char *name;
    const char *contender;
    const char *row;
};

static const struct beside yield = {"yield", "eddy", "yield-2"};
static const struct beside direct = {"direct", "limit", "channel-1-direct"};

struct plan {
    const char *name;
    const char *unit;
    int rounds;
    const struct beside *beside; /* another row to compare this one with, or NULL */
};

#define NS "ns of CPU per operation"
#define BYTES "bytes"

static const struct plan plans[] = {
    {"yield-2", NS, 25, NULL},     {"yield-64", NS, 25, NULL},     {"yield-10k", NS, 25, NULL},
    {"spawn-1", NS, 25, NULL},     {"group-1", NS, 25, NULL},      {"spawn-1k", NS, 25, NULL},
    {"gather-1k", NS, 25, NULL},   {"call", NS, 25, NULL},         {"chain-1", NS, 25, NULL},
    {"chain-4", NS, 25, NULL},     {"chain-16", NS, 25, NULL},     {"sleep0-1", NS, 25, NULL},
    {"sleep0-1k", NS, 25, NULL},   {"timeout", NS, 25, NULL},      {"item", NS, 25, NULL},
    {"cancel-1k", NS, 15, NULL},   {"cancel-10k", NS, 15, NULL},   {"cancel-100k", NS, 9, NULL},
    {"cancel-1M", NS, 3, NULL},    {"lock", NS, 25, &yield},       {"lock-block", NS, 25, &yield},
    {"handoff", NS, 25, NULL},     {"semaphore", NS, 25, &yield},  {"channel-1", NS, 25, &direct},
    {"channel-1k", NS, 25, NULL},  {"queue", NS, 25, NULL},        {"event", NS, 25, NULL},
    {"event-wake", NS, 25, NULL},  {"select-1st", NS, 25, NULL},   {"select-2nd", NS, 25, NULL},
    {"select-wake", NS, 25, NULL}, {"bytes-100k", BYTES, 1, NULL}, {"bytes-1M", BYTES, 1, NULL},
    {"rss-100k", BYTES, 1, NULL},  {"rss-1M", BYTES, 1, NULL},     {"connection", BYTES, 1, NULL},
};

static const char *const names[] = {"eddy", "nopoll", "limit", "cpp20", NULL};

/* False: this contender does not have the row. */
static bool measure(const struct bench_options *options, const char *name, const struct plan *plan, double *value)
{
    char path[8192];
    char row[32];
    char quick[] = "quick";
    char text[1024];
    bool is_beside = plan->beside != NULL && strcmp(name, plan->beside->name) == 0;
    snprintf(path, sizeof path, "%s/bench_tasks_%s", options->directory, is_beside ? plan->beside->contender : name);
    snprintf(row, sizeof row, "%s", is_beside ? plan->beside->row : plan->name);
    char *argv[] = {path, row, options->quick || options->smoke ? quick : NULL, NULL};
    bench_capture(argv, text, sizeof text);
    const char *line = strstr(text, "tasks ");
    if (line != NULL) {
        *value = strtod(line + 6, NULL);
    }
    return line != NULL;
}

static void run_row(const struct bench_options *options, const struct plan *plan, const char *const *present, int count)
{
    static struct bench_row row;
    const char *able[BENCH_CONTENDERS_MAX];
    double value;
    int contenders = 0;
    for (int i = 0; i < count; i++) { /* not counted: it finds out who has the row, and wakes the machine up */
        if (measure(options, present[i], plan, &value)) {
            able[contenders++] = present[i];
        }
    }
    if (plan->beside != NULL) {
        able[contenders++] = plan->beside->name;
    }
    row.suite = "tasks";
    row.unit = plan->unit;
    row.rounds = options->quick && plan->rounds > 2 ? plan->rounds / 3 : plan->rounds;
    row.rounds = options->rounds != 0 && plan->rounds > 1 ? options->rounds : options->smoke ? 1 : row.rounds;
    snprintf(row.name, sizeof row.name, "%s", plan->name);
    for (int round = 0; round < row.rounds; round++) {
        for (int turn = 0; turn < contenders; turn++) {
            int i = bench_turn(round, turn, contenders);
            (void)measure(options, able[i], plan, &row.values[i][round]);
        }
    }
    if (contenders > 0) {
        bench_report(options, &row, able, contenders);
    }
}

int main(int argc, char **argv)
{
    struct bench_options options;
    const char *present[BENCH_CONTENDERS_MAX];
    bench_options_parse(&options, argc, argv);
    int count = bench_contenders(&options, "bench_tasks", names, present);
    bench_pin(options.core);
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
        if (options.only == NULL || strncmp(plans[i].name, options.only, strlen(options.only)) == 0) {
            run_row(&options, &plans[i], present, count);
        }
    }
    bench_print_ratios();
    return 0;
}
