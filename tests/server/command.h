/* command.h - real clients: programs that a test runs, and what they print. */
#ifndef SERVER_COMMAND_H
#define SERVER_COMMAND_H

#include "harness.h"

/* Skip the test if the program is not installed. */
void command_need(const char *program);

/* Run a shell's command line, as printf would print it; what it prints, with its errors, is in `output`. The
 * exit status. */
int command_run(char *output, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
