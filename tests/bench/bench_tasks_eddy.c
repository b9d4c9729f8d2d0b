/* eddy's coroutines. With BENCH_POLL 0 the kernel is asked for nothing: what is left is the library alone; the
 * difference is the poll that comes every 64 wakes. */
#include "bench.h"
#include "bench_tasks.h"
#include "bench_tasks_eddy.h"

#include <string.h>

struct eddy_loop loop;
size_t width;
size_t count;
int64_t spent;
bool stopping;

/* ---- The loop --------------------------------------------------------------------------- */

#if !BENCH_POLL
static int wait_for_nothing(void *context, int epfd, struct epoll_event *events, int room, int timeout_ms)
{
    (void)context;
    (void)epfd;
    (void)events;
    (void)room;
    (void)timeout_ms;
    return 0;
}
#endif

void loop_begin(size_t tasks, size_t operations)
{
    static struct eddy_os os;
    os = eddy_os_linux;
#if !BENCH_POLL
    os.epoll_wait = wait_for_nothing;
#endif
    struct eddy_loop_options options = {.os = &os};
    int error = eddy_loop_init(&loop, BENCH_POLL ? NULL : &options);
    if (error < 0) {
        bench_die("eddy_loop_init: %s", strerror(-error));
    }
    width = tasks;
    count = operations;
    stopping = false;
    spent = 0;
}

int64_t loop_end(int error)
{
    error = error == 0 ? eddy_loop_run(&loop) : error;
    error = error == 0 ? eddy_loop_fini(&loop) : error;
    if (error < 0) {
        bench_die("eddy: %s", strerror(-error));
    }
    return spent;
}

/* ---- Turns: one task has the clock, the others go round with it ---------------------------- */

struct yielder {
    EDDY_FRAME;
};

EDDY_CORO(yielder)
{
    EDDY_BEGIN(yielder) {
        while (!stopping) {
            EDDY_AWAIT(eddy_yield(me));
        }
    }
}

struct yields {
    EDDY_FRAME;
    struct eddy_group all;
    size_t i;
};

EDDY_CORO(yields)
{
    EDDY_BEGIN(yields) {
        EDDY_GROUP(&my->all) {
            for (my->i = 1; my->i < width; my->i++) {
                check(EDDY_SPAWN(&my->all, yielder));
            }
            EDDY_AWAIT(eddy_yield(me));
            spent = -tasks_clock();
            for (my->i = 0; my->i < count; my->i += width) {
                EDDY_AWAIT(eddy_yield(me));
            }
            spent += tasks_clock();
            stopping = true;
        }
    }
}
static ROW(run_yields, yields)

    struct sleeper {
    EDDY_FRAME;
};

EDDY_CORO(sleeper)
{
    EDDY_BEGIN(sleeper) {
        while (!stopping) {
            EDDY_AWAIT(eddy_sleep(0, me));
        }
    }
}

struct sleeps {
    EDDY_FRAME;
    struct eddy_group all;
    size_t i;
};

EDDY_CORO(sleeps)
{
    EDDY_BEGIN(sleeps) {
        EDDY_GROUP(&my->all) {
            for (my->i = 1; my->i < width; my->i++) {
                check(EDDY_SPAWN(&my->all, sleeper));
            }
            EDDY_AWAIT(eddy_sleep(0, me));
            spent = -tasks_clock();
            for (my->i = 0; my->i < count; my->i += width) {
                EDDY_AWAIT(eddy_sleep(0, me));
            }
            spent += tasks_clock();
            stopping = true;
        }
    }
}
static ROW(run_sleeps, sleeps)

    struct timeouter {
    EDDY_FRAME;
    struct eddy_scope limit;
};

EDDY_CORO(timeouter)
{
    EDDY_BEGIN(timeouter) {
        while (!stopping) {
            EDDY_TIMEOUT(&my->limit, EDDY_SEC(5)) {
                EDDY_AWAIT(eddy_yield(me));
            }
        }
    }
}

struct timeouts {
    EDDY_FRAME;
    struct eddy_group all;
    struct eddy_scope limit;
    size_t i;
};

EDDY_CORO(timeouts)
{
    EDDY_BEGIN(timeouts) {
        EDDY_GROUP(&my->all) {
            for (my->i = 1; my->i < width; my->i++) {
                check(EDDY_SPAWN(&my->all, timeouter));
            }
            EDDY_AWAIT(eddy_yield(me));
            spent = -tasks_clock();
            for (my->i = 0; my->i < count; my->i += width) {
                EDDY_TIMEOUT(&my->limit, EDDY_SEC(5)) {
                    EDDY_AWAIT(eddy_yield(me));
                }
            }
            spent += tasks_clock();
            stopping = true;
        }
    }
}
static ROW(run_timeouts, timeouts)

    /* ---- Calls -------------------------------------------------------------------------------- */

    struct nothing {
    EDDY_FRAME;
};

EDDY_CORO(nothing)
{
    EDDY_BEGIN(nothing) {
    }
}

struct calls {
    EDDY_FRAME;
    size_t i;
};

EDDY_CORO(calls)
{
    EDDY_BEGIN(calls) {
        spent = -tasks_clock();
        for (my->i = 0; my->i < count; my->i++) {
            EDDY_DO(nothing);
        }
        spent += tasks_clock();
    }
}
static ROW(run_calls, calls)

    /* So many calls deep, the innermost yields; a second task does the same. */
    struct chain {
    EDDY_FRAME;
    size_t depth;
    size_t i;
    bool has_clock;
};

EDDY_CORO(chain)
{
    EDDY_BEGIN(chain) {
        if (my->depth > 0) {
            EDDY_DO(chain, .depth = my->depth - 1, .has_clock = my->has_clock);
            return;
        }
        EDDY_AWAIT(eddy_yield(me));
        spent = my->has_clock ? -tasks_clock() : spent;
        for (my->i = 0; my->has_clock ? my->i < count : !stopping; my->i += 2) {
            EDDY_AWAIT(eddy_yield(me));
        }
        spent += my->has_clock ? tasks_clock() : 0;
        stopping = true;
    }
}

static int64_t run_chain(size_t depth, size_t operations)
{
    loop_begin(2, operations);
    check(EDDY_SPAWN(eddy_loop_detached(&loop), chain, .depth = depth));
    return loop_end(EDDY_SPAWN(eddy_loop_detached(&loop), chain, .depth = depth, .has_clock = true));
}

struct numbers {
    EDDY_FRAME_RET(int);
    size_t i;
};

EDDY_CORO(numbers)
{
    EDDY_BEGIN(numbers) {
        for (my->i = 0; my->i < count; my->i++) {
            EDDY_YIELD((int)my->i);
        }
    }
}

struct items {
    EDDY_FRAME;
    struct eddy_generator numbers;
    int number;
    unsigned sum;
};

EDDY_CORO(items)
{
    EDDY_BEGIN(items) {
        spent = -tasks_clock();
        EDDY_EACH(my->number, &my->numbers, numbers) {
            my->sum += (unsigned)my->number;
        }
        spent += tasks_clock();
    }
}
static ROW(run_items, items)

    const struct tasks_row tasks_rows[] = {
        {"yield-2", run_yields, 2, 1000000, false},
        {"yield-64", run_yields, 64, 1000000, false},
        {"yield-10k", run_yields, 10000, 1000000, false},
        {"spawn-1", run_spawns_one, 1, 200000, false},
        {"group-1", run_spawns, 1, 200000, false},
        {"spawn-1k", run_spawns, 1000, 200000, false},
        {"gather-1k", run_gathers, 1000, 200000, false},
        {"call", run_calls, 1, 500000, false},
        {"chain-1", run_chain, 1, 1000000, false},
        {"chain-4", run_chain, 4, 1000000, false},
        {"chain-16", run_chain, 16, 1000000, false},
        {"sleep0-1", run_sleeps, 1, 50000, false},
        {"sleep0-1k", run_sleeps, 1000, 200000, false},
        {"timeout", run_timeouts, 2, 200000, false},
        {"item", run_items, 1, 500000, false},
        {"cancel-1k", run_idlers, 1000, 1000, false},
        {"cancel-10k", run_idlers, 10000, 10000, false},
        {"cancel-100k", run_idlers, 100000, 100000, false},
        {"cancel-1M", run_idlers, 1000000, 1000000, false},
        {"bytes-100k", run_used, 100000, 100000, true},
        {"bytes-1M", run_used, 1000000, 1000000, true},
        {"rss-100k", run_resident, 100000, 100000, true},
        {"rss-1M", run_resident, 1000000, 1000000, true},
#if BENCH_POLL
        {"connection", run_connections, 10000, 10000, true},
#endif
        {NULL, NULL, 0, 0, false},
};
