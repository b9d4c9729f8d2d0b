/* Programs of several tasks. */
#include "sweep.h"

#include <errno.h>

/* ---- Gathering ------------------------------------------------------------------------------ */

struct gather {
    EDDY_FRAME;
    struct life life;
    struct eddy_group group;
    struct eddy_scope limit;
    int levels;
    int error;
    bool owes;
};

/* A tree of groups. */
EDDY_CORO(gather)
{
    EDDY_BEGIN(gather) {
        BODY();
        EDDY_TIMEOUT(&my->limit, EDDY_MS(9)) {
            EDDY_GROUP(&my->group) {
                EDDY_TRY(my->error, EDDY_SPAWN(&my->group, nap, .span = EDDY_MS(1), .cleanup = EDDY_MS(2)));
                EDDY_TRY(my->error, EDDY_SPAWN(&my->group, nap, .span = EDDY_MS(12), .cleanup = EDDY_MS(1)));
                if (my->levels < 2) {
                    EDDY_TRY(my->error, EDDY_SPAWN(&my->group, gather, .levels = my->levels + 1));
                }
                EDDY_AWAIT(eddy_sleep(EDDY_MS(1), me));
                sweep_balance(1);
                my->owes = true;
            }
            sweep_balance(-1);
            my->owes = false;
        }
        EXPECT(my->group.running == 0);
    }
    EDDY_FINALLY
    {
        CLEANUP();
        sweep_balance(my->owes ? -1 : 0); /* a cancel that came while the group waited has ended the body */
        EXPECT(my->group.running == 0);
        EDDY_AWAIT(eddy_sleep(EDDY_MS(1), me));
        CLEAN();
    }
}

/* ---- Policies ------------------------------------------------------------------------------- */

struct policies {
    EDDY_FRAME;
    struct life life;
    struct eddy_group group;
    struct eddy_catch caught;
    eddy_ns began;
    int i;
    int error;
};

EDDY_CORO(policies)
{
    static const enum eddy_group_policy all[] = {EDDY_ALL, EDDY_ANY, EDDY_FIRST_SUCCESS, EDDY_COLLECT};
    EDDY_BEGIN(policies) {
        BODY();
        for (my->i = 0; my->i < 4; my->i++) {
            my->began = eddy_loop_now(eddy_loop_current());
            EDDY_CATCH(&my->caught) {
                EDDY_GROUP(&my->group, all[my->i]) {
                    EDDY_TRY(my->error, EDDY_SPAWN(&my->group, nap, .span = EDDY_MS(3), .cleanup = EDDY_MS(1)));
                    EDDY_TRY(my->error, EDDY_SPAWN(&my->group, nap, .span = EDDY_MS(2), .error = -EIO));
                    EDDY_TRY(my->error, EDDY_SPAWN(&my->group, nap, .span = my->i == 3 ? EDDY_MS(4) : EDDY_SEC(60),
                                                   .cleanup = EDDY_MS(2)));
                    EDDY_TRY(my->error, EDDY_SPAWN(&my->group, nap, .span = EDDY_MS(1), .cleanup = EDDY_MS(2),
                                                   .error = my->i == 3 ? -EPROTO : 0));
                }
            }
            EXPECT(my->group.running == 0);
            EXPECT(my->caught.error == 0 || my->caught.error == -EIO);
            EXPECT(my->caught.error == 0 || eddy_loop_now(eddy_loop_current()) - my->began < EDDY_SEC(1));
        }
    }
    EDDY_FINALLY
    {
        CLEANUP();
        EXPECT(my->group.running == 0);
        CLEAN();
    }
}

/* ---- Joining -------------------------------------------------------------------------------- */

struct joiner {
    EDDY_FRAME;
    struct life life;
    struct eddy_task *task;
    int status;
};

EDDY_CORO(joiner)
{
    EDDY_BEGIN(joiner) {
        BODY();
        EDDY_AWAIT(my->status, eddy_task_join(my->task, me));
    }
    EDDY_FINALLY
    {
        CLEANUP();
        EDDY_AWAIT(my->status, eddy_task_join(my->task, me));
        EXPECT(eddy_task_is_done(my->task));
        CLEAN();
    }
}

struct joins {
    EDDY_FRAME;
    struct life life;
    struct eddy_group group;
    struct eddy_task *tasks[2];
    int status;
};

EDDY_CORO(joins)
{
    EDDY_BEGIN(joins) {
        BODY();
        EDDY_GROUP(&my->group) {
            EDDY_TRY(my->status, EDDY_SPAWN_TASK(&my->tasks[0], &my->group, nap, .span = EDDY_MS(5)));
            EDDY_TRY(my->status, EDDY_SPAWN_TASK(&my->tasks[1], &my->group, nap, .span = EDDY_MS(9)));
            EDDY_TRY(my->status, EDDY_SPAWN(&my->group, joiner, .task = my->tasks[0]));
            EDDY_TRY(my->status, EDDY_SPAWN(&my->group, joiner, .task = my->tasks[0]));
            EDDY_TRY(my->status, EDDY_SPAWN(&my->group, joiner, .task = my->tasks[1]));
            EDDY_AWAIT(my->status, eddy_task_join(my->tasks[0], me));
            eddy_task_cancel(my->tasks[1], -ECANCELED);
            EDDY_AWAIT(my->status, eddy_task_join(my->tasks[1], me));
            EXPECT(my->status == -ECANCELED);
        }
    }
    EDDY_FINALLY
    {
        CLEANUP();
        eddy_task_release(my->tasks[0]);
        eddy_task_release(my->tasks[1]);
        CLEAN();
    }
}

/* ---- In the order of ending ----------------------------------------------------------------- */

struct collects {
    EDDY_FRAME;
    struct life life;
    struct eddy_group group;
    struct eddy_task *tasks[3];
    struct eddy_task *next;
    int i;
    int status;
};

EDDY_CORO(collects)
{
    EDDY_BEGIN(collects) {
        BODY();
        EDDY_GROUP(&my->group, EDDY_COLLECT) {
            for (my->i = 0; my->i < 3; my->i++) {
                EDDY_TRY(my->status, EDDY_SPAWN_TASK(&my->tasks[my->i], &my->group, nap, .cleanup = EDDY_MS(1),
                                                     .span = EDDY_MS(9 - 3 * my->i)));
            }
            for (;;) {
                EDDY_TRY(my->status, eddy_group_next(&my->group, &my->next, me));
                if (my->status == 0) {
                    break;
                }
                EXPECT(eddy_task_is_done(my->next));
                EDDY_AWAIT(eddy_sleep(EDDY_MS(1), me));
            }
        }
    }
    EDDY_FINALLY
    {
        CLEANUP();
        for (my->i = 0; my->i < 3; my->i++) {
            EXPECT(my->tasks[my->i] == NULL || eddy_task_is_done(my->tasks[my->i]));
            eddy_task_release(my->tasks[my->i]);
        }
        CLEAN();
    }
}

/* ---- Starting ------------------------------------------------------------------------------- */

struct service {
    EDDY_FRAME;
    struct life life;
    int levels;
    int how; /* 0: gets ready; 1: fails; 2: ends */
    struct eddy_group group;
    int port;
};

EDDY_CORO(service)
{
    EDDY_BEGIN(service) {
        BODY();
        EDDY_AWAIT(eddy_sleep(EDDY_MS(2), me));
        EDDY_GROUP(&my->group) {
            if (my->levels > 0) {
                EDDY_START(my->port, &my->group, service, .levels = my->levels - 1);
            }
            if (my->how == 1) {
                EDDY_FAIL(-EIO);
            } else if (my->how == 2) {
                return;
            }
            eddy_task_started(me, 7);
            EDDY_AWAIT(eddy_sleep(EDDY_MS(4), me));
        }
    }
    EDDY_FINALLY
    {
        CLEANUP();
        EDDY_AWAIT(eddy_sleep(EDDY_MS(1), me));
        CLEAN();
    }
}

struct starts {
    EDDY_FRAME;
    struct life life;
    struct eddy_group group;
    struct eddy_scope limit;
    int i;
    int result;
};

EDDY_CORO(starts)
{
    EDDY_BEGIN(starts) {
        BODY();
        EDDY_GROUP(&my->group) {
            for (my->i = 0; my->i < 3; my->i++) {
                EDDY_START(my->result, &my->group, service, .how = my->i, .levels = 2);
                EXPECT(my->result == -ECANCELED || my->result == (my->i == 0 ? 7 : my->i == 1 ? -EIO : -EPIPE));
            }
            EDDY_TIMEOUT(&my->limit, EDDY_MS(3)) {
                EDDY_START(my->result, &my->group, service, .levels = 1);
                EXPECT(!my->limit.expired);
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

/* ---- Who cancels whom ----------------------------------------------------------------------- */

struct cancels {
    EDDY_FRAME;
    struct life life;
    struct eddy_group group, other;
    struct eddy_scope scope;
    int error;
};

struct canceller {
    EDDY_FRAME;
    struct life life;
    struct cancels *of;
};

EDDY_CORO(canceller)
{
    EDDY_BEGIN(canceller) {
        BODY();
        EDDY_AWAIT(eddy_sleep(EDDY_MS(3), me));
        eddy_scope_cancel(&my->of->scope, -ECANCELED);
        EDDY_AWAIT(eddy_sleep(EDDY_MS(3), me));
        eddy_group_cancel(&my->of->other, -ECANCELED);
        EDDY_AWAIT(eddy_sleep(EDDY_MS(3), me));
        eddy_group_cancel(&my->of->group, -ECANCELED); /* it, too */
        EDDY_AWAIT(eddy_sleep(EDDY_MS(3), me));
        EXPECT(false);
    }
    EDDY_FINALLY
    {
        CLEANUP();
        EDDY_AWAIT(eddy_sleep(EDDY_MS(1), me));
        CLEAN();
    }
}

EDDY_CORO(cancels)
{
    EDDY_BEGIN(cancels) {
        BODY();
        EDDY_GROUP(&my->group) {
            EDDY_TRY(my->error, EDDY_SPAWN(&my->group, canceller, .of = my));
            EDDY_SCOPE(&my->scope) {
                EDDY_DO(nap, .span = EDDY_MS(20), .cleanup = EDDY_MS(1));
            }
            EDDY_GROUP(&my->other) {
                EDDY_TRY(my->error, EDDY_SPAWN(&my->other, nap, .span = EDDY_MS(20), .cleanup = EDDY_MS(1)));
                EDDY_DO(nap, .span = EDDY_MS(20), .cleanup = EDDY_MS(2));
            }
            EXPECT(my->other.running == 0);
            EDDY_DO(nap, .span = EDDY_MS(20), .cleanup = EDDY_MS(1));
        }
    }
    EDDY_FINALLY
    {
        CLEANUP();
        EXPECT(my->group.running == 0 && my->other.running == 0);
        CLEAN();
    }
}

/* ---- Shields against a group ------------------------------------------------------------------ */

struct saver {
    EDDY_FRAME;
    struct life life;
    struct eddy_scope shield;
    struct eddy_group group;
    int error;
};

EDDY_CORO(saver)
{
    EDDY_BEGIN(saver) {
        BODY();
        for (;;) {
            EDDY_AWAIT(eddy_sleep(EDDY_MS(2), me));
            EDDY_SHIELD(&my->shield, EDDY_SEC(1)) {
                sweep_balance(1);
                EDDY_GROUP(&my->group) {
                    EDDY_TRY(my->error, EDDY_SPAWN(&my->group, nap, .span = EDDY_MS(2)));
                    EDDY_TRY(my->error, EDDY_SPAWN(&my->group, nap, .span = EDDY_MS(1)));
                }
                sweep_balance(-1);
            }
        }
    }
    EDDY_FINALLY
    {
        CLEANUP();
        CLEAN();
    }
}

struct savers {
    EDDY_FRAME;
    struct life life;
    struct eddy_group group;
    struct eddy_scope limit;
    int error;
};

EDDY_CORO(savers)
{
    EDDY_BEGIN(savers) {
        BODY();
        EDDY_TIMEOUT(&my->limit, EDDY_MS(9)) {
            EDDY_GROUP(&my->group) {
                EDDY_TRY(my->error, EDDY_SPAWN(&my->group, saver));
                EDDY_AWAIT(eddy_sleep(EDDY_MS(1), me));
                EDDY_TRY(my->error, EDDY_SPAWN(&my->group, saver));
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

/* ---- Outliving main --------------------------------------------------------------------------- */

struct outlives {
    EDDY_FRAME;
    struct life life;
    int error;
};

EDDY_CORO(outlives)
{
    EDDY_BEGIN(outlives) {
        BODY();
        EDDY_TRY(my->error, EDDY_SPAWN(eddy_loop_detached(eddy_loop_current()), gather));
        EDDY_TRY(my->error, EDDY_SPAWN(eddy_loop_detached(eddy_loop_current()), nap, .span = EDDY_MS(9)));
        EDDY_AWAIT(eddy_sleep(EDDY_MS(2), me));
    }
    EDDY_FINALLY
    {
        CLEANUP();
        CLEAN();
    }
}

PROGRAM(gather)
PROGRAM(policies)
PROGRAM(joins)
PROGRAM(collects)
PROGRAM(starts)
PROGRAM(cancels)
PROGRAM(savers)
PROGRAM(outlives)

const struct program programs_of_tasks[] = {PROGRAM_OF(gather),   PROGRAM_OF(policies), PROGRAM_OF(joins),
                                            PROGRAM_OF(collects), PROGRAM_OF(starts),   PROGRAM_OF(cancels),
                                            PROGRAM_OF(savers),   PROGRAM_OF(outlives), {NULL, NULL}};
