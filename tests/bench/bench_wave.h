/* A client of servers that send back what they get (suites echo and proxy). It goes in waves: it sends on every
 * connection, then receives on every connection; so every server finds the same batch ready in its epoll_wait. The
 * figure is the server's process CPU clock over a round, divided by the messages of the round. */
#ifndef BENCH_WAVE_H
#define BENCH_WAVE_H

#include "bench.h"

#define BENCH_WAVE_CONNECTIONS_MAX 1000

struct bench_plan {
    const char *name;
    int connections;
    size_t bytes; /* in flight on a connection: 65,536 at the most */
    int messages; /* that these bytes are */
    int waves;    /* in a round, after one that only warms the caches */
    int rounds;
    bool churn; /* each wave has connections of its own; the figure is per connection */
};

struct bench_wave_server {
    const char *name;
    pid_t pid;
    uint16_t port;
    /* private */
    int control; /* a connection of our own, to know that the server has caught up */
    int fds[BENCH_WAVE_CONNECTIONS_MAX];
};

/* Measure all servers, that run, in all rows that the options ask for. */
void bench_wave_run(const struct bench_options *options, const char *suite, const struct bench_plan *plans,
                    size_t plan_count, struct bench_wave_server *servers, int count);

#endif
