/* eddy/trace.h - a timeline of what a loop does, for a viewer.
 *
 *     int error = eddy_trace_start(loop, "run.json");
 *     ...
 *     error = eddy_trace_stop(loop);
 *
 * Open the file in speedscope, Perfetto's viewer or chrome://tracing. It is an array of trace events in JSON ("Trace Event
 * Format", "JSON Array Format"), one a line, in the order of time:
 *
 *     X    a step of a task, another waiter's wake, or a post: its name, when and for how long; in args, where it went on
 *          (`from`), and what it then waits for and where (`waits_for`, `at`, `text`), or how it ended (`ended`, `error`);
 *          of what is no task's, the address of the function that was called (`code`)
 *     b e  the life of a task, with its number
 *     s f  who woke or spawned whom: from the midst of one step to the beginning of another
 *     C    what is ready, waits, has a deadline, and is open
 *     M    names
 *
 * Events go out in whole lines, when 64 KiB are full or a second is over; a program that dies leaves an array without its
 * end, which those viewers accept. A trace makes each step cost about a microsecond.
 */
#ifndef EDDY_TRACE_H
#define EDDY_TRACE_H

#include <eddy/api.h>
#include <stdio.h>

EDDY_BEGIN_DECLS

struct eddy_loop;

/* Trace into the file at `path`, which is made anew. 0; -EALREADY: the loop is traced; -ENOMEM; -ECHILD; -errno of
 * opening the file. */
EDDY_API int eddy_trace_start(struct eddy_loop *loop, const char *path) EDDY_CHECK_RESULT;

/* The same into `file`, which must stay open until eddy_trace_stop(), and then is still the caller's. */
EDDY_API int eddy_trace_start_file(struct eddy_loop *loop, FILE *file) EDDY_CHECK_RESULT;

/* End the trace. 0: all of it was written; -errno of the first write that failed, and nothing was written after that;
 * -EINVAL: the loop is not traced. A loop that is traced does not end: eddy_loop_fini() answers -EBUSY. In a child of fork
 * it writes nothing, and returns -ECHILD. */
EDDY_API int eddy_trace_stop(struct eddy_loop *loop);

EDDY_END_DECLS

#endif
