/* A program with a known tree of tasks, which prints it with eddy_dump() to the file it is given and aborts. */
#include <eddy.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define HOUR EDDY_SEC(3600)

/* Where a debugger stops: stepper `id` has come to `stage`. */
void mark(int id, int stage);

struct point {
    int x, y;
};

/* ---- A called coroutine, two deep ------------------------------------------------------ */

struct deepest {
    EDDY_FRAME_RET(int);
    struct point at;
    double ratio;
};

EDDY_CORO(deepest)
{
    EDDY_BEGIN(deepest) {
        my->ratio = 0.25;
        EDDY_AWAIT(eddy_sleep(HOUR, me));
        EDDY_RETURN(1);
    }
}

struct deeper {
    EDDY_FRAME;
    const char *word;
    int result;
};

EDDY_CORO(deeper)
{
    EDDY_BEGIN(deeper) {
        EDDY_CALL(my->result, deepest, .at = {3, 4});
    }
}

struct caller {
    EDDY_FRAME;
    union {
        int number;
        char bytes[sizeof(int)];
    };
};

EDDY_CORO(caller)
{
    EDDY_BEGIN(caller) {
        EDDY_DO(deeper, .word = "quay");
    }
}

/* ---- A sleep --------------------------------------------------------------------------- */

struct sleeper {
    EDDY_FRAME;
    int spent;
    int error;
    struct eddy_scope limit;
};

EDDY_CORO(sleeper)
{
    EDDY_BEGIN(sleeper) {
        my->error = eddy_task_set_name(eddy_task_of(me), "sleeper %d", my->spent);
        EDDY_TIMEOUT(&my->limit, 2 * HOUR) {
            EDDY_AWAIT(my->error, eddy_sleep(HOUR, me));
        }
    }
}

/* ---- A generator ----------------------------------------------------------------------- */

struct numbers {
    EDDY_FRAME_RET(int);
    int next;
};

EDDY_CORO(numbers)
{
    EDDY_BEGIN(numbers) {
        for (;; my->next++) {
            EDDY_YIELD(my->next);
            EDDY_AWAIT(eddy_sleep(HOUR, me));
        }
    }
}

struct consumer {
    EDDY_FRAME;
    int number;
    int sum;
    struct eddy_generator generator;
};

EDDY_CORO(consumer)
{
    EDDY_BEGIN(consumer) {
        EDDY_EACH(my->number, &my->generator, numbers, .next = 41) {
            my->sum += my->number;
        }
    }
}

/* ---- Two of one coroutine, to step through --------------------------------------------- */

struct halt {
    EDDY_FRAME_RET(int);
    int id;
};

EDDY_CORO(halt)
{
    EDDY_BEGIN(halt) {
        mark(my->id, 10);
        EDDY_AWAIT(eddy_yield(me));
        EDDY_RETURN(my->id);
    }
}

struct stepper {
    EDDY_FRAME;
    int id;
    int stage;
    int result;
};

EDDY_CORO(stepper)
{
    EDDY_BEGIN(stepper) {
        mark(my->id, my->stage);
        EDDY_AWAIT(eddy_yield(me));
        my->stage = 1;
        mark(my->id, my->stage);
        EDDY_CALL(my->result, halt, .id = my->id);
        my->stage = 2;
        mark(my->id, my->stage);
    }
}

__attribute__((noinline)) void mark(int id, int stage)
{
    __asm__ volatile("" : : "r"(id), "r"(stage) : "memory");
}

/* ---- The tree -------------------------------------------------------------------------- */

/* A thread without a loop. */
static void *other_thread(void *unused)
{
    for (;;) {
        pause();
    }
    return unused;
}

struct watchdog {
    EDDY_FRAME;
    const char *path;
    FILE *file;
    pthread_t thread;
};

EDDY_CORO(watchdog)
{
    EDDY_BEGIN(watchdog) {
        EDDY_AWAIT(eddy_yield(me));
        my->file = fopen(my->path, "w");
        if (my->file != NULL && pthread_create(&my->thread, NULL, other_thread, NULL) == 0) {
            eddy_dump(eddy_loop_current(), my->file);
            fclose(my->file);
        }
        abort();
    }
}

struct gather {
    EDDY_FRAME_RET(int);
    const char *path;
    int error;
    struct eddy_group steps;
    struct eddy_group all;
};

EDDY_CORO(gather)
{
    EDDY_BEGIN(gather) {
        EDDY_GROUP(&my->steps) {
            EDDY_TRY(my->error, EDDY_SPAWN(&my->steps, stepper, .id = 1));
            EDDY_TRY(my->error, EDDY_SPAWN(&my->steps, stepper, .id = 2));
        }
        EDDY_GROUP(&my->all) {
            EDDY_TRY(my->error, EDDY_SPAWN(&my->all, caller, .number = 0x64636261));
            EDDY_TRY(my->error, EDDY_SPAWN(&my->all, sleeper, .spent = 7));
            EDDY_TRY(my->error, EDDY_SPAWN(&my->all, consumer));
            EDDY_TRY(my->error, EDDY_SPAWN(eddy_loop_daemons(eddy_loop_current()), watchdog, .path = my->path));
        }
    }
}

int main(int argc, char **argv)
{
    return argc == 2 ? EDDY_RUN(gather, .path = argv[1]) : 2;
}
