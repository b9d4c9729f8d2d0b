/* The coroutine of an echo connection, as a server would write it. */
#ifndef BENCH_ECHO_CORO_H
#define BENCH_ECHO_CORO_H

#include <eddy/frame.h>
#include <eddy/group.h>
#include <eddy/listener.h>
#include <eddy/stream.h>

struct echo {
    EDDY_FRAME;
    /* Accept from here, and then have a task of this group accept the next; or NULL: `fd` is connected. */
    struct eddy_listener *listener;
    struct eddy_group *group;
    int fd;
    struct eddy_stream peer;
    ssize_t n;
    char *rest; /* of a write that has to wait */
};

EDDY_CORO_DECLARE(echo);

#endif
