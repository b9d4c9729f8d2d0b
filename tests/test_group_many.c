/* Groups with a million tasks, and groups ten thousand deep: linear, and without the C stack. */
#include "support/coro.h"

#include <errno.h>
#include <stdio.h>

enum { MANY = 1000000, DEEP = 10000 };

static size_t ended;

struct waits {
    EDDY_FRAME;
};

EDDY_CORO(waits)
{
    EDDY_BEGIN(waits) {
        EDDY_AWAIT(eddy_sleep(EDDY_FOREVER, me));
    }
    EDDY_FINALLY
    {
        ended++;
    }
}

struct has_many {
    EDDY_FRAME;
    struct eddy_group group;
    struct eddy_scope scope;
    int i, result;
    bool early; /* cancelled before they start */
};

EDDY_CORO(has_many)
{
    EDDY_BEGIN(has_many) {
        EDDY_TIMEOUT(&my->scope, 5) {
            EDDY_GROUP(&my->group) {
                for (my->i = 0; my->i < MANY; my->i++) {
                    my->result = EDDY_SPAWN(&my->group, waits);
                    assert_int_equal(my->result, 0);
                }
                if (my->early) {
                    eddy_scope_cancel(&my->scope, -EINTR);
                }
            }
        }
        assert_int_equal(my->group.error_count, 0);
    }
}

static void a_million_tasks_are_cancelled_in_few_steps(void **state)
{
    struct coro *c = *state;
    for (int early = 0; early <= 1; early++) {
        ended = 0;
        uint64_t steps = c->loop.scheduler.steps;
        assert_int_equal(CORO_RUN(c, has_many, .early = early), 0);
        assert_int_equal(ended, MANY);
        assert_in_range(c->loop.scheduler.steps - steps, MANY, 2 * MANY + 10);
    }
}

struct nests {
    EDDY_FRAME;
    struct eddy_group group;
    int depth, result;
    int error;
};

EDDY_CORO(nests)
{
    EDDY_BEGIN(nests) {
        EDDY_GROUP(&my->group) {
            if (my->depth > 0) {
                my->result = EDDY_SPAWN(&my->group, nests, .depth = my->depth - 1, .error = my->error);
                assert_int_equal(my->result, 0);
            } else {
                EDDY_AWAIT(eddy_sleep(9, me));
                EDDY_FAIL(my->error);
            }
        }
    }
    EDDY_FINALLY
    {
        ended++;
    }
}

static void groups_nest_deep_and_cancel_without_the_stack(void **state)
{
    struct coro *c = *state;
    ended = 0;
    struct eddy_task *task = CORO_START(c, nests, .depth = DEEP, .error = -EIO);
    coro_advance(c, 2);
    size_t count = c->loop.scheduler.external + c->loop.scheduler.internal;
    assert_int_equal(count, DEEP + 1);
    FILE *file = fopen("/dev/null", "w");
    assert_non_null(file);
    assert_int_equal(eddy_dump(&c->loop, file), DEEP + 1);
    fclose(file);
    uint64_t steps = c->loop.scheduler.steps;
    eddy_task_cancel(task, -EINTR);
    coro_settle(c);
    assert_in_range(c->loop.scheduler.steps - steps, 1, 2 * DEEP + 10);
    assert_int_equal(ended, DEEP + 1);
    assert_int_equal(coro_end(c, task), -ECANCELED);
}

static void an_error_comes_up_from_deep_groups(void **state)
{
    struct coro *c = *state;
    ended = 0;
    assert_int_equal(CORO_RUN(c, nests, .depth = DEEP, .error = -EIO), -EIO);
    assert_int_equal(ended, DEEP + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(a_million_tasks_are_cancelled_in_few_steps),
        coro_test(groups_nest_deep_and_cancel_without_the_stack),
        coro_test(an_error_comes_up_from_deep_groups),
    };
    return cmocka_run_group_tests_name("group many", tests, NULL, NULL);
}
