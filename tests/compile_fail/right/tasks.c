/* Tasks: spawned, held, joined, started, in every place a statement or a value can stand. */
#include <eddy.h>
#include <errno.h>
#include <stdio.h>

struct fib {
    EDDY_FRAME_RET(long);
    int n;
    long a, b;
};

EDDY_CORO(fib)
{
    EDDY_BEGIN(fib) {
        if (my->n < 2)
            EDDY_RETURN(my->n);
        EDDY_CALL(my->a, fib, .n = my->n - 1);
        EDDY_CALL(my->b, fib, .n = my->n - 2);
        EDDY_RETURN(my->a + my->b);
    }
}

struct odd {
    EDDY_FRAME_RET(bool);
    int n;
};
struct even {
    EDDY_FRAME_RET(bool);
    int n;
};

EDDY_CORO(odd);

EDDY_CORO(even)
{
    EDDY_BEGIN(even) {
        if (my->n == 0)
            EDDY_RETURN(true);
        EDDY_CALL(my->ret, odd, .n = my->n - 1);
    }
}

EDDY_CORO(odd)
{
    EDDY_BEGIN(odd) {
        if (my->n == 0)
            EDDY_RETURN(false);
        EDDY_CALL(my->ret, even, .n = my->n - 1);
    }
}

struct server {
    EDDY_FRAME;
    int port;
    int error;
};

EDDY_CORO(server)
{
    EDDY_BEGIN(server) {
        my->error = eddy_task_started(me, my->port);
        if (my->error < 0)
            EDDY_FAIL(my->error);
        EDDY_AWAIT(eddy_sleep(EDDY_FOREVER, me));
    }
}

struct all {
    EDDY_FRAME_RET(int);
    int n;
    long sum;
    size_t i;
    bool answer;
    struct eddy_task *task;
    struct eddy_task *tasks[3];
    struct eddy_task *next;
    struct eddy_group group, race;
    struct eddy_scope limit;
    struct eddy_local local;
    struct eddy_interval every;
    struct eddy_stream peer;
};

static const int key;

EDDY_CORO(all)
{
    EDDY_BEGIN(all) {
        EDDY_GROUP(&my->group) {
            EDDY_TRY(my->n, EDDY_SPAWN(&my->group, fib, .n = 3));
            EDDY_TRY(my->n, EDDY_SPAWN(&my->group, server));
            if (EDDY_SPAWN(&my->group, odd, .n = 1) < 0)
                EDDY_RETURN(-1);
            my->n = EDDY_SPAWN(eddy_loop_detached(eddy_loop_current()), even, .n = 2);
            for (my->i = 0; my->i < 3; my->i++)
                EDDY_TRY(my->n, EDDY_SPAWN_TASK(&my->tasks[my->i], &my->group, fib, .n = (int)my->i));
            my->n = EDDY_SPAWN_TASK(&my->task, &my->group, fib);
            if (my->n == 0) {
                EDDY_AWAIT(my->n, eddy_task_join(my->task, me));
                if (my->n == 0)
                    printf("%ld\n", EDDY_RESULT(my->task, fib));
                my->sum += EDDY_RESULT(my->task, fib) * 2;
            }
            eddy_task_release(my->task);
            while (EDDY_SPAWN(&my->group, server) == 0 && my->group.running < 3)
                EDDY_AWAIT(eddy_yield(me));
            EDDY_START(my->n, &my->group, server, .port = 80);
            if (my->n < 0)
                EDDY_START(my->n, &my->group, server);
            else
                EDDY_START(my->sum, &my->group, server, .port = 80, .error = 0);
            for (;;) {
                EDDY_AWAIT(my->n, eddy_group_next(&my->group, &my->next, me));
                if (my->n <= 0)
                    break;
            }
        }
        EDDY_GROUP(&my->race, EDDY_ANY) {
            EDDY_TRY(my->n, EDDY_SPAWN(&my->race, all, .peer = my->peer, .every = {.span = EDDY_SEC(1)}));
        }
        EDDY_GROUP(&my->race, my->n ? EDDY_COLLECT : EDDY_FIRST_SUCCESS) {
        }
        EDDY_LOCAL(&my->local, &key, &my->n) {
            eddy_interval_init(&my->every, EDDY_SEC(1), EDDY_SKIP, me);
            EDDY_AWAIT(my->n, eddy_interval_next(&my->every, me));
        }
        EDDY_CALL(my->answer, odd, .n = 5);
        EDDY_AWAIT(my->n, EDDY_SPAWN(&my->race, server));
    }
}

/* Outside coroutines. */
static int spawn_from_a_function(struct eddy_group *group, struct eddy_task **task)
{
    int error = EDDY_SPAWN(group, fib, .n = 1);
    if (error < 0)
        return error;
    return EDDY_SPAWN_TASK(task, group, fib, .n = 2);
}

int main(void)
{
    struct eddy_loop_options options = {.budget = 1};
    int result = EDDY_RUN(all);
    if (EDDY_RUN(all, .n = 1) < 0)
        result = 1;
    if (result == 2)
        return spawn_from_a_function(NULL, NULL);
    return EDDY_RUN_WITH(&options, all, .n = result);
}
