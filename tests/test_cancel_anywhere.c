/* A cancel, or a failure of memory, at every point of programs that use all blocks: whatever was begun is cleaned up,
 * and nothing is left. EDDY_SEEDS=n plays n programs. */
#include "support/coro.h"

#include <errno.h>
#include <stdlib.h>

static int begun, cleaned, opened, closed;
static const char key;

static void close_it(void *argument)
{
    (void)argument;
    closed++;
}

static uint32_t seed;

static unsigned dice(unsigned sides)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 16) % sides;
}

struct node {
    EDDY_FRAME_RET(int);
    int depth;
    int i;
    int got;
    int error;
    unsigned rounds;
    unsigned choice;
    unsigned tidy;
    struct eddy_scope scope;
    struct eddy_catch catch_;
    struct eddy_local local;
    struct eddy_group group;
    struct eddy_generator generator;
    struct eddy_defer defer;
    char large[1024]; /* so that each frame is freed at once, and sanitizers see who still looks there */
};

struct counts {
    EDDY_FRAME_RET(int);
    int i;
    int ends;
    char large[1024];
};

EDDY_CORO(counts)
{
    EDDY_BEGIN(counts) {
        begun++;
        for (; my->i < my->ends; my->i++) {
            EDDY_AWAIT(eddy_sleep((eddy_ns)dice(4), me));
            EDDY_YIELD(my->i);
        }
    }
    EDDY_FINALLY
    {
        if (dice(2) == 0) {
            EDDY_AWAIT(eddy_sleep((eddy_ns)dice(4), me));
        }
        cleaned += my->eddyi_frame.body != NULL;
    }
}

EDDY_CORO_DECLARE(node);

EDDY_CORO_EXTERN(node)
{
    EDDY_BEGIN(node) {
        begun++;
        my->rounds = dice(3) + 1;
        EDDY_DEFER(&my->defer, close_it, NULL);
        opened++;
        while (my->rounds-- > 0) {
            my->choice = my->depth > 0 ? dice(12) : 11;
            switch (my->choice) {
            case 0:
                EDDY_SCOPE(&my->scope) {
                    EDDY_DO(node, .depth = my->depth - 1);
                    if (dice(3) == 0) {
                        eddy_scope_cancel(&my->scope, -EPIPE);
                    }
                    EDDY_AWAIT(eddy_sleep((eddy_ns)dice(5), me));
                }
                break;
            case 1:
                EDDY_TIMEOUT(&my->scope, (eddy_ns)dice(20)) {
                    EDDY_CALL(my->got, node, .depth = my->depth - 1);
                    if (dice(2) == 0) {
                        break;
                    }
                    EDDY_AWAIT(eddy_yield(me));
                }
                break;
            case 2:
                EDDY_TIMEOUT_FAIL(&my->scope, (eddy_ns)dice(20)) {
                    EDDY_DO(node, .depth = my->depth - 1);
                    if (dice(2) == 0) {
                        continue;
                    }
                }
                break;
            case 3:
                EDDY_SHIELD(&my->scope, (eddy_ns)dice(30)) {
                    EDDY_DO(node, .depth = my->depth - 1);
                    if (dice(3) == 0) {
                        EDDY_RETURN(3);
                    }
                }
                break;
            case 4:
            case 5:
                EDDY_CATCH(&my->catch_) {
                    EDDY_DO(node, .depth = my->depth - 1);
                    if (dice(3) == 0) {
                        EDDY_FAIL(-EDOM, "on purpose");
                    }
                }
                break;
            case 6:
                EDDY_LOCAL(&my->local, &key, my) {
                    EDDY_DO(node, .depth = my->depth - 1);
                }
                break;
            case 7:
            case 8:
                EDDY_GROUP(&my->group, (enum eddy_group_policy)dice(4)) {
                    EDDY_TRY(my->error, EDDY_SPAWN(&my->group, node, .depth = my->depth - 1));
                    EDDY_TRY(my->error, EDDY_SPAWN(&my->group, node, .depth = my->depth - 1));
                    EDDY_AWAIT(eddy_sleep((eddy_ns)dice(5), me));
                    if (dice(4) == 0) {
                        break;
                    }
                    if (dice(8) == 0) {
                        eddy_group_cancel(&my->group, -EPIPE);
                    }
                    EDDY_DO(node, .depth = my->depth - 1);
                }
                break;
            case 9:
                EDDY_EACH(my->got, &my->generator, counts, .ends = (int)dice(4)) {
                    EDDY_DO(node, .depth = my->depth - 2);
                    if (dice(4) == 0) {
                        break;
                    }
                }
                break;
            case 10:
                EDDY_FAIL(-ERANGE, "in a node");
            default:
                EDDY_AWAIT(eddy_sleep((eddy_ns)dice(5), me));
                break;
            }
        }
    }
    EDDY_FINALLY
    {
        my->tidy = dice(12);
        if (my->tidy == 0 && my->depth > 0) {
            EDDY_CATCH(&my->catch_) {
                EDDY_DO(node, .depth = my->depth - 2);
            }
        } else if (my->tidy < 4) {
            EDDY_TIMEOUT(&my->scope, (eddy_ns)dice(10)) {
                EDDY_AWAIT(eddy_sleep((eddy_ns)dice(10), me));
            }
        } else if (my->tidy == 4) {
            EDDY_AWAIT(my->error, eddy_sleep(60, me));
        }
        cleaned++;
    }
}

struct root {
    EDDY_FRAME;
    int depth;
};

EDDY_CORO(root)
{
    EDDY_BEGIN(root) {
        EDDY_DO(node, .depth = my->depth);
    }
}

static void ignore_log(const struct eddy_log_record *record, void *context)
{
    (void)record;
    (void)context;
}

enum { PATIENCE = 100000 };

/* Step until all is over; at the turn `at` something happens. False: it was over before. */
static bool play(struct coro *c, uint32_t start, int at, bool memory)
{
    seed = start * 7919u + 1;
    begun = cleaned = opened = closed = 0;
    struct eddy_task *task = CORO_START(c, root, .depth = 5);
    int turn = 0;
    bool struck = false;
    while (!eddy_task_is_done(task)) {
        if (turn++ == at) {
            struck = true;
            if (memory) {
                coro_no_memory(c, true);
            } else {
                eddy_task_cancel(task, -EINTR);
            }
        } else if (turn == at + 4) {
            coro_no_memory(c, false);
        }
        c->os.waits = 0; /* many are no sign of a hang here */
        int more = eddy_loop_step(&c->loop);
        if (more == 0) {
            test_os_advance(&c->os, 1);
        }
        if (more < 0 || turn == PATIENCE) {
            fail_msg("seed %u, turn %d: stuck: %d after %d turns, %d begun", start, at, more, turn, begun);
        }
    }
    coro_no_memory(c, false);
    int status = task->error;
    eddy_task_release(task);
    if (begun != cleaned || opened != closed || !coro_is_clean(c)) {
        fail_msg("seed %u, turn %d%s: begun %d, cleaned %d; opened %d, closed %d; status %d", start, at,
                 memory ? ", no memory" : "", begun, cleaned, opened, closed, status);
    }
    return struck;
}

static void sweep(struct coro *c, bool memory)
{
    eddy_loop_set_log(&c->loop, ignore_log, NULL);
    eddy_loop_set_cleanup_timeout(&c->loop, 500);
    const char *more = getenv("EDDY_SEEDS");
    uint32_t seeds = more != NULL ? (uint32_t)strtoul(more, NULL, 10) : 150;
    for (uint32_t start = 0; start < seeds; start++) {
        for (int at = 0; at < 60 && play(c, start, at, memory); at++) {
        }
    }
}

static void a_cancel_at_any_turn_leaves_nothing_behind(void **state)
{
    sweep(*state, false);
}

static void no_memory_at_any_turn_leaves_nothing_behind(void **state)
{
    sweep(*state, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(a_cancel_at_any_turn_leaves_nothing_behind),
        coro_test(no_memory_at_any_turn_leaves_nothing_behind),
    };
    return cmocka_run_group_tests_name("cancel_anywhere", tests, NULL, NULL);
}
