/* trace.h - what strace saw the server do between two messages.
 *
 * A mark is a message of a client whose text occurs nowhere else: the line of the system call that
 * receives it is the place in the log. strace writes a line before it lets the server go on, so
 * once the echo of a mark is there, so is the log up to it.
 */
#ifndef SERVER_TRACE_H
#define SERVER_TRACE_H

#include "harness.h"

struct trace {
    unsigned calls;
    unsigned waits;   /* epoll_wait, epoll_pwait, epoll_pwait2 */
    unsigned changes; /* epoll_ctl */
    unsigned accepts;
    unsigned vain; /* calls that ended with EAGAIN */
};

/* Start the server under strace; skips the test where there is none. */
void trace_start(struct server *server);

/* Count from the call that received `begin` to the one that received `end`, without both. */
struct trace trace_count(const struct server *server, const char *begin, const char *end);

/* Print it, so that a log of the tests shows the figures. */
void trace_print(const char *what, const struct trace *trace, unsigned per);

#endif
