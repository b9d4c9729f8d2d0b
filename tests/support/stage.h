/* Where the scenarios of the fault tests play: a small program on a loop of a test_os that either
 * gets to its end or reports why not, and cleans up after itself either way.
 */
#ifndef TEST_STAGE_H
#define TEST_STAGE_H

#include <eddy/loop.h>
#include <eddy/wait.h>

#include "support/test_os.h"

struct stage {
    struct test_os *os;
    struct eddy_loop *loop;
    int error;          /* the first that was reported: -errno */
    int left;           /* parts that are not done yet */
    const char *broken; /* a promise that was not kept; NULL: none */
    struct eddy_waiter guard;
};

/* A scenario: starts its parts, calls stage_run(), closes all it opened. */
typedef void scenario_fn(struct stage *stage);

/* Part of a scenario came to its end; the last one ends the run. */
void stage_done(struct stage *stage);

/* A call answered `error` (< 0) where the scenario has no way round: ends the run. Returns true if it did. */
bool stage_failed(struct stage *stage, ssize_t error);

/* `is_so` is a promise of the library. */
void stage_expect(struct stage *stage, bool is_so, const char *promise);

/* Run the loop until all of `parts` are done or one failed; not at all if one has failed already.
 * An hour of virtual time is a broken promise. */
void stage_run(struct stage *stage, int parts);

/* ---- The sweep ---------------------------------------------------------------------------- */

/* Play `scenario` once per call it makes and per error that call can answer, once and from then on, then with
 * odd events and short transfers; each time it has to complete or to report that error, to leave
 * nothing behind, and to complete on the same loop when all is well again. Prints a line
 * for each that does not and a sum; returns the number of failures.
 * EDDY_FAULT=name:k:errno:once (or :forever) in the environment plays just that one. */
int sweep(const char *name, scenario_fn *scenario);

#endif
