#include "bench_wave.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char message[65536];
static char answer[65536];

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

static int server_connect(const struct bench_wave_server *server)
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

static void wave(struct bench_wave_server *server, const struct bench_plan *plan)
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
static void catch_up(struct bench_wave_server *server)
{
    send_all(server->control, 64);
    receive_all(server->control, 64);
}

/* us of the server's CPU time per message (or per connection). */
static double measure(struct bench_wave_server *server, const struct bench_plan *plan, int waves)
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

static void connections_open(struct bench_wave_server *server, const struct bench_plan *plan)
{
    server->control = server_connect(server);
    catch_up(server);
    for (int i = 0; !plan->churn && i < plan->connections; i++) {
        server->fds[i] = server_connect(server);
    }
}

static void connections_close(struct bench_wave_server *server, const struct bench_plan *plan)
{
    for (int i = 0; !plan->churn && i < plan->connections; i++) {
        close(server->fds[i]);
    }
    catch_up(server);
    close(server->control);
}

static void run_row(const struct bench_options *options, const char *suite, const struct bench_plan *plan,
                    struct bench_wave_server *servers, int count)
{
    static struct bench_row row;
    const char *names[BENCH_CONTENDERS_MAX];
    int waves = options->smoke ? 1 : plan->waves;
    row.suite = suite;
    row.unit = plan->churn ? "us of server CPU per connection" : "us of server CPU per message";
    row.rounds = options->smoke ? 1 : options->quick ? plan->rounds / 3 : plan->rounds;
    row.rounds = options->rounds != 0 ? options->rounds : row.rounds;
    snprintf(row.name, sizeof row.name, "%s", plan->name);
    for (int i = 0; i < count; i++) {
        names[i] = servers[i].name;
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
    bench_report(options, &row, names, count);
}

void bench_wave_run(const struct bench_options *options, const char *suite, const struct bench_plan *plans,
                    size_t plan_count, struct bench_wave_server *servers, int count)
{
    size_t descriptors = bench_raise_descriptors();
    for (size_t i = 0; i < sizeof message; i++) {
        message[i] = (char)(i * 31 + i / 256);
    }
    for (const struct bench_plan *plan = plans; plan < plans + plan_count; plan++) {
        if ((options->only != NULL && strcmp(options->only, plan->name) != 0) ||
            (options->smoke && plan->connections > 64)) {
            continue;
        }
        if ((size_t)(plan->connections + 10) * (size_t)count > descriptors) {
            printf("\n%s.%s left out: needs more than %zu descriptors\n", suite, plan->name, descriptors);
            continue;
        }
        run_row(options, suite, plan, servers, count);
    }
}
