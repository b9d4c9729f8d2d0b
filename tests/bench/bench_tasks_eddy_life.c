/* eddy's tasks: how they begin and end, and what they take while they wait. */
#include "bench.h"
#include "bench_tasks.h"
#include "bench_tasks_eddy.h"

#include <errno.h>

/* ---- Tasks that begin and end ---------------------------------------------------------------- */

struct nothing {
    EDDY_FRAME;
};

EDDY_CORO(nothing)
{
    EDDY_BEGIN(nothing) {
    }
}

struct spawns_one {
    EDDY_FRAME;
    struct eddy_group all;
    size_t i;
};

/* The child has finished when its parent has the next turn. */
EDDY_CORO(spawns_one)
{
    EDDY_BEGIN(spawns_one) {
        EDDY_GROUP(&my->all) {
            spent = -tasks_clock();
            for (my->i = 0; my->i < count; my->i++) {
                check(EDDY_SPAWN(&my->all, nothing));
                EDDY_AWAIT(eddy_yield(me));
            }
            spent += tasks_clock();
        }
    }
}
ROW(run_spawns_one, spawns_one)

struct spawns {
    EDDY_FRAME;
    struct eddy_group all;
    size_t i;
    size_t j;
};

EDDY_CORO(spawns)
{
    EDDY_BEGIN(spawns) {
        spent = -tasks_clock();
        for (my->i = 0; my->i < count; my->i += width) {
            EDDY_GROUP(&my->all) {
                for (my->j = 0; my->j < width; my->j++) {
                    check(EDDY_SPAWN(&my->all, nothing));
                }
            }
        }
        spent += tasks_clock();
    }
}
ROW(run_spawns, spawns)

struct square {
    EDDY_FRAME_RET(int);
    int n;
};

EDDY_CORO(square)
{
    EDDY_BEGIN(square) {
        EDDY_RETURN(my->n * my->n);
    }
}

struct gathers {
    EDDY_FRAME;
    struct eddy_group all;
    size_t i;
    size_t j;
    struct eddy_task *tasks[1000];
    unsigned sum;
};

EDDY_CORO(gathers)
{
    EDDY_BEGIN(gathers) {
        spent = -tasks_clock();
        for (my->i = 0; my->i < count; my->i += width) {
            EDDY_GROUP(&my->all) {
                for (my->j = 0; my->j < width; my->j++) {
                    check(EDDY_SPAWN_TASK(&my->tasks[my->j], &my->all, square, .n = (int)my->j));
                }
            }
            for (my->j = 0; my->j < width; my->j++) {
                my->sum += (unsigned)EDDY_RESULT(my->tasks[my->j], square);
                eddy_task_release(my->tasks[my->j]);
            }
        }
        spent += tasks_clock();
    }
}
ROW(run_gathers, gathers)

/* ---- Many tasks that wait --------------------------------------------------------------------- */

struct idler {
    EDDY_FRAME;
};

EDDY_CORO(idler)
{
    EDDY_BEGIN(idler) {
        EDDY_AWAIT(eddy_sleep(EDDY_FOREVER, me));
    }
}

static int64_t bytes_used;
static int64_t bytes_resident;

struct idlers {
    EDDY_FRAME;
    struct eddy_group all;
    size_t i;
};

EDDY_CORO(idlers)
{
    EDDY_BEGIN(idlers) {
        bytes_used = -(int64_t)loop.scheduler.pool.bytes_used;
        bytes_resident = -tasks_resident();
        EDDY_GROUP(&my->all) {
            for (my->i = 0; my->i < width; my->i++) {
                check(EDDY_SPAWN(&my->all, idler));
            }
            EDDY_AWAIT(eddy_yield(me));
            bytes_used += (int64_t)loop.scheduler.pool.bytes_used;
            bytes_resident += tasks_resident();
            spent = -tasks_clock();
            eddy_group_cancel(&my->all, -ECANCELED);
        }
        spent += tasks_clock();
    }
}
ROW(run_idlers, idlers)

int64_t run_used(size_t tasks, size_t operations)
{
    (void)run_idlers(tasks, operations);
    return bytes_used;
}

int64_t run_resident(size_t tasks, size_t operations)
{
    (void)run_idlers(tasks, operations);
    return bytes_resident;
}
