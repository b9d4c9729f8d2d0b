/* However the loop over a generator is left, the generator is closed, and waited for. */
#include "support/coro.h"

#include <errno.h>

enum how { BREAK, RETURN, FAIL, CANCEL, TIMEOUT, GENERATOR_CANCELED, GENERATOR_FAILS, ENDS };

struct gives {
    EDDY_FRAME_RET(int);
    eddy_ns nap; /* before its second value */
    int values;
    int error;
    int cleanup_error;
};

EDDY_CORO(gives)
{
    EDDY_BEGIN(gives) {
        for (my->ret = 0; my->ret < my->values;) {
            if (my->ret > 0) {
                EDDY_AWAIT(eddy_sleep(my->nap, me));
            }
            EDDY_YIELD(my->ret + 1);
        }
        if (my->error < 0) {
            EDDY_FAIL(my->error);
        }
    }
    EDDY_FINALLY
    {
        EDDY_AWAIT(eddy_sleep(3, me));
        coro_say("closed");
        if (my->cleanup_error < 0) {
            EDDY_FAIL(my->cleanup_error);
        }
    }
}

struct takes {
    EDDY_FRAME_RET(int);
    struct eddy_generator generator;
    struct eddy_scope scope;
    enum how how;
    int error;
    int cleanup_error;
    int i;
};

EDDY_CORO(takes)
{
    EDDY_BEGIN(takes) {
        EDDY_TIMEOUT(&my->scope, 10) {
            EDDY_EACH(my->i, &my->generator, gives, .values = my->how == ENDS || my->how == GENERATOR_FAILS ? 1 : 9,
                      .nap = my->how == GENERATOR_CANCELED ? 100 : 1, .error = my->error,
                      .cleanup_error = my->cleanup_error) {
                coro_say("%d", my->i);
                if (my->how == BREAK) {
                    break;
                }
                if (my->how == RETURN) {
                    EDDY_RETURN(7);
                }
                if (my->how == FAIL) {
                    EDDY_FAIL(-EPERM);
                }
                if (my->how == CANCEL) {
                    eddy_scope_cancel(&my->scope, -EINTR);
                    EDDY_AWAIT(eddy_sleep(1, me));
                }
                if (my->how == TIMEOUT) {
                    EDDY_AWAIT(eddy_sleep(100, me));
                }
            }
            coro_say("after");
        }
        coro_say(my->scope.caught ? "caught" : "out");
    }
    EDDY_FINALLY
    {
        coro_say("finally");
    }
}

static void the_generator_is_closed_however_the_loop_is_left(void **state)
{
    struct coro *c = *state;
    static const struct {
        const char *trace;
        int status;
        eddy_ns time;
    } expected[] = {
        [BREAK] = {"1 closed after out finally", 0, 3},    [RETURN] = {"1 closed finally", 0, 3},
        [FAIL] = {"1 closed finally", -EPERM, 3},          [CANCEL] = {"1 closed caught finally", 0, 3},
        [TIMEOUT] = {"1 closed caught finally", 0, 13},    [GENERATOR_CANCELED] = {"1 closed caught finally", 0, 13},
        [GENERATOR_FAILS] = {"1 closed finally", -EIO, 3}, [ENDS] = {"1 closed after out finally", 0, 3},
    };
    for (enum how how = BREAK; how <= ENDS; how++) {
        eddy_ns began = c->os.now;
        assert_int_equal(CORO_RUN(c, takes, .how = how, .error = how == GENERATOR_FAILS ? -EIO : 0),
                         expected[how].status);
        coro_expect(expected[how].trace);
        assert_int_equal(c->os.now - began, expected[how].time);
    }
}

static void a_generator_that_fails_while_it_is_closed_fails_the_consumer(void **state)
{
    struct coro *c = *state;
    for (enum how how = BREAK; how <= ENDS; how++) {
        assert_int_equal(CORO_RUN(c, takes, .how = how, .cleanup_error = -EPIPE), -EPIPE);
        coro_expect("1 closed finally");
    }
}

/* The task is cancelled while the generator closes: its cleanup goes on, and the cancel is not lost. */
struct takes_one {
    EDDY_FRAME;
    struct eddy_generator generator;
    int i;
};

EDDY_CORO(takes_one)
{
    EDDY_BEGIN(takes_one) {
        EDDY_EACH(my->i, &my->generator, gives, .values = 9) {
            break;
        }
        coro_say("after");
        EDDY_AWAIT(eddy_sleep(1, me));
        fail();
    }
}

static void a_cancel_while_it_is_closed_comes_afterwards(void **state)
{
    struct coro *c = *state;
    struct eddy_task *task = CORO_START(c, takes_one);
    coro_advance(c, 1);
    eddy_task_cancel(task, -EINTR);
    assert_int_equal(coro_end(c, task), -ECANCELED);
    coro_expect("closed after");
    assert_int_equal(coro_elapsed(c), 3);
}

/* A cancel while the consumer has the turn, and then the next value is asked for. */
struct cancels_and_asks {
    EDDY_FRAME;
    struct eddy_generator generator;
    struct eddy_scope scope;
    int i;
};

EDDY_CORO(cancels_and_asks)
{
    EDDY_BEGIN(cancels_and_asks) {
        EDDY_SCOPE(&my->scope) {
            EDDY_EACH(my->i, &my->generator, gives, .values = 9, .nap = 1) {
                coro_say("%d", my->i);
                eddy_scope_cancel(&my->scope, -EINTR);
            }
            fail();
        }
        coro_say("out");
    }
}

static void a_generator_feels_the_cancel_of_its_consumer(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, cancels_and_asks), 0);
    coro_expect("1 closed out");
}

/* A scope inside the loop's body is not the generator's. */
struct scopes_inside {
    EDDY_FRAME;
    struct eddy_generator generator;
    struct eddy_scope scope;
    int i;
};

EDDY_CORO(scopes_inside)
{
    EDDY_BEGIN(scopes_inside) {
        EDDY_EACH(my->i, &my->generator, gives, .values = 3, .nap = 5) {
            EDDY_TIMEOUT(&my->scope, 2) {
                EDDY_AWAIT(eddy_sleep(9, me));
            }
            coro_say("%d%s", my->i, my->scope.caught ? "c" : "");
        }
    }
}

static void a_deadline_in_the_body_does_not_reach_the_generator(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, scopes_inside), 0);
    coro_expect("1c 2c 3c closed");
    assert_int_equal(coro_elapsed(c), 2 + 5 + 2 + 5 + 2 + 3);
}

/* In an EDDY_FINALLY, of a task that was cancelled. */
struct takes_in_finally {
    EDDY_FRAME;
    struct eddy_generator generator;
    int i;
};

EDDY_CORO(takes_in_finally)
{
    EDDY_BEGIN(takes_in_finally) {
        EDDY_AWAIT(eddy_sleep(100, me));
    }
    EDDY_FINALLY
    {
        EDDY_EACH(my->i, &my->generator, gives, .values = 3, .nap = 1) {
            coro_say("%d", my->i);
            EDDY_AWAIT(eddy_sleep(1, me));
            if (my->i == 2) {
                break;
            }
        }
        coro_say("finally");
    }
}

static void a_generator_works_in_a_finally(void **state)
{
    struct coro *c = *state;
    struct eddy_task *task = CORO_START(c, takes_in_finally);
    coro_advance(c, 1);
    eddy_task_cancel(task, -EINTR);
    assert_int_equal(coro_end(c, task), -ECANCELED);
    coro_expect("1 2 closed finally");
}

static void a_generators_cleanup_has_its_deadline(void **state)
{
    struct coro *c = *state;
    eddy_loop_set_cleanup_timeout(&c->loop, 2);
    assert_int_equal(CORO_RUN(c, takes, .how = BREAK), 0);
    coro_expect("1 after out finally");
    assert_int_equal(c->log_count, 1);
    assert_int_equal(c->logs[0].level, EDDY_LOG_WARNING);
}

/* A consumer that is a generator itself, and is closed while the inner one waits for its next question. */
struct relays {
    EDDY_FRAME_RET(int);
    struct eddy_generator generator;
    int i;
};

EDDY_CORO(relays)
{
    EDDY_BEGIN(relays) {
        EDDY_EACH(my->i, &my->generator, gives, .values = 2) {
            coro_say("r%d", my->i);
        }
        EDDY_YIELD(5);
    }
    EDDY_FINALLY
    {
        coro_say("relay");
    }
}

struct takes_relay {
    EDDY_FRAME;
    struct eddy_generator generator;
    struct eddy_scope scope;
    eddy_ns span;
    int i;
};

EDDY_CORO(takes_relay)
{
    EDDY_BEGIN(takes_relay) {
        EDDY_TIMEOUT(&my->scope, my->span) {
            EDDY_EACH(my->i, &my->generator, relays) {
                coro_say("%d", my->i);
                break;
            }
        }
        coro_say(my->scope.caught ? "caught" : "out");
    }
}

static void generators_close_from_the_inside_outward(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, takes_relay, .span = 100), 0);
    coro_expect("r1 r2 closed 5 relay out");
    assert_int_equal(CORO_RUN(c, takes_relay, .span = 0), 0);
    coro_expect("caught"); /* to ask for a value is a checkpoint: nothing has begun */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(the_generator_is_closed_however_the_loop_is_left),
        coro_test(a_generator_that_fails_while_it_is_closed_fails_the_consumer),
        coro_test(a_cancel_while_it_is_closed_comes_afterwards),
        coro_test(a_generator_feels_the_cancel_of_its_consumer),
        coro_test(a_deadline_in_the_body_does_not_reach_the_generator),
        coro_test(a_generator_works_in_a_finally),
        coro_test(a_generators_cleanup_has_its_deadline),
        coro_test(generators_close_from_the_inside_outward),
    };
    return cmocka_run_group_tests_name("generator close", tests, NULL, NULL);
}
