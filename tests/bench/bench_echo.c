/* The echo suite: what a message costs the server in CPU time, against raw epoll and the peers.
 *
 *     tests/bench/run echo [--rounds N] [--quick] [--core N] [--row NAME]
 *
 * Servers and this client share one core, and nobody preempts anybody at a wake-up (SCHED_BATCH). The
 * client goes in waves: it sends on every connection, then receives on every connection; so every
 * server finds the same batch ready in its epoll_wait. The figure is the server's process CPU clock over a
 * round, divided by the messages of the round. All servers run all the time; rounds are interleaved.
 *
 *     c1, c64, c1000   that many connections, one 64-byte message each in flight
 *     p16              64 connections, 16 messages in flight on each
 *     k64              64 connections, one message of 64 KiB each in flight
 *     churn            64 connections at a time that connect, echo 64 bytes and close; per connection
 */
#include "bench_wave.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

/* Many short rounds: what disturbs the machine then hits all contenders, or a few rounds only. */
static const struct bench_plan plans[] = {
    {"c1", 1, 64, 1, 400, 401, false},     {"c64", 64, 64, 1, 12, 401, false},
    {"c1000", 1000, 64, 1, 1, 241, false}, {"p16", 64, 64 * 16, 16, 12, 301, false},
    {"k64", 64, 65536, 1, 4, 241, false},  {"churn", 64, 64, 1, 2, 161, true},
};

static const char *const names[] = {"eddy", "coro", "raw", "rawet", "libev", "libevent", "libuv", NULL};

static struct bench_wave_server servers[BENCH_CONTENDERS_MAX];

static void server_start(struct bench_wave_server *server, const struct bench_options *options, const char *name)
{
    char path[8192];
    char port[] = "0";
    char option[] = "--port";
    char line[256];
    int output;
    snprintf(path, sizeof path, "%s/bench_echo_%s", options->directory, name);
    char *argv[] = {path, option, port, NULL};
    server->pid = bench_start(argv, &output);
    FILE *stream = fdopen(output, "r");
    int number = 0;
    if (stream == NULL || fgets(line, sizeof line, stream) == NULL ||
        sscanf(line, "listening on 127.0.0.1:%d", &number) != 1) {
        bench_die("%s did not say where it listens", name);
    }
    fclose(stream);
    server->name = name;
    server->port = (uint16_t)number;
}

int main(int argc, char **argv)
{
    struct bench_options options;
    const char *present[BENCH_CONTENDERS_MAX];
    bench_options_parse(&options, argc, argv);
    int count = bench_contenders(&options, "bench_echo", names, present);
    bench_raise_descriptors();
    bench_pin(options.core);
    for (int i = 0; i < count; i++) {
        server_start(&servers[i], &options, present[i]);
    }
    bench_wave_run(&options, "echo", plans, sizeof plans / sizeof *plans, servers, count);
    for (int i = 0; i < count; i++) {
        kill(servers[i].pid, SIGKILL);
        waitpid(servers[i].pid, NULL, 0);
    }
    bench_print_ratios();
    return 0;
}
