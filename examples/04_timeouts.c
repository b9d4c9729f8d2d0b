/* 04_timeouts - the ways to say how long something may take. */
#include <eddy.h>
#include <stdio.h>
#include <string.h>

struct work {
    EDDY_FRAME_RET(int);
    eddy_ns span;
};

EDDY_CORO(work)
{
    EDDY_BEGIN(work) {
        EDDY_AWAIT(eddy_sleep(my->span, me));
        EDDY_RETURN((int)(my->span / EDDY_MS(1)));
    }
}

struct timeouts {
    EDDY_FRAME_RET(int);
    struct eddy_scope outer, inner;
    struct eddy_catch caught;
    int i, result;
};

EDDY_CORO(timeouts)
{
    static const eddy_ns spans[] = {EDDY_MS(10), EDDY_SEC(60), EDDY_MS(20)};
    EDDY_BEGIN(timeouts) {
        EDDY_TIMEOUT(&my->outer, EDDY_MS(100)) {
            EDDY_CALL(my->result, work, .span = EDDY_SEC(60));
            puts("never printed");
        }
        puts(my->outer.expired ? "move on: it took too long, and here we go on" : "in time");

        EDDY_CATCH(&my->caught) {
            EDDY_TIMEOUT_FAIL(&my->outer, EDDY_MS(100)) {
                EDDY_CALL(my->result, work, .span = EDDY_SEC(60));
            }
            puts("never printed");
        }
        printf("fail: %s\n", strerror(-my->caught.error));

        EDDY_TIMEOUT(&my->outer, EDDY_MS(100)) {
            EDDY_TIMEOUT(&my->inner, EDDY_SEC(30)) {
                EDDY_CALL(my->result, work, .span = EDDY_SEC(60));
            }
            puts("never printed");
        }
        printf("nested: the outer one %s, the inner one %s\n", my->outer.expired ? "came" : "did not come",
               my->inner.expired ? "came" : "did not come");

        EDDY_TIMEOUT(&my->outer, EDDY_MS(50)) {
            EDDY_SHIELD(&my->inner, EDDY_SEC(30)) {
                EDDY_CALL(my->result, work, .span = EDDY_MS(150));
                printf("shield: all of the %d ms, though the deadline had passed\n", my->result);
            }
            EDDY_CALL(my->result, work, .span = EDDY_MS(150));
            puts("never printed");
        }

        for (my->i = 0; my->i < 3; my->i++) {
            EDDY_TIMEOUT(&my->outer, EDDY_MS(100)) {
                EDDY_CALL(my->result, work, .span = spans[my->i]);
                printf("item %d: %d ms\n", my->i, my->result);
            }
            if (my->outer.expired) {
                printf("item %d: too long\n", my->i);
            }
        }
    }
}

int main(void)
{
    return EDDY_RUN(timeouts) != 0;
}
