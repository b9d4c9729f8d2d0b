/* What the benchmarks share: clocks, pinning, child processes, medians, and the ratio lines.
 *
 * A suite's driver names its contenders, runs them interleaved (A B C, then B C A, ...), records one
 * value per contender and round, and reports. A ratio is the median over the rounds of subject / reference
 * within one round, so that a period in which the whole machine is slow cancels out.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define BENCH_ROUNDS_MAX 1000
#define BENCH_CONTENDERS_MAX 8
#define BENCH_ECHO_BUFFER 65536

struct bench_options {
    int rounds; /* 0: the suite's own number */
    int core;
    bool quick;
    bool smoke;          /* a few messages, to see that the driver works */
    const char *only;    /* a row, or NULL */
    const char *subject; /* whose ratios are printed: "eddy" */
    char directory[4096];
};

/* The values of one row: [contender][round]. */
struct bench_row {
    const char *suite;
    char name[32];
    const char *unit;
    int rounds;
    double values[BENCH_CONTENDERS_MAX][BENCH_ROUNDS_MAX];
};

/* --rounds N, --quick, --smoke, --core N, --row NAME, --subject NAME; says how and exits otherwise. */
void bench_options_parse(struct bench_options *options, int argc, char **argv);

/* Which of `all` (names, NULL at the end) are built, as executables PREFIX_NAME beside the driver. */
int bench_contenders(const struct bench_options *options, const char *prefix, const char *const *all,
                     const char **present);

/* Who comes as number `turn` in `round`: the order is rotated. */
int bench_turn(int round, int turn, int count);

/* Print the row's table and remember its ratio lines. */
void bench_report(const struct bench_options *options, struct bench_row *row, const char *const *names, int count);
/* Print all ratio lines remembered; smaller is better. */
void bench_print_ratios(void);

double bench_median(double *values, int count);

int64_t bench_clock(int clock);
int64_t bench_process_cpu(pid_t pid);
void bench_pin(int core);
/* Descriptors up to the hard limit; returns how many. */
size_t bench_raise_descriptors(void);

/* Start a program whose standard output comes back through *output; it dies with this process. */
pid_t bench_start(char *const *argv, int *output);
/* Run a program to its end and keep what it prints; the program must succeed. */
void bench_capture(char *const *argv, char *text, size_t size);

/* Print why and exit. */
void bench_die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* xorshift64*: the same numbers for every contender. */
uint64_t bench_random(uint64_t *state);

/* For the echo servers: a non-blocking TCP socket that listens on 127.0.0.1 with TCP_NODELAY (which
 * connections inherit), on the port of `--port N`, told by the line "listening on HOST:PORT". */
int bench_listen(int argc, char **argv);
uint16_t bench_port_argument(int argc, char **argv);

#endif
