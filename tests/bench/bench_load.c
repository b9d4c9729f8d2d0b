#include "bench_load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

bool bench_has_program(const char *program, const char *package)
{
    const char *path = getenv("PATH");
    char *copy = strdup(path != NULL ? path : "/usr/bin:/bin");
    bool found = false;
    for (char *rest = copy, *part; !found && (part = strsep(&rest, ":")) != NULL;) {
        char file[4096];
        snprintf(file, sizeof file, "%s/%s", part, program);
        found = access(file, X_OK) == 0;
    }
    free(copy);
    if (!found) {
        printf("%s is not installed: without it there is nothing to measure (Debian: apt-get install %s)\n", program,
               package);
    }
    return found;
}

static char *join(const char *directory, const char *between, const char *name)
{
    size_t size = strlen(directory) + strlen(between) + strlen(name) + 1;
    char *path = malloc(size);
    snprintf(path, size, "%s%s%s", directory, between, name);
    return path;
}

char *bench_example_path(const struct bench_options *options, const char *name)
{
    return join(options->directory, "/../../examples/", name);
}

char *bench_driver_path(const struct bench_options *options, const char *name)
{
    return join(options->directory, "/", name);
}

/* ---- Servers --------------------------------------------------------------------------- */

void bench_server_start(struct bench_server *server, const char *name, char *const *argv)
{
    char line[256];
    int output;
    int number = 0;
    server->name = name;
    server->pid = bench_start(argv, &output);
    FILE *stream = fdopen(output, "r");
    if (stream == NULL || fgets(line, sizeof line, stream) == NULL ||
        sscanf(line, "listening on 127.0.0.1:%d", &number) != 1) {
        bench_die("%s did not say where it listens", name);
    }
    /* The stream stays open: a server may print more. */
    server->port = (uint16_t)number;
}

static int socket_at(uint16_t port, int (*act)(int, const struct sockaddr *, socklen_t))
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && act(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

uint16_t bench_free_port(void)
{
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    int fd = socket_at(0, bind);
    if (fd < 0 || getsockname(fd, (struct sockaddr *)&address, &size) != 0) {
        bench_die("no port is free: %s", strerror(errno));
    }
    close(fd);
    return ntohs(address.sin_port);
}

void bench_server_start_at(struct bench_server *server, const char *name, char *const *argv, char port[8])
{
    int output;
    server->name = name;
    server->port = bench_free_port();
    snprintf(port, 8, "%u", server->port);
    server->pid = bench_start(argv, &output);
    for (int tries = 0; tries < 1000; tries++) {
        int fd = socket_at(server->port, connect);
        if (fd >= 0) {
            close(fd);
            return;
        }
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    bench_die("%s does not accept at port %s", name, port);
}

void bench_server_stop(struct bench_server *server)
{
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
}

/* ---- Rows ------------------------------------------------------------------------------ */

void bench_run_row(const struct bench_options *options, struct bench_row *row, struct bench_server *servers, int count,
                   double (*measure)(struct bench_server *server, void *context), void *context)
{
    const char *names[BENCH_CONTENDERS_MAX];
    if (options->only != NULL && strcmp(options->only, row->name) != 0) {
        return;
    }
    row->rounds = options->smoke ? 1 : options->quick ? (row->rounds + 2) / 3 : row->rounds;
    row->rounds = options->rounds != 0 ? options->rounds : row->rounds;
    for (int i = 0; i < count; i++) {
        names[i] = servers[i].name;
        measure(&servers[i], context); /* to warm it */
    }
    for (int round = 0; round < row->rounds; round++) {
        for (int turn = 0; turn < count; turn++) {
            int i = bench_turn(round, turn, count);
            row->values[i][round] = measure(&servers[i], context);
        }
    }
    bench_report(options, row, names, count);
}
