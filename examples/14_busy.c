/* 14_busy [--socket PATH] [--trace FILE] - a program to look at: three tasks that wait for one lock, until SIGINT.
 *
 *     eddy-top busy.sock       what its tasks do, live: the socket is there from the start
 *     kill -USR1 PID           a dump of all tasks, on stderr
 *     gdb -x src/look/eddy-gdb.py -p PID -ex eddy-tasks
 *     --trace FILE             a timeline, for speedscope or Perfetto
 */
#include <eddy.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

struct worker {
    EDDY_FRAME;
    struct eddy_lock *lock;
    eddy_ns span;
    struct eddy_guard guard;
};

EDDY_CORO(worker)
{
    EDDY_BEGIN(worker) {
        for (;;) {
            EDDY_LOCK(&my->guard, my->lock) {
                EDDY_AWAIT(eddy_sleep(my->span, me));
            }
        }
    }
}

struct dumper {
    EDDY_FRAME;
    struct eddy_signal signal;
    int error;
};

EDDY_CORO(dumper)
{
    EDDY_BEGIN(dumper) {
        EDDY_TRY(my->error, eddy_signal_open(&my->signal, eddy_loop_current(), SIGUSR1));
        for (;;) {
            EDDY_AWAIT(eddy_signal_wait(&my->signal, me));
            eddy_dump(eddy_loop_current(), stderr);
        }
    }
    EDDY_FINALLY
    {
        eddy_signal_close(&my->signal);
    }
}

struct busy {
    EDDY_FRAME_RET(int);
    const char *socket, *trace;
    struct eddy_monitor monitor;
    struct eddy_lock lock;
    struct eddy_group all;
    int i, error;
};

EDDY_CORO(busy)
{
    EDDY_BEGIN(busy) {
        EDDY_TRY(my->error, eddy_monitor_open(&my->monitor, eddy_loop_current(), my->socket));
        if (my->trace != NULL) {
            EDDY_TRY(my->error, eddy_trace_start(eddy_loop_current(), my->trace));
        }
        printf("process %d\ntry: eddy-top %s\n", (int)getpid(), my->socket);
        fflush(stdout);
        eddy_lock_init(&my->lock);
        EDDY_TRY(my->error, EDDY_SPAWN(eddy_loop_daemons(eddy_loop_current()), dumper));
        EDDY_GROUP(&my->all) {
            for (my->i = 1; my->i <= 3; my->i++) {
                EDDY_TRY(my->error, EDDY_SPAWN(&my->all, worker, .lock = &my->lock, .span = EDDY_MS(100) * my->i));
            }
        }
    }
    EDDY_FINALLY
    {
        if (my->trace != NULL) {
            eddy_trace_stop(eddy_loop_current());
        }
        eddy_monitor_close(&my->monitor);
    }
}

int main(int argc, char **argv)
{
    static const struct option known[] = {
        {"socket", required_argument, NULL, 's'}, {"trace", required_argument, NULL, 't'}, {0}};
    const char *path = "busy.sock", *trace = NULL;
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        path = option == 's' ? optarg : path;
        trace = option == 't' ? optarg : trace;
        if (option == '?') {
            fprintf(stderr, "usage: %s [--socket PATH] [--trace FILE]\n", argv[0]);
            return 2;
        }
    }
    int result = EDDY_RUN(busy, .socket = path, .trace = trace); /* which says on stderr what went wrong */
    return result < 0 && result != -EINTR;
}
