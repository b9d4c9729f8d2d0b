/* harness.c - see harness.h. Whatever is started dies with this program, by PR_SET_PDEATHSIG,
 * so an assertion that fails or an alarm leaves no server behind. */
#define _GNU_SOURCE
#include "harness.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ARGUMENTS_MAX 24
#define TEST_SECONDS 110

/* ---- The life of a test ---------------------------------------------------------------- */

int server_setup(void **state)
{
    struct server *server = calloc(1, sizeof *server);
    if (server == NULL) {
        return -1;
    }
    server->output = -1;
    snprintf(server->directory, sizeof server->directory, "/tmp/eddy-server-XXXXXX");
    if (mkdtemp(server->directory) == NULL) {
        free(server);
        return -1;
    }
    snprintf(server->trace, sizeof server->trace, "%s/trace", server->directory);
    signal(SIGPIPE, SIG_IGN);
    descriptor_limit();
    alarm(TEST_SECONDS);
    *state = server;
    return 0;
}

static void remove_directory(const char *path)
{
    DIR *directory = opendir(path);
    for (struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;) {
        char name[512];
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        unlink(name); /* not "." and "..", which are directories */
    }
    if (directory != NULL) {
        closedir(directory);
    }
    rmdir(path);
}

int server_teardown(void **state)
{
    struct server *server = *state;
    if (server->pid > 0) {
        kill(server->pid, SIGKILL);
        waitpid(server->pid, NULL, 0);
    }
    if (server->output >= 0) {
        close(server->output);
    }
    remove_directory(server->directory);
    free(server);
    alarm(0);
    return 0;
}

/* ---- Starting -------------------------------------------------------------------------- */

static const char *server_path(const struct server *server)
{
    const char *path = server->program != NULL ? server->program : getenv("ECHO_SERVER"); /* to try another one */
    return path != NULL ? path : ECHO_SERVER;
}

static void add_asan_option(const char *option)
{
    char options[1024];
    const char *old = getenv("ASAN_OPTIONS");
    snprintf(options, sizeof options, "%s%s%s", old != NULL ? old : "", old != NULL ? ":" : "", option);
    setenv("ASAN_OPTIONS", options, 1);
}

static void die_with_parent(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        _exit(126);
    }
}

static _Noreturn void execute(const struct server *server, char **arguments, int output, int errors)
{
    int nothing = open("/dev/null", O_RDWR);
    dup2(nothing, 0);
    dup2(output, 1);
    if (errors >= 0) {
        dup2(errors, 2);
    }
    signal(SIGPIPE, SIG_DFL);
    if (server->limited) {
        struct rlimit limit = {server->descriptor_limit, server->descriptor_limit};
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    if (server->traced) {
        add_asan_option("detect_leaks=0"); /* it cannot run under strace */
    }
    if (server->weighed) {
        add_asan_option("quarantine_size_mb=1:thread_local_quarantine_size_kb=64");
    }
    execvp(arguments[0], arguments);
    fprintf(stderr, "cannot execute %s: %s\n", arguments[0], strerror(errno));
    _exit(127);
}

/* strace -D traces from a grandchild, so that the server's process is our own child. */
static void list_arguments(const struct server *server, char **arguments, va_list rest)
{
    const char *const strace[] = {"strace", "-D", "-f", "-o", server->trace};
    size_t count = 0;
    for (size_t i = 0; server->traced && i < sizeof strace / sizeof *strace; i++) {
        arguments[count++] = (char *)(uintptr_t)strace[i];
    }
    arguments[count++] = (char *)(uintptr_t)server_path(server);
    do {
        assert_true(count < ARGUMENTS_MAX);
        arguments[count] = va_arg(rest, char *);
    } while (arguments[count++] != NULL);
}

static pid_t start(const struct server *server, va_list rest, int *output, int *errors)
{
    char *arguments[ARGUMENTS_MAX];
    list_arguments(server, arguments, rest);
    int out[2], err[2] = {-1, -1};
    assert_return_code(pipe2(out, O_CLOEXEC), errno);
    if (errors != NULL) {
        assert_return_code(pipe2(err, O_CLOEXEC), errno);
    }
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        die_with_parent(parent);
        execute(server, arguments, out[1], err[1]);
    }
    assert_true(pid > 0);
    close(out[1]);
    *output = out[0];
    if (errors != NULL) {
        close(err[1]);
        *errors = err[0];
    }
    return pid;
}

/* One line, without its end; a byte at a time, since the next line is not ours yet. */
static void read_line(int fd, char *line, size_t size)
{
    size_t length = 0;
    int64_t deadline = clock_ns() + 20 * INT64_C(1000000000);
    for (;;) {
        struct pollfd readable = {.fd = fd, .events = POLLIN};
        if (clock_ns() > deadline || poll(&readable, 1, 20000) <= 0) {
            fail_msg("the server printed no line");
        }
        char byte;
        ssize_t n = read(fd, &byte, 1);
        if (n != 1 || length + 1 == size) {
            fail_msg("the server ended, or its line is too long");
        }
        if (byte == '\n') {
            break;
        }
        line[length++] = byte;
    }
    line[length] = '\0';
}

static void note_unix_address(struct server *server, const char *name)
{
    struct sockaddr_un *un = (struct sockaddr_un *)&server->address;
    size_t length = strlen(name);
    assert_in_range(length, 2, sizeof un->sun_path - 1);
    un->sun_family = AF_UNIX;
    memcpy(un->sun_path, name, length);
    server->address_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    if (name[0] == '@') {
        un->sun_path[0] = '\0';
    }
}

static void note_address(struct server *server)
{
    static const char intro[] = "listening on ";
    assert_memory_equal(server->first, intro, strlen(intro));
    char text[256];
    snprintf(text, sizeof text, "%s", server->first + strlen(intro));
    memset(&server->address, 0, sizeof server->address);
    if (text[0] == '/' || text[0] == '@') {
        note_unix_address(server, text);
        return;
    }
    char *colon = strrchr(text, ':');
    assert_non_null(colon);
    *colon = '\0';
    uint16_t port = (uint16_t)strtoul(colon + 1, NULL, 10);
    assert_int_not_equal(port, 0);
    if (text[0] == '[') {
        colon[-1] = '\0';
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&server->address;
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons(port);
        assert_int_equal(inet_pton(AF_INET6, text + 1, &in6->sin6_addr), 1);
        server->address_size = sizeof *in6;
    } else {
        struct sockaddr_in *in = (struct sockaddr_in *)&server->address;
        in->sin_family = AF_INET;
        in->sin_port = htons(port);
        assert_int_equal(inet_pton(AF_INET, text, &in->sin_addr), 1);
        server->address_size = sizeof *in;
    }
}

void server_start(struct server *server, ...)
{
    assert_int_equal(server->pid, 0);
    if (server->output >= 0) {
        close(server->output);
    }
    va_list rest;
    va_start(rest, server);
    server->pid = start(server, rest, &server->output, NULL);
    va_end(rest);
    read_line(server->output, server->first, sizeof server->first);
    read_line(server->output, server->second, sizeof server->second);
    note_address(server);
}

/* ---- Ending ---------------------------------------------------------------------------- */

static int exit_code(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void read_all(int fd, char *text, size_t size)
{
    size_t length = 0;
    ssize_t n;
    while (length + 1 < size && (n = read(fd, text + length, size - length - 1)) > 0) {
        length += (size_t)n;
    }
    text[length] = '\0';
    close(fd);
}

/* A debug build tells of a wake that took 10 ms, be it that the machine had others to run. */
static void drop_slow_wakes(char *text)
{
    for (char *line = text; *line != '\0';) {
        char *end = strchr(line, '\n');
        char *next = end != NULL ? end + 1 : line + strlen(line);
        const char *told = strstr(line, "kept the loop for");
        if (told != NULL && told < next) {
            memmove(line, next, strlen(next) + 1);
        } else {
            line = next;
        }
    }
}

struct outcome server_run(struct server *server, ...)
{
    struct outcome outcome;
    int output, errors, status;
    va_list rest;
    va_start(rest, server);
    pid_t pid = start(server, rest, &output, &errors);
    va_end(rest);
    read_all(output, outcome.output, sizeof outcome.output);
    read_all(errors, outcome.errors, sizeof outcome.errors);
    drop_slow_wakes(outcome.errors);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    outcome.status = exit_code(status);
    return outcome;
}

int server_wait(struct server *server, int seconds)
{
    int64_t deadline = clock_ns() + seconds * INT64_C(1000000000);
    int status;
    while (waitpid(server->pid, &status, WNOHANG) == 0) {
        if (clock_ns() > deadline) {
            fail_msg("the server did not end within %d s", seconds);
        }
        nap_ms(2);
    }
    server->pid = 0;
    return exit_code(status);
}

int server_stop(struct server *server, int signal, int seconds)
{
    assert_return_code(kill(server->pid, signal), errno);
    return server_wait(server, seconds);
}

/* ---- Looking at it ---------------------------------------------------------------------- */

unsigned server_descriptors(const struct server *server)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd", (int)server->pid);
    DIR *directory = opendir(path);
    assert_non_null(directory);
    unsigned count = 0;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        count += entry->d_name[0] != '.';
    }
    closedir(directory);
    return count;
}

void server_await_descriptors(const struct server *server, unsigned count, int seconds)
{
    int64_t deadline = clock_ns() + seconds * INT64_C(1000000000);
    for (unsigned now; (now = server_descriptors(server)) != count; nap_ms(10)) {
        if (clock_ns() > deadline) {
            fail_msg("the server has %u descriptors open, not %u", now, count);
        }
    }
}

size_t server_memory(const struct server *server)
{
    char path[64], text[256] = "";
    snprintf(path, sizeof path, "/proc/%d/statm", (int)server->pid);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof text, file));
    fclose(file);
    char *space = strchr(text, ' ');
    assert_non_null(space);
    return strtoul(space, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
}

int64_t server_processor_time(const struct server *server)
{
    clockid_t clock;
    struct timespec time;
    assert_int_equal(clock_getcpuclockid(server->pid, &clock), 0);
    assert_return_code(clock_gettime(clock, &time), errno);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

/* ---- This process ------------------------------------------------------------------------ */

unsigned descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return 0;
    }
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur > 1000000 ? 1000000 : (unsigned)limit.rlim_cur;
}

int64_t clock_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

void nap_ms(int ms)
{
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

pid_t start_process(int (*child)(void *context), void *context)
{
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        die_with_parent(parent);
        _exit(child(context));
    }
    assert_true(pid > 0);
    return pid;
}

int reap_process(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return exit_code(status);
}
