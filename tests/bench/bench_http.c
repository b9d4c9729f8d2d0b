/* The http suite: what a request costs examples/10_http in CPU time, against a raw epoll server that looks at nothing.
 *
 *     tests/bench/run http [--rounds N] [--quick] [--core N] [--row NAME]
 *
 * wrk asks for /hello, with keep-alive, a second long for each round. It and the servers share one core, so that every
 * server finds as many requests ready as there are connections. The figure is the server's CPU clock over a round,
 * divided by the requests that wrk counts.
 *
 *     c1, c64, c500    that many connections, one request each in flight
 *     p16              64 connections, 16 requests in flight on each
 */
#include "bench_load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct plan {
    const char *name;
    const char *connections;
    int pipeline;
    int rounds;
};

static const struct plan plans[] = {
    {"c1", "1", 1, 15}, {"c64", "64", 1, 21}, {"c500", "500", 1, 15}, {"p16", "64", 16, 15}};

static char script[64]; /* for wrk, that pipelines 16 requests */

static void write_script(void)
{
    static const char text[] = "local one = wrk.format('GET', '/hello')\n"
                               "local all = ''\n"
                               "init = function(arguments)\n"
                               "  for i = 1, 16 do all = all .. wrk.format('GET', '/hello') end\n"
                               "end\n"
                               "request = function() return all end\n";
    snprintf(script, sizeof script, "/tmp/bench-http-XXXXXX");
    int fd = mkstemp(script);
    if (fd < 0 || write(fd, text, sizeof text - 1) != (ssize_t)sizeof text - 1) {
        bench_die("no script for wrk could be written");
    }
    close(fd);
}

/* us of the server's CPU time per request. */
static double measure(struct bench_server *server, void *context)
{
    const struct plan *plan = context;
    char url[64], text[8192];
    long requests = 0;
    snprintf(url, sizeof url, "http://127.0.0.1:%u/hello", server->port);
    const char *const words[] = {
        "env", "wrk", "-t1", "-c", plan->connections, "-d1s", url, plan->pipeline > 1 ? "-s" : NULL, script, NULL};
    char *argv[sizeof words / sizeof *words];
    memcpy(argv, words, sizeof argv);
    argv[0] = "/usr/bin/env";
    int64_t start = bench_process_cpu(server->pid);
    bench_capture(argv, text, sizeof text);
    int64_t spent = bench_process_cpu(server->pid) - start;
    const char *line = strstr(text, " requests in ");
    while (line != NULL && line > text && line[-1] >= '0' && line[-1] <= '9') {
        line--;
    }
    if (line == NULL || sscanf(line, "%ld requests in ", &requests) != 1 || requests == 0 ||
        strstr(text, "Socket errors") != NULL || strstr(text, "Non-2xx") != NULL) {
        bench_die("wrk and %s: %s", server->name, text);
    }
    return (double)spent / 1000 / (double)requests;
}

int main(int argc, char **argv)
{
    static struct bench_row row;
    struct bench_options options;
    struct bench_server servers[2] = {0};
    bench_options_parse(&options, argc, argv);
    char *eddy = bench_example_path(&options, "10_http");
    if (access(eddy, X_OK) != 0) {
        printf("10_http is not built: it needs llhttp (Debian 12: apt-get install node-llhttp; 13: libllhttp-dev)\n");
        return 0;
    }
    if (!bench_has_program("wrk", "wrk")) {
        return 0;
    }
    write_script();
    bench_raise_descriptors();
    bench_pin(options.core);
    bench_server_start(&servers[0], "eddy", (char *[]){eddy, "--port", "0", "--root", "/usr/share", NULL});
    bench_server_start(&servers[1], "raw", (char *[]){bench_driver_path(&options, "bench_http_raw"), NULL});
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
        struct plan plan = plans[i];
        row.suite = "http";
        row.unit = "us of server CPU per request";
        row.rounds = plan.rounds;
        snprintf(row.name, sizeof row.name, "%s", plan.name);
        bench_run_row(&options, &row, servers, 2, measure, &plan);
    }
    bench_server_stop(&servers[0]);
    bench_server_stop(&servers[1]);
    unlink(script);
    bench_print_ratios();
    return 0;
}
