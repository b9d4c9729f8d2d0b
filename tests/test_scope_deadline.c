/* Deadlines of scopes: how they are moved, and which one counts. */
#include "support/coro.h"

#include <errno.h>

/* How a scope was left, as a word of the trace. */
static void say_scope(const char *name, const struct eddy_scope *scope)
{
    coro_say("%s:%s%s%s", name, eddy_scope_is_canceled(scope) ? "called" : "-", scope->expired ? ",expired" : "",
             scope->caught ? ",caught" : "");
}

/* How long until the effective deadline; -1: there is none. */
static int left(const struct eddy_waiter *me)
{
    eddy_ns deadline = eddy_deadline(me);
    if (deadline == EDDY_FOREVER) {
        return -1;
    }
    return deadline > 0 ? (int)(deadline - coro_current()->os.now) : 0;
}

struct moved {
    EDDY_FRAME;
    struct eddy_scope *scope;
    eddy_ns span;
    eddy_ns work;
};

EDDY_CORO(moved)
{
    EDDY_BEGIN(moved) {
        EDDY_TIMEOUT(my->scope, my->span) {
            EDDY_AWAIT(eddy_sleep(my->work, me));
            coro_say("done");
        }
        say_scope("s", my->scope);
    }
}

static void a_deadline_can_be_moved_taken_away_and_given(void **state)
{
    struct coro *c = *state;
    struct eddy_scope scope = {0};
    struct {
        eddy_ns span, work, to, end;
    } const cases[] = {
        {10, 1000, 20, 20},           {EDDY_MS(500), EDDY_SEC(9), EDDY_MS(900), EDDY_MS(900)},
        {100, 1000, 20, 20},          {EDDY_SEC(9), EDDY_SEC(10), EDDY_MS(1), EDDY_MS(1)},
        {EDDY_FOREVER, 1000, 20, 20}, {10, 1000, EDDY_FOREVER, 1000},
        {100, 1000, -5, 0},           {100, 1000, 0, 0},
        {100, 1000, INT64_MIN, 0},    {EDDY_SEC(9), EDDY_SEC(10), EDDY_FOREVER, EDDY_SEC(10)},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        eddy_ns began = c->os.now;
        assert_int_equal(CORO_START(c, moved, .scope = &scope, .span = cases[i].span, .work = cases[i].work)->handles,
                         1);
        struct eddy_task *task = EDDY_CONTAINER(eddy_loop_detached(&c->loop)->children.next, struct eddy_task, link);
        coro_settle(c);
        bool relative = cases[i].to != EDDY_FOREVER && cases[i].to != INT64_MIN;
        eddy_ns to = relative ? began + cases[i].to : cases[i].to;
        eddy_scope_set_deadline(&scope, to);
        assert_true(eddy_scope_deadline(&scope) == to);
        assert_true(eddy_deadline(&task->waiter) == to);
        assert_int_equal(coro_end(c, task), 0);
        assert_true(c->os.now - began == cases[i].end);
        assert_string_equal(c->trace, cases[i].to == EDDY_FOREVER ? "done s:-" : "s:called,expired,caught");
        c->trace[0] = '\0';
    }
}

static void to_move_the_deadline_of_a_scope_that_is_not_open_does_nothing(void **state)
{
    struct coro *c = *state;
    struct eddy_scope scope = {0};
    assert_true(eddy_scope_deadline(&scope) == EDDY_FOREVER);
    eddy_scope_set_deadline(&scope, c->os.now + 1);
    assert_true(eddy_scope_deadline(&scope) == EDDY_FOREVER);
    assert_int_equal(c->loop.scheduler.timers.armed, 0);
    assert_int_equal(CORO_RUN(c, moved, .scope = &scope, .span = 10, .work = 5), 0);
    coro_expect("done s:-");
    eddy_scope_set_deadline(&scope, c->os.now + 1);
    assert_int_equal(c->loop.scheduler.timers.armed, 0);
    assert_int_equal(CORO_RUN(c, moved, .scope = &scope, .span = 10, .work = 5), 0);
    coro_expect("done s:-");

    struct eddy_task *task = CORO_START(c, moved, .scope = &scope, .span = 10, .work = 50);
    coro_settle(c);
    eddy_scope_cancel(&scope, -EINTR);
    eddy_scope_set_deadline(&scope, c->os.now + 5);
    assert_int_equal(coro_end(c, task), 0);
    coro_expect("s:called,caught");
}

struct deadlines {
    EDDY_FRAME;
    struct eddy_scope a, b, d;
};

struct tells_left {
    EDDY_FRAME;
};

EDDY_CORO(tells_left)
{
    EDDY_BEGIN(tells_left) {
        coro_say("called %d", left(me));
    }
    EDDY_FINALLY
    {
        coro_say("finally %d", left(me));
    }
}

EDDY_CORO(deadlines)
{
    EDDY_BEGIN(deadlines) {
        coro_say("%d", left(me));
        EDDY_TIMEOUT(&my->a, 50) {
            coro_say("%d", left(me));
            EDDY_TIMEOUT(&my->b, 70) {
                coro_say("%d", left(me));
                EDDY_DO(tells_left);
                EDDY_SHIELD(&my->d, 90) {
                    coro_say("%d", left(me));
                }
                EDDY_SHIELD(&my->d, EDDY_FOREVER) {
                    coro_say("%d", left(me));
                }
                EDDY_SCOPE(&my->d) {
                    coro_say("%d", left(me));
                }
                EDDY_TIMEOUT_FAIL(&my->d, 10) {
                    coro_say("%d", left(me));
                }
                coro_say("%d", left(me));
            }
        }
        coro_say("%d", left(me));
    }
}

static void the_effective_deadline_is_the_earliest_up_to_a_shield(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, deadlines), 0);
    coro_expect("-1 50 50 called 50 finally -1 90 -1 50 10 50 -1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(a_deadline_can_be_moved_taken_away_and_given),
        coro_test(to_move_the_deadline_of_a_scope_that_is_not_open_does_nothing),
        coro_test(the_effective_deadline_is_the_earliest_up_to_a_shield),
    };
    return cmocka_run_group_tests_name("scope_deadline", tests, NULL, NULL);
}
