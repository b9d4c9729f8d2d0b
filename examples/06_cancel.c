/* 06_cancel - how tasks are stopped: from afar, with a cleanup that takes its time; and by the failure of a sibling,
 * with the trail that led to it. */
#include <eddy.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

struct worker {
    EDDY_FRAME;
    const char *name;
    eddy_ns cleanup;
};

EDDY_CORO(worker)
{
    EDDY_BEGIN(worker) {
        printf("%s: at work\n", my->name);
        EDDY_AWAIT(eddy_sleep(EDDY_SEC(60), me));
        printf("%s: never printed\n", my->name);
    }
    EDDY_FINALLY
    {
        printf("%s: told to stop, saving ...\n", my->name);
        EDDY_AWAIT(eddy_sleep(my->cleanup, me));
        printf("%s: saved\n", my->name);
    }
}

struct load {
    EDDY_FRAME_RET(int);
    const char *path;
};

EDDY_CORO(load)
{
    EDDY_BEGIN(load) {
        EDDY_AWAIT(eddy_sleep(EDDY_MS(50), me));
        EDDY_FAIL(-ENOENT, "open(\"%s\")", my->path);
    }
}

struct configure {
    EDDY_FRAME;
    int result;
};

EDDY_CORO(configure)
{
    EDDY_BEGIN(configure) {
        EDDY_CALL(my->result, load, .path = "eddy.conf");
    }
}

static void print_trail(const struct eddy_waiter *me)
{
    const struct eddy_failure *step;
    for (size_t left = eddy_failure_trail(me, &step); left > 0; left--, step++) {
        printf("  in %s, line %d: %s\n", step->function, step->line, step->text);
    }
}

struct cancel {
    EDDY_FRAME_RET(int);
    struct eddy_group all;
    struct eddy_task *task;
    struct eddy_catch caught;
    int status;
};

EDDY_CORO(cancel)
{
    EDDY_BEGIN(cancel) {
        EDDY_GROUP(&my->all) {
            EDDY_TRY(my->status, EDDY_SPAWN_TASK(&my->task, &my->all, worker, .name = "Ada", .cleanup = EDDY_MS(50)));
            EDDY_AWAIT(eddy_sleep(EDDY_MS(50), me));
            eddy_task_cancel(my->task, -ECANCELED);
            EDDY_AWAIT(my->status, eddy_task_join(my->task, me));
            printf("Ada's task: %s\n", strerror(-my->status));
        }
        EDDY_CATCH(&my->caught) {
            EDDY_GROUP(&my->all) {
                EDDY_TRY(my->status, EDDY_SPAWN(&my->all, worker, .name = "Brian", .cleanup = EDDY_MS(50)));
                EDDY_TRY(my->status, EDDY_SPAWN(&my->all, worker, .name = "Grace", .cleanup = EDDY_MS(100)));
                EDDY_TRY(my->status, EDDY_SPAWN(&my->all, configure));
            }
        }
        printf("the group: %s\n", strerror(-my->caught.error));
        print_trail(me);
    }
    EDDY_FINALLY
    {
        eddy_task_release(my->task);
    }
}

int main(void)
{
    return EDDY_RUN(cancel) != 0;
}
