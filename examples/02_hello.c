/* 02_hello - three greetings side by side: all say "Hello,", and one second later all say "world!". */
#include <eddy.h>
#include <stdio.h>

struct greet {
    EDDY_FRAME;
};

EDDY_CORO(greet)
{
    EDDY_BEGIN(greet) {
        puts("Hello,");
        EDDY_AWAIT(eddy_sleep(EDDY_SEC(1), me));
        puts("world!");
    }
}

struct hello {
    EDDY_FRAME_RET(int);
    struct eddy_group all;
    int error;
};

EDDY_CORO(hello)
{
    EDDY_BEGIN(hello) {
        EDDY_GROUP(&my->all) {
            EDDY_TRY(my->error, EDDY_SPAWN(&my->all, greet));
            EDDY_TRY(my->error, EDDY_SPAWN(&my->all, greet));
            EDDY_TRY(my->error, EDDY_SPAWN(&my->all, greet));
        }
    }
}

int main(void)
{
    return EDDY_RUN(hello) != 0;
}
