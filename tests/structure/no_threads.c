/* A program that waits, connects and serves, but has no blocking work: see no_threads.cmake. */
#include <eddy.h>

struct plain {
    EDDY_FRAME_RET(int);
    struct eddy_stream stream;
    struct eddy_address address;
};

EDDY_CORO(plain)
{
    EDDY_BEGIN(plain) {
        EDDY_AWAIT(eddy_sleep(1, me));
        my->ret = eddy_address_parse(&my->address, "127.0.0.1", 1);
        EDDY_AWAIT(my->ret, eddy_stream_connect(&my->stream, eddy_loop_current(), &my->address, me));
    }
    EDDY_FINALLY
    {
        eddy_stream_close(&my->stream);
    }
}

int main(void)
{
    return EDDY_RUN(plain) == 0;
}
