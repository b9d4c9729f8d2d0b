#include <eddy.h>
#include <eddy/task.hpp>

/* Seen from a #line of a header gcc takes all this for one, where types of lambdas are unwelcome. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wsubobject-linkage"
#endif

static eddy::task<> snippet(eddy_stream peer, eddy_semaphore permits, size_t size)
{
    char buffer[512];
//@ 1
}

static eddy::task<> more(eddy_semaphore permits)
{
//@ 2
}
