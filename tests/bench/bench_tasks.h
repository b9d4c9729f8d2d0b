/* What bench_tasks_main.c asks of a contender: its rows, a NULL name at the end. */
#ifndef BENCH_TASKS_H
#define BENCH_TASKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Do `operations` with `tasks` tasks, and return the CPU time of these alone; for a row of memory the bytes of `tasks`
 * tasks. */
typedef int64_t tasks_run(size_t tasks, size_t operations);

struct tasks_row {
    const char *name;
    tasks_run *run;
    size_t width;
    size_t count;
    bool once; /* what a second run in this process measured would be something else */
};

extern const struct tasks_row tasks_rows[];
extern const struct tasks_row sync_rows[]; /* what they wait for each other with */

/* The process CPU clock. */
int64_t tasks_clock(void);
/* What this process has in memory. */
int64_t tasks_resident(void);

#endif
