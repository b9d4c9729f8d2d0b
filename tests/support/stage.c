#include "support/stage.h"

#include <eddy/sleep.h>

#include <errno.h>

void stage_done(struct stage *stage)
{
    if (--stage->left == 0) {
        eddy_loop_stop(stage->loop);
    }
}

bool stage_failed(struct stage *stage, ssize_t error)
{
    if (error >= 0 || error == EDDY_PENDING) {
        return false;
    }
    if (stage->error == 0) {
        stage->error = (int)error;
        eddy_loop_stop(stage->loop);
    }
    return true;
}

void stage_expect(struct stage *stage, bool is_so, const char *promise)
{
    if (!is_so && stage->error == 0 && stage->broken == NULL) {
        stage->broken = promise;
        eddy_loop_stop(stage->loop);
    }
}

static void on_guard(struct eddy_waiter *waiter)
{
    struct stage *stage = EDDY_CONTAINER(waiter, struct stage, guard);
    stage_expect(stage, false, "all is done within an hour");
    eddy_loop_stop(stage->loop);
}

void stage_run(struct stage *stage, int parts)
{
    stage->left += parts;
    if (stage->error < 0 || stage->broken != NULL || stage->left == 0) {
        return;
    }
    eddy_waiter_init(&stage->guard, stage->loop, on_guard);
    if (!stage_failed(stage, eddy_sleep(EDDY_SEC(3600), &stage->guard))) {
        /* A stop from before the run, which a failure may have left, ends the first. */
        for (int i = 0; i < 2 && stage->left > 0 && stage->error == 0 && stage->broken == NULL; i++) {
            stage_failed(stage, eddy_loop_run(stage->loop));
        }
        eddy_wait_withdraw(&stage->guard);
    }
    stage_expect(stage, !stage->os->hung, "the loop does not hang");
    stage_expect(stage, stage->left == 0 || stage->error < 0, "every part comes to its end");
}
