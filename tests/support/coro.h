/* What the tests of coroutines share: a loop on a virtual clock, a way to run a coroutine on it to its end, and the
 * check that nothing is left when a test is over. Includes cmocka and eddy.h.
 *
 *     static void a_nap_takes_its_time(void **state)
 *     {
 *         struct coro *c = *state;
 *         assert_int_equal(CORO_RUN(c, nap, .span = 5), 0);
 *         assert_int_equal(coro_elapsed(c), 5);
 *     }
 *     ... coro_test(a_nap_takes_its_time), ...
 */
#ifndef TEST_CORO_H
#define TEST_CORO_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <eddy.h>

#include "support/test_os.h"

enum { CORO_LOGS = 8, CORO_TEXT = 96, CORO_TRACE = 512 };

/* A copy of a record of the log. */
struct coro_log {
    enum eddy_log_level level;
    int error;
    char task[EDDY_TASK_NAME];
    char text[CORO_TEXT];
    size_t trail_length;
};

/* What a test has: coro_test(name), and in it `struct coro *c = *state`. */
struct coro {
    struct test_os os; /* .os.now: the time; .os.fault: memory that fails */
    struct eddy_loop loop;
    /* The log of level warning and error; the first CORO_LOGS of log_count. */
    struct coro_log logs[CORO_LOGS];
    size_t log_count;
    /* What coro_say() has said, separated by blanks. */
    char trace[CORO_TRACE];
    /* private */
    eddy_ns began;
    size_t bytes;
    struct test_snapshot before;
    struct eddy_pool reserve; /* what the pool had when memory was made to fail */
};

/* The teardown fails the test when a task, a wait, an armed deadline, a byte of the pool, a descriptor or memory of the
 * loop is left, or eddy_loop_fini() does not answer 0. It cancels what is left, so that the next test can run. */
int coro_setup(void **state);
int coro_teardown(void **state);

#define coro_test(name) cmocka_unit_test_setup_teardown(name, coro_setup, coro_teardown)

/* The test that runs. For coroutines and callbacks, which get no state. */
struct coro *coro_current(void);

/* CORO_RUN(c, name, .argument = ...): spawn the coroutine among the detached tasks, run the loop until nothing waits,
 * and return the task's status, as eddy_task_join() gives it. Fails the test if the task has not ended (a dump is
 * printed) or anything else is left, see coro_is_clean(). */
#define CORO_RUN(c, ...) coro_end(c, CORO_START(c, __VA_ARGS__))

/* CORO_RUN_RET(c, &result, name, .argument = ...): the same; *result is what the coroutine, which has
 * EDDY_FRAME_RET, has returned, if its status is 0. */
#define CORO_RUN_RET(c, result, ...) CORO_RETURN(c, result, __VA_ARGS__, .eddyi_frame = {0})
#define CORO_RETURN(c, result, name, ...)                                                                \
    __extension__({                                                                                      \
        struct eddy_task *coro_task;                                                                     \
        assert_int_equal(EDDYI_SPAWN(&coro_task, eddy_loop_detached(&(c)->loop), name, __VA_ARGS__), 0); \
        coro_finish(c);                                                                                  \
        if (eddy_task_is_done(coro_task) && coro_task->error == 0) {                                     \
            *(result) = EDDY_RESULT(coro_task, name);                                                    \
        }                                                                                                \
        coro_end(c, coro_task);                                                                          \
    })

/* CORO_START(c, name, .argument = ...): only spawn it; returns a handle, for coro_end() or eddy_task_release(). */
#define CORO_START(c, ...)                                                                            \
    __extension__({                                                                                   \
        struct eddy_task *coro_new;                                                                   \
        assert_int_equal(EDDY_SPAWN_TASK(&coro_new, eddy_loop_detached(&(c)->loop), __VA_ARGS__), 0); \
        coro_new;                                                                                     \
    })

/* Run the loop until nothing waits, give the handle back, return the task's status. Asserts as CORO_RUN(). */
int coro_end(struct coro *c, struct eddy_task *task);

/* Run the loop until nothing waits. Fails the test, with a dump, if something waits for ever. */
void coro_finish(struct coro *c);

/* Turns that do not wait, until one wakes nobody: the clock stands still. */
void coro_settle(struct coro *c);

/* Run the loop while `span` of virtual time goes by; ends when nothing waits, too. */
void coro_advance(struct coro *c, eddy_ns span);

/* The virtual time since the test began. */
eddy_ns coro_elapsed(const struct coro *c);

/* Have all takes of memory fail from now on, or work again. What is given back meanwhile can be taken again. */
void coro_no_memory(struct coro *c, bool none);

/* Whether nothing is left: no task, no wait, no deadline, no byte of the pool. Prints what is. */
bool coro_is_clean(const struct coro *c);

/* Append a word to the current test's trace; coro_expect() compares the trace and empties it. */
void coro_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
#define coro_expect(text)                                 \
    do {                                                  \
        assert_string_equal(coro_current()->trace, text); \
        coro_current()->trace[0] = '\0';                  \
    } while (0)

#endif
