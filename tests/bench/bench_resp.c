/* The resp suite: what a command costs examples/12_resp in CPU time, against redis-server.
 *
 *     tests/bench/run resp [--rounds N] [--quick] [--core N] [--row NAME]
 *
 * redis-benchmark sends them, with 50 connections, over 1000 keys that are there, with values of 3 bytes; for k1 of
 * 1000. It and the servers share one core. Neither server saves anything. The figure is the server's CPU clock over a
 * round, divided by the commands.
 *
 *     get, set         one command in flight on each connection
 *     get16, set16     16 of them
 *     k1               get16 with values of 1000 bytes
 */
#include "bench_load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct plan {
    const char *name;
    const char *test;
    const char *pipeline;
    const char *bytes;
    const char *commands;
    int rounds;
};

static const struct plan plans[] = {
    {"get", "get", "1", "3", "50000", 21},     {"get16", "get", "16", "3", "400000", 21},
    {"set", "set", "1", "3", "50000", 11},     {"set16", "set", "16", "3", "400000", 11},
    {"k1", "get", "16", "1000", "200000", 11},
};

static void load(const struct bench_server *server, const char *test, const char *pipeline, const char *bytes,
                 const char *commands)
{
    char port[8], text[65536];
    snprintf(port, sizeof port, "%u", server->port);
    const char *const words[] = {
        "/usr/bin/env", "redis-benchmark", "-p", port,     "-q", "-c", "50", "-r", "1000", "-d", bytes,
        "-n",           commands,          "-P", pipeline, "-t", test, NULL};
    char *argv[sizeof words / sizeof *words];
    memcpy(argv, words, sizeof argv);
    bench_capture(argv, text, sizeof text);
    if (strstr(text, "requests per second") == NULL) {
        bench_die("redis-benchmark and %s: %s", server->name, text);
    }
}

/* us of the server's CPU time per command. */
static double measure(struct bench_server *server, void *context)
{
    const struct plan *plan = context;
    int64_t start = bench_process_cpu(server->pid);
    load(server, plan->test, plan->pipeline, plan->bytes, plan->commands);
    return (double)(bench_process_cpu(server->pid) - start) / 1000 / atof(plan->commands);
}

int main(int argc, char **argv)
{
    static struct bench_row row;
    struct bench_options options;
    struct bench_server servers[2] = {0};
    char port[8];
    bench_options_parse(&options, argc, argv);
    char *eddy = bench_example_path(&options, "12_resp");
    if (access(eddy, X_OK) != 0) {
        printf("12_resp is not built: it needs uthash (Debian: apt-get install uthash-dev)\n");
        return 0;
    }
    if (!bench_has_program("redis-benchmark", "redis-tools") || !bench_has_program("redis-server", "redis-server")) {
        return 0;
    }
    bench_raise_descriptors();
    bench_pin(options.core);
    bench_server_start(&servers[0], "eddy", (char *[]){eddy, "--port", "0", NULL});
    bench_server_start_at(&servers[1], "redis",
                          (char *[]){"/usr/bin/env", "redis-server", "--port", port, "--bind", "127.0.0.1", "--save",
                                     "", "--appendonly", "no", "--dir", "/tmp", NULL},
                          port);
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
        struct plan plan = plans[i];
        row.suite = "resp";
        row.unit = "us of server CPU per command";
        row.rounds = plan.rounds;
        snprintf(row.name, sizeof row.name, "%s", plan.name);
        for (int j = 0; j < 2; j++) {
            load(&servers[j], "set", "16", plan.bytes, "40000"); /* all keys are there */
        }
        bench_run_row(&options, &row, servers, 2, measure, &plan);
    }
    bench_server_stop(&servers[0]);
    bench_server_stop(&servers[1]);
    bench_print_ratios();
    return 0;
}
