/* What the model checks share. A naive model, of lists that are searched from the start, runs beside the real primitive
 * through random operations: begun, cancelled, given deadlines, withdrawn; from wakes and from outside of them. After each,
 * results and states are compared, and each wake must be that of whom the model has first, with its result.
 *
 *     model_lock [operations [seed]]       0: no difference
 *     model_lock caught                    0: there is one, for what was broken on purpose
 *
 * There is no loop here: the scheduler is pure data, and is driven with a clock of its own.
 */
#ifndef MODEL_H
#define MODEL_H

#include <eddy/wait.h>
#include <errno.h>
#include <stdbool.h>

enum { ACTORS = 8, BUDGET = 2 };

enum actor_state { AT_REST, PARKED, READY };

/* A waiter, and what the model knows of it. */
struct actor {
    struct eddy_waiter waiter;
    enum actor_state state;
    ssize_t result;    /* of a ready one */
    eddy_ns deadline;  /* EDDY_FOREVER: none */
    bool stubborn;     /* parked, and nothing but a grant ends it */
    struct line *line; /* that it stands in */
    int wish;          /* what a parked one wants: the model's */
    int number;
};

struct line {
    struct actor *at[ACTORS];
    int length;
};

/* Each program has one. */
struct model {
    const char *name;
    void (*begin)(void);               /* make all anew: everybody is at rest */
    void (*act)(struct actor *actor);  /* a random operation of an actor, who may not be at rest */
    void (*check)(void);               /* compare what can be seen */
    void (*left)(struct actor *actor); /* or NULL: it no longer waits, and stands in no line */
    /* Or NULL. Whether a cancel or a deadline does not end the wait at once. */
    bool (*abort)(struct actor *actor, ssize_t result);
};

extern const struct model model;

extern struct actor model_actors[ACTORS];
extern struct actor *model_running; /* NULL: outside of wakes */
extern unsigned model_records;      /* of the log */

/* Below `limit` (> 0). */
unsigned model_dice(unsigned limit);

/* The real thing and the model must agree. */
void model_compare(long long real, long long expected, const char *what);

/* The model's side of settle, park and wake. `line` may be NULL: the model has lines of its own. */
ssize_t model_settle(struct actor *actor, ssize_t result);
void model_settle_arm(void); /* an arm was done at once */
ssize_t model_park(struct actor *actor, struct line *line, int wish);
void model_wake(struct actor *actor, ssize_t result);
void model_wake_all(struct line *line, ssize_t result);

struct actor *line_first(const struct line *line);
void line_append(struct line *line, struct actor *actor);
void line_remove(struct actor *actor);

#define ACTOR_OF(w) ((w) != NULL ? EDDY_CONTAINER(w, struct actor, waiter) : NULL)
#define NUMBER_OF(actor) ((actor) != NULL ? (actor)->number : -1)

#endif
