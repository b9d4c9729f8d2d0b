/* The threads of a pool, and what they share with the loop: what is to be done, what is done, and one post for all of
 * these. Two threads meet here and nowhere else. */
#ifndef EDDYI_RUN_CREW_H
#define EDDYI_RUN_CREW_H

#include <eddy/loop.h>
#include <eddy/threads.h>

#include "os/threads.h"

/* First in, first out. */
struct eddyi_chores {
    struct eddyi_chore *first;
    struct eddyi_chore **end;
};

struct eddyi_crew {
    struct eddy_loop *loop;
    const struct eddy_threads *table;
    void (*on_done)(void *context, struct eddyi_chore *done);
    void *context;
    size_t size;
    unsigned threads; /* started */
    bool ended;       /* the post that is on the way frees the crew */
    struct eddy_post post;
    struct eddyi_gate gate;
    /* behind the gate */
    struct eddyi_chores begun;
    struct eddyi_chores done;
    bool posted;
    bool stopped;
    /* the loop's */
    uintptr_t handles[];
};

/* `on_done` is called on the loop's thread with the chores that are done, linked by `next`. NULL: no memory. */
struct eddyi_crew *eddyi_crew_new(struct eddy_loop *loop, unsigned threads_max,
                                  void (*on_done)(void *context, struct eddyi_chore *done), void *context);

/* One thread more. 0; -EAGAIN, -ENOMEM. */
int eddyi_crew_grow(struct eddyi_crew *crew);

/* Have the next thread that is free do `chore`. */
void eddyi_crew_give(struct eddyi_crew *crew, struct eddyi_chore *chore);

/* Wait until what was given is done, and end all threads. Returns what on_done() was not called with; the crew is
 * gone. */
struct eddyi_chore *eddyi_crew_end(struct eddyi_crew *crew);

/* The same in a child of fork: only its memory is freed. */
void eddyi_crew_forget(struct eddyi_crew *crew);

/* The table that the loop was given, or the system's. */
const struct eddy_threads *eddyi_loop_threads(const struct eddy_loop *loop);

#endif
