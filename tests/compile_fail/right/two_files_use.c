/* Coroutines of another file in each place that names one. */
#include "two_files.h"

struct user {
    EDDY_FRAME_RET(int);
    int n;
    struct eddy_group group;
    struct eddy_task *task;
    struct eddy_generator generator;
};

EDDY_CORO(user)
{
    EDDY_BEGIN(user) {
        EDDY_CALL(my->n, shared_one, .n = 3);
        EDDY_DO(shared_two, .text = "two");
        EDDY_GROUP(&my->group) {
            EDDY_TRY(my->n, EDDY_SPAWN(&my->group, shared_two, .text = "three"));
            EDDY_TRY(my->n, EDDY_SPAWN_TASK(&my->task, &my->group, shared_one));
            EDDY_AWAIT(my->n, eddy_task_join(my->task, me));
            my->n = EDDY_RESULT(my->task, shared_one);
            EDDY_START(my->n, &my->group, shared_one);
        }
        EDDY_EACH(my->n, &my->generator, shared_one) {
        }
    }
}

int main(void)
{
    return EDDY_RUN(user) + EDDY_RUN(shared_one, .n = 1);
}
