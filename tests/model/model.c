#include "model.h"

#include "base/wait.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef MODEL_OPERATIONS
#define MODEL_OPERATIONS 1000000
#endif

enum { ROUND = 500, SECONDS = 50 };

struct actor model_actors[ACTORS];
struct actor *model_running;
unsigned model_records;

static struct eddy_scheduler scheduler;
static struct line ready;
static eddy_ns now = EDDY_SEC(1000);
static int budget;
static bool to_be_caught;
static uint64_t seed;
static uint64_t random_state;
static long operations_left;
static long operation;

/* ---- Verdicts -------------------------------------------------------------------------- */

unsigned model_dice(unsigned limit)
{
    random_state ^= random_state << 13; /* G. Marsaglia, "Xorshift RNGs" (2003) */
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)((random_state >> 33) % limit);
}

static void differ(const char *why)
{
    char text[200];
    int length = snprintf(text, sizeof text, "%s: seed %llu, operation %ld: %s\n", model.name, (unsigned long long)seed,
                          operation, why);
    if (write(STDERR_FILENO, text, (size_t)length) < 0) {
        _exit(2);
    }
    _exit(to_be_caught ? 0 : 1);
}

void model_compare(long long real, long long expected, const char *what)
{
    if (real != expected) {
        char text[120];
        snprintf(text, sizeof text, "%s is %lld, and should be %lld", what, real, expected);
        differ(text);
    }
}

/* A broken primitive may also stop at an assertion, or never end. */
static void on_signal(int number)
{
    differ(number == SIGALRM ? "it does not end" : "it stopped at an assertion");
}

static void on_log(const struct eddy_log_record *record, void *context)
{
    (void)record;
    (void)context;
    model_records++;
}

/* ---- Lines ----------------------------------------------------------------------------- */

struct actor *line_first(const struct line *line)
{
    return line->length > 0 ? line->at[0] : NULL;
}

void line_append(struct line *line, struct actor *actor)
{
    line->at[line->length++] = actor;
    actor->line = line;
}

void line_remove(struct actor *actor)
{
    struct line *line = actor->line;
    int i = 0;
    while (line->at[i] != actor) {
        i++;
    }
    line->length--;
    for (; i < line->length; i++) {
        line->at[i] = line->at[i + 1];
    }
    actor->line = NULL;
}

/* ---- The model of the scheduler -------------------------------------------------------- */

static void rest(struct actor *actor)
{
    if (actor->line != NULL) {
        line_remove(actor);
    }
    actor->state = AT_REST;
    actor->deadline = EDDY_FOREVER;
    actor->stubborn = false;
}

void model_wake(struct actor *actor, ssize_t result)
{
    rest(actor);
    actor->state = READY;
    actor->result = result;
    line_append(&ready, actor);
}

void model_wake_all(struct line *line, ssize_t result)
{
    while (line->length > 0) {
        model_wake(line->at[0], result);
    }
}

ssize_t model_settle(struct actor *actor, ssize_t result)
{
    if (model_running == NULL || --budget >= 0) {
        return result;
    }
    model_wake(actor, result);
    return EDDY_PENDING;
}

void model_settle_arm(void)
{
    if (model_running != NULL && --budget < 0) {
        budget = 0;
    }
}

ssize_t model_park(struct actor *actor, struct line *line, int wish)
{
    actor->state = PARKED;
    actor->wish = wish;
    if (line != NULL) {
        line_append(line, actor);
    }
    return EDDY_PENDING;
}

static void leave(struct actor *actor)
{
    rest(actor);
    if (model.left != NULL) {
        model.left(actor);
    }
}

/* Those who can go because it left come before it. */
static void end_wait(struct actor *actor, ssize_t result)
{
    if (model.abort == NULL || !model.abort(actor, result)) {
        leave(actor);
        model_wake(actor, result);
    }
}

/* ---- Operations of every wait ---------------------------------------------------------- */

static void cancel(struct actor *actor)
{
    bool can = actor->state == PARKED && !actor->stubborn;
    model_compare(eddy_wait_cancel(&actor->waiter), can, "a cancel's result");
    if (can) {
        end_wait(actor, -ECANCELED);
    }
}

static void withdraw(struct actor *actor)
{
    ssize_t expected = 0;
    if (actor->state == PARKED) {
        expected = EDDY_PENDING;
        leave(actor);
    } else if (actor->state == READY) {
        expected = actor->result;
        rest(actor);
    }
    model_compare(eddy_wait_withdraw(&actor->waiter), expected, "a withdrawal's result");
}

static bool is_deadline(eddy_ns deadline)
{
    for (int i = 0; i < ACTORS; i++) {
        if (model_actors[i].deadline == deadline) {
            return true;
        }
    }
    return false;
}

static void set_deadline(struct actor *actor)
{
    eddy_ns deadline = EDDY_FOREVER;
    if (model_dice(4) > 0) {
        deadline = now + (eddy_ns)model_dice(20000000) - 1000000;
        while (is_deadline(deadline)) { /* the order of equal ones is another test's matter */
            deadline++;
        }
    }
    eddy_wait_until(&actor->waiter, deadline);
    if (actor->state == PARKED && !actor->stubborn) {
        actor->deadline = deadline;
    }
}

static void operate(void)
{
    operation++;
    operations_left--;
    struct actor *actor = &model_actors[model_dice(ACTORS)];
    unsigned which = model_dice(16);
    if (which == 0) {
        cancel(actor);
    } else if (which == 1) {
        withdraw(actor);
    } else if (which <= 3) {
        set_deadline(actor);
    } else {
        model.act(actor);
    }
    for (int i = 0; i < ACTORS; i++) {
        actor = &model_actors[i];
        model_compare(eddy_waiter_is_waiting(&actor->waiter), actor->state != AT_REST, "whether somebody waits");
    }
    eddyi_scheduler_verify(&scheduler);
    model.check();
}

/* ---- Turns ----------------------------------------------------------------------------- */

static void on_wake(struct eddy_waiter *waiter)
{
    struct actor *actor = ACTOR_OF(waiter);
    model_compare(actor->number, NUMBER_OF(line_first(&ready)), "who is woken");
    model_compare(waiter->result, actor->result, "the result of a wait");
    rest(actor);
    model_running = actor;
    budget = BUDGET;
    for (unsigned i = model_dice(4); i > 0; i--) {
        operate();
    }
}

static void pass(void)
{
    eddyi_scheduler_pass(&scheduler, 0);
    model_running = NULL;
    eddyi_scheduler_verify(&scheduler);
}

static void advance(void)
{
    now += model_dice(8000000);
    scheduler.now_is_old = true;
    struct actor *next;
    do {
        next = NULL;
        for (int i = 0; i < ACTORS; i++) {
            struct actor *actor = &model_actors[i];
            if (actor->deadline <= now && (next == NULL || actor->deadline < next->deadline)) {
                next = actor;
            }
        }
        if (next != NULL) {
            end_wait(next, -ETIMEDOUT);
        }
    } while (next != NULL);
    eddyi_scheduler_expire(&scheduler);
    model.check();
}

static void begin_round(void)
{
    for (int i = 0; i < ACTORS; i++) {
        struct actor *actor = &model_actors[i];
        if (actor->state != AT_REST) {
            (void)eddy_wait_withdraw(&actor->waiter);
            rest(actor);
        }
        memset(actor, 0, sizeof *actor);
        eddy_waiter_init(&actor->waiter, (struct eddy_loop *)(void *)&scheduler, on_wake);
        actor->number = i;
        actor->deadline = EDDY_FOREVER;
    }
    model_compare(scheduler.ready_first != NULL, 0, "who is ready when nobody waits");
    model_compare((long long)scheduler.internal, 0, "the number of waits when nobody waits");
    model_compare((long long)scheduler.timers.armed, 0, "the number of deadlines when nobody waits");
    random_state = ++seed * UINT64_C(0x9E3779B97F4A7C15);
    operation = 0;
    model.begin();
}

static void play_round(void)
{
    begin_round();
    while (operation < ROUND && operations_left > 0) {
        switch (model_dice(8)) {
        case 0:
        case 1:
            pass();
            break;
        case 2:
            advance();
            break;
        default:
            operate();
            break;
        }
    }
}

static eddy_ns read_clock(void *context)
{
    (void)context;
    return now;
}

int main(int argc, char **argv)
{
    static const unsigned char alive = 1;
    static const int signals[] = {SIGABRT, SIGSEGV, SIGALRM};
    to_be_caught = argc > 1 && strcmp(argv[1], "caught") == 0;
    operations_left = argc > 1 && !to_be_caught ? strtol(argv[1], NULL, 10) : MODEL_OPERATIONS;
    seed = argc > 2 ? strtoull(argv[2], NULL, 10) - 1 : 0;
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        signal(signals[i], on_signal);
    }
    alarm(SECONDS);
    eddyi_scheduler_init(&scheduler, read_clock, NULL, &alive, BUDGET, NULL);
    scheduler.log = (struct eddy_log){on_log, NULL};
    while (operations_left > 0) {
        play_round();
    }
    begin_round();
    if (to_be_caught) {
        fprintf(stderr, "%s: what was broken was not found\n", model.name);
    }
    return to_be_caught ? 1 : 0;
}
