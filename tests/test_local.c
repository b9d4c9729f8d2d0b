/* Values of a task: bound by a block, found from inside it. */
#include "support/coro.h"

#include <errno.h>

static const char user, colour;

static void say_values(const struct eddy_waiter *me)
{
    const char *a = eddy_local_get(&user, me);
    const char *b = eddy_local_get(&colour, me);
    coro_say("%s/%s", a != NULL ? a : "-", b != NULL ? b : "-");
}

struct tells {
    EDDY_FRAME;
    eddy_ns span;
};

EDDY_CORO(tells)
{
    EDDY_BEGIN(tells) {
        EDDY_AWAIT(eddy_sleep(my->span, me));
        say_values(me);
    }
    EDDY_FINALLY
    {
        say_values(me);
    }
}

struct binds {
    EDDY_FRAME;
    struct eddy_local one, two, three;
    struct eddy_scope scope;
    int i;
};

EDDY_CORO(binds)
{
    EDDY_BEGIN(binds) {
        say_values(me);
        EDDY_LOCAL(&my->one, &user, (void *)"ada") {
            say_values(me);
            EDDY_LOCAL(&my->two, &colour, (void *)"red") {
                say_values(me);
                EDDY_LOCAL(&my->three, &user, (void *)"bob") {
                    EDDY_AWAIT(eddy_yield(me));
                    say_values(me);
                }
                say_values(me);
                EDDY_LOCAL(&my->three, &user, NULL) { /* bound to nothing */
                    say_values(me);
                }
            }
            say_values(me);
        }
        say_values(me);
        for (my->i = 0; my->i < 2; my->i++) {
            EDDY_LOCAL(&my->one, &user, (void *)(my->i == 0 ? "x" : "y")) {
                EDDY_AWAIT(eddy_yield(me));
                say_values(me);
            }
        }
    }
}

static void a_value_is_that_of_the_innermost_block(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, binds), 0);
    coro_expect("-/- ada/- ada/red bob/red ada/red -/red ada/- -/- x/- y/-");
}

struct calls {
    EDDY_FRAME;
    struct eddy_local local, other;
    struct eddy_scope scope;
    struct eddy_group group;
    int error;
};

EDDY_CORO(calls)
{
    EDDY_BEGIN(calls) {
        EDDY_LOCAL(&my->local, &user, (void *)"ada") {
            EDDY_DO(tells);
            EDDY_TIMEOUT(&my->scope, 5) {
                EDDY_DO(tells, .span = 10);
            }
            EDDY_GROUP(&my->group) {
                EDDY_TRY(my->error, EDDY_SPAWN(&my->group, tells, .span = 10));
                /* What is bound in the body of the group is not around the group. */
                EDDY_LOCAL(&my->other, &colour, (void *)"red") {
                    EDDY_DO(tells, .span = 20);
                }
            }
            EDDY_TRY(my->error, EDDY_SPAWN(eddy_loop_detached(eddy_loop_current()), tells));
        }
    }
    EDDY_FINALLY
    {
        say_values(me);
    }
}

static void calls_groups_and_cleanup_find_it_and_detached_tasks_do_not(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, calls), 0);
    coro_expect("ada/- ada/- ada/- ada/- ada/- ada/red ada/red -/- -/- -/-");
}

struct fails_inside {
    EDDY_FRAME;
    struct eddy_local local;
    struct eddy_catch catch_;
    struct eddy_scope scope;
};

EDDY_CORO(fails_inside)
{
    EDDY_BEGIN(fails_inside) {
        EDDY_CATCH(&my->catch_) {
            EDDY_LOCAL(&my->local, &user, (void *)"ada") {
                EDDY_FAIL(-EIO);
            }
        }
        say_values(me);
        EDDY_SCOPE(&my->scope) {
            eddy_scope_cancel(&my->scope, -EINTR);
            EDDY_LOCAL(&my->local, &user, (void *)"ada") {
                say_values(me);
                EDDY_AWAIT(eddy_yield(me));
            }
        }
        say_values(me);
    }
}

static void a_value_is_gone_however_its_block_is_left(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, fails_inside), 0);
    coro_expect("-/- ada/- -/-");
}

static void outside_of_all_blocks_there_is_none(void **state)
{
    struct coro *c = *state;
    struct eddy_task *task = CORO_START(c, tells, .span = 5);
    assert_null(eddy_local_get(&user, &task->waiter));
    coro_settle(c);
    assert_null(eddy_local_get(NULL, &task->waiter));
    assert_int_equal(coro_end(c, task), 0);
    c->trace[0] = '\0';
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(a_value_is_that_of_the_innermost_block),
        coro_test(calls_groups_and_cleanup_find_it_and_detached_tasks_do_not),
        coro_test(a_value_is_gone_however_its_block_is_left),
        coro_test(outside_of_all_blocks_there_is_none),
    };
    return cmocka_run_group_tests_name("local", tests, NULL, NULL);
}
