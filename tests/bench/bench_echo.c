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
#include "bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define CONNECTIONS_MAX 1000

struct plan {
    const char *name;
    int connections;
    size_t bytes; /* in flight on a connection */
    int messages; /* that these bytes are */
    int waves;    /* in a round, after one that only warms the caches */
    int rounds;
    bool churn;
};

/* Many short rounds: what disturbs the machine then hits all contenders, or a few rounds only. */
static const struct plan plans[] = {
    {"c1", 1, 64, 1, 400, 401, false},     {"c64", 64, 64, 1, 12, 401, false},
    {"c1000", 1000, 64, 1, 1, 241, false}, {"p16", 64, 64 * 16, 16, 12, 301, false},
    {"k64", 64, 65536, 1, 4, 241, false},  {"churn", 64, 64, 1, 2, 161, true},
};

static const char *const names[] = {"eddy", "coro", "raw", "rawet", "libev", "libevent", "libuv", NULL};

struct server {
    pid_t pid;
    uint16_t port;
    int control; /* a connection of our own, to know that the server has caught up */
    int fds[CONNECTIONS_MAX];
};

static struct server servers[BENCH_CONTENDERS_MAX];
static char message[65536];
static char answer[65536];

static void server_start(struct server *server, const struct bench_options *options, const char *name)
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
    server->port = (uint16_t)number;
}

/* From one of many addresses, since closed connections block their ports for a while. */
static void bind_somewhere(int fd)
{
    static uint32_t number;
    struct sockaddr_in address = {.sin_family = AF_INET};
    int on = 1;
    number = (number + 1) % 200;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + number);
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        bench_die("bind: %s", strerror(errno));
    }
}

static int server_connect(const struct server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(server->port)};
    struct timeval patience = {.tv_sec = 20};
    int on = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0) {
        bench_die("socket: %s", strerror(errno));
    }
    bind_somewhere(fd);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        bench_die("connect: %s", strerror(errno));
    }
    return fd;
}

static void send_all(int fd, size_t size)
{
    for (size_t sent = 0; sent < size;) {
        ssize_t part = send(fd, message + sent, size - sent, MSG_NOSIGNAL);
        if (part <= 0) {
            bench_die("send: %s", strerror(errno));
        }
        sent += (size_t)part;
    }
}

static void receive_all(int fd, size_t size)
{
    if (recv(fd, answer, size, MSG_WAITALL) != (ssize_t)size) {
        bench_die("a server did not answer: %s", strerror(errno));
    }
}

static void wave(struct server *server, const struct plan *plan)
{
    for (int i = 0; i < plan->connections; i++) {
        if (plan->churn) {
            server->fds[i] = server_connect(server);
        }
        send_all(server->fds[i], plan->bytes);
    }
    for (int i = 0; i < plan->connections; i++) {
        receive_all(server->fds[i], plan->bytes);
    }
    for (int i = 0; plan->churn && i < plan->connections; i++) {
        close(server->fds[i]);
    }
}

/* An answer on the control connection tells that the server has seen all that came before. */
static void catch_up(struct server *server)
{
    send_all(server->control, 64);
    receive_all(server->control, 64);
}

/* us of the server's CPU time per message (or per connection). */
static double measure(struct server *server, const struct plan *plan, int waves)
{
    wave(server, plan);
    if (plan->churn) {
        catch_up(server);
    }
    int64_t start = bench_process_cpu(server->pid);
    for (int i = 0; i < waves; i++) {
        wave(server, plan);
    }
    if (plan->churn) {
        catch_up(server);
    }
    int64_t spent = bench_process_cpu(server->pid) - start;
    return (double)spent / 1000 / ((double)waves * plan->connections * plan->messages);
}

/* A server that answers with other bytes is no contender. */
static void check_answer(size_t size)
{
    if (memcmp(message, answer, size) != 0) {
        bench_die("a server answered something else");
    }
}

static void connections_open(struct server *server, const struct plan *plan)
{
    server->control = server_connect(server);
    catch_up(server);
    for (int i = 0; !plan->churn && i < plan->connections; i++) {
        server->fds[i] = server_connect(server);
    }
}

static void connections_close(struct server *server, const struct plan *plan)
{
    for (int i = 0; !plan->churn && i < plan->connections; i++) {
        close(server->fds[i]);
    }
    catch_up(server);
    close(server->control);
}

static void run_row(const struct bench_options *options, const struct plan *plan, const char *const *present, int count)
{
    static struct bench_row row;
    int waves = options->smoke ? 1 : plan->waves;
    row.suite = "echo";
    row.unit = plan->churn ? "us of server CPU per connection" : "us of server CPU per message";
    row.rounds = options->smoke ? 1 : options->quick ? plan->rounds / 3 : plan->rounds;
    row.rounds = options->rounds != 0 ? options->rounds : row.rounds;
    snprintf(row.name, sizeof row.name, "%s", plan->name);
    for (int i = 0; i < count; i++) {
        connections_open(&servers[i], plan);
        measure(&servers[i], plan, 1);
        check_answer(plan->bytes);
    }
    for (int round = 0; round < row.rounds; round++) {
        for (int turn = 0; turn < count; turn++) {
            int i = bench_turn(round, turn, count);
            row.values[i][round] = measure(&servers[i], plan, waves);
        }
    }
    for (int i = 0; i < count; i++) {
        connections_close(&servers[i], plan);
    }
    bench_report(options, &row, present, count);
}

int main(int argc, char **argv)
{
    struct bench_options options;
    const char *present[BENCH_CONTENDERS_MAX];
    bench_options_parse(&options, argc, argv);
    int count = bench_contenders(&options, "bench_echo", names, present);
    size_t descriptors = bench_raise_descriptors();
    bench_pin(options.core);
    for (size_t i = 0; i < sizeof message; i++) {
        message[i] = (char)(i * 31 + i / 256);
    }
    for (int i = 0; i < count; i++) {
        server_start(&servers[i], &options, present[i]);
    }
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
        const struct plan *plan = &plans[i];
        if ((options.only != NULL && strcmp(options.only, plan->name) != 0) ||
            (options.smoke && plan->connections > 64)) {
            continue;
        }
        if ((size_t)(plan->connections + 10) * (size_t)count > descriptors) {
            printf("\necho.%s left out: needs more than %zu descriptors\n", plan->name, descriptors);
            continue;
        }
        run_row(&options, plan, present, count);
    }
    for (int i = 0; i < count; i++) {
        kill(servers[i].pid, SIGKILL);
        waitpid(servers[i].pid, NULL, 0);
    }
    bench_print_ratios();
    return 0;
}
