/* eddy/test.h - tests of asynchronous programs that always run alike: virtual time, every cancel, every order.
 *
 *     struct eddy_trials trials;
 *     EDDY_CANCEL_SWEEP(&trials, transfer, .from = &a, .to = &b);
 *     assert(trials.failures == 0);                    trials.text says what went wrong first, and how to repeat it
 *
 * Each of these runs a coroutine, and all it spawns, many times, each time by EDDY_RUN on a loop of its own with a virtual
 * clock (eddy/sim.h), and each time differently:
 *
 *     EDDY_CANCEL_SWEEP    cancelled before its first wake, its second, ...; and at every instant at which time stands
 *     EDDY_SHUFFLE         with the ready queue in a random order, by seed, and with other budgets
 *     EDDY_EXPLORE         with the ready queue in every order there is, and cancelled before every wake of each
 *
 * After each run it is checked that nothing is left: no memory of the loop, neither of its allocator nor of its pool, which
 * readers and tasks take from; no descriptor that it opened; that the run ended at all; and what the program itself wants
 * checked, by trials.check. Blocking work is done without threads (EDDY_WORK_INLINE), and there is no watchdog. The arguments
 * are evaluated for each run. A main that returns -EDEADLK itself is taken for one that waits for ever. Release and debug
 * builds have the same runs.
 */
#ifndef EDDY_TEST_H
#define EDDY_TEST_H

#include <eddy/loop.h>
#include <eddy/run.h>
#include <eddy/sim.h>

EDDY_BEGIN_DECLS

#define EDDY_TRIALS_TEXT 256
#define EDDY_TRIALS_DEPTH 4096
#define EDDY_TRIALS_INSTANTS 1024

enum eddy_trials_kind {
    EDDY_TRIALS_CANCEL,
    EDDY_TRIALS_SHUFFLE,
    EDDY_TRIALS_EXPLORE,
};

/* A decision of an exploration: which of how many. */
struct eddyi_choice {
    uint16_t taken;
    uint16_t options;
};

/* Set the options before, read the outcome after. The caller owns the memory, some 26 KiB. */
struct eddy_trials {
    /* options; zero stands for the default in each */
    const char *(*check)(void *context, int result); /* after each run: NULL, or what is wrong */
    void *context;
    uint64_t seed;    /* of the first shuffle: 1 */
    size_t runs_max;  /* 100,000 for EDDY_EXPLORE, 1,000 for EDDY_SHUFFLE, no bound for EDDY_CANCEL_SWEEP */
    size_t steps_max; /* wakes in a run, after which it counts as hung: 100,000 */
    bool cancels;     /* EDDY_EXPLORE: also cancel main at each point, once in a run */
    /* the outcome */
    size_t runs;
    size_t failures;
    bool complete;               /* all there is was run; false: runs_max came first */
    int result;                  /* of the run without cancel, or the first */
    size_t steps;                /* the most wakes of a run */
    char text[EDDY_TRIALS_TEXT]; /* what the first failure was */
    /* private */
    enum eddy_trials_kind kind;
    uint64_t seed_first;
    size_t runs_limit;
    size_t steps_limit;
    struct eddy_sim sim;
    struct eddy_loop_options loop;
    struct eddyi_attached end; /* tells of the loop's */
    size_t lost;               /* bytes of its pool */
    size_t step;
    size_t steps_first;
    size_t cancel_step; /* 0: none */
    size_t instant;
    size_t instants;
    eddy_ns instants_seen[EDDY_TRIALS_INSTANTS];
    uint64_t random;
    size_t depth;
    bool canceled;
    bool hung;
    struct eddyi_choice choices[EDDY_TRIALS_DEPTH];
};

/* Run turns that do not wait, until one wakes nobody; time stands still. 0; -EBUSY: from inside the loop; -ECHILD. */
EDDY_API int eddy_settle(struct eddy_loop *loop);

/* ---- What the macros call ----------------------------------------------------------- */

EDDY_API void eddyi_trials_begin(struct eddy_trials *trials, enum eddy_trials_kind kind);
EDDY_API bool eddyi_trials_next(struct eddy_trials *trials);
EDDY_API void eddyi_trials_ran(struct eddy_trials *trials, int result);

EDDY_END_DECLS

#ifndef __cplusplus

/* Run the coroutine `name` (with EDDY_FRAME_RET(int)) again and again. */
#define EDDY_CANCEL_SWEEP(trials, ...) EDDYI_TRIALS(trials, EDDY_TRIALS_CANCEL, __VA_ARGS__)
#define EDDY_SHUFFLE(trials, ...) EDDYI_TRIALS(trials, EDDY_TRIALS_SHUFFLE, __VA_ARGS__)
#define EDDY_EXPLORE(trials, ...) EDDYI_TRIALS(trials, EDDY_TRIALS_EXPLORE, __VA_ARGS__)

#define EDDYI_TRIALS(trials, kind, ...)                                                      \
    do {                                                                                     \
        struct eddy_trials *const eddyi_trials = (trials);                                   \
        eddyi_trials_begin(eddyi_trials, kind);                                              \
        while (eddyi_trials_next(eddyi_trials)) {                                            \
            eddyi_trials_ran(eddyi_trials, EDDY_RUN_WITH(&eddyi_trials->loop, __VA_ARGS__)); \
        }                                                                                    \
    } while (0)

/* A block that fails its task with -EPROTO when its body did not let others run, or did. */
#define EDDY_EXPECT_YIELD(record) \
    EDDYI_OPEN_BLOCK(__COUNTER__, &eddyi_expect_yield_kind, "EDDY_EXPECT_YIELD", eddyi_expect_open, record)
#define EDDY_EXPECT_NO_YIELD(record) \
    EDDYI_OPEN_BLOCK(__COUNTER__, &eddyi_expect_no_yield_kind, "EDDY_EXPECT_NO_YIELD", eddyi_expect_open, record)

#endif

EDDY_BEGIN_DECLS

/* The record of an EDDY_EXPECT_YIELD. */
struct eddy_expect {
    /* private */
    struct eddyi_block block;
    uint64_t steps;
};

EDDY_API extern const struct eddyi_block_kind eddyi_expect_yield_kind;
EDDY_API extern const struct eddyi_block_kind eddyi_expect_no_yield_kind;
EDDY_API void eddyi_expect_open(struct eddy_frame *self, struct eddy_expect *expect, const struct eddyi_site *site);

EDDY_END_DECLS

#endif
