/* Snapshots as tables. */
#ifndef EXAMPLES_TOP_SCREEN_H
#define EXAMPLES_TOP_SCREEN_H

#include "snapshot.h"

#include <stdio.h>

enum screen_order { SCREEN_TREE, SCREEN_LOAD, SCREEN_BUSY, SCREEN_STEPS, SCREEN_SINCE, SCREEN_NAME, SCREEN_ORDERS };

struct screen {
    const char *path;        /* of the program's socket */
    const char *trouble;     /* why there is no later snapshot; NULL: this is the latest */
    eddy_ns age;             /* of the snapshot, when there is trouble */
    enum screen_order order; /* of the rows */
    int columns;             /* 0: as wide as it takes, and without colours */
    int lines;               /* 0: as many as it takes */
};

/* Write the snapshot to `out`; wakes_per_second < 0: nobody knows. Sorts its rows. */
void screen_draw(const struct screen *screen, struct snapshot *shot, double wakes_per_second, FILE *out);

#endif
