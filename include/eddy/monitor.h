/* eddy/monitor.h - let others see what a running program's tasks do.
 *
 *     struct eddy_monitor monitor;
 *     int error = eddy_monitor_open(&monitor, loop, "/run/user/1000/chat.sock");
 *     ...
 *     eddy_monitor_close(&monitor);
 *
 *     $ nc -U /run/user/1000/chat.sock            or: eddy-top /run/user/1000/chat.sock
 *
 * Who connects gets one snapshot, and then the end. It is text: lines of fields that tabs separate, in UTF-8 if the
 * program's names are; in names and texts tab, newline, return and backslash are written \t \n \r \\.
 *
 *     eddy     1                        the version of this format; the first line
 *     loop     NAME=VALUE ...           the numbers of struct eddy_loop_stats (eddy/stats.h)
 *     task     NUMBER DEPTH NAME STATE WAITS_FOR SINCE_MS STEPS BUSY_NS FUNCTION FILE:LINE TEXT
 *     more     COUNT                    so many tasks are not listed
 *     end                               the last line: the snapshot is whole
 *
 * A task's line stands below that of the task whose group it is in, whose DEPTH is one less. STATE is `waits`, `ready` or
 * `running`, with a `*` behind it when the task is cancelled; WAITS_FOR is "-" but when it waits; SINCE_MS is how long it
 * has. STEPS and BUSY_NS count from when the monitor was opened. FUNCTION, FILE:LINE and TEXT are of the innermost
 * coroutine. More fields may follow in a line, and more kinds of line may come, in later versions.
 *
 * The monitor is there in the background: it does not keep eddy_loop_run() going. Up to EDDY_MONITOR_CLIENTS are
 * served at once; the others wait in the backlog. A client that has not taken its snapshot within two seconds is
 * dropped. A snapshot lists EDDY_MONITOR_TASKS tasks at the most, and to make one takes a millisecond or two then.
 * While a monitor is open each step of a task costs two looks at the clock, and each task 300 bytes.
 */
#ifndef EDDY_MONITOR_H
#define EDDY_MONITOR_H

#include <eddy/api.h>
#include <eddy/listener.h>
#include <eddy/loop.h>
#include <eddy/stream.h>
#include <eddy/wait.h>
#include <stdbool.h>
#include <stddef.h>

EDDY_BEGIN_DECLS

#define EDDY_MONITOR_CLIENTS 4
#define EDDY_MONITOR_TASKS 4096

struct eddy_monitor;

/* One who is served. */
struct eddyi_monitor_client {
    struct eddy_monitor *monitor;
    struct eddy_stream stream;
    struct eddy_waiter waiter;
    char *text;
    size_t size;
    bool is_taken;
};

/* The caller owns the memory; it must not move until it is closed. */
struct eddy_monitor {
    /* private */
    struct eddy_loop *loop; /* NULL: closed */
    struct eddyi_observer observer;
    struct eddyi_slice slice;
    struct eddy_listener listener;
    struct eddy_waiter acceptor;
    struct eddyi_monitor_client *next; /* who is accepted next; NULL: there is no place */
    struct eddyi_monitor_client clients[EDDY_MONITOR_CLIENTS];
    /* read-only */
    size_t served;  /* clients */
    size_t dropped; /* clients that did not take their snapshot */
};

/* Listen on a Unix socket at `path`, which only this user can open (mode 0600). 0; -ENAMETOOLONG; -ENOMEM; and as
 * eddy_listener_open(); -EALREADY: the loop has a monitor, this one or another, which stays open. On any other error
 * nothing is left open. */
EDDY_API int eddy_monitor_open(struct eddy_monitor *monitor, struct eddy_loop *loop,
                               const char *path) EDDY_CHECK_RESULT;

/* Close it, drop who is being served, and remove the socket's file. Allowed twice, and on zeroed memory. */
EDDY_API void eddy_monitor_close(struct eddy_monitor *monitor);

EDDY_END_DECLS

#endif
