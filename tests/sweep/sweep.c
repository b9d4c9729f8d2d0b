/* The driver: every task's wake is led through on_wake(), which counts steps and does the disturbing. */
#define _GNU_SOURCE
#include "sweep.h"

#include "base/wait.h"
#include "support/test_os.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TASKS_MAX = 64, STEPS_MAX = 4096, INSTANTS_MAX = 512 };

enum way {
    UNDISTURBED,
    CANCEL_MAIN_BEFORE, /* step `at` */
    CANCEL_MAIN_AFTER,
    CANCEL_TASK_BEFORE, /* number `which` of those that live then */
    CANCEL_TASK_AFTER,
    DEADLINE, /* around all of it, at `instant` */
};

static const char *const ways[] = {"undisturbed",        "cancel main before", "cancel main after",
                                   "cancel task before", "cancel task after",  "deadline"};

static struct trial {
    const struct program *program;
    enum way way;
    unsigned at;
    unsigned which;
    unsigned then; /* at which step main is cancelled as well; 0: it is not */
    eddy_ns instant;
} trial;

/* The run in progress. */
static struct run {
    struct test_os os;
    struct eddy_loop loop;
    struct eddy_task *main;
    eddy_wake_fn *wake; /* of tasks */
    unsigned steps;
    unsigned steps_max;
    int stages[4]; /* how many bodies have begun, are cleaning up, have cleaned up */
    int balance;
    char wrong[256]; /* the first thing */
} run;

/* What the undisturbed run was. */
static struct {
    unsigned steps;
    unsigned before[STEPS_MAX]; /* tasks that lived */
    unsigned after[STEPS_MAX];
    unsigned instant_count;
    eddy_ns instants[INSTANTS_MAX];
} plain;

/* ---- What programs say ----------------------------------------------------------------- */

static void wrong(const char *what, const char *function, int line)
{
    if (run.wrong[0] == '\0') {
        snprintf(run.wrong, sizeof run.wrong, "%s (%s, %d)", what, function, line);
    }
}

void sweep_move(struct life *life, int from, const char *function, int line)
{
    if (life->stage != from) {
        wrong(from == 0 ? "a body began twice" : "an EDDY_FINALLY ran twice, or before its body", function, line);
    }
    life->stage = from + 1;
    run.stages[from]++;
}

void sweep_balance(int change)
{
    run.balance += change;
}

void sweep_expect(bool is_so, const char *text, const char *function, int line)
{
    if (!is_so) {
        wrong(text, function, line);
    }
}

EDDY_CORO_EXTERN(nap)
{
    EDDY_BEGIN(nap) {
        BODY();
        EDDY_AWAIT(eddy_sleep(my->span, me));
        if (my->error < 0) {
            EDDY_FAIL(my->error, "as it was told");
        }
        EDDY_RETURN(1);
    }
    EDDY_FINALLY
    {
        CLEANUP();
        if (my->cleanup > 0) {
            EDDY_AWAIT(eddy_sleep(my->cleanup, me));
        }
        CLEAN();
    }
}

/* ---- The tasks that live --------------------------------------------------------------- */

static void list_group(const struct eddy_group *group, struct eddy_task **tasks, unsigned *count)
{
    for (const struct eddy_list *link = group->children.next; link != &group->children; link = link->next) {
        struct eddy_task *task = EDDY_CONTAINER((uintptr_t)link, struct eddy_task, link);
        if (*count < TASKS_MAX) {
            tasks[(*count)++] = task;
        }
        for (struct eddyi_block *block = task->block; block != NULL; block = block->outer) {
            if (block->site->kind->is_group) {
                list_group(EDDY_CONTAINER(block, struct eddy_group, block), tasks, count);
            }
        }
    }
}

static unsigned list_tasks(struct eddy_task **tasks)
{
    unsigned count = 0;
    list_group(eddy_loop_detached(&run.loop), tasks, &count);
    list_group(eddy_loop_daemons(&run.loop), tasks, &count);
    return count;
}

/* ---- Steps ----------------------------------------------------------------------------- */

static void on_wake(struct eddy_waiter *waiter);

/* Tasks are ready when they are spawned. */
static void lead_wakes(void)
{
    for (struct eddy_waiter *at = run.loop.scheduler.ready_first; at != NULL; at = at->ready_next) {
        if (at->wake == run.wake) {
            at->wake = on_wake;
        }
    }
}

static void note_instant(void)
{
    if (plain.instant_count < INSTANTS_MAX &&
        (plain.instant_count == 0 || plain.instants[plain.instant_count - 1] != run.os.now)) {
        plain.instants[plain.instant_count++] = run.os.now;
    }
}

static void disturb(bool before)
{
    struct eddy_task *tasks[TASKS_MAX];
    enum way main_way = before ? CANCEL_MAIN_BEFORE : CANCEL_MAIN_AFTER;
    enum way task_way = before ? CANCEL_TASK_BEFORE : CANCEL_TASK_AFTER;
    if (trial.way == UNDISTURBED && run.steps <= STEPS_MAX) {
        (before ? plain.before : plain.after)[run.steps - 1] = list_tasks(tasks);
        note_instant();
    }
    if (run.steps == trial.at && trial.way == main_way) {
        eddy_task_cancel(run.main, -EINTR);
    }
    if (run.steps == trial.at && trial.way == task_way && list_tasks(tasks) > trial.which) {
        eddy_task_cancel(tasks[trial.which], -EINTR);
    }
    if (run.steps == trial.then && !before) {
        eddy_task_cancel(run.main, -EINTR);
    }
}

/* Who is cancelled does not wait, unless for what no cancel ends. eddy_cancel_reason() looks at the blocks themselves, the
 * awaits at marks. */
static void check_waits(void)
{
    struct eddy_task *tasks[TASKS_MAX];
    unsigned count = list_tasks(tasks);
    for (unsigned i = 0; i < count; i++) {
        const struct eddy_waiter *waiter = &tasks[i]->waiter;
        bool waits = waiter->state == EDDYI_PARKED && !waiter->kind->uncancellable;
        if (waits && eddy_cancel_reason(waiter) != 0) {
            wrong("a task that is cancelled waits", eddy_task_name(tasks[i]), 0);
        }
    }
}

static void on_wake(struct eddy_waiter *waiter)
{
    if (++run.steps > run.steps_max) {
        wrong("it does not end", "", (int)run.steps);
        eddy_loop_stop(&run.loop);
        return;
    }
    disturb(true);
    run.wake(waiter);
    disturb(false);
    lead_wakes();
    check_waits();
}

/* ---- One run --------------------------------------------------------------------------- */

struct outer {
    EDDY_FRAME;
    struct life life;
    struct eddy_scope limit;
    struct eddy_group group;
    int error;
};

EDDY_CORO(outer)
{
    EDDY_BEGIN(outer) {
        BODY();
        EDDY_TIMEOUT_UNTIL(&my->limit, trial.instant) {
            EDDY_GROUP(&my->group) {
                EDDY_TRY(my->error, trial.program->spawn(NULL, &my->group));
            }
        }
        EXPECT(my->group.running == 0);
    }
    EDDY_FINALLY
    {
        CLEANUP();
        EXPECT(my->group.running == 0);
        CLEAN();
    }
}

static void on_log(const struct eddy_log_record *record, void *context)
{
    (void)context;
    if (record->level == EDDY_LOG_WARNING) {
        wrong(record->text, record->task != NULL ? record->task : "", 0);
    }
}

static void check(size_t bytes)
{
    const struct eddy_scheduler *scheduler = &run.loop.scheduler;
    if (!eddy_task_is_done(run.main)) {
        wrong("main has not ended", "", 0);
        return;
    }
    eddy_task_release(run.main);
    EXPECT(scheduler->pool.bytes_used == bytes);
    EXPECT(scheduler->external + scheduler->internal + scheduler->background + scheduler->daemons == 0);
    EXPECT(scheduler->timers.armed == 0);
    EXPECT(run.stages[1] == run.stages[0]);
    EXPECT(run.stages[2] == run.stages[1]);
    EXPECT(run.balance == 0);
    EXPECT(!run.os.hung);
}

static void tell(FILE *file)
{
    fprintf(file, "%s: %s", trial.program->name, ways[trial.way]);
    if (trial.way == DEADLINE) {
        fprintf(file, " at %+lld ns", (long long)(trial.instant - EDDY_SEC(1000)));
    } else if (trial.way != UNDISTURBED) {
        fprintf(file, " step %u, task %u", trial.at, trial.which);
        if (trial.then > 0) {
            fprintf(file, ", main after step %u", trial.then);
        }
    }
    fprintf(file, ": %s\n", run.wrong[0] != '\0' ? run.wrong : "the sweep died, or hung");
}

static void on_death(int number)
{
    tell(stderr);
    signal(number, SIG_DFL);
    raise(number);
}

/* Whether all is as it should be. */
static bool play(unsigned steps_max)
{
    memset(&run, 0, sizeof run);
    test_os_init(&run.os);
    run.steps_max = steps_max;
    struct test_snapshot before = test_snapshot_take(&run.os, NULL);
    struct eddy_loop_options options = {.os = &run.os.os, .allocator = run.os.allocator};
    if (eddy_loop_init(&run.loop, &options) < 0) {
        abort();
    }
    eddy_loop_set_log(&run.loop, on_log, NULL);
    struct eddy_group *group = eddy_loop_detached(&run.loop);
    size_t bytes = run.loop.scheduler.pool.bytes_used;
    int error =
        trial.way == DEADLINE ? EDDY_SPAWN_TASK(&run.main, group, outer) : trial.program->spawn(&run.main, group);
    run.wake = run.main->waiter.wake;
    lead_wakes();
    error = error == 0 ? eddy_loop_run(&run.loop) : error;
    if (error < 0) {
        wrong(strerror(-error), "eddy_loop_run", 0);
        if (error == -EDEADLK) {
            eddy_dump(&run.loop, stderr);
        }
    }
    check(bytes);
    if (eddy_loop_fini(&run.loop) < 0) {
        wrong("eddy_loop_fini() finds something open", "", 0);
        tell(stderr);
        exit(1); /* the thread has no other loop */
    }
    struct test_snapshot after = test_snapshot_take(&run.os, NULL);
    if (test_snapshot_compare(&before, &after) != NULL) {
        wrong(test_snapshot_compare(&before, &after), "", 0);
    }
    if (run.wrong[0] != '\0') {
        tell(stderr);
    }
    return run.wrong[0] == '\0';
}

/* ---- All runs of a program ------------------------------------------------------------- */

struct sum {
    unsigned runs;
    unsigned failures;
};

static void try(struct sum *sum, enum way way, unsigned at, unsigned which)
{
    trial.way = way;
    trial.at = at;
    trial.which = which;
    sum->runs++;
    sum->failures += !play(plain.steps * 20 + 1000);
}

/* A task, and alone or, while it unwinds or later, main. */
static void try_tasks(struct sum *sum, enum way way, unsigned at, unsigned tasks)
{
    for (unsigned i = 0; i < tasks; i++) {
        trial.then = 0;
        try(sum, way, at, i);
        for (unsigned gap = 1; at + gap <= plain.steps; gap += (gap + 1) / 2) {
            trial.then = at + gap;
            try(sum, way, at, i);
        }
        trial.then = 0;
    }
}

static void sweep_steps(struct sum *sum)
{
    for (unsigned k = 1; k <= plain.steps && sum->failures < 5; k++) {
        try(sum, CANCEL_MAIN_BEFORE, k, 0);
        try(sum, CANCEL_MAIN_AFTER, k, 0);
        try_tasks(sum, CANCEL_TASK_BEFORE, k, plain.before[k - 1]);
        try_tasks(sum, CANCEL_TASK_AFTER, k, plain.after[k - 1]);
    }
}

static void sweep_instants(struct sum *sum)
{
    for (unsigned i = 0; i < plain.instant_count && sum->failures < 5; i++) {
        for (int offset = -1; offset <= 1; offset++) {
            trial.instant = plain.instants[i] + offset;
            try(sum, DEADLINE, 0, 0);
        }
    }
}

static void sweep_program(const struct program *program, struct sum *all)
{
    struct sum sum = {0, 0};
    trial = (struct trial){.program = program};
    memset(&plain, 0, sizeof plain);
    alarm(60); /* for what never comes back to the loop */
    if (!play(STEPS_MAX)) {
        all->failures++;
        return;
    }
    plain.steps = run.steps;
    sweep_steps(&sum);
    sweep_instants(&sum);
    printf("%-24s %4u steps, %3u instants: %5u runs, %u wrong\n", program->name, plain.steps, plain.instant_count,
           sum.runs, sum.failures);
    all->runs += sum.runs;
    all->failures += sum.failures;
}

/* Without arguments all programs, else those that are named. */
int main(int argc, char **argv)
{
    const struct program *const tables[] = {programs_of_blocks, programs_of_generators, programs_of_tasks,
                                            programs_of_bytes, programs_of_examples};
    struct sum all = {0, 0};
    signal(SIGABRT, on_death);
    signal(SIGSEGV, on_death);
    signal(SIGALRM, on_death);
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        for (const struct program *program = tables[i]; program->name != NULL; program++) {
            bool wanted = argc == 1;
            for (int k = 1; k < argc; k++) {
                wanted = wanted || strcmp(argv[k], program->name) == 0;
            }
            if (wanted) {
                sweep_program(program, &all);
            }
        }
    }
    printf("%u runs, %u wrong\n", all.runs, all.failures);
    return all.failures > 0 || all.runs == 0;
}
