#include "bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char ratio_lines[16384];
static size_t ratio_size;

void bench_die(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

/* ---- Options ------------------------------------------------------------------------ */

static void find_directory(struct bench_options *options)
{
    ssize_t size = readlink("/proc/self/exe", options->directory, sizeof options->directory - 1);
    if (size < 0) {
        bench_die("readlink /proc/self/exe: %s", strerror(errno));
    }
    options->directory[size] = '\0';
    *strrchr(options->directory, '/') = '\0';
}

void bench_options_parse(struct bench_options *options, int argc, char **argv)
{
    memset(options, 0, sizeof *options);
    options->subject = "eddy";
    find_directory(options);
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--quick") == 0) {
            options->quick = true;
            continue;
        }
        if (strcmp(argv[i], "--smoke") == 0) {
            options->smoke = true;
            continue;
        }
        if (value != NULL && strcmp(argv[i], "--rounds") == 0) {
            options->rounds = atoi(value);
        } else if (value != NULL && strcmp(argv[i], "--core") == 0) {
            options->core = atoi(value);
        } else if (value != NULL && strcmp(argv[i], "--row") == 0) {
            options->only = value;
        } else if (value != NULL && strcmp(argv[i], "--subject") == 0) {
            options->subject = value;
        } else {
            bench_die("usage: %s [--rounds N] [--quick] [--core N] [--row NAME] [--subject NAME] [--smoke]", argv[0]);
        }
        i++;
    }
    if (options->rounds < 0 || options->rounds > BENCH_ROUNDS_MAX) {
        bench_die("--rounds: 1 to %d", BENCH_ROUNDS_MAX);
    }
}

int bench_contenders(const struct bench_options *options, const char *prefix, const char *const *all,
                     const char **present)
{
    int count = 0;
    for (; *all != NULL; all++) {
        char path[8192];
        snprintf(path, sizeof path, "%s/%s_%s", options->directory, prefix, *all);
        if (access(path, X_OK) == 0) {
            present[count++] = *all;
        } else {
            printf("%s is not built here and left out\n", *all);
        }
    }
    return count;
}

int bench_turn(int round, int turn, int count)
{
    return (round + turn) % count;
}

/* ---- Figures ------------------------------------------------------------------------ */

static int compare_doubles(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

static double percentile(const double *sorted, int count, double part)
{
    double place = part * (count - 1);
    int below = (int)place;
    int above = below + 1 < count ? below + 1 : below;
    return sorted[below] + (sorted[above] - sorted[below]) * (place - below);
}

double bench_median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, compare_doubles);
    return percentile(values, count, 0.5);
}

/* The sorted per-round ratios of two contenders. */
static void ratios_of(const struct bench_row *row, int subject, int reference, double *ratios)
{
    for (int i = 0; i < row->rounds; i++) {
        ratios[i] = row->values[subject][i] / row->values[reference][i];
    }
    qsort(ratios, (size_t)row->rounds, sizeof *ratios, compare_doubles);
}

/* Half of the interval in which the true median lies at 95%: a spread of single rounds says little. */
static double median_doubt(const double *sorted, int count)
{
    int ranks = 1;
    while (ranks * ranks < count) {
        ranks++;
    }
    int low = count / 2 - ranks;
    int high = count / 2 + ranks;
    return (sorted[high < count ? high : count - 1] - sorted[low > 0 ? low : 0]) / 2;
}

static int index_of(const char *name, const char *const *names, int count)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

static void remember_ratio(const struct bench_row *row, const char *reference, double value)
{
    int size = snprintf(ratio_lines + ratio_size, sizeof ratio_lines - ratio_size, "ratio %s.%s.%s %.3f\n", row->suite,
                        row->name, reference, value);
    if (size > 0 && (size_t)size < sizeof ratio_lines - ratio_size) {
        ratio_size += (size_t)size;
    }
}

void bench_report(const struct bench_options *options, struct bench_row *row, const char *const *names, int count)
{
    static double sorted[BENCH_ROUNDS_MAX];
    int subject = index_of(options->subject, names, count);
    printf("\n%s.%s: %s, median of %d rounds; %s / contender: p10, median, p90\n", row->suite, row->name, row->unit,
           row->rounds, options->subject);
    for (int i = 0; i < count; i++) {
        memcpy(sorted, row->values[i], sizeof *sorted * (size_t)row->rounds);
        printf("  %-10s %9.3f", names[i], bench_median(sorted, row->rounds));
        if (subject >= 0 && i != subject) {
            ratios_of(row, subject, i, sorted);
            double low = percentile(sorted, row->rounds, 0.1);
            double middle = percentile(sorted, row->rounds, 0.5);
            double high = percentile(sorted, row->rounds, 0.9);
            double doubt = median_doubt(sorted, row->rounds);
            printf("   %6.3f %6.3f %6.3f", low, middle, high);
            if (doubt > 0.02 * middle) {
                printf("   warning: wide spread, median good to %.0f%% (is the machine busy?)", 100 * doubt / middle);
            }
            remember_ratio(row, names[i], middle);
        }
        putchar('\n');
    }
    fflush(stdout);
}

void bench_print_ratios(void)
{
    printf("\n%s", ratio_lines);
    fflush(stdout);
}

/* ---- Clocks and the machine ----------------------------------------------------------- */

int64_t bench_clock(int clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int64_t bench_process_cpu(pid_t pid)
{
    clockid_t clock;
    int error = clock_getcpuclockid(pid, &clock);
    if (error != 0) {
        bench_die("the CPU clock of %d: %s", (int)pid, strerror(error));
    }
    return bench_clock(clock);
}

void bench_pin(int core)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)core, &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0) {
        fprintf(stderr, "warning: not pinned to core %d: %s\n", core, strerror(errno));
    }
    /* Nobody preempts anybody at a wake-up: a client sends its whole wave, then the server answers all of it,
     * so every contender sees the same batches. */
    struct sched_param parameter = {.sched_priority = 0};
    sched_setscheduler(0, SCHED_BATCH, &parameter);
}

size_t bench_raise_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return 1024;
    }
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    return (size_t)limit.rlim_cur;
}

/* ---- Child processes ------------------------------------------------------------------- */

pid_t bench_start(char *const *argv, int *output)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        bench_die("pipe: %s", strerror(errno));
    }
    fflush(stdout);
    pid_t pid = fork();
    if (pid < 0) {
        bench_die("fork: %s", strerror(errno));
    }
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(ends[1], STDOUT_FILENO);
        execv(argv[0], argv);
        fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
        _exit(127);
    }
    close(ends[1]);
    *output = ends[0];
    return pid;
}

void bench_capture(char *const *argv, char *text, size_t size)
{
    int output;
    pid_t pid = bench_start(argv, &output);
    size_t used = 0;
    ssize_t got;
    while (used < size - 1 && (got = read(output, text + used, size - 1 - used)) > 0) {
        used += (size_t)got;
    }
    text[used] = '\0';
    close(output);
    int status;
    if (waitpid(pid, &status, 0) != pid || status != 0) {
        bench_die("%s failed (status %d) after: %s", argv[0], status, text);
    }
}

uint64_t bench_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 2685821657736338717u;
}

/* ---- Echo servers ---------------------------------------------------------------------- */

uint16_t bench_port_argument(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--port") == 0) {
        return (uint16_t)atoi(argv[2]);
    }
    if (argc != 1) {
        bench_die("usage: %s [--port N]", argv[0]);
    }
    return 0;
}

int bench_listen(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(bench_port_argument(argc, argv))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 4096) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0) {
        bench_die("listen: %s", strerror(errno));
    }
    printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}
