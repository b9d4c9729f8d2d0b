/* Programs of one task: its blocks and its calls. */
#include "sweep.h"

#include <errno.h>

/* ---- Awaits one after another ----------------------------------------------------------- */

struct straight {
    EDDY_FRAME;
    struct life life;
};

EDDY_CORO(straight)
{
    EDDY_BEGIN(straight) {
        BODY();
        EDDY_AWAIT(eddy_sleep(EDDY_MS(1), me));
        EDDY_AWAIT(eddy_yield(me));
        EDDY_AWAIT(eddy_sleep(EDDY_MS(2), me));
    }
    EDDY_FINALLY
    {
        CLEANUP();
        EDDY_AWAIT(eddy_sleep(EDDY_MS(1), me));
        EDDY_AWAIT(eddy_yield(me));
        CLEAN();
    }
}

/* ---- Deadlines in deadlines ------------------------------------------------------------- */

struct nested_timeouts {
    EDDY_FRAME;
    struct life life;
    struct eddy_scope outer, middle, inner;
    int i;
};

EDDY_CORO(nested_timeouts)
{
    EDDY_BEGIN(nested_timeouts) {
        BODY();
        EDDY_TIMEOUT(&my->outer, EDDY_MS(50)) {
            for (my->i = 0; my->i < 3; my->i++) {
                EDDY_TIMEOUT(&my->middle, EDDY_MS(20)) {
                    EDDY_TIMEOUT(&my->inner, EDDY_MS(10 * (my->i + 1))) {
                        EDDY_DO(nap, .span = EDDY_MS(15), .cleanup = EDDY_MS(1));
                    }
                    EDDY_AWAIT(eddy_sleep(EDDY_MS(3), me));
                }
                EXPECT(!my->middle.caught || my->middle.expired);
            }
        }
        EDDY_AWAIT(eddy_sleep(EDDY_MS(1), me));
    }
    EDDY_FINALLY
    {
        CLEANUP();
        EXPECT(eddy_deadline(me) == EDDY_FOREVER);
        EDDY_TIMEOUT(&my->inner, EDDY_MS(5)) {
            EDDY_AWAIT(eddy_sleep(EDDY_MS(9), me));
        }
        EXPECT(my->inner.expired);
        CLEAN();
    }
}

/* ---- Shields ------------------------------------------------------------------------------ */

struct shields {
    EDDY_FRAME;
    struct life life;
    struct eddy_scope limit, shield, inner;
};

EDDY_CORO(shields)
{
    EDDY_BEGIN(shields) {
        BODY();
        EDDY_AWAIT(eddy_sleep(EDDY_MS(1), me));
        EDDY_TIMEOUT(&my->limit, EDDY_MS(5)) {
            EDDY_SHIELD(&my->shield, EDDY_SEC(1)) {
                sweep_balance(1);
                EDDY_AWAIT(eddy_sleep(EDDY_MS(10), me));
                EDDY_TIMEOUT(&my->inner, EDDY_MS(2)) {
                    EDDY_AWAIT(eddy_sleep(EDDY_MS(10), me));
                }
                EXPECT(my->inner.expired);
                EDDY_DO(nap, .span = EDDY_MS(1), .cleanup = EDDY_MS(1));
                sweep_balance(-1);
            }
            EDDY_AWAIT(eddy_sleep(EDDY_MS(5), me));
            EXPECT(false);
        }
        EDDY_SHIELD(&my->shield, EDDY_MS(3)) {
            sweep_balance(1);
            EDDY_AWAIT(eddy_sleep(EDDY_MS(9), me));
            EXPECT(false);
        }
        sweep_balance(-1);
        EXPECT(my->shield.expired);
        EDDY_AWAIT(eddy_sleep(EDDY_MS(1), me));
    }
    EDDY_FINALLY
    {
        CLEANUP();
        CLEAN();
    }
}

/* ---- Failures ------------------------------------------------------------------------------ */

struct failures {
    EDDY_FRAME;
    struct life life;
    struct eddy_catch outer, inner;
    struct eddy_scope limit;
    int result;
};

EDDY_CORO(failures)
{
    EDDY_BEGIN(failures) {
        BODY();
        EDDY_CATCH(&my->outer) {
            EDDY_CATCH(&my->inner) {
                EDDY_CALL(my->result, nap, .span = EDDY_MS(2), .cleanup = EDDY_MS(2), .error = -EIO);
            }
            EXPECT(my->inner.error == -EIO);
            EDDY_TIMEOUT_FAIL(&my->limit, EDDY_MS(3)) {
                EDDY_DO(nap, .span = EDDY_MS(9), .cleanup = EDDY_MS(2));
            }
            EXPECT(false);
        }
        EXPECT(my->outer.error == -ETIMEDOUT);
        EDDY_AWAIT(eddy_sleep(EDDY_MS(1), me));
        EDDY_FAIL(-EBADMSG);
    }
    EDDY_FINALLY
    {
        CLEANUP();
        EDDY_CATCH(&my->inner) {
            EDDY_DO(nap, .span = EDDY_MS(1), .error = -EIO);
        }
        EXPECT(my->inner.error == -EIO);
        CLEAN();
    }
}

/* ---- Deferred calls ------------------------------------------------------------------------ */

struct defers {
    EDDY_FRAME;
    struct life life;
    struct eddy_defer records[3];
    struct eddy_scope limit;
    int levels;
    int left;
};

static void undo(void *argument)
{
    struct defers *frame = argument;
    frame->left--;
    sweep_balance(-1);
}

EDDY_CORO(defers)
{
    EDDY_BEGIN(defers) {
        BODY();
        for (; my->left < 3;) {
            EDDY_TIMEOUT(&my->limit, EDDY_MS(2)) {
                EDDY_DEFER(&my->records[my->left], undo, my);
                my->left++;
                sweep_balance(1);
                EDDY_AWAIT(eddy_sleep(EDDY_MS(my->left), me));
            }
        }
        if (my->levels < 2) {
            EDDY_DO(defers, .levels = my->levels + 1);
        }
        EDDY_AWAIT(eddy_sleep(EDDY_MS(1), me));
    }
    EDDY_FINALLY
    {
        CLEANUP();
        EXPECT(my->left == 0);
        CLEAN();
    }
}

/* ---- Cleanup that has cleanup --------------------------------------------------------------- */

struct finally {
    EDDY_FRAME;
    struct life life;
    struct eddy_group group;
    int levels;
    int error;
};

EDDY_CORO(finally)
{
    EDDY_BEGIN(finally) {
        BODY();
        if (my->levels > 0) {
            EDDY_DO(finally, .levels = my->levels - 1);
        }
        EDDY_AWAIT(eddy_sleep(EDDY_MS(2), me));
    }
    EDDY_FINALLY
    {
        CLEANUP();
        if (my->levels > 0) {
            EDDY_DO(finally, .levels = my->levels - 1);
        }
        EDDY_GROUP(&my->group) {
            EDDY_TRY(my->error, EDDY_SPAWN(&my->group, nap, .span = EDDY_MS(2), .cleanup = EDDY_MS(1)));
            EDDY_TRY(my->error, EDDY_SPAWN(&my->group, nap, .span = EDDY_MS(1)));
        }
        CLEAN();
    }
}

struct finally_awaits {
    EDDY_FRAME;
};

EDDY_CORO(finally_awaits)
{
    EDDY_BEGIN(finally_awaits) {
        EDDY_DO(finally, .levels = 2);
    }
}

/* ---- Calls ---------------------------------------------------------------------------------- */

struct recursion {
    EDDY_FRAME_RET(int);
    struct life life;
    int depth;
    int left, right;
};

EDDY_CORO(recursion)
{
    EDDY_BEGIN(recursion) {
        BODY();
        if (my->depth == 3) {
            EDDY_AWAIT(eddy_sleep(EDDY_MS(1), me));
            EDDY_RETURN(1);
        }
        EDDY_CALL(my->left, recursion, .depth = my->depth + 1);
        EDDY_AWAIT(eddy_yield(me));
        EDDY_CALL(my->right, recursion, .depth = my->depth + 1);
        EDDY_RETURN(my->left + my->right);
    }
    EDDY_FINALLY
    {
        CLEANUP();
        CLEAN();
    }
}

struct chain {
    EDDY_FRAME_RET(int);
    struct life life;
    struct eddy_scope limit;
    struct eddy_catch caught;
    int length;
    int result;
};

EDDY_CORO(chain)
{
    EDDY_BEGIN(chain) {
        BODY();
        EDDY_TIMEOUT(&my->limit, EDDY_MS(20 - my->length)) {
            EDDY_CATCH(&my->caught) {
                if (my->length < 8) {
                    EDDY_CALL(my->result, chain, .length = my->length + 1);
                    EDDY_RETURN(my->result + 1);
                }
                EDDY_AWAIT(eddy_sleep(EDDY_MS(14), me));
                EDDY_RETURN(1);
            }
        }
        EDDY_AWAIT(eddy_sleep(EDDY_MS(1), me));
    }
    EDDY_FINALLY
    {
        CLEANUP();
        EDDY_AWAIT(eddy_yield(me));
        CLEAN();
    }
}

/* ---- Ways out of blocks --------------------------------------------------------------------- */

struct exits {
    EDDY_FRAME;
    struct life life;
    struct eddy_scope outer, inner;
    struct eddy_group group;
    struct eddy_catch caught;
    int i;
    int error;
};

EDDY_CORO(exits)
{
    EDDY_BEGIN(exits) {
        BODY();
        for (my->i = 0; my->i < 8; my->i++) {
            EDDY_TIMEOUT(&my->outer, EDDY_MS(30)) {
                EDDY_GROUP(&my->group) {
                    EDDY_TRY(my->error, EDDY_SPAWN(&my->group, nap, .span = EDDY_MS(3)));
                    EDDY_CATCH(&my->caught) {
                        EDDY_AWAIT(eddy_sleep(EDDY_MS(1), me));
                        if (my->i == 1) {
                            continue;
                        }
                        if (my->i == 3) {
                            break;
                        }
                    }
                }
            }
            EXPECT(my->group.running == 0);
        }
        EXPECT(my->i == 3);
        for (;;) {
            EDDY_SCOPE(&my->outer) {
                EDDY_GROUP(&my->group) {
                    EDDY_TRY(my->error, EDDY_SPAWN(&my->group, nap, .span = EDDY_MS(2), .cleanup = EDDY_MS(1)));
                    EDDY_TIMEOUT(&my->inner, EDDY_MS(5)) {
                        EDDY_AWAIT(eddy_sleep(EDDY_MS(1), me));
                        return;
                    }
                }
            }
        }
    }
    EDDY_FINALLY
    {
        CLEANUP();
        EXPECT(my->group.running == 0);
        CLEAN();
    }
}

/* ---- Values --------------------------------------------------------------------------------- */

struct values {
    EDDY_FRAME;
    struct life life;
    struct eddy_local outer, inner;
    int levels;
};

EDDY_CORO(values)
{
    static const char key;
    EDDY_BEGIN(values) {
        BODY();
        EDDY_LOCAL(&my->outer, &key, my) {
            EDDY_AWAIT(eddy_sleep(EDDY_MS(1), me));
            EXPECT(eddy_local_get(&key, me) == my);
            if (my->levels < 2) {
                EDDY_DO(values, .levels = my->levels + 1);
            }
            EXPECT(eddy_local_get(&key, me) == my);
        }
        EDDY_AWAIT(eddy_sleep(EDDY_MS(1), me));
    }
    EDDY_FINALLY
    {
        CLEANUP();
        EXPECT(eddy_local_get(&key, me) != my);
        CLEAN();
    }
}

PROGRAM(straight)
PROGRAM(nested_timeouts)
PROGRAM(shields)
PROGRAM(failures)
PROGRAM(defers)
PROGRAM(finally_awaits)
PROGRAM(recursion)
PROGRAM(chain)
PROGRAM(exits)
PROGRAM(values)

const struct program programs_of_blocks[] = {
    PROGRAM_OF(straight), PROGRAM_OF(nested_timeouts), PROGRAM_OF(shields),   PROGRAM_OF(failures),
    PROGRAM_OF(defers),   PROGRAM_OF(finally_awaits),  PROGRAM_OF(recursion), PROGRAM_OF(chain),
    PROGRAM_OF(exits),    PROGRAM_OF(values),          {NULL, NULL}};
