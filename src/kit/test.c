/* How one run differs from the next. A run is steered from two places: before each wake (on_step), and when time moves
 * (on_time, on_alarm). An exploration is a depth-first search over the choices: each run repeats the choices of the last one but
 * takes another option at the deepest that has one left. */
#include <eddy/test.h>

#include "base/wait.h"
#include "task/block.h"
#include "task/children.h"
#include "task/trail.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define STEPS_MAX 100000
#define EXPLORE_RUNS_MAX 100000
#define SHUFFLE_RUNS_MAX 1000

int eddy_settle(struct eddy_loop *loop)
{
    int result;
    uint64_t steps;
    do { /* what a wake has written may be there to read only in the next turn */
        steps = loop->scheduler.steps;
        result = eddy_loop_step(loop);
    } while (result > 0 || (result == 0 && loop->scheduler.steps != steps));
    return result;
}

/* ---- Expectations ---------------------------------------------------------------------- */

static uint64_t steps_since(const struct eddyi_block *block)
{
    return eddyi_task_scheduler(block->frame->task)->steps - EDDY_CONTAINER(block, struct eddy_expect, block)->steps;
}

static int expect(struct eddyi_block *block, int ending, bool met)
{
    if (met || ending >= EDDYI_CANCELED) {
        return 0;
    }
    eddyi_frame_fail(block->frame, block->site, -EPROTO, block->site->text);
    return -EPROTO;
}

static int close_expect_yield(struct eddyi_block *block, int ending)
{
    return expect(block, ending, steps_since(block) > 0);
}

static int close_expect_no_yield(struct eddyi_block *block, int ending)
{
    return expect(block, ending, steps_since(block) == 0);
}

const struct eddyi_block_kind eddyi_expect_yield_kind = {.name = "expect yield", .close = close_expect_yield};
const struct eddyi_block_kind eddyi_expect_no_yield_kind = {.name = "expect no yield", .close = close_expect_no_yield};

void eddyi_expect_open(struct eddy_frame *self, struct eddy_expect *expect, const struct eddyi_site *site)
{
    expect->steps = eddyi_task_scheduler(self->task)->steps;
    eddyi_block_push(self, &expect->block, site);
}

/* ---- Steering a run -------------------------------------------------------------------- */

/* The main task of the run in progress; NULL: it has ended. */
static struct eddy_task *main_task(void)
{
    struct eddyi_roots *roots = eddy_loop_current()->scheduler.roots;
    struct eddy_list *link = roots != NULL ? eddy_list_first(&roots->main.children) : NULL;
    return link != NULL ? EDDY_CONTAINER(link, struct eddy_task, link) : NULL;
}

static void cancel_main(struct eddy_trials *trials)
{
    struct eddy_task *task = main_task();
    if (task != NULL && !trials->canceled) {
        trials->canceled = true;
        eddy_task_cancel(task, -ECANCELED);
    }
}

static uint64_t next_random(struct eddy_trials *trials)
{
    uint64_t x = trials->random; /* G. Marsaglia, "Xorshift RNGs" (2003) */
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return trials->random = x;
}

/* Take the next choice among `options`: the one of the last run, or, beyond it, the first. */
static size_t choose(struct eddy_trials *trials, size_t options)
{
    if (options < 2 || options > UINT16_MAX || trials->depth == EDDY_TRIALS_DEPTH) {
        return 0;
    }
    struct eddyi_choice *choice = &trials->choices[trials->depth++];
    if (choice->options == 0) {
        *choice = (struct eddyi_choice){.taken = 0, .options = (uint16_t)options};
    }
    return choice->taken < options ? choice->taken : 0;
}

static size_t explore_step(struct eddy_trials *trials, size_t ready)
{
    bool may_cancel = trials->cancels && !trials->canceled && main_task() != NULL;
    size_t chosen = choose(trials, ready + may_cancel);
    if (chosen == ready) {
        cancel_main(trials);
        return explore_step(trials, ready);
    }
    return chosen;
}

static void on_loop_end(struct eddy_loop *loop, struct eddyi_attached *end)
{
    EDDY_CONTAINER(end, struct eddy_trials, end)->lost = loop->scheduler.pool.bytes_used;
}

/* The loop has ended when EDDY_RUN returns: what it lost is seen on the way, after whatever else is attached to it. */
static void attach_last(struct eddy_trials *trials)
{
    struct eddyi_attached **place = &eddy_loop_current()->attached;
    while (*place != NULL) {
        place = &(*place)->next;
    }
    trials->end = (struct eddyi_attached){.next = NULL, .key = trials, .end = on_loop_end};
    *place = &trials->end;
}

static size_t on_step(void *context, size_t ready)
{
    struct eddy_trials *trials = context;
    if (trials->step++ == 0) {
        attach_last(trials);
    }
    if (trials->step > trials->steps_limit) {
        trials->hung = true;
        eddy_loop_stop(eddy_loop_current());
        return 0;
    }
    switch (trials->kind) {
    case EDDY_TRIALS_CANCEL:
        if (trials->step == trials->cancel_step) {
            cancel_main(trials);
        }
        return 0;
    case EDDY_TRIALS_SHUFFLE:
        return (size_t)(next_random(trials) % ready);
    case EDDY_TRIALS_EXPLORE:
        return explore_step(trials, ready);
    }
    return 0;
}

static void on_time(void *context, eddy_ns now)
{
    struct eddy_trials *trials = context;
    if (trials->kind == EDDY_TRIALS_CANCEL && trials->runs == 0 && trials->instants < EDDY_TRIALS_INSTANTS) {
        trials->instants_seen[trials->instants++] = now;
    }
}

static void on_alarm(void *context)
{
    cancel_main(context);
}

/* ---- From run to run ------------------------------------------------------------------- */

void eddyi_trials_begin(struct eddy_trials *trials, enum eddy_trials_kind kind)
{
    trials->kind = kind;
    trials->steps_limit = trials->steps_max > 0 ? trials->steps_max : STEPS_MAX;
    trials->runs_limit = trials->runs_max;
    if (trials->runs_max == 0) {
        trials->runs_limit = kind == EDDY_TRIALS_EXPLORE   ? EXPLORE_RUNS_MAX
                             : kind == EDDY_TRIALS_SHUFFLE ? SHUFFLE_RUNS_MAX
                                                           : SIZE_MAX;
    }
    trials->seed_first = trials->seed > 0 ? trials->seed : 1;
    trials->runs = 0;
    trials->failures = 0;
    trials->complete = false;
    trials->result = 0;
    trials->steps = 0;
    trials->steps_first = 0;
    trials->text[0] = '\0';
    trials->cancel_step = 0;
    trials->instant = 0;
    trials->instants = 0;
    trials->depth = 0;
    memset(trials->choices, 0, sizeof trials->choices);
}

/* After the run without a cancel: before each wake, then at each instant. False: that was all. */
static bool next_cancel(struct eddy_trials *trials)
{
    trials->sim.on_alarm = NULL;
    if (trials->runs == 0) {
        return true;
    }
    trials->cancel_step = trials->runs <= trials->steps_first ? trials->runs : 0;
    if (trials->cancel_step > 0) {
        return true;
    }
    if (trials->instant < trials->instants) {
        trials->sim.on_alarm = on_alarm;
        trials->sim.alarm = trials->instants_seen[trials->instant++];
        return true;
    }
    return false;
}

static bool next_shuffle(struct eddy_trials *trials)
{
    static const int budgets[] = {0, 1, 2, INT32_MAX};
    trials->loop.budget = budgets[(trials->seed_first + trials->runs) % 4];
    trials->random = (trials->seed_first + trials->runs) * UINT64_C(0x9E3779B97F4A7C15);
    return trials->runs < trials->runs_limit;
}

/* The next leaf of the tree of choices. */
static bool next_exploration(struct eddy_trials *trials)
{
    if (trials->runs == 0) {
        return true;
    }
    size_t depth = trials->depth;
    while (depth > 0 && trials->choices[depth - 1].taken + 1 >= trials->choices[depth - 1].options) {
        trials->choices[--depth] = (struct eddyi_choice){.taken = 0, .options = 0};
    }
    if (depth == 0) {
        return false;
    }
    trials->choices[depth - 1].taken++;
    return true;
}

bool eddyi_trials_next(struct eddy_trials *trials)
{
    eddy_sim_init(&trials->sim);
    trials->sim.context = trials;
    trials->sim.on_time = on_time;
    trials->loop = (struct eddy_loop_options){
        .os = &trials->sim.os,
        .allocator = trials->sim.allocator,
        .flags = EDDY_WORK_INLINE,
        .choose = on_step,
        .choose_context = trials,
    };
    bool more = trials->kind == EDDY_TRIALS_CANCEL    ? next_cancel(trials)
                : trials->kind == EDDY_TRIALS_SHUFFLE ? next_shuffle(trials)
                                                      : next_exploration(trials);
    trials->complete = !more;
    trials->step = 0;
    trials->depth = 0;
    trials->lost = 0;
    trials->canceled = false;
    trials->hung = false;
    return more && trials->runs < trials->runs_limit;
}

/* How to tell this run from the others. */
static void describe(const struct eddy_trials *trials, char *text, size_t size)
{
    if (trials->kind == EDDY_TRIALS_SHUFFLE) {
        snprintf(text, size, "seed %" PRIu64 ", budget %d", trials->seed_first + trials->runs, trials->loop.budget);
    } else if (trials->kind == EDDY_TRIALS_EXPLORE) {
        int length = snprintf(text, size, "choices");
        for (size_t i = 0; i < trials->depth && length > 0 && (size_t)length + 8 < size; i++) {
            length += snprintf(text + length, size - (size_t)length, " %d", trials->choices[i].taken);
        }
    } else if (trials->cancel_step > 0) {
        snprintf(text, size, "cancelled before wake %zu", trials->cancel_step);
    } else if (trials->sim.on_alarm != NULL) {
        snprintf(text, size, "cancelled at %" PRId64 " ns", trials->sim.alarm - EDDY_SEC(1000));
    } else {
        snprintf(text, size, "not cancelled");
    }
}

static void fail(struct eddy_trials *trials, const char *why)
{
    if (trials->failures++ == 0) {
        char which[EDDY_TRIALS_TEXT / 2];
        describe(trials, which, sizeof which);
        snprintf(trials->text, sizeof trials->text, "run %zu (%s): %s", trials->runs + 1, which, why);
    }
}

void eddyi_trials_ran(struct eddy_trials *trials, int result)
{
    const char *why = NULL;
    char text[80];
    if (trials->hung) {
        why = "it goes on for ever";
    } else if (trials->sim.stuck || result == -EDEADLK) {
        why = "it waits for ever";
    } else if (trials->sim.descriptors != 0) {
        why = "a descriptor is left open, or somebody waits";
    } else if (trials->sim.blocks != 0) {
        why = "memory is left, or something of the loop is open";
    } else if (trials->lost > 0) {
        snprintf(text, sizeof text, "%zu bytes of the loop's pool were not given back", trials->lost);
        why = text;
    } else if (trials->check != NULL) {
        why = trials->check(trials->context, result);
    }
    if (why != NULL) {
        fail(trials, why);
    }
    if (trials->runs == 0) {
        trials->result = result;
        trials->steps_first = trials->step;
    }
    trials->steps = trials->step > trials->steps ? trials->step : trials->steps;
    trials->runs++;
}
