/* The cancel sweep: a program is run once to count its steps and to learn at which instants it does something, and then
 * again for each way to disturb it there. Whatever is done to it, it has to end, and to leave nothing behind.
 *
 * What the programs share is here: coroutines that count, and a coroutine that is nothing but a nap.
 */
#ifndef TEST_SWEEP_H
#define TEST_SWEEP_H

#include <eddy.h>
#include <stdbool.h>

struct program {
    const char *name;
    int (*spawn)(struct eddy_task **task, struct eddy_group *group);
};

/* PROGRAM(name): how the sweep starts the coroutine `name`. PROGRAM_OF(name): its line in the table. */
#define PROGRAM(name)                                                                       \
    static int spawn_##name(struct eddy_task **task, struct eddy_group *group)              \
    {                                                                                       \
        return task != NULL ? EDDY_SPAWN_TASK(task, group, name) : EDDY_SPAWN(group, name); \
    }
/* clang-format off */
#define PROGRAM_OF(name) {#name, spawn_##name}
/* clang-format on */

/* They end with a program without a name. */
extern const struct program programs_of_blocks[];
extern const struct program programs_of_generators[];
extern const struct program programs_of_tasks[];
extern const struct program programs_of_bytes[];
extern const struct program programs_of_examples[];

/* ---- For the programs ------------------------------------------------------------------ */

/* How far a body is: the first member after EDDY_FRAME, and what moves it. BODY() comes first in the body, CLEANUP() first
 * in EDDY_FINALLY, CLEAN() last. */
struct life {
    int stage;
};
#define BODY() sweep_move(&my->life, 0, __func__, __LINE__)
#define CLEANUP() sweep_move(&my->life, 1, __func__, __LINE__)
#define CLEAN() sweep_move(&my->life, 2, __func__, __LINE__)
void sweep_move(struct life *life, int from, const char *function, int line);

/* Something that is to be zero in the end. */
void sweep_balance(int change);

/* What must be so whatever happens. */
#define EXPECT(is_so) sweep_expect(is_so, #is_so, __func__, __LINE__)
void sweep_expect(bool is_so, const char *text, const char *function, int line);

/* Sleeps for `span`; fails then if `error` < 0; cleans up for `cleanup`. */
struct nap {
    EDDY_FRAME_RET(int);
    struct life life;
    eddy_ns span;
    eddy_ns cleanup;
    int error;
};
EDDY_CORO_DECLARE(nap);

#endif
