/* What the files of eddy's contender share. */
#ifndef BENCH_TASKS_EDDY_H
#define BENCH_TASKS_EDDY_H

#include "bench.h"

#include <eddy.h>
#include <string.h>

extern struct eddy_loop loop;
extern size_t width;  /* tasks */
extern size_t count;  /* operations of the one who has the clock */
extern int64_t spent; /* what was measured */
extern bool stopping; /* for the others */

void loop_begin(size_t tasks, size_t operations);
/* Run the loop, and return what was measured. */
int64_t loop_end(int error);

/* A run of coroutine `name` as the first task. */
#define ROW(run, name)                                                \
    int64_t run(size_t tasks, size_t operations)                      \
    {                                                                 \
        loop_begin(tasks, operations);                                \
        return loop_end(EDDY_SPAWN(eddy_loop_detached(&loop), name)); \
    }

static inline void check(int error)
{
    if (error < 0) {
        bench_die("spawn: %s", strerror(-error));
    }
}

int64_t run_spawns_one(size_t tasks, size_t operations);
int64_t run_spawns(size_t tasks, size_t operations);
int64_t run_gathers(size_t tasks, size_t operations);
int64_t run_idlers(size_t tasks, size_t operations);
int64_t run_used(size_t tasks, size_t operations);
int64_t run_resident(size_t tasks, size_t operations);
/* The bytes that so many connections would take, reckoned from as many as there are descriptors for. */
int64_t run_connections(size_t tasks, size_t operations);

#endif
