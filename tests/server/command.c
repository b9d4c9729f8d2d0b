/* command.c - see command.h. */
#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

void command_need(const char *program)
{
    char output[256];
    if (command_run(output, sizeof output, "command -v %s", program) != 0) {
        print_message("%s is not installed\n", program);
        skip();
    }
}

int command_run(char *output, size_t size, const char *format, ...)
{
    char line[4096];
    va_list values;
    va_start(values, format);
    int length = vsnprintf(line, sizeof line - 8, format, values);
    va_end(values);
    assert_in_range(length, 1, sizeof line - 9);
    memcpy(line + length, " 2>&1", 6);
    FILE *pipe = popen(line, "r"); /* NOLINT: the lines stand in the tests */
    assert_non_null(pipe);
    size_t got = fread(output, 1, size - 1, pipe);
    output[got] = '\0';
    for (char rest[4096]; fread(rest, 1, sizeof rest, pipe) > 0;) {
    }
    int status = pclose(pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
