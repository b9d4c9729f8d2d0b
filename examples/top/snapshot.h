/* What a monitor sends (eddy/monitor.h), taken apart. */
#ifndef EXAMPLES_TOP_SNAPSHOT_H
#define EXAMPLES_TOP_SNAPSHOT_H

#include <eddy/time.h>
#include <stdbool.h>
#include <stddef.h>

/* A task's line. The texts point into the snapshot's. */
struct row {
    long long number;
    int depth;
    const char *name;
    const char *state;
    const char *waits_for;
    long long since_ms;
    long long steps;
    long long busy_ns;
    const char *function;
    const char *place;
    const char *text;
    double load;  /* how much of the time since the snapshot before it was busy; < 0: it is new */
    size_t order; /* as it came */
};

struct snapshot {
    char *text;
    struct row *rows;
    size_t count;
    long long more; /* tasks that are not listed */
    char *loop;     /* the loop's line, its fields still separated by tabs */
    eddy_ns taken;
};

/* Take `text`, from malloc and now the snapshot's, apart. 0; -EPROTO: it is not a whole snapshot; -ENOMEM. On error
 * nothing is left of either. */
int snapshot_parse(struct snapshot *shot, char *text, eddy_ns taken);

void snapshot_drop(struct snapshot *shot);

/* A number of the loop's line; 0: it has none of that name. */
long long snapshot_number(const struct snapshot *shot, const char *name);

/* Find out what each task has done since `before`. Sorts the rows of that. */
void snapshot_compare(struct snapshot *shot, struct snapshot *before);

#endif
