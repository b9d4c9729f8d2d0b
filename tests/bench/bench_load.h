/* What the suites of whole servers share (http, resp, proxy): servers that are started, and another program that loads
 * them. Server and load share one core; the figure is the server's process CPU clock over a round, divided by its
 * requests. */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include "bench.h"

struct bench_server {
    const char *name;
    pid_t pid;
    uint16_t port;
};

/* Whether a program is in PATH; if not, print that the suite needs it, and how to install it. */
bool bench_has_program(const char *program, const char *package);

/* The path of `name`: in the example directory of this build, or beside the driver. Allocated. */
char *bench_example_path(const struct bench_options *options, const char *name);
char *bench_driver_path(const struct bench_options *options, const char *name);

/* Start a program that prints "listening on 127.0.0.1:PORT" first. */
void bench_server_start(struct bench_server *server, const char *name, char *const *argv);

/* Start a program at a port that is free, which `argv` has as text in `port`; wait until it accepts. */
void bench_server_start_at(struct bench_server *server, const char *name, char *const *argv, char port[8]);

void bench_server_stop(struct bench_server *server);

/* A port of 127.0.0.1 that is free now. */
uint16_t bench_free_port(void);

/* Run a row: `measure` gives the value of a server for a round. */
void bench_run_row(const struct bench_options *options, struct bench_row *row, struct bench_server *servers, int count,
                   double (*measure)(struct bench_server *server, void *context), void *context);

#endif
