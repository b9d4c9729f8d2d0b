/* A program of one's own: two coroutines, a lock and a timeout. It ends with 0 if all went as it should. */
#include <eddy.h>
#include <stdio.h>
#include <string.h>

#if !EDDY_VERSION_AT_LEAST(0, 1, 0) || EDDY_VERSION_AT_LEAST(EDDY_VERSION_MAJOR, EDDY_VERSION_MINOR, EDDY_VERSION_PATCH + 1)
#error EDDY_VERSION_AT_LEAST
#endif

static struct eddy_lock lock;
static int inside, finished;

struct worker {
    EDDY_FRAME;
    struct eddy_guard guard;
};

EDDY_CORO(worker)
{
    EDDY_BEGIN(worker) {
        EDDY_LOCK(&my->guard, &lock) {
            inside += inside == 0 ? 1 : 100;
            EDDY_AWAIT(eddy_sleep(EDDY_MS(2), me));
            inside--;
            finished++;
        }
    }
}

struct program {
    EDDY_FRAME_RET(int);
    struct eddy_group group;
    struct eddy_scope limit;
    int error;
};

EDDY_CORO(program)
{
    EDDY_BEGIN(program) {
        eddy_lock_init(&lock);
        EDDY_GROUP(&my->group) {
            EDDY_TRY(my->error, EDDY_SPAWN(&my->group, worker));
            EDDY_TRY(my->error, EDDY_SPAWN(&my->group, worker));
        }
        EDDY_TIMEOUT(&my->limit, EDDY_MS(2)) {
            EDDY_AWAIT(eddy_sleep(EDDY_SEC(60), me));
            inside += 100;
        }
        EDDY_RETURN(my->limit.expired && inside == 0 && finished == 2 ? 0 : 1);
    }
}

int main(void)
{
    printf("headers %s, library %s\n", EDDY_VERSION_STRING, eddy_version());
    if (strcmp(EDDY_VERSION_STRING, eddy_version()) != 0) {
        return 2;
    }
    return EDDY_RUN(program);
}
