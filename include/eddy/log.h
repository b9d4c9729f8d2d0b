/* eddy/log.h - what a program is told that no result can tell.
 *
 *     static void on_log(const struct eddy_log_record *record, void *context) { ... }
 *     eddy_loop_set_log(loop, on_log, context);
 *
 * Without a hook, warnings and errors go to stderr, a line each.
 */
#ifndef EDDY_LOG_H
#define EDDY_LOG_H

#include <eddy/api.h>
#include <stddef.h>

EDDY_BEGIN_DECLS

#define EDDY_FAILURE_TEXT 64

/* One step of a failure: where it was and what was tried there. The text is cut to fit. */
struct eddy_failure {
    int error; /* -errno, or the program's own */
    int line;
    const char *file;
    const char *function;
    char text[EDDY_FAILURE_TEXT];
};

enum eddy_log_level {
    EDDY_LOG_DEBUG,   /* a task failed, and a group, a join or an EDDY_CATCH has the error */
    EDDY_LOG_WARNING, /* something took too long, was given up, or was not given back */
    EDDY_LOG_ERROR,   /* an error that nobody owns */
};

/* All of it is valid during the call of the hook alone. */
struct eddy_log_record {
    enum eddy_log_level level;
    int error;        /* 0: there is none */
    const char *task; /* its name; NULL: no task is concerned */
    const char *text;
    const struct eddy_failure *trail; /* from the cause outward */
    size_t trail_length;
};

/* Runs on the loop's thread, between steps. It must not call into the loop. */
typedef void eddy_log_fn(const struct eddy_log_record *record, void *context);

/* Where a loop's records go. */
struct eddy_log {
    /* private */
    eddy_log_fn *hook;
    void *context;
};

EDDY_END_DECLS

#endif
