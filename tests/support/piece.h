/* What the tests of blocking work share: a pool on a loop without threads, and pieces of work that say in the test's
 * trace that they are done. What begins is done in the posts of the next turn. */
#ifndef TEST_PIECE_H
#define TEST_PIECE_H

#include "support/coro.h"

struct piece {
    struct eddy_job job;
    char name;
    ssize_t result; /* of the work */
    int runs;
    int abandons;
};

extern struct eddy_workers pool;
extern struct piece pieces[8];

/* The loop of the test, without threads. */
struct coro *piece_start(void **state);

/* Another loop for the teardown, after one that the test has ended. */
void piece_another_loop(struct coro *c);

struct piece piece_of(char name, enum eddy_job_mode mode);
void piece_pool(struct coro *c, unsigned threads, size_t jobs);

/* A callback's waiter, and its result. */
struct piece_probe {
    struct eddy_waiter waiter;
    ssize_t result;
};

void piece_probe_init(struct piece_probe *probe, struct coro *c);

/* Awaits a piece of work, and says how that ended. */
struct worker {
    EDDY_FRAME_RET(ssize_t);
    struct piece *piece;
    bool finished;
};
EDDY_CORO_DECLARE(worker);

#endif
