/* trace.c - see trace.h. */
#include "trace.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool strace_is_installed(void)
{
    return system("command -v strace >/dev/null 2>&1") == 0; /* NOLINT: a fixed command */
}

void trace_start(struct server *server)
{
    if (!strace_is_installed()) {
        print_message("strace is not installed: system calls are not counted\n");
        skip();
    }
    server->traced = true;
    server_start(server, "--port", "0", NULL);
}

/* "1234 recvfrom(5, ..." is a call; "<... resumed>", "--- SIGINT" and "+++ exited" are not. */
static void count_line(struct trace *trace, const char *line)
{
    while (isdigit((unsigned char)*line) || *line == ' ') {
        line++;
    }
    bool is_log = strncmp(line, "write(2, ", 9) == 0; /* traced, a wake may take the watchdog's 10 ms */
    if (!isalpha((unsigned char)*line) || is_log) {
        return;
    }
    trace->calls++;
    trace->waits += strncmp(line, "epoll_wait(", 11) == 0 || strncmp(line, "epoll_pwait", 11) == 0;
    trace->changes += strncmp(line, "epoll_ctl(", 10) == 0;
    trace->accepts += strncmp(line, "accept", 6) == 0;
    trace->vain += strstr(line, "= -1 EAGAIN") != NULL;
}

struct trace trace_count(const struct server *server, const char *begin, const char *end)
{
    struct trace trace = {0};
    FILE *log = fopen(server->trace, "re");
    assert_non_null(log);
    bool begun = false, ended = false;
    char *line = NULL;
    size_t size = 0;
    while (!ended && getline(&line, &size, log) > 0) {
        if (!begun) {
            begun = strstr(line, begin) != NULL;
        } else if (strstr(line, end) != NULL) {
            ended = true;
        } else {
            count_line(&trace, line);
        }
    }
    free(line);
    fclose(log);
    assert_true(begun);
    assert_true(ended);
    return trace;
}

void trace_print(const char *what, const struct trace *trace, unsigned per)
{
    print_message("%s: %.3f calls each (%u waits, %u accepts, %u epoll_ctl, %u EAGAIN, for %u)\n", what,
                  (double)trace->calls / per, trace->waits, trace->accepts, trace->changes, trace->vain, per);
}
